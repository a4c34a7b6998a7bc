//! A worker: claims tasks, runs them, keeps their leases alive, and decides what becomes of them.

use crate::handler::{TaskContext, TaskError, TaskHandler};
use crate::task::Task;
use crate::{Queue, Settings};
use chrono::{DateTime, Utc};
use db::tasks::{self, ClaimedTask, PutBack};
use futures::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How a worker works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkerOptions {
    /// Tasks at once.
    pub concurrency: usize,
    /// Whether no other process works on this queue: then what an earlier process left running is taken over at once, without waiting for
    /// its leases to end.
    pub only_worker: bool,
}

impl Default for WorkerOptions {
    fn default() -> Self {
        Self { concurrency: 4, only_worker: false }
    }
}

/// Works on the queue until `shutdown` is cancelled, then waits up to the grace period for what is running and puts the rest back.
/// A database that does not answer is asked again.
pub async fn run_worker(queue: Queue, handler: Arc<dyn TaskHandler>, options: WorkerOptions, shutdown: CancellationToken) {
    let worker = Worker { owner: Uuid::new_v4().to_string(), queue, handler, shutdown };
    if options.only_worker
        && let Err(error) = tasks::expire_all(&worker.queue.db, worker.now()).await
    {
        tracing::warn!(error = &error as &dyn std::error::Error, "what an earlier worker left is taken over when its leases end");
    }
    worker.run(options.concurrency.max(1)).await;
}

#[derive(Clone)]
struct Worker {
    owner: String,
    queue: Queue,
    handler: Arc<dyn TaskHandler>,
    shutdown: CancellationToken,
}

/// What became of a try.
enum Outcome {
    Done,
    Failed(TaskError),
    /// The task is another worker's now.
    Lost,
}

impl Worker {
    fn now(&self) -> DateTime<Utc> {
        self.queue.clock.now()
    }

    fn settings(&self) -> &Settings {
        &self.queue.settings
    }

