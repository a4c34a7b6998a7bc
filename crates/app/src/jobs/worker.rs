//! The worker of a process: does the queue's tasks, follows runs, and repairs what a crash left.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use db::jobs::{Job, JobEffects, NewEvent};
use domain::job::{JobStatus, LogLevel};
use domain::{AttemptId, Error, Result, UserId};
use queue::{Task, TaskContext, TaskError, TaskHandler, WorkerOptions};
use serde_json::json;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::follow::follow;
use super::orphans::Orphans;
use super::stored::{RunInfo, StoredEstimate};
use super::{finish, ingest, launch, queue_plan};
use crate::{App, notifications};

/// How often the reconciler runs.
const RECONCILE: Duration = Duration::from_millis(1500);
/// How long followers may take to note the end of the runs that a leaving process has stopped.
const LEAVE: Duration = Duration::from_secs(3);
/// How often it is looked whose week is over.
const WEEKS_SECONDS: i64 = 300;
/// How often what is not needed any more is removed.
const PURGE: chrono::Duration = chrono::Duration::hours(6);
/// By how much an expected start must have moved to be written down again.
const SHIFT: chrono::Duration = chrono::Duration::seconds(30);

/// Works in this process. One a process; all of them together may share the database.
pub struct Worker {
    app: Arc<App>,
    owner: String,
    following: Arc<Mutex<HashSet<AttemptId>>>,
    followers: TaskTracker,
    stop: CancellationToken,
    dispatching: tokio::sync::Mutex<()>,
    /// When weeks were last summed up, in seconds since 1970.
    weeks_at: AtomicI64,
    orphans: Orphans,
}

/// Works until `shutdown` is cancelled: tasks, runs and the reconciler. Then stops the runs that cannot outlive this process, with a
/// checkpoint, and gives its jobs up; they go on when a worker is there again.
pub async fn run_worker(app: Arc<App>, shutdown: CancellationToken) {
    // One process writes to a SQLite file as a rule; what it left running when it was killed is taken over at once.
    let options = WorkerOptions { only_worker: app.db.backend() == "sqlite", ..WorkerOptions::default() };
    let worker = Arc::new(Worker::new(Arc::clone(&app)));
    if let Err(error) = first_purge(&app).await {
        tracing::warn!(error = &error as &dyn std::error::Error, "the removal of what is not needed any more could not be queued");
    }
    let handler = Arc::new(Handler(Arc::clone(&worker)));
    let reconciler = async {
        while !shutdown.is_cancelled() {
            if let Err(error) = worker.reconcile().await {
                tracing::warn!(error = &error as &dyn std::error::Error, "the reconciler could not finish; it runs again soon");
            }
            tokio::select! {
                () = tokio::time::sleep(RECONCILE) => {}
                () = shutdown.cancelled() => {}
            }
        }
    };
    let leave = async {
        shutdown.cancelled().await;
        app.cluster.shutdown().await;
        worker.leave().await;
    };
    tokio::join!(queue::run_worker(app.queue.clone(), handler, options, shutdown.clone()), reconciler, leave);
}

impl Worker {
    /// A worker that does nothing by itself: see [`run_worker`], [`Worker::dispatch`] and [`Worker::reconcile`].
    pub fn new(app: Arc<App>) -> Self {
        Self {
            app,
            owner: format!("worker-{}", Uuid::new_v4()),
            following: Arc::default(),
            followers: TaskTracker::new(),
            stop: CancellationToken::new(),
            dispatching: tokio::sync::Mutex::new(()),
            weeks_at: AtomicI64::new(0),
            orphans: Orphans::default(),
        }
    }

    /// Waits until no run is followed any more.
    pub async fn idle(&self) {
        self.followers.close();
        self.followers.wait().await;
        self.followers.reopen();
    }

    /// Lets followers note what they still can, then makes them give their jobs up.
    pub async fn leave(&self) {
        self.followers.close();
        let _ = tokio::time::timeout(LEAVE, self.followers.wait()).await;
        self.stop.cancel();
        self.followers.wait().await;
    }

