//! Estimating, creating and retrying jobs.

use chrono::{DateTime, Duration, Utc};
use db::idempotency::{self, RequestKey, Reservation};
use db::jobs::{Budget, Job, JobAttempt, JobEffects, NewEvent};
use domain::job::{JobStage, JobStatus};
use domain::{AttemptId, Caller, Error, JobId, MicroUsd, Result};
use queue::{Queue, Task};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::resolve::{Resolved, resolve};
use super::stored::{RunInfo, StoredEstimate, month_of};
use super::types::{BudgetView, CreateJob, CreatedJob, EstimateView, JobRequest};
use super::{budget, find, ingest, queue_plan, told};
use crate::App;

/// After this long a creation that never ended is forgotten.
const ABANDONED_MINUTES: i64 = 5;
/// Longest name of a job, in characters.
const MAX_NAME: usize = 200;
/// Longest notes of a job, in characters.
const MAX_NOTES: usize = 10_000;

/// What a job would take. Stores nothing.
///
/// # Errors
/// What [`create`] would refuse, but for the budget, which is shown instead.
pub async fn estimate(app: &App, caller: &Caller, request: JobRequest) -> Result<EstimateView> {
    let resolved = resolve(app, caller, &request).await?;
    let stand = budget::stand(app, caller.user_id, app.clock.now()).await?;
    Ok(estimate_view(resolved, stand))
}

fn estimate_view(resolved: Resolved, budget: BudgetView) -> EstimateView {
    let stored = StoredEstimate::new(&resolved);
    let memory = resolved.memory;
    let e = resolved.estimate;
    EstimateView {
        config: resolved.config,
        gpu: resolved.gpu,
        base_model: resolved.base_model.id,
        breakdown: e.cost,
        cost: e.cost.total(),
        cost_min: e.cost_min,
        cost_max: e.cost_max,
        seconds: e.seconds,
        seconds_min: e.seconds_min,
        seconds_max: e.seconds_max,
        tokens_per_second: e.throughput.tokens_per_second,
        measured: e.throughput.measured,
        total_steps: e.total_steps,
        train_examples: e.train_examples,
        validation_examples: e.validation_examples,
        total_tokens: e.total_tokens,
        hourly_rate: stored.hourly_rate(),
        memory,
        budget,
        within_budget: budget.remaining().is_none_or(|left| e.cost_max <= left),
    }
}

/// Accepts a job: stored with its hold, its first event and its task in one transaction. The estimate is made anew here, whatever the
/// client has seen. A second call with the same idempotency key answers the first one's job.
///
/// # Errors
/// As [`estimate`], `BUDGET_EXCEEDED`, and `IDEMPOTENCY_KEY_REUSED` when the key came with another request.
pub async fn create(app: &App, caller: &Caller, request: CreateJob, idempotency_key: Option<&str>) -> Result<CreatedJob> {
    let Some(text) = idempotency_key else { return accept(app, caller, request, None).await };
    let key = RequestKey { user_id: caller.user_id, route: "POST /api/jobs".to_owned(), key: text.to_owned() };
    let fingerprint = hex::encode(Sha256::digest(format!("{request:?}").as_bytes()));
    let abandoned = Duration::minutes(ABANDONED_MINUTES);
    // Which of two equal requests makes the job is for the jobs' own unique key to say; here only another request is told apart.
    if idempotency::reserve(&app.db, &key, &fingerprint, abandoned, app.clock.now()).await? == Reservation::Mismatch {
        let message = "This Idempotency-Key was used for another request; use a new one.";
        return Err(Error::conflict("IDEMPOTENCY_KEY_REUSED", message).with_field("Idempotency-Key"));
    }
    let accepted = accept(app, caller, request, Some(text)).await;
    match &accepted {
        Ok(job) => idempotency::complete(&app.db, &key, 201, &job.job_id.to_string()).await?,
        Err(_) => idempotency::release(&app.db, &key).await?,
    }
    accepted
}

async fn accept(app: &App, caller: &Caller, request: CreateJob, idempotency_key: Option<&str>) -> Result<CreatedJob> {
    if let Some(earlier) = earlier(app, caller, idempotency_key).await? {
        return created(app, &earlier, true).await;
    }
    let resolved = resolve(app, caller, &request.request).await?;
    let name = job_name(request.name.as_deref(), &resolved)?;
    check_notes(request.notes.as_deref())?;
    let limit = budget::limit(app, caller.user_id).await?;
    let now = app.clock.now();
    let mut job = new_job(caller, resolved, name, now)?;
    job.notes = request.notes.filter(|notes| !notes.is_empty());
    job.idempotency_key = idempotency_key.map(str::to_owned);

    let mut effects = JobEffects::default();
    let queued = db::jobs::counts(&app.db, &db::jobs::JobFilter { statuses: vec![JobStatus::Queued], ..Default::default() }).await?;
    let position = queued.values().sum::<u64>() + 1;
    enter_queue(&app.queue, &mut job, &mut effects, position, "Accepted; waiting for a place.");
    effects.notifications.push(told::queued(&job, now));
    let needed = job.budget_hold;
    let admit = move |stand: Budget| budget::admit(limit, stand, needed);
    match db::jobs::insert(&app.db, &job, effects, month_of(now), admit).await {
        Ok(inserted) => {
            let job = inserted?;
            app.queue.wake();
            created(app, &job, false).await
        }
        Err(db::Error::Duplicate(_)) => match earlier(app, caller, idempotency_key).await? {
            Some(job) => created(app, &job, true).await,
            None => Err(Error::conflict("CONFLICT", "The job could not be stored; try again.")),
        },
        Err(error) => Err(error.into()),
    }
}

