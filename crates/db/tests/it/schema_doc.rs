//! `docs/schema.md`, made from a database that was migrated: rewritten by `UPDATE_SCHEMA=1 cargo test -p db schema_doc`.

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, QueryResult, Statement};
use std::collections::BTreeMap;
use std::fmt::Write;
use testkit::TestDatabase;

/// What each table is for; one without a line here fails.
const TABLES: &[(&str, &str)] = &[
    ("account_tokens", "Links by mail that reset a password or confirm an address; only their hashes are kept."),
    ("api_keys", "Personal keys of programs; only their hashes are kept."),
    ("audit_log", "Acts that matter for security; rows are only ever added."),
    ("checkpoints", "Checkpoints of runs and where their files are."),
    ("cost_records", "What was spent: the truth of every sum. Micro-dollars."),
    ("dataset_versions", "Which data set was made from which, by which fixes."),
    ("instance_overrides", "Rates of machines as an administrator set them."),
    ("notification_counters", "The last number of an account's notifications."),
    ("outgoing_mails", "Mail that waits to be sent, and what became of it."),
    ("user_settings", "Settings of an account: notifications, defaults."),
    ("configurations", "Saved settings of jobs to come."),
    ("datasets", "Files of conversations, what validation found in them, and their statistics."),
    ("event_counters", "The last number of an account's events: what keeps their order in streams."),
    ("idempotency_keys", "Answers to creating requests, kept for those that are repeated."),
    ("invitations", "Who may sign up where that needs an invitation."),
    ("job_attempts", "Attempts of a job: a retry is a new one."),
    ("job_events", "The event log of a job: the truth of a run. What is shown elsewhere is made from it."),
    ("job_logs", "Lines of a run's log, made from its events."),
    ("metrics_points", "Figures of a run by step, made from its events."),
    ("model_artifacts", "Trained adapters, their files and where they come from."),
    ("notifications", "What an account was told."),
    ("seaql_migrations", "Which migrations were applied."),
    ("sessions", "Logins; a token names one of these rows."),
    ("tasks", "The queue of background work."),
    ("throughputs", "How fast runs were, by base model, machine, precision and row length; estimates are made from it."),
    ("training_jobs", "Training jobs: what was asked for, and how they stand."),
    ("users", "Accounts."),
    ("webhook_deliveries", "Attempts to deliver to webhooks."),
    ("webhooks", "Addresses that are told of events."),
];

async fn rows(db: &DatabaseConnection, sql: String) -> Vec<QueryResult> {
    db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.expect("the query runs")
}

fn text(row: &QueryResult, column: &str) -> String {
    row.try_get("", column).expect("a text")
}

fn number(row: &QueryResult, column: &str) -> i64 {
    row.try_get("", column).expect("a number")
}

#[tokio::test]
async fn the_schema_in_docs_is_up_to_date() {
    let database = TestDatabase::sqlite();
    database.migrated().await.close().await.expect("closed");
    let db = Database::connect(&database.url).await.expect("connected");
    let lines: BTreeMap<&str, &str> = TABLES.iter().copied().collect();
    let mut text_of = String::from(
        "# The schema\n\nMade by `make generate` from a migrated SQLite database; PostgreSQL has the same tables, columns, references and indexes with its own types. \
         Ids are UUIDs (version 7), times are in UTC, money is integer micro-dollars (`…_micros`), `…_text` types hold JSON where the column says so. \
         Migrations are in `crates/db/src/migration`.\n",
    );
    let tables = rows(&db, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name".into()).await;
    let there: Vec<String> = tables.iter().map(|row| text(row, "name")).collect();
    let gone: Vec<&&str> = lines.keys().filter(|table| !there.iter().any(|name| name == *table)).collect();
    assert!(gone.is_empty(), "there is no table {gone:?} any more: take its line out of schema_doc.rs");
    for table in there {
        let line = lines.get(table.as_str()).unwrap_or_else(|| panic!("say in schema_doc.rs what the table {table} is for"));
        describe(&db, &table, line, &mut text_of).await;
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/schema.md");
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(path, &text_of).expect("docs/schema.md is written");
    }
    assert!(
        std::fs::read_to_string(path).unwrap_or_default() == text_of,
        "docs/schema.md is stale: UPDATE_SCHEMA=1 cargo test -p db schema_doc"
    );
}

async fn describe(db: &DatabaseConnection, table: &str, line: &str, into: &mut String) {
    let mut references = BTreeMap::new();
    for row in rows(db, format!("PRAGMA foreign_key_list('{table}')")).await {
        let target = format!("→ `{}` ({})", text(&row, "table"), text(&row, "on_delete").to_lowercase());
        references.insert(text(&row, "from"), target);
    }
    let sql = format!(
        "SELECT x.name AS name FROM pragma_index_list('{table}') l, pragma_index_info(l.name) x WHERE l.origin = 'u' AND l.\"unique\" = 1"
    );
    let unique: Vec<String> = rows(db, sql).await.iter().map(|row| text(row, "name")).collect();
    // Writing to a String cannot fail.
    let _ = write!(into, "\n## {table}\n{line}\n\n| column | type | |\n|---|---|---|\n");
    for row in rows(db, format!("PRAGMA table_info('{table}')")).await {
        let name = text(&row, "name");
        let mut notes = Vec::new();
        if number(&row, "pk") > 0 {
            notes.push("primary key".to_owned());
        } else if number(&row, "notnull") == 0 {
            notes.push("may be null".to_owned());
        }
        notes.extend(unique.contains(&name).then(|| "unique".to_owned()));
        notes.extend(references.remove(&name));
        let _ = writeln!(into, "| `{name}` | {} | {} |", text(&row, "type").to_lowercase(), notes.join(", "));
    }
    let indexes = rows(
        db,
        format!("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = '{table}' AND sql IS NOT NULL ORDER BY name"),
    );
    let indexes = indexes.await;
    if indexes.is_empty() {
        return;
    }
    let _ = write!(into, "\nIndexes:\n");
    for row in indexes {
        let sql = text(&row, "sql");
        let columns = sql.split_once(" ON ").map_or("", |(_, rest)| rest).replace('"', "");
        let columns = columns.split_once(' ').map_or("", |(_, rest)| rest);
        let unique = if sql.contains("UNIQUE") { "unique " } else { "" };
        let _ = writeln!(into, "- {unique}`{}` {}", text(&row, "name"), columns.trim());
    }
}