    /// Compares what is stored with what is true, and repairs the difference. Takes no input and can run at any time, anywhere.
    ///
    /// # Errors
    /// When storage does not answer; the next run goes on.
    pub async fn reconcile(self: &Arc<Self>) -> Result<()> {
        let now = self.app.clock.now();
        for job in db::jobs::active(&self.app.db).await? {
            match job.status {
                JobStatus::Queued if job.cancel_requested_at.is_some() => self.cancel_queued(&job).await?,
                JobStatus::Initializing | JobStatus::Running if job.lease_until.is_none_or(|until| until <= now) => self.follow(&job),
                _ => {}
            }
        }
        self.orphans.stop(&self.app).await?;
        crate::datasets::reconcile(&self.app).await?;
        crate::accounts::purge_due(&self.app).await?;
        // Jobs first: what cannot be told must not hold them up.
        self.dispatch().await?;
        if self.weeks_due(now) {
            notifications::sum_up_weeks(&self.app).await?;
        }
        notifications::fan_out(&self.app).await
    }

    /// Whether to look for accounts whose week is over: every few minutes is enough.
    fn weeks_due(&self, now: DateTime<Utc>) -> bool {
        let (now, pause) = (now.timestamp(), WEEKS_SECONDS);
        let due = |last: i64| (now - last >= pause).then_some(now);
        self.weeks_at.fetch_update(Ordering::SeqCst, Ordering::SeqCst, due).is_ok()
    }

    /// Launches every queued job that has a place, those that wait longest first. A job whose owner runs as many as the tier allows lets
    /// others pass.
    ///
    /// # Errors
    /// When storage does not answer.
    pub async fn dispatch(self: &Arc<Self>) -> Result<()> {
        if self.stop.is_cancelled() || self.followers.is_closed() {
            return Ok(());
        }
        let _one_at_a_time = self.dispatching.lock().await;
        let jobs = db::jobs::active(&self.app.db).await?;
        let mut running: HashMap<UserId, u32> = HashMap::new();
        for job in jobs.iter().filter(|job| job.status != JobStatus::Queued) {
            *running.entry(job.user_id).or_default() += 1;
        }
        let health = self.app.cluster.health().await;
        let here = u32::try_from(lock(&self.following).len()).unwrap_or(u32::MAX).max(health.running);
        // What cannot be reached has no place: its jobs wait instead of failing.
        let capacity = if health.ok { health.capacity } else { Some(0) };
        let mut places = capacity.map_or(u32::MAX, |capacity| capacity.saturating_sub(here));
        let now = self.app.clock.now();
        let (mut waiting, mut placed, mut limits) = (Vec::new(), Vec::new(), HashMap::new());
        for job in jobs {
            if job.status != JobStatus::Queued {
                placed.push(queue_plan::placed(&job, now));
                continue;
            }
            if job.cancel_requested_at.is_some() {
                continue;
            }
            let limit = match limits.get(&job.user_id) {
                Some(limit) => *limit,
                None => *limits.entry(job.user_id).or_insert(queue_plan::concurrent_jobs(&self.app, job.user_id).await?),
            };
            let mine = running.entry(job.user_id).or_default();
            let allowed = places > 0 && job.queued_at <= now && *mine < limit;
            if allowed && launch::claim(&self.app, &job, &self.owner_of(&job), limit).await? {
                *mine += 1;
                places -= 1;
                placed.push(queue_plan::placed(&job, now));
                self.follow(&job);
            } else {
                waiting.push(job);
            }
        }
        self.tell_places(&waiting, &placed, &limits, health.capacity).await?;
        self.warn_of_long_waits(&waiting, if health.ok { None } else { Some(&*health.message) }).await
    }