async fn earlier(app: &App, caller: &Caller, key: Option<&str>) -> Result<Option<Job>> {
    match key {
        Some(key) => Ok(db::jobs::by_idempotency_key(&app.db, caller.user_id, key).await?),
        None => Ok(None),
    }
}

async fn created(app: &App, job: &Job, replayed: bool) -> Result<CreatedJob> {
    let estimate = StoredEstimate::of(job).map_err(Error::internal)?;
    Ok(CreatedJob {
        job_id: job.id,
        status: job.status,
        breakdown: estimate.breakdown,
        cost: job.estimated_total_cost,
        cost_max: job.estimated_cost_max,
        seconds_min: estimate.seconds_min,
        seconds_max: estimate.seconds_max,
        queue_position: db::jobs::queue_positions(&app.db, std::iter::once(job)).await?.remove(&job.id),
        expected_start_at: queue_plan::expected_start(app, job).await?,
        created_at: job.created_at,
        replayed,
    })
}

/// The name of a job whose owner gave none.
pub fn default_name(dataset: &str) -> String {
    format!("Model from {dataset}").chars().take(MAX_NAME).collect()
}

fn job_name(asked: Option<&str>, resolved: &Resolved) -> Result<String> {
    match asked.map(str::trim) {
        Some(name) => check_name(name),
        None => Ok(default_name(&resolved.dataset.name)),
    }
}

/// A job's name as it is stored.
///
/// # Errors
/// When it is empty or too long.
pub fn check_name(name: &str) -> Result<String> {
    let name = name.trim();
    match name.chars().count() {
        1..=MAX_NAME => Ok(name.to_owned()),
        n => Err(Error::invalid("name", format!("The name has {n} characters; it must have 1 to {MAX_NAME}."))),
    }
}

/// Checks a job's notes.
///
/// # Errors
/// When they are too long.
pub fn check_notes(notes: Option<&str>) -> Result<()> {
    match notes.map_or(0, |notes| notes.chars().count()) {
        0..=MAX_NOTES => Ok(()),
        n => Err(Error::invalid("notes", format!("The notes have {n} characters; at most {MAX_NOTES} are kept."))),
    }
}

fn new_job(caller: &Caller, resolved: Resolved, name: String, now: DateTime<Utc>) -> Result<Job> {
    let estimate = StoredEstimate::new(&resolved);
    Ok(Job {
        id: JobId::new(now),
        user_id: caller.user_id,
        dataset_id: resolved.dataset.id,
        name,
        notes: None,
        preset_id: resolved.preset_id,
        base_model: resolved.base_model.id,
        total_epochs: resolved.config.hyperparameters.num_epochs,
        hyperparameters: resolved.config.hyperparameters,
        settings: resolved.config.settings,
        gpu_config: resolved.gpu,
        estimate: serde_json::to_value(&estimate).map_err(Error::internal)?,
        status: JobStatus::Queued,
        stage: JobStage::Queued,
        stage_group: None,
        stage_message: None,
        progress: 0.0,
        current_epoch: None,
        current_step: None,
        total_steps: Some(estimate.total_steps),
        current_metrics: None,
        previous_metrics: None,
        summary: None,
        run_handle: None,
        run_info: None,
        tokens_per_second: None,
        last_event_seq: 0,
        last_trainer_seq: 0,
        attempt: 1,
        attempt_id: Some(AttemptId::new(now)),
        external_job_id: None,
        lease_owner: None,
        lease_until: None,
        retry_count: 0,
        can_retry: false,
        error_code: None,
        error_message: None,
        error_detail: None,
        cancel_reason: None,
        cancel_requested_at: None,
        idempotency_key: None,
        artifact_id: None,
        budget_hold: estimate.cost_max,
        current_cost: MicroUsd::ZERO,
        estimated_total_cost: estimate.breakdown.total(),
        estimated_cost_max: estimate.cost_max,
        final_cost: None,
        queued_at: now,
        initializing_at: None,
        started_at: None,
        completed_at: None,
        estimated_completion_at: None,
        last_event_at: None,
        created_at: now,
        updated_at: now,
    })
}

