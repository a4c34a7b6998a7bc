//! The specification's tables, columns, references and indexes, and that both databases have the same.

use crate::at;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

/// Columns in our names; `?` after what may be null. Money is in micro-dollars, findings stand for validation errors, the sample for the
/// sample data, and the kind of a notification for its type.
const COLUMNS: &[(&str, &str)] = &[
    ("users", "id email password_hash name organization? role subscription_tier monthly_budget_micros? created_at updated_at"),
    (
        "datasets",
        "id user_id name description format status s3_bucket s3_key file_size file_name total_training_pairs? total_validation_pairs? \
         total_tokens? avg_turns_per_conversation? avg_tokens_per_turn? training_ready validated_at? findings? sample? uploaded_at? \
         processed_at? error_message? deleted_at? created_at updated_at",
    ),
    (
        "training_jobs",
        "id user_id dataset_id preset_id hyperparameters gpu_config status current_stage progress current_epoch? total_epochs current_step? \
         total_steps? current_metrics? queued_at started_at? completed_at? estimated_completion_at? current_cost_micros \
         estimated_total_cost_micros final_cost_micros? error_message? error_detail? retry_count external_job_id? artifact_id? created_at \
         updated_at",
    ),
    (
        "metrics_points",
        "id job_id timestamp epoch step training_loss? validation_loss? learning_rate gradient_norm? throughput? gpu_utilization?",
    ),
    ("checkpoints", "id job_id step epoch loss s3_bucket s3_key file_size created_at"),
    ("job_logs", "id job_id timestamp level message metadata?"),
    (
        "model_artifacts",
        "id user_id job_id dataset_id name version description? status deployed_at? quality_metrics training_summary configuration \
         artifacts parent_model_id? deleted_at? created_at updated_at",
    ),
    ("cost_records", "id user_id job_id? cost_type amount_micros details? billing_period recorded_at"),
    ("notifications", "id user_id kind title message priority read action_url? metadata? created_at"),
];

/// Table, column, what it refers to, and what happens when that goes.
const REFERENCES: &[(&str, &str, &str, &str)] = &[
    ("datasets", "user_id", "users", "cascade"),
    ("training_jobs", "user_id", "users", "cascade"),
    // As `restrict`, but asked at the statement's end, so that an account can go with all that it has.
    ("training_jobs", "dataset_id", "datasets", "no action"),
    ("metrics_points", "job_id", "training_jobs", "cascade"),
    ("checkpoints", "job_id", "training_jobs", "cascade"),
    ("job_logs", "job_id", "training_jobs", "cascade"),
    ("model_artifacts", "user_id", "users", "cascade"),
    ("model_artifacts", "parent_model_id", "model_artifacts", "set null"),
    ("cost_records", "user_id", "users", "cascade"),
    ("cost_records", "job_id", "training_jobs", "set null"),
    ("notifications", "user_id", "users", "cascade"),
];

/// Table, first columns of an index, and whether it is unique.
const INDEXES: &[(&str, &str, bool)] = &[
    ("users", "email", true),
    ("datasets", "user_id, status", false),
    ("datasets", "user_id, created_at DESC", false),
    ("datasets", "s3_key", true),
    ("training_jobs", "user_id, status", false),
    ("training_jobs", "status, queued_at", false),
    ("training_jobs", "external_job_id", true),
    ("training_jobs", "artifact_id", true),
    ("metrics_points", "job_id, timestamp", false),
    ("metrics_points", "job_id, step", true),
    ("checkpoints", "job_id, step", true),
    ("job_logs", "job_id, timestamp", false),
    ("model_artifacts", "job_id", true),
    ("model_artifacts", "user_id, status", false),
    ("model_artifacts", "user_id, created_at DESC", false),
    ("cost_records", "user_id, billing_period", false),
    ("cost_records", "job_id", true),
    ("notifications", "user_id, read, created_at DESC", false),
];

/// What a database has, in words of neither.
#[derive(Debug, Default, PartialEq, Eq)]
struct Schema {
    /// By table and column: whether it may be null.
    columns: BTreeMap<(String, String), bool>,
    references: BTreeSet<(String, String, String, String)>,
    /// Table, columns, whether it is unique.
    indexes: BTreeSet<(String, String, bool)>,
}

const SQLITE: [&str; 3] = [
    "SELECT m.name AS a, c.name AS b, CASE WHEN c.\"notnull\" = 0 AND c.pk = 0 THEN 'yes' ELSE 'no' END AS c, '' AS d \
     FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'",
    "SELECT m.name AS a, f.\"from\" AS b, f.\"table\" AS c, lower(f.on_delete) AS d \
     FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'",
    "SELECT m.name AS a, (SELECT group_concat(x.name || CASE x.\"desc\" WHEN 1 THEN ' DESC' ELSE '' END, ', ') \
         FROM (SELECT * FROM pragma_index_xinfo(l.name) WHERE key = 1 ORDER BY seqno) x) AS b, \
     CASE l.\"unique\" WHEN 1 THEN 'yes' ELSE 'no' END AS c, '' AS d \
     FROM sqlite_master m, pragma_index_list(m.name) l WHERE m.type = 'table' AND l.origin <> 'pk'",
];