    /// Tells those who wait when their place has changed, and keeps when they are expected to start.
    async fn tell_places(
        &self,
        waiting: &[Job],
        placed: &[queue_plan::Placed],
        limits: &HashMap<UserId, u32>,
        capacity: Option<u32>,
    ) -> Result<()> {
        let now = self.app.clock.now();
        let waiting = &waiting[..waiting.len().min(queue_plan::TOLD_PLACES)];
        let waits: Vec<_> = waiting.iter().map(queue_plan::waits).collect();
        let starts = queue_plan::expected_starts(now, capacity, limits, placed, &waits);
        for ((job, start), position) in waiting.iter().zip(starts).zip(1_u64..) {
            let run = RunInfo::of(job);
            let moved = run.queue_position != Some(position);
            let (before, after) = (run.expected_start_at.map(|at| at.max(now)), start.map(|at| at.max(now)));
            let shifted = match (before, after) {
                (Some(before), Some(after)) => (before - after).abs() > SHIFT,
                (before, after) => before != after,
            };
            if !moved && !shifted {
                continue;
            }
            let change = |job: &mut Job, effects: &mut JobEffects| {
                if job.status == JobStatus::Queued {
                    RunInfo { queue_position: Some(position), expected_start_at: start, ..RunInfo::of(job) }.store(job);
                    if moved {
                        let message = format!("Number {position} of those that wait for a place.");
                        let mut data = json!({"position": position, "message": message});
                        if let Some(start) = start {
                            data["expectedStartAt"] = json!(start);
                        }
                        effects.events.push(NewEvent::new("queue", data, now));
                    }
                }
            };
            db::jobs::update(&self.app.db, job.id, now, change).await?;
            if moved {
                self.app.hub.notify(job.id, job.user_id);
            }
        }
        Ok(())
    }

    /// Says, once for each job, that it has been waiting for longer than usual, and why: so that nothing waits silently for ever.
    async fn warn_of_long_waits(&self, waiting: &[Job], problem: Option<&str>) -> Result<()> {
        let (now, limit) = (self.app.clock.now(), self.app.config.watch.queue_warning_after);
        for job in waiting.iter().filter(|job| now - job.queued_at > limit && !RunInfo::of(job).long_wait_told) {
            let minutes = (now - job.queued_at).num_minutes();
            let why = match problem {
                Some(problem) => format!("the cluster takes no jobs now ({problem})"),
                None => "every place is taken, or the account runs as many jobs as its tier allows".to_owned(),
            };
            tracing::warn!(job = %job.id, minutes, "a job has been waiting for a place for long: {why}");
            let change = |job: &mut Job, effects: &mut JobEffects| {
                if job.status == JobStatus::Queued {
                    RunInfo { long_wait_told: true, ..RunInfo::of(job) }.store(job);
                    let message = format!("The job has been waiting for {minutes} minutes: {why}. It starts as soon as it can.");
                    effects.events.push(ingest::log(now, LogLevel::Warning, &message));
                }
            };
            db::jobs::update(&self.app.db, job.id, now, change).await?;
            self.app.hub.notify(job.id, job.user_id);
        }
        Ok(())
    }

    async fn cancel_queued(&self, job: &Job) -> Result<()> {
        let now = self.app.clock.now();
        let estimate = StoredEstimate::of(job).map_err(Error::internal)?;
        let change = |job: &mut Job, effects: &mut JobEffects| {
            if job.status == JobStatus::Queued && job.cancel_requested_at.is_some() {
                finish::cancel(job, effects, &estimate, now);
            }
        };
        db::jobs::update(&self.app.db, job.id, now, change).await?;
        self.app.hub.notify(job.id, job.user_id);
        Ok(())
    }

    /// Holder of a job's lease for one attempt, so that the follower of an attempt that has just ended lets go of its own lease only.
    fn owner_of(&self, job: &Job) -> String {
        job.attempt_id.map_or_else(|| self.owner.clone(), |attempt| format!("{}/{attempt}", self.owner))
    }