    async fn run(&self, concurrency: usize) {
        let mut running = JoinSet::new();
        while !self.shutdown.is_cancelled() {
            // Listen before looking, so that what is queued in between wakes us.
            let woken = self.queue.wake.notified();
            let free = concurrency - running.len();
            if free > 0 {
                match self.claim(free).await {
                    Ok(claimed) => {
                        for task in claimed {
                            let worker = self.clone();
                            running.spawn(async move { worker.run_task(task).await });
                        }
                    }
                    Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "cannot look for tasks; will try again"),
                }
            }
            tokio::select! {
                () = self.shutdown.cancelled() => {}
                () = woken => {}
                Some(_) = running.join_next() => {}
                () = tokio::time::sleep(self.settings().poll) => {}
            }
        }
        // Each try ends by itself or is put back when the grace period is over.
        while running.join_next().await.is_some() {}
    }

    async fn claim(&self, limit: usize) -> db::Result<Vec<ClaimedTask>> {
        let (db, now) = (&self.queue.db, self.now());
        if !tasks::any_due(db, now).await? {
            return Ok(Vec::new());
        }
        tasks::claim(db, &self.owner, limit as u64, now, now + self.settings().lease).await
    }

    async fn run_task(&self, claimed: ClaimedTask) {
        let result = match serde_json::from_value::<Task>(claimed.payload.clone()) {
            Ok(task) => self.run_known(&claimed, task).await,
            Err(error) => {
                tracing::error!(task = %claimed.id, payload = %claimed.payload, "the task is of a kind that this version does not know");
                self.keep_as_failed(&claimed, &TaskError::permanent(error)).await
            }
        };
        if let Err(error) = result {
            tracing::warn!(task = %claimed.id, error = &error as &dyn std::error::Error, "cannot settle the task; it is tried again when its lease ends");
        }
    }

    async fn run_known(&self, claimed: &ClaimedTask, task: Task) -> db::Result<()> {
        if claimed.attempt > claimed.max_attempts {
            let last = claimed.last_error.clone().unwrap_or_else(|| "the worker ended while it worked on it".to_owned());
            return self.give_up(claimed, task, TaskError::permanent(last)).await;
        }
        let (db, id, owner) = (&self.queue.db, claimed.id, self.owner.as_str());
        match self.attempt(claimed, task).await {
            Outcome::Done => {
                tasks::finish(db, id, owner).await?;
            }
            Outcome::Lost => tracing::warn!(task = ?task, "the task was taken over by another worker"),
            Outcome::Failed(TaskError::Interrupted) => {
                tasks::put_back(db, id, owner, PutBack::Released { run_at: self.now() }).await?;
            }
            Outcome::Failed(error @ TaskError::Transient(_)) if claimed.attempt < claimed.max_attempts => {
                let pause = self.settings().backoff * 2u32.saturating_pow(claimed.attempt - 1);
                tracing::warn!(task = ?task, attempt = claimed.attempt, ?pause, error = &error as &dyn std::error::Error, "the task failed; it is tried again");
                tasks::put_back(db, id, owner, PutBack::Retry { run_at: self.now() + pause, error: error.chain() }).await?;
            }
            Outcome::Failed(error) => self.give_up(claimed, task, error).await?,
        }
        Ok(())
    }

    /// Runs the handler, and keeps the lease alive meanwhile.
    async fn attempt(&self, claimed: &ClaimedTask, task: Task) -> Outcome {
        let stop = self.shutdown.child_token();
        let context = TaskContext { attempt: claimed.attempt, max_attempts: claimed.max_attempts, stop: stop.clone() };
        let work = AssertUnwindSafe(self.handler.handle(task, context)).catch_unwind();
        let grace = async {
            stop.cancelled().await;
            tokio::time::sleep(self.settings().grace).await;
        };
        tokio::select! {
            result = work => match result {
                Ok(Ok(())) => Outcome::Done,
                Ok(Err(error)) => Outcome::Failed(error),
                Err(panic) => Outcome::Failed(TaskError::transient(format!("the task panicked: {}", panic_text(&*panic)))),
            },
            () = self.keep_lease(claimed.id) => Outcome::Lost,
            () = grace => Outcome::Failed(TaskError::Interrupted),
        }
    }

    /// Ends when the lease is lost.
    async fn keep_lease(&self, id: Uuid) {
        let lease = self.settings().lease;
        loop {
            tokio::time::sleep(lease / 3).await;
            match tasks::renew(&self.queue.db, id, &self.owner, self.now() + lease).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    tracing::warn!(task = %id, error = &error as &dyn std::error::Error, "cannot renew the task's lease; will try again");
                }
            }
        }
    }

    async fn give_up(&self, claimed: &ClaimedTask, task: Task, error: TaskError) -> db::Result<()> {
        tracing::error!(task = ?task, attempt = claimed.attempt, error = &error as &dyn std::error::Error, "the task is given up");
        let told = AssertUnwindSafe(self.handler.gave_up(task, &error)).catch_unwind().await;
        match told {
            Ok(Ok(())) => self.keep_as_failed(claimed, &error).await,
            Ok(Err(failure)) => {
                // It stays claimed: when the lease ends it is given up again.
                tracing::error!(task = ?task, error = &failure as &dyn std::error::Error, "cannot tell that the task was given up; will tell again");
                Ok(())
            }
            Err(panic) => {
                tracing::error!(task = ?task, "telling that the task was given up panicked: {}", panic_text(&*panic));
                self.keep_as_failed(claimed, &error).await
            }
        }
    }

    async fn keep_as_failed(&self, claimed: &ClaimedTask, error: &TaskError) -> db::Result<()> {
        tasks::give_up(&self.queue.db, claimed.id, &self.owner, &error.chain(), self.now()).await?;
        Ok(())
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}
