//! Every query, on SQLite and on PostgreSQL.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a test fails by panicking, and then shows what it printed")]

mod access;
mod accounts;
mod datasets;
mod jobs;
mod money;
mod runs;
mod schema;
mod schema_doc;
mod specification;
mod tasks;
mod versions;

use chrono::{DateTime, Duration, Utc};
use db::Db;

/// Runs a test on a fresh database of each kind.
async fn on_each(test: impl AsyncFn(Db)) {
    for database in testkit::databases() {
        // Shown when the test fails.
        println!("on {}", database.kind);
        test(database.migrated().await).await;
    }
}

/// So many seconds after an instant in 2030.
fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + Duration::days(22_000) + Duration::seconds(seconds)
}
