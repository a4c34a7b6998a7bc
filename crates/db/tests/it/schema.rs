//! Migrations and connections.

use db::{Db, Error};
use sea_orm::{ConnectionTrait, Database, Statement};
use testkit::databases;

const INDEXES: [&str; 12] = [
    "idx_users_email",
    "idx_datasets_user_status",
    "idx_datasets_user_created",
    "idx_training_jobs_user_status",
    "idx_training_jobs_status_queued",
    "idx_training_jobs_external",
    "idx_metrics_points_job_timestamp",
    "idx_metrics_points_job_step",
    "idx_job_logs_job_timestamp",
    "idx_model_artifacts_user_status",
    "idx_cost_records_user_period",
    "idx_notifications_user_read_created",
];

async fn names(url: &str, kind: &str, what: &str) -> Vec<String> {
    let connection = Database::connect(url).await.expect("connection");
    let query = match (kind, what) {
        ("sqlite", what) => format!("SELECT name FROM sqlite_master WHERE type = '{what}'"),
        (_, "index") => "SELECT indexname AS name FROM pg_indexes WHERE schemaname = 'public'".to_owned(),
        _ => "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'".to_owned(),
    };
    let rows = connection.query_all_raw(Statement::from_string(connection.get_database_backend(), query)).await.expect("names");
    rows.iter().map(|row| row.try_get("", "name").expect("a name")).collect()
}

#[tokio::test]
async fn migrations_go_up_down_and_up_again() {
    for database in databases() {
        let db = database.connect().await;
        assert!(db.pending_migrations().await.expect("status") > 0);
        db.migrate().await.expect("up");
        assert_eq!(db.pending_migrations().await.expect("status"), 0);
        db.migrate().await.expect("up once more does nothing");
        let there = names(&database.url, database.kind, "index").await;
        for index in INDEXES.iter().chain(&["idx_model_artifacts_user_created", "idx_tasks_dedupe_pending"]) {
            assert!(there.iter().any(|name| name == index), "{index} is missing on {}: {there:?}", database.kind);
        }
        db.migrate_down().await.expect("down");
        let tables = names(&database.url, database.kind, "table").await;
        let ours: Vec<_> = tables.iter().filter(|t| !t.starts_with("seaql") && !t.starts_with("sqlite_")).collect();
        assert!(ours.is_empty(), "left on {}: {ours:?}", database.kind);
        db.migrate().await.expect("up again");
        db.ping().await.expect("it answers");
        assert_eq!(db.backend(), database.kind);
        db.close().await.expect("close");
    }
}

#[tokio::test]
async fn two_processes_may_migrate_one_after_the_other_and_read_the_same_rows() {
    for database in databases() {
        let (one, two) = (database.migrated().await, database.migrated().await);
        testkit::rows::stored_user(&one, "ada@example.com", crate::at(0)).await;
        assert!(db::users::by_email(&two, "ada@example.com").await.expect("query").is_some());
    }
}

#[tokio::test]
async fn an_address_that_cannot_be_used_is_named_without_its_password() {
    for bad in ["mysql://a:b@c/d", "sqlite::memory:", "sqlite://x?mode=memory", "nonsense"] {
        assert!(matches!(Db::connect(bad).await, Err(Error::Address(_))), "{bad}");
    }
    let error = Db::connect("sqlite:///nonexistent-folder/x.db?mode=rwc").await.expect_err("there is no such folder");
    assert!(matches!(error, Error::Connect { .. }) && error.to_string().contains("/nonexistent-folder/x.db"), "{error}");
    let error = Db::connect("postgres://ada:s3cret@127.0.0.1:1/x").await.expect_err("nothing listens there");
    assert!(matches!(error, Error::Connect { .. }) && error.is_transient() && !error.to_string().contains("s3cret"), "{error}");
}

#[tokio::test]
async fn processes_that_write_to_one_database_wait_for_each_other() {
    for database in databases() {
        let (one, two) = (database.migrated().await, database.connect().await);
        let writers = (0..40).map(|i| {
            let db = if i % 2 == 0 { one.clone() } else { two.clone() };
            tokio::spawn(async move {
                let user = testkit::rows::user(&format!("u{i}@example.com"), crate::at(i));
                db::users::insert(&db, &user, db::users::Admission::Anybody).await.map(|_| ())
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.expect("task").expect("insert");
        }
        assert_eq!(db::users::count(&one).await.expect("count"), 40);
    }
}

#[tokio::test]
async fn a_request_that_is_dropped_half_way_leaves_the_database_usable() {
    crate::on_each(async |db| {
        let ada = testkit::rows::stored_user(&db, "ada@example.com", crate::at(0)).await;
        for polls in 0..60 {
            let change = |u: &mut db::users::User| u.name = format!("dropped after {polls}");
            let mut update = Box::pin(db::users::update(&db, ada.id, change));
            for _ in 0..polls {
                if futures::poll!(update.as_mut()).is_ready() {
                    break;
                }
                tokio::task::yield_now().await;
            }
            drop(update);
            let change = |u: &mut db::users::User| u.name = format!("kept {polls}");
            db::users::update(&db, ada.id, change).await.expect("the writer is free").expect("there");
            let name = db::users::get(&db, ada.id).await.expect("get").map(|u| u.name);
            assert_eq!(name, Some(format!("kept {polls}")), "on {}", db.backend());
        }
    })
    .await;
}

#[tokio::test]
async fn processes_that_start_together_migrate_once() {
    for database in databases() {
        let mut starts = Vec::new();
        for _ in 0..4 {
            let db = database.connect().await;
            starts.push(tokio::spawn(async move { db.migrate().await }));
        }
        for start in starts {
            start.await.expect("task").expect("migrate");
        }
        assert_eq!(database.connect().await.pending_migrations().await.expect("status"), 0);
    }
}