/// What entering the queue means, whatever for: the attempt's row, a `queue` event, a task that is due at `queued_at`.
pub fn enter_queue(queue: &Queue, job: &mut Job, effects: &mut JobEffects, position: u64, message: &str) {
    let run = RunInfo { queue_position: Some(position), ..RunInfo::of(job) };
    run.store(job);
    effects.attempts.push(attempt_record(job, &run, JobStatus::Queued));
    effects.events.push(NewEvent::new("queue", json!({"position": position, "message": message}), job.updated_at));
    let task = Task::LaunchJob { job_id: job.id, attempt: job.attempt };
    effects.tasks.push(queue.prepare_at(&task, job.queued_at));
}

/// The row of a job's present attempt.
pub fn attempt_record(job: &Job, run: &RunInfo, status: JobStatus) -> JobAttempt {
    JobAttempt {
        // Every job has an attempt from the moment it is made.
        id: job.attempt_id.unwrap_or(AttemptId(job.id.uuid())),
        job_id: job.id,
        attempt: job.attempt,
        status,
        handle: job.run_handle.clone(),
        version: run.trainer_version.clone(),
        billed_seconds: run.billed,
        error_code: None,
        error_message: None,
        created_at: job.queued_at,
        started_at: run.started_at,
        ended_at: None,
    }
}

/// Turns a job to its next attempt, which goes on from the last checkpoint. It is due at `due`.
pub fn next_attempt(job: &mut Job, due: DateTime<Utc>, now: DateTime<Utc>) {
    RunInfo::of(job).next_attempt().store(job);
    job.attempt += 1;
    job.attempt_id = Some(AttemptId::new(now));
    job.last_trainer_seq = 0;
    job.status = JobStatus::Queued;
    job.stage = JobStage::Queued;
    job.stage_group = None;
    job.stage_message = None;
    job.run_handle = None;
    job.external_job_id = None;
    job.lease_owner = None;
    job.lease_until = None;
    job.initializing_at = None;
    job.estimated_completion_at = None;
    job.queued_at = due;
    job.updated_at = now;
}

/// Makes a new attempt of a job that failed or was cancelled. It goes on from the last good checkpoint; what earlier attempts cost stays
/// as it is, and what is left of the estimate is held again.
///
/// # Errors
/// `JOB_NOT_FOUND`; `JOB_NOT_RETRYABLE` in any other state, or where the same would fail again; `BUDGET_EXCEEDED`; when the data set is
/// gone.
pub async fn retry(app: &App, caller: &Caller, id: JobId) -> Result<CreatedJob> {
    let job = find(app, caller, id).await?;
    check_retryable(&job)?;
    let dataset = db::datasets::get(&app.db, job.dataset_id).await?;
    if dataset.is_none() {
        return Err(Error::conflict("DATASET_DELETED", "The job's data set was deleted, so it cannot be trained on again."));
    }
    let limit = budget::limit(app, job.user_id).await?;
    let now = app.clock.now();
    let change = move |job: &mut Job, effects: &mut JobEffects, stand: Budget| -> Result<()> {
        check_retryable(job)?;
        let hold = left_of(job.estimated_cost_max, job.progress);
        budget::admit(limit, stand, hold)?;
        next_attempt(job, now, now);
        job.retry_count = 0;
        job.can_retry = false;
        (job.error_code, job.error_message, job.error_detail) = (None, None, None);
        (job.cancel_reason, job.cancel_requested_at) = (None, None);
        (job.completed_at, job.final_cost) = (None, None);
        job.budget_hold = hold;
        effects.events.push(ingest::log(now, domain::job::LogLevel::Info, &format!("Retried by its owner: attempt {}.", job.attempt)));
        enter_queue(&app.queue, job, effects, 1, "Waiting for a place to go on from the last checkpoint.");
        effects.notifications.push(told::queued(job, now));
        Ok(())
    };
    let changed = db::jobs::update_within_budget(&app.db, id, month_of(now), now, change).await?;
    changed.ok_or_else(|| Error::not_found("JOB_NOT_FOUND", "job"))??;
    app.queue.wake();
    app.hub.notify(id, job.user_id);
    let job = find(app, caller, id).await?;
    created(app, &job, false).await
}

fn check_retryable(job: &Job) -> Result<()> {
    if !job.status.can_retry() {
        let why = format!("A job that is {} cannot be retried.", job.status);
        return Err(Error::conflict("JOB_NOT_RETRYABLE", why));
    }
    if !job.can_retry {
        let why = "The same job would fail again, because nothing about its data and settings can change. Make a new job.";
        return Err(Error::conflict("JOB_NOT_RETRYABLE", why));
    }
    Ok(())
}

/// The part of an amount that belongs to what is not done yet.
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "an estimate")]
fn left_of(amount: MicroUsd, progress: f64) -> MicroUsd {
    MicroUsd((amount.0 as f64 * (1.0 - progress.clamp(0.0, 100.0) / 100.0)).ceil() as i64)
}