const POSTGRES: [&str; 3] = [
    "SELECT table_name::text AS a, column_name::text AS b, lower(is_nullable)::text AS c, '' AS d FROM information_schema.columns \
     WHERE table_schema = 'public'",
    "SELECT t.relname::text AS a, f.attname::text AS b, r.relname::text AS c, \
         CASE c.confdeltype WHEN 'c' THEN 'cascade' WHEN 'n' THEN 'set null' WHEN 'a' THEN 'no action' ELSE 'other' END AS d \
     FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class r ON r.oid = c.confrelid \
     JOIN pg_attribute f ON f.attrelid = c.conrelid AND f.attnum = c.conkey[1] WHERE c.contype = 'f'",
    "SELECT t.relname::text AS a, array_to_string(ARRAY(SELECT replace(pg_get_indexdef(x.indexrelid, k + 1, true), '\"', '') \
         || CASE WHEN (x.indoption[k]::int & 1) = 1 THEN ' DESC' ELSE '' END FROM generate_series(0, x.indnkeyatts - 1) k ORDER BY k), ', ') AS b, \
     CASE WHEN x.indisunique THEN 'yes' ELSE 'no' END AS c, '' AS d \
     FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace \
     WHERE n.nspname = 'public' AND NOT x.indisprimary",
];

async fn rows(db: &DatabaseConnection, sql: &str) -> Vec<[String; 4]> {
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql.to_owned())).await.expect("the query runs");
    let row = |row: &sea_orm::QueryResult| ["a", "b", "c", "d"].map(|name| row.try_get("", name).expect("a text"));
    // The migrations' own table is the library's.
    rows.iter().map(row).filter(|[table, ..]| table != "seaql_migrations").collect()
}

async fn schema(db: &DatabaseConnection, queries: [&str; 3]) -> Schema {
    let [columns, references, indexes] = queries;
    Schema {
        columns: rows(db, columns).await.into_iter().map(|[table, column, null, _]| ((table, column), null == "yes")).collect(),
        references: rows(db, references).await.into_iter().map(|[table, column, target, then]| (table, column, target, then)).collect(),
        indexes: rows(db, indexes).await.into_iter().map(|[table, columns, unique, _]| (table, columns, unique == "yes")).collect(),
    }
}

#[tokio::test]
async fn both_databases_have_what_the_specification_has_and_the_same() {
    let mut all = Vec::new();
    for database in testkit::databases() {
        database.migrated().await.close().await.expect("closed");
        let db = Database::connect(&database.url).await.expect("connected");
        let found = schema(&db, if database.kind == "sqlite" { SQLITE } else { POSTGRES }).await;
        for (table, columns) in COLUMNS {
            for column in columns.split_whitespace() {
                let (name, null) = column.strip_suffix('?').map_or((column, false), |name| (name, true));
                let has = found.columns.get(&((*table).to_owned(), name.to_owned()));
                assert_eq!(has, Some(&null), "{table}.{name} on {}", database.kind);
            }
        }
        for (table, column, target, then) in REFERENCES {
            let wanted = ((*table).to_owned(), (*column).to_owned(), (*target).to_owned(), (*then).to_owned());
            assert!(found.references.contains(&wanted), "{wanted:?} on {}: {:#?}", database.kind, found.references);
        }
        for (table, columns, unique) in INDEXES {
            let fits = |(of, has, is): &(String, String, bool)| {
                let begins = has == columns || has.strip_prefix(columns).is_some_and(|rest| rest.starts_with(", "));
                of == table && begins && *is == *unique
            };
            assert!(found.indexes.iter().any(fits), "{table} ({columns}) on {}: {:#?}", database.kind, found.indexes);
        }
        all.push((database.kind, found));
    }
    let [(_, first), (_, second)] = &all[..] else { panic!("two databases") };
    assert_eq!(first.columns, second.columns);
    assert_eq!(first.references, second.references);
    assert_eq!(first.indexes, second.indexes);
}

#[tokio::test]
async fn what_a_job_was_made_from_cannot_be_removed_under_it() {
    for database in testkit::databases() {
        let ours = database.migrated().await;
        let (owner, dataset) = crate::jobs::owner(&ours).await;
        let job = crate::jobs::stored(&ours, &testkit::rows::job(owner, dataset, at(1))).await;
        let raw = Database::connect(&database.url).await.expect("connected");
        let refused = raw.execute_unprepared("DELETE FROM datasets").await;
        assert!(refused.is_err(), "on {}", database.kind);
        assert!(db::datasets::get(&ours, dataset).await.expect("read").is_some());
        // The account takes all of it along.
        raw.execute_unprepared("DELETE FROM users").await.expect("gone");
        assert_eq!(db::jobs::get(&ours, job.id).await.expect("read"), None);
    }
}

/// The text forms of an enumeration.
fn names<T: Display>(all: &[T]) -> Vec<String> {
    all.iter().map(ToString::to_string).collect()
}

#[test]
fn enumerations_have_the_values_of_the_specification() {
    use domain::cost::CostType;
    use domain::dataset::{DatasetFormat, DatasetStatus};
    use domain::job::{JobStage, JobStatus, LogLevel};
    use domain::model::ModelStatus;
    use domain::notification::{NotificationKind, NotificationPriority};
    use domain::{Role, Tier};
    for (has, wanted) in [
        (names(Role::ALL), "user admin billing_admin"),
        (names(Tier::ALL), "free starter professional enterprise"),
        (names(DatasetFormat::ALL), "brightrun-lora-v4 brightrun-lora-v3"),
        (names(DatasetStatus::ALL), "uploading validating ready error"),
        (names(JobStatus::ALL), "queued initializing running completed failed cancelled"),
        (names(JobStage::ALL), "queued initializing training validating saving completed"),
        (names(LogLevel::ALL), "info warning error"),
        (names(ModelStatus::ALL), "stored deployed archived"),
        (names(CostType::ALL), "compute storage data_transfer api_calls"),
        (names(NotificationKind::ALL), "job_complete job_failed cost_alert system dataset_ready"),
        (names(NotificationPriority::ALL), "low medium high critical"),
    ] {
        for value in wanted.split_whitespace() {
            assert!(has.iter().any(|known| known == value), "{value} is not in {has:?}");
        }
    }
}
