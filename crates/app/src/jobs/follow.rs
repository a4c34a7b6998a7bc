//! Follows one job's run from its submission to its end.
//!
//! Holds the job by a lease that is renewed all the time, so that a job has one follower at most; every write is fenced by it. Each step
//! can be cut off and done again by whoever takes over: a submission is idempotent, events are taken in once by their number, and an end
//! is one conditional transaction.

use std::time::Duration;

use chrono::{DateTime, Utc};
use cluster::{ClusterError, EventBatch, RunHandle, RunState, Seen};
use db::jobs::{Job, JobEffects};
use domain::job::{CancelReason, JobStatus};
use domain::model::{FIRST_VERSION, next_version};
use domain::run::{ARTIFACT_FILES, ArtifactFile, TrainerEvent, TrainerEventKind};
use domain::{Error, JobId, ModelId, Result};
use tokio_util::sync::CancellationToken;

use super::failure::Failure;
use super::finish::{self, Fence, Finished, Setback, model_id};
use super::ingest;
use super::launch::{self, LEASE, handle_of};
use super::stored::{RunInfo, StoredEstimate};
use super::{artifacts, budget, checkpoints, import, orphans};
use crate::App;

/// How long one question for events waits. Bounds how late a request to cancel is seen.
const WAIT: Duration = Duration::from_millis(500);
/// Pause after the cluster could not be asked.
const RETRY: Duration = Duration::from_secs(1);
/// How often the lease is renewed.
const RENEW: Duration = Duration::from_secs(2);

/// How following ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Followed {
    /// The attempt has ended, whichever way.
    Ended,
    /// Somebody else follows the job.
    NotMine,
    /// Asked to stop; the run may go on without a follower.
    Stopped,
}

/// Follows a job as `owner`, until its attempt ends, the lease is lost, or `stop` is cancelled.
///
/// # Errors
/// When storage does not answer; the job is taken up again by the reconciler.
pub async fn follow(app: &App, job_id: JobId, owner: &str, stop: &CancellationToken) -> Result<Followed> {
    let now = app.clock.now();
    if !db::jobs::acquire_lease(&app.db, job_id, owner, now, now + LEASE).await? {
        return Ok(Followed::NotMine);
    }
    let result = tokio::select! {
        result = follow_held(app, job_id, owner) => result,
        result = keep_lease(app, job_id, owner) => result.map(|()| Followed::NotMine),
        () = stop.cancelled() => Ok(Followed::Stopped),
    };
    db::jobs::release_lease(&app.db, job_id, owner).await?;
    result
}

/// Renews the lease until somebody else has taken it. With the attempt's end it is given up, which is no loss.
async fn keep_lease(app: &App, job_id: JobId, owner: &str) -> Result<()> {
    loop {
        tokio::time::sleep(RENEW).await;
        if !db::jobs::renew_lease(&app.db, job_id, owner, app.clock.now() + LEASE).await? {
            let job = db::jobs::get(&app.db, job_id).await?;
            if job.is_some_and(|job| job.lease_owner.is_some()) {
                return Ok(());
            }
        }
    }
}

async fn follow_held(app: &App, job_id: JobId, owner: &str) -> Result<Followed> {
    let mut told_cost = domain::MicroUsd::ZERO;
    let since = app.clock.now();
    loop {
        let Some(job) = db::jobs::get(&app.db, job_id).await? else { return Ok(Followed::Ended) };
        // Also of what the end of the job has cost.
        let mut used_up = false;
        if job.current_cost != told_cost {
            told_cost = job.current_cost;
            used_up = budget::check(app, job.user_id, app.clock.now()).await?;
        }
        let fence = Fence { attempt_id: job.attempt_id, owner: owner.to_owned() };
        if job.lease_owner.as_deref() != Some(owner) {
            return Ok(if job.status.is_terminal() || job.status == JobStatus::Queued { Followed::Ended } else { Followed::NotMine });
        }
        if job.status.is_terminal() || job.status == JobStatus::Queued {
            return Ok(Followed::Ended);
        }
        // A run that has ended costs nothing more, and what it made is kept.
        if used_up && job.cancel_requested_at.is_none() && RunInfo::of(&job).last_word.is_none() {
            request_cancel(app, &job, CancelReason::Budget).await?;
            continue;
        }
        let step = Step { app, job: &job, fence: &fence, since };
        match (handle_of(&job), RunInfo::of(&job).last_word) {
            (Some(handle), Some(word)) if job.cancel_requested_at.is_none() => step.end(&handle, &word).await?,
            (handle, _) => step.go_on(handle).await?,
        }
    }
}