    /// Follows a job's attempt in a task of its own, unless it is followed here already. When it ends, its place is given to the next.
    fn follow(self: &Arc<Self>, job: &Job) {
        let Some(attempt) = job.attempt_id else { return };
        if self.followers.is_closed() || !lock(&self.following).insert(attempt) {
            return;
        }
        let (worker, owner, job_id) = (Arc::clone(self), self.owner_of(job), job.id);
        self.followers.spawn(async move {
            let here = Following { attempts: Arc::clone(&worker.following), attempt };
            if let Err(error) = follow(&worker.app, job_id, &owner, &worker.stop).await {
                tracing::warn!(job = %job_id, error = &error as &dyn std::error::Error, "a job could not be followed; it is taken up again");
            }
            drop(here);
            if let Err(error) = worker.dispatch().await {
                tracing::warn!(error = &error as &dyn std::error::Error, "the next job could not be launched; the reconciler will");
            }
        });
    }
}

/// Notes that an attempt is followed here, for as long as it lives, also through a panic.
struct Following {
    attempts: Arc<Mutex<HashSet<AttemptId>>>,
    attempt: AttemptId,
}

impl Drop for Following {
    fn drop(&mut self) {
        lock(&self.attempts).remove(&self.attempt);
    }
}

fn lock(attempts: &Mutex<HashSet<AttemptId>>) -> MutexGuard<'_, HashSet<AttemptId>> {
    // Every change is one call on the set, so it is whole even after a panic.
    attempts.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Queues the first removal, where none waits or runs.
async fn first_purge(app: &App) -> Result<()> {
    if !app.queue.contains(&Task::Purge).await? {
        app.queue.push_at(&Task::Purge, app.clock.now() + chrono::Duration::minutes(1)).await?;
    }
    Ok(())
}

/// Queues the next removal of what is not needed any more, then does this one: so there always is a next one.
async fn purge(app: &App, stop: &CancellationToken) -> Result<()> {
    app.queue.push_at(&Task::Purge, app.clock.now() + PURGE).await?;
    crate::retention::purge(app, stop).await.map(drop)
}

/// Does the queue's tasks with a shared worker.
struct Handler(Arc<Worker>);

#[async_trait::async_trait]
impl TaskHandler for Handler {
    async fn handle(&self, task: Task, context: TaskContext) -> Result<(), TaskError> {
        let done = match task {
            Task::ValidateDataset { dataset_id } => crate::datasets::run_validation(&self.0.app, dataset_id, &context.stop).await,
            Task::Purge => purge(&self.0.app, &context.stop).await,
            // Every launch looks at the whole queue: the order is the queue's, not that of the tasks.
            Task::LaunchJob { .. } => self.0.dispatch().await,
            Task::SendMail { mail_id, attempt } => crate::mail::outbox::send(&self.0.app, mail_id, attempt).await,
            Task::DeliverWebhook { delivery_id, attempt } => crate::webhooks::deliver(&self.0.app, delivery_id, attempt).await,
            Task::SendPasswordReset { user_id } => crate::accounts::send_password_reset(&self.0.app, user_id).await,
            Task::SendVerification { user_id } => crate::accounts::send_verification(&self.0.app, user_id).await,
        };
        match done {
            Err(_) if context.stop.is_cancelled() => Err(TaskError::Interrupted),
            done => Ok(done?),
        }
    }

    async fn gave_up(&self, task: Task, error: &TaskError) -> Result<(), TaskError> {
        match task {
            Task::ValidateDataset { dataset_id } => crate::datasets::fail_validation(&self.0.app, dataset_id, &error.to_string()).await?,
            // The job is still queued, and the reconciler launches it.
            Task::LaunchJob { .. } => {}
            // Only storage that does not answer leads here; a try that failed is written down by the try itself.
            Task::SendMail { .. } | Task::DeliverWebhook { .. } => {}
            // The next one waits already.
            Task::Purge => {}
            // The log has why; the account's owner asks again.
            Task::SendPasswordReset { .. } | Task::SendVerification { .. } => {}
        }
        Ok(())
    }
}
