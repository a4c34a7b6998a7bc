//! Connections: one for writing and a few for reading on SQLite, one pool for both on PostgreSQL.

use crate::error::{Error, Result};
use crate::migration::Migrator;
use crate::news::{self, News};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};
use sea_orm_migration::{MigrationStatus, MigratorTrait};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::broadcast;

/// How long a writer waits for another process that writes to the same SQLite file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(15);
/// Held until the transaction ends; the number is this program's own ("brightru" in ASCII).
const MIGRATION_LOCK: &str = "SELECT pg_advisory_xact_lock(7093848255916962421)";
const SQLITE_READERS: u32 = 4;
/// Of each connection, in KiB as SQLite takes it.
const SQLITE_CACHE: &str = "-16000";
/// Prepared statements that each connection keeps. Lists have one for each of their filters and orders.
const SQLITE_STATEMENTS: usize = 400;
/// Rows of an answer that wait for their reader at most. At fewer, the connection's thread and the reader wait for each other in turn.
const SQLITE_ROWS: usize = 1024;
/// Bytes of the file that are read without a copy; the cache above is emptied whenever another connection has written.
const SQLITE_MMAP: &str = "268435456";
const POSTGRES_CONNECTIONS: u32 = 16;
/// A connection that was idle for longer is asked whether it is still there before it is used. To ask every time would be a second round
/// trip for each statement.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// A statement that takes longer is logged.
const SLOW: Duration = Duration::from_millis(500);

/// The application's database. Cheap to clone; all clones share their connections.
#[derive(Debug, Clone)]
pub struct Db {
    writer: DatabaseConnection,
    reader: DatabaseConnection,
    counts: Arc<Counts>,
    pub(crate) news: broadcast::Sender<News>,
}

#[derive(Debug, Default)]
struct Counts {
    statements: AtomicU64,
    failed: AtomicU64,
    micros: AtomicU64,
}

/// Figures of this process' connections and statements.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Open connections.
    pub connections: u32,
    /// Those of them that wait for work.
    pub idle: usize,
    /// Statements since the start.
    pub statements: u64,
    /// Those of them that failed.
    pub failed: u64,
    /// Time that all statements took together.
    pub took: Duration,
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
            options.test_before_acquire_if_idle_for(TRUSTED_FOR);
            let counts = Arc::<Counts>::default();
            let pool = open(url, options, &counts).await?;
            return Ok(Self { writer: pool.clone(), reader: pool, counts, news: broadcast::Sender::new(news::KEPT) });
        }
        if !url.starts_with("sqlite:") {
            return Err(Error::Address(format!("'{}' is of no kind that is known", redacted(url))));
        }
        if url.contains(":memory:") || url.contains("mode=memory") {
            return Err(Error::Address("names a database in memory, which cannot be shared between connections".to_owned()));
        }
        let counts = Arc::<Counts>::default();
        let writer = open(url, sqlite_options(url, 1, false), &counts).await?;
        let reader = open(url, sqlite_options(url, SQLITE_READERS, true), &counts).await?;
        Ok(Self { writer, reader, counts, news: broadcast::Sender::new(news::KEPT) })
    }

    /// Figures of this process' connections and statements.
    pub fn figures(&self) -> Figures {
        let (connections, idle) = if self.is_postgres() {
            let pool = self.writer.get_postgres_connection_pool();
            (pool.size(), pool.num_idle())
        } else {
            let (writer, reader) = (self.writer.get_sqlite_connection_pool(), self.reader.get_sqlite_connection_pool());
            (writer.size() + reader.size(), writer.num_idle() + reader.num_idle())
        };
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let Counts { statements, failed, micros } = &*self.counts;
        Figures { connections, idle, statements: read(statements), failed: read(failed), took: Duration::from_micros(read(micros)) }
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
    // A file does not hang up.
    options.test_before_acquire(false);
    options.map_sqlx_sqlite_opts(move |o| {
        let o = o.statement_cache_capacity(SQLITE_STATEMENTS).row_buffer_size(SQLITE_ROWS).busy_timeout(BUSY_TIMEOUT).foreign_keys(true);
        let o = o.pragma("journal_mode", "WAL").pragma("synchronous", "FULL");
        let o = o.pragma("cache_size", SQLITE_CACHE).pragma("temp_store", "MEMORY").pragma("mmap_size", SQLITE_MMAP);
        if read_only { o.pragma("query_only", "ON") } else { o }
    });
    options
}

async fn open(url: &str, options: ConnectOptions, counts: &Arc<Counts>) -> Result<DatabaseConnection> {
    let mut connection = Database::connect(options).await.map_err(|source| Error::Connect { address: redacted(url), source })?;
    let counts = counts.clone();
    connection.set_metric_callback(move |info| {
        // Never with its values: they are what users keep here.
        let sql = info.statement.sql.as_str();
        tracing::trace!(target: "db::statement", sql);
        if info.elapsed >= SLOW {
            tracing::warn!(milliseconds = u64::try_from(info.elapsed.as_millis()).unwrap_or(u64::MAX), sql, "a slow statement");
        }
        counts.statements.fetch_add(1, Ordering::Relaxed);
        counts.failed.fetch_add(u64::from(info.failed), Ordering::Relaxed);
        counts.micros.fetch_add(u64::try_from(info.elapsed.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    });
    Ok(connection)
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
