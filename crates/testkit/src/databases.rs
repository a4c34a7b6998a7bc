//! A fresh database of each kind.

#![expect(clippy::expect_used, reason = "made for tests, which fail by panicking")]

use crate::postgres;
use db::Db;
use tempfile::TempDir;

/// A database of its own, empty, gone with this value or with the test binary.
#[derive(Debug)]
pub struct TestDatabase {
    /// `sqlite` or `postgres`.
    pub kind: &'static str,
    /// What [`Db::connect`] takes.
    pub url: String,
    _folder: Option<TempDir>,
}

impl TestDatabase {
    /// A SQLite file in a temporary folder.
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("test.db").display());
        Self { kind: "sqlite", url, _folder: Some(folder) }
    }

    /// A database on this test binary's own PostgreSQL server. None where the environment says to do without.
    ///
    /// # Panics
    /// When PostgreSQL is not installed, with the command that installs it.
    pub fn postgres() -> Option<Self> {
        postgres::new_database().map(|url| Self { kind: "postgres", url, _folder: None })
    }

    /// Connects.
    ///
    /// # Panics
    /// When that fails.
    pub async fn connect(&self) -> Db {
        Db::connect(&self.url).await.expect("the test's database can be reached")
    }

    /// Connects, and makes the tables.
    ///
    /// # Panics
    /// When that fails.
    pub async fn migrated(&self) -> Db {
        let db = self.connect().await;
        db.migrate().await.expect("the test's database can be migrated");
        db
    }
}

/// A fresh database of each kind: a test runs once on each. With `BRIGHTRUN_TEST_POSTGRES=skip` only SQLite's, and it says so.
///
/// # Panics
/// When PostgreSQL is not installed, with the command that installs it.
pub fn databases() -> Vec<TestDatabase> {
    let mut all = vec![TestDatabase::sqlite()];
    all.extend(TestDatabase::postgres());
    all
}
