//! Background work: queued in the application's database, done at least once.
//!
//! Owns what a task is, how it is retried and how a worker holds it. Imports `domain` and `db`; what a task does is the handler's, which
//! `app` gives. See `docs/adr/0007-queue.md` for why the queue is a table of ours.
//!
//! A task is queued in the transaction that made its reason (`Queue::prepare` and the effects of `db`), claimed under a lease that is
//! renewed while it runs, and removed when it is done. A worker that dies loses its leases, and another takes the tasks over. Handlers are
//! therefore idempotent.

mod handler;
mod task;
mod worker;

pub use handler::{TaskContext, TaskError, TaskHandler};
pub use task::Task;
pub use worker::{WorkerOptions, run_worker};

use chrono::{DateTime, Utc};
use db::Db;
use db::tasks::{self, NewTask, TaskCounts};
use domain::Clock;
use domain::clock::SystemClock;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use uuid::Uuid;

/// How tasks are tried and held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Tries of a task that fails for passing reasons.
    pub max_attempts: u32,
    /// Pause after the first failed try; it doubles with each.
    pub backoff: Duration,
    /// How long a worker holds a task without a sign of life.
    pub lease: Duration,
    /// How often a worker looks for tasks that others have queued.
    pub poll: Duration,
    /// How long a worker that stops waits for the tasks that it runs.
    pub grace: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_attempts: 3,
            backoff: Duration::from_secs(5),
            lease: Duration::from_secs(30),
            poll: Duration::from_millis(200),
            grace: Duration::from_secs(10),
        }
    }
}

/// The queue. Cheap to clone; the workers of all clones are woken by [`Queue::wake`].
#[derive(Clone)]
pub struct Queue {
    db: Db,
    clock: Arc<dyn Clock>,
    settings: Settings,
    wake: Arc<Notify>,
}

impl Queue {
    /// The queue in this database, with the default settings. Its table is one of the database's own migrations.
    pub fn new(db: &Db) -> Self {
        Self { db: db.clone(), clock: Arc::new(SystemClock), settings: Settings::default(), wake: Arc::new(Notify::new()) }
    }

    /// With another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// With other settings.
    #[must_use]
    pub fn with_settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// The row of a task, to be written with what is its reason: put it into the effects of an update, and call [`Queue::wake`] after.
    pub fn prepare(&self, task: &Task) -> NewTask {
        self.prepare_at(task, self.clock.now())
    }

    /// As [`Queue::prepare`], for a task that is not to run before `run_at`.
    pub fn prepare_at(&self, task: &Task, run_at: DateTime<Utc>) -> NewTask {
        NewTask {
            id: Uuid::now_v7(),
            payload: task.payload(),
            dedupe_key: Some(task.key()),
            run_at,
            max_attempts: self.settings.max_attempts,
            created_at: self.clock.now(),
        }
    }

    /// Tells the workers of this process that there is work. Those of other processes look by themselves.
    pub fn wake(&self) {
        self.wake.notify_waiters();
    }

    /// Queues a task. False where the same task waits already.
    ///
    /// # Errors
    /// When the database does not take it.
    pub async fn push(&self, task: &Task) -> db::Result<bool> {
        let added = tasks::push(&self.db, &[self.prepare(task)]).await? > 0;
        self.wake();
        Ok(added)
    }

    /// Queues a task that is not to run before `run_at`. False where the same task waits already.
    ///
    /// # Errors
    /// When the database does not take it.
    pub async fn push_at(&self, task: &Task, run_at: DateTime<Utc>) -> db::Result<bool> {
        Ok(tasks::push(&self.db, &[self.prepare_at(task, run_at)]).await? > 0)
    }

    /// Whether the task waits or runs. For the reconciler, which queues again what a crash lost.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn contains(&self, task: &Task) -> db::Result<bool> {
        tasks::is_queued(&self.db, &task.key()).await
    }

    /// The queue in numbers.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn counts(&self) -> db::Result<TaskCounts> {
        tasks::counts(&self.db, self.clock.now()).await
    }

    /// Forgets tasks that were given up longer ago than `age`; answers how many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn purge(&self, age: chrono::Duration) -> db::Result<u64> {
        tasks::purge(&self.db, self.clock.now() - age).await
    }
}