/// Whether the job has been on the GPU for as long as it may, by the trainer's clock or by ours.
pub fn overdue(job: &Job, now: DateTime<Utc>) -> bool {
    let run = RunInfo::of(job);
    let limit = job.settings.max_duration_hours * 3600.0;
    let wall = run.started_at.and_then(|at| (now - at).to_std().ok()).map_or(0.0, |d| d.as_secs_f64());
    run.billed_seconds() >= limit || run.billed_before + wall >= limit
}

/// Notes that a live job is to be cancelled. The first reason stays.
pub async fn request_cancel(app: &App, job: &Job, reason: CancelReason) -> Result<()> {
    let now = app.clock.now();
    let change = |job: &mut Job, _: &mut JobEffects| {
        if job.status.can_cancel() && job.cancel_requested_at.is_none() {
            job.cancel_requested_at = Some(now);
            job.cancel_reason = Some(reason);
        }
    };
    db::jobs::update(&app.db, job.id, now, change).await?;
    Ok(())
}

/// What was taken in of a job's present run.
fn seen(job: &Job) -> Seen {
    let run = RunInfo::of(job);
    let figures = job.current_metrics.as_ref().filter(|_| run.started_at.is_some());
    Seen {
        seq: job.last_trainer_seq,
        started_at: run.started_at,
        elapsed_seconds: run.billed,
        progress: job.progress,
        epoch: job.current_epoch,
        step: job.current_step,
        metrics_step: figures.map(|figures| figures.step),
        learning_rate: figures.map(|figures| figures.learning_rate),
        stage_message: job.stage_message.clone(),
    }
}

/// One step with a job as it was just read.
struct Step<'a> {
    app: &'a App,
    job: &'a Job,
    fence: &'a Fence,
    /// Since when this process asks for the run's events.
    since: DateTime<Utc>,
}

