//! Connections: one for writing and a few for reading on SQLite, one pool for both on PostgreSQL.

use crate::error::{Error, Result};
use crate::migration::Migrator;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};
use sea_orm_migration::{MigrationStatus, MigratorTrait};
use std::time::Duration;

/// How long a writer waits for another process that writes to the same SQLite file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(15);
/// Held until the transaction ends; the number is this program's own ("brightru" in ASCII).
const MIGRATION_LOCK: &str = "SELECT pg_advisory_xact_lock(7093848255916962421)";
const SQLITE_READERS: u32 = 4;
const POSTGRES_CONNECTIONS: u32 = 16;

/// The application's database. Cheap to clone; all clones share their connections.
#[derive(Debug, Clone)]
pub struct Db {
    writer: DatabaseConnection,
    reader: DatabaseConnection,
}

impl Db {
    /// Connects to `sqlite://FILE?mode=rwc` or `postgres://…`. Makes no tables: see [`Db::migrate`].
    ///
    /// # Errors
    /// When the address is of neither kind, or the database does not answer.
    pub async fn connect(url: &str) -> Result<Self> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let mut options = ConnectOptions::new(url);
            options.max_connections(POSTGRES_CONNECTIONS).min_connections(1).acquire_timeout(ACQUIRE_TIMEOUT).sqlx_logging(false);
            let pool = open(url, options).await?;
            return Ok(Self { writer: pool.clone(), reader: pool });
        }
        if !url.starts_with("sqlite:") {
            return Err(Error::Address(format!("'{}' is of no kind that is known", redacted(url))));
        }
        if url.contains(":memory:") || url.contains("mode=memory") {
            return Err(Error::Address("names a database in memory, which cannot be shared between connections".to_owned()));
        }
        let writer = open(url, sqlite_options(url, 1, false)).await?;
        let reader = open(url, sqlite_options(url, SQLITE_READERS, true)).await?;
        Ok(Self { writer, reader })
    }

    /// Brings the schema to the version of this program. Does nothing where it is there already. Processes that start together wait for
    /// each other.
    ///
    /// # Errors
    /// When a migration fails; all of them are undone then.
    pub async fn migrate(&self) -> Result<()> {
        let tx = self.begin().await?;
        if self.is_postgres() {
            tx.execute_unprepared(MIGRATION_LOCK).await?;
        }
        Migrator::up(&tx, None).await?;
        Ok(tx.commit().await?)
    }

    /// Undoes every migration, and with them every row. For tests and for leaving.
    ///
    /// # Errors
    /// When a migration cannot be undone.
    pub async fn migrate_down(&self) -> Result<()> {
        Ok(Migrator::down(&self.writer, None).await?)
    }

    /// Number of migrations that this program knows and that are not applied yet.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn pending_migrations(&self) -> Result<usize> {
        let all = Migrator::get_migration_with_status(&self.writer).await?;
        Ok(all.iter().filter(|m| m.status() == MigrationStatus::Pending).count())
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<()> {
        Ok(self.reader.ping().await?)
    }

    /// Closes all connections; what is running is finished first.
    ///
    /// # Errors
    /// When a connection cannot be closed.
    pub async fn close(self) -> Result<()> {
        self.reader.close_by_ref().await?;
        Ok(self.writer.close_by_ref().await?)
    }

    /// `sqlite` or `postgres`.
    pub fn backend(&self) -> &'static str {
        if self.is_postgres() { "postgres" } else { "sqlite" }
    }

    pub(crate) fn is_postgres(&self) -> bool {
        self.writer.get_database_backend() == DbBackend::Postgres
    }

    /// For queries that write nothing.
    pub(crate) fn read(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// For a single writing statement.
    pub(crate) fn write(&self) -> &DatabaseConnection {
        &self.writer
    }

    /// A writing transaction. On SQLite it holds the only writer from its first statement on, so that what it reads stays true.
    pub(crate) async fn begin(&self) -> Result<DatabaseTransaction> {
        let options =
            TransactionOptions { sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate), ..TransactionOptions::default() };
        Ok(self.writer.begin_with_options(options).await?)
    }
}

fn sqlite_options(url: &str, connections: u32, read_only: bool) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options.max_connections(connections).min_connections(1).acquire_timeout(ACQUIRE_TIMEOUT).sqlx_logging(false);
    options.map_sqlx_sqlite_opts(move |o| {
        let o = o.busy_timeout(BUSY_TIMEOUT).foreign_keys(true).pragma("journal_mode", "WAL").pragma("synchronous", "FULL");
        if read_only { o.pragma("query_only", "ON") } else { o }
    });
    options
}

async fn open(url: &str, options: ConnectOptions) -> Result<DatabaseConnection> {
    Database::connect(options).await.map_err(|source| Error::Connect { address: redacted(url), source })
}

/// The address without its password.
fn redacted(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    match rest.rsplit_once('@') {
        Some((login, host)) => format!("{scheme}://{}@{host}", login.split(':').next().unwrap_or_default()),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::redacted;

    #[test]
    fn a_password_is_never_shown() {
        assert_eq!(redacted("postgres://ada:s3cret@db:5432/x"), "postgres://ada@db:5432/x");
        assert_eq!(redacted("sqlite:///tmp/x.db"), "sqlite:///tmp/x.db");
    }
}