impl Step<'_> {
    async fn go_on(&self, handle: Option<RunHandle>) -> Result<()> {
        match handle {
            None => self.submit().await,
            Some(handle) if self.job.cancel_requested_at.is_some() => self.cancel(&handle).await,
            Some(_) if overdue(self.job, self.app.clock.now()) => request_cancel(self.app, self.job, CancelReason::MaxDuration).await,
            Some(handle) => self.take_events(&handle).await,
        }
    }

    async fn submit(&self) -> Result<()> {
        if self.job.cancel_requested_at.is_some() {
            return finish::cancelled(self.app, self.job, self.fence).await;
        }
        let spec = match launch::run_spec(self.app, self.job).await {
            Ok(spec) => spec,
            Err(error) if error.kind == domain::ErrorKind::Unavailable => return Err(error),
            Err(error) => {
                tracing::error!(job = %self.job.id, error = &error as &dyn std::error::Error, "the run could not be prepared");
                let code = if error.code == "DATASET_NOT_FOUND" { "dataset_missing" } else { "not_launchable" };
                return self.set_back(Setback::Failed(Failure::new(code, error.message, false))).await;
            }
        };
        if self.job.attempt > 1 {
            orphans::stop_earlier(self.app, self.job).await?;
        }
        match self.app.cluster.submit(&spec).await {
            Ok(handle) => launch::keep_handle(self.app, self.job, self.fence, &handle).await.map(|_| ()),
            Err(ClusterError::Busy { .. }) => self.set_back(Setback::NoPlace).await,
            Err(error) => self.set_back(Setback::Failed(Failure::from_cluster(&error))).await,
        }
    }

    async fn set_back(&self, setback: Setback) -> Result<()> {
        finish::set_back(self.app, self.job, self.fence, &setback).await?;
        if let (Setback::Failed(Failure { can_retry: false, .. }), Some(handle)) = (&setback, handle_of(self.job)) {
            self.forget(&handle).await;
        }
        Ok(())
    }

    /// Drops what the run left behind, which no further attempt will need.
    async fn forget(&self, handle: &RunHandle) {
        if let Err(error) = self.app.cluster.forget(handle).await {
            tracing::warn!(job = %self.job.id, error = &error as &dyn std::error::Error, "what the run left behind could not be removed");
        }
    }

    /// Stops the run, takes in what it still said, and ends the job.
    async fn cancel(&self, handle: &RunHandle) -> Result<()> {
        if let Err(error) = self.app.cluster.cancel(handle).await {
            tracing::warn!(job = %self.job.id, error = &error as &dyn std::error::Error, "the run could not be stopped; will try again");
            tokio::time::sleep(RETRY).await;
            return Ok(());
        }
        self.take_rest(handle).await?;
        finish::cancelled(self.app, self.job, self.fence).await
    }

    /// Takes in what a run that was told to stop still has to say; answers whether it said how it ended.
    async fn take_rest(&self, handle: &RunHandle) -> Result<bool> {
        let mut seen = seen(self.job);
        while let Ok(batch) = self.app.cluster.events(handle, &seen, Duration::ZERO).await {
            let Some(last) = batch.events.last().map(|e| e.seq) else { break };
            if self.take_in(&batch.events).await?.is_some() {
                return Ok(true);
            }
            seen.seq = last;
        }
        Ok(false)
    }

    async fn take_events(&self, handle: &RunHandle) -> Result<()> {
        let EventBatch { events, state, .. } = match self.app.cluster.events(handle, &seen(self.job), WAIT).await {
            Ok(batch) => batch,
            Err(error) if error.is_transient() => {
                tracing::warn!(job = %self.job.id, error = &error as &dyn std::error::Error, "the run cannot be asked; will ask again");
                // What was said while nobody here asked may be waiting: the cluster is given as long again to answer.
                if self.is_silent(self.since) {
                    return self.give_up_silent(handle).await;
                }
                tokio::time::sleep(RETRY).await;
                return Ok(());
            }
            Err(ClusterError::Unknown { .. }) => return self.set_back(Setback::Failed(Failure::lost(&[]))).await,
            Err(error) => return self.set_back(Setback::Failed(Failure::from_cluster(&error))).await,
        };
        match (self.take_in(&events).await?, state) {
            // The next round ends the attempt as it says, whoever makes that round.
            (None, RunState::Running) if events.is_empty() && self.is_silent(self.job.queued_at) => self.give_up_silent(handle).await,
            (Some(_), _) | (None, RunState::Running) => Ok(()),
            (None, RunState::Ended { exit, last_lines }) => self.set_back(Setback::Failed(Failure::from_exit(exit, &last_lines))).await,
            (None, RunState::Lost { last_lines }) => self.set_back(Setback::Failed(Failure::lost(&last_lines))).await,
        }
    }

    /// Whether the run has said nothing since then for longer than it may. One whose time is up is stopped for that instead.
    fn is_silent(&self, since: DateTime<Utc>) -> bool {
        let now = self.app.clock.now();
        let last = self.job.last_event_at.max(self.job.initializing_at).map_or(since, |last| last.max(since));
        now - last > self.app.config.watch.silent_after && !overdue(self.job, now)
    }

    /// Takes a run that says nothing for lost. It is told to stop, where anything is there to be told. One that then says how it ended has
    /// ended so; whatever else it may still say or store is refused, since the attempt is not the job's any more.
    async fn give_up_silent(&self, handle: &RunHandle) -> Result<()> {
        if let Err(error) = self.app.cluster.cancel(handle).await {
            tracing::warn!(job = %self.job.id, error = &error as &dyn std::error::Error, "a silent run could not be stopped");
        }
        if self.take_rest(handle).await? {
            return Ok(());
        }
        self.set_back(Setback::Failed(Failure::silent(self.app.config.watch.silent_after))).await
    }

    /// Ends the attempt as its run said.
    async fn end(&self, handle: &RunHandle, word: &TrainerEvent) -> Result<()> {
        match &word.kind {
            TrainerEventKind::Complete { .. } => self.complete(handle, word).await,
            TrainerEventKind::Error { code, message, transient } => {
                self.set_back(Setback::Failed(Failure::reported(code, message, *transient))).await
            }
            _ => self.set_back(Setback::Stopped).await,
        }
    }

    async fn take_in(&self, events: &[TrainerEvent]) -> Result<Option<TrainerEvent>> {
        if events.is_empty() {
            return Ok(None);
        }
        let now = self.app.clock.now();
        let estimate = StoredEstimate::of(self.job).map_err(Error::internal)?;
        let bucket = self.app.blob.bucket();
        let change = |job: &mut Job, effects: &mut JobEffects| {
            if self.fence.holds(job) { ingest::take_in(job, effects, &estimate, events, bucket, now) } else { None }
        };
        let word = db::jobs::update(&self.app.db, self.job.id, now, change).await?;
        self.app.hub.notify(self.job.id, self.job.user_id);
        if events.iter().any(|event| matches!(event.kind, TrainerEventKind::CheckpointStored { .. })) {
            checkpoints::prune(self.app, self.job.id).await?;
        }
        Ok(word.flatten())
    }

    /// Brings the files of a run whose cluster keeps them. None where it does not say now where they are.
    async fn import(&self, handle: &RunHandle, model_id: ModelId) -> Result<Option<Result<Vec<ArtifactFile>, Failure>>> {
        match self.app.cluster.events(handle, &seen(self.job), WAIT).await {
            Ok(batch) if batch.artifact_urls.is_empty() => Ok(None),
            Ok(batch) => import::import(self.app, self.job, model_id, &batch.artifact_urls).await.map(Some),
            Err(error) if error.is_transient() => {
                tokio::time::sleep(RETRY).await;
                Ok(None)
            }
            Err(error) => Ok(Some(Err(Failure::artifacts(&error.to_string())))),
        }
    }

    /// Verifies what the run left, and only then completes the job.
    async fn complete(&self, handle: &RunHandle, event: &TrainerEvent) -> Result<()> {
        let TrainerEventKind::Complete { artifacts: reported, summary, .. } = &event.kind else { return Ok(()) };
        let Some(attempt_id) = self.job.attempt_id else { return Ok(()) };
        let model_id = model_id(attempt_id);
        let (reported, required) = match reported.is_empty() {
            false => (reported.clone(), &ARTIFACT_FILES[..]),
            true => match self.import(handle, model_id).await? {
                Some(Ok(files)) => (files, &import::REQUIRED[..]),
                Some(Err(failure)) => return self.set_back(Setback::Failed(failure)).await,
                None => return Ok(()),
            },
        };
        let files = match artifacts::verify(self.app, self.job, model_id, &reported, required).await? {
            Ok(files) => files,
            Err(failure) => {
                artifacts::remove(self.app, model_id).await;
                return self.set_back(Setback::Failed(failure)).await;
            }
        };
        let dataset = db::datasets::get_even_deleted(&self.app.db, self.job.dataset_id).await?;
        let parent = match self.job.settings.parent_model_id {
            Some(parent) => db::models::version(&self.app.db, parent).await?,
            None => None,
        };
        let finished = Finished {
            version: parent.map_or_else(|| FIRST_VERSION.to_owned(), |parent| next_version(&parent)),
            seq: event.seq,
            model_id,
            files,
            summary: summary.clone(),
            dataset_name: dataset.map(|d| d.name).unwrap_or_default(),
        };
        if finish::complete(self.app, self.job, self.fence, &finished).await? {
            self.forget(handle).await;
        }
        Ok(())
    }
}
