//! How an attempt ends: completed, failed, made anew, cancelled. Each is one conditional transaction.

use chrono::{DateTime, Duration, Utc};
use db::costs::CostRecord;
use db::jobs::{Job, JobEffects, NewEvent};
use db::models::{ModelArtifact, StoredFile};
use domain::cost::CostType;
use domain::job::{CancelReason, JobStage, JobStatus, LogLevel};
use domain::model::{ModelStatus, QualityMetrics, ValidationScores, convergence};
use domain::run::RunSummary;
use domain::{AttemptId, CostRecordId, Error, ModelId, Result};
use serde_json::json;

use super::create::{attempt_record, default_name, enter_queue, next_attempt};
use super::failure::Failure;
use super::follow::overdue;
use super::ingest;
use super::pace;
use super::stages;
use super::stored::{RunInfo, StoredEstimate, day_of};
use super::told;
use crate::App;
use crate::models::{ModelConfiguration, TrainingSummary};

/// Attempts that may fail in a row for passing reasons.
const MAX_ATTEMPTS: u32 = 3;
/// Pause before the attempt after a first failure, in seconds; it doubles.
const BACKOFF: i64 = 5;

/// Which attempt is to be ended, and who may do it: whatever else has happened to the job meanwhile wins.
#[derive(Debug, Clone)]
pub struct Fence {
    /// The attempt.
    pub attempt_id: Option<AttemptId>,
    /// Holder of the job's lease.
    pub owner: String,
}

impl Fence {
    /// Whether the job is still in the hands of this attempt and owner.
    pub fn holds(&self, job: &Job) -> bool {
        !job.status.is_terminal() && job.attempt_id == self.attempt_id && job.lease_owner.as_deref() == Some(&*self.owner)
    }
}

/// The model that an attempt makes: named after it, so that a repeated step finds the same one.
pub fn model_id(attempt_id: AttemptId) -> ModelId {
    ModelId(attempt_id.uuid())
}

/// A finished run whose files were verified.
#[derive(Debug, Clone)]
pub struct Finished {
    /// Number of the trainer's `complete` event.
    pub seq: u64,
    /// The model.
    pub model_id: ModelId,
    /// Its files.
    pub files: Vec<StoredFile>,
    /// Figures of the run.
    pub summary: RunSummary,
    /// The data set's name.
    pub dataset_name: String,
    /// The model's version.
    pub version: String,
}

/// Completes a job: model, last costs, hold released, notification, terminal event. False where the fence does not hold any more.
pub async fn complete(app: &App, job: &Job, fence: &Fence, finished: &Finished) -> Result<bool> {
    let now = app.clock.now();
    let estimate = StoredEstimate::of(job).map_err(Error::internal)?;
    let change = |job: &mut Job, effects: &mut JobEffects| -> Result<bool, serde_json::Error> {
        if !fence.holds(job) {
            return Ok(false);
        }
        let cost = last_costs(job, effects, &estimate, true, now);
        let mut run = RunInfo::of(job);
        stages::end(&mut run.stages, now);
        run.store(job);
        let model = model(job, &run, finished, cost, now)?;
        end(job, JobStatus::Completed, cost, now);
        job.stage = JobStage::Completed;
        job.stage_message = Some("Completed".to_owned());
        job.progress = 100.0;
        job.artifact_id = Some(finished.model_id);
        job.tokens_per_second = finished.summary.tokens_per_second;
        pace::finished(job, effects, &run, &estimate, &finished.summary);
        job.summary = Some(finished.summary.clone());
        let data = json!({"jobId": job.id, "artifactId": finished.model_id, "finalCost": cost.usd()});
        effects.events.push(NewEvent::new("complete", data, now).from_trainer(finished.seq));
        effects.notifications.push(told::completed(job, finished.model_id, cost, now));
        effects.model = Some(model);
        effects.attempts.push(ended_attempt(job, &run, None, now));
        Ok(true)
    };
    let done = db::jobs::update(&app.db, job.id, now, change).await?.transpose().map_err(Error::internal)?;
    app.hub.notify(job.id, job.user_id);
    Ok(done.unwrap_or(false))
}

/// What remains to be paid: the rest of the attempt, and with completion the terms that are not of time. Answers the job's whole cost.
fn last_costs(job: &mut Job, effects: &mut JobEffects, estimate: &StoredEstimate, completed: bool, now: DateTime<Utc>) -> domain::MicroUsd {
    let mut run = RunInfo::of(job);
    let mut cost = job.current_cost;
    if run.billed > run.cost_reported_at {
        cost += ingest::charge(job, effects, &mut run, estimate, now);
        run.store(job);
    }
    if completed {
        let terms = estimate.cost_of(run.billed);
        for (cost_type, term) in [(CostType::Storage, terms.storage), (CostType::DataTransfer, terms.data_transfer)] {
            cost += term.total;
            effects.costs.push(CostRecord {
                id: CostRecordId::new(now),
                user_id: job.user_id,
                job_id: Some(job.id),
                attempt: 0,
                cost_type,
                slice: 0,
                amount: term.total,
                details: Some(json!({"gb": term.quantity, "rate": term.rate})),
                billing_period: day_of(now),
                recorded_at: now,
            });
        }
    }
    cost
}

/// What every end has in common.
fn end(job: &mut Job, status: JobStatus, cost: domain::MicroUsd, now: DateTime<Utc>) {
    job.status = status;
    job.final_cost = Some(cost);
    job.completed_at = Some(now);
    job.estimated_completion_at = None;
    job.budget_hold = domain::MicroUsd::ZERO;
    job.can_retry = false;
    job.lease_owner = None;
    job.lease_until = None;
}

fn ended_attempt(job: &Job, run: &RunInfo, failure: Option<&Failure>, now: DateTime<Utc>) -> db::jobs::JobAttempt {
    let status = if job.status.is_terminal() { job.status } else { JobStatus::Failed };
    let (error_code, error_message) = failure.map(|f| (f.code.clone(), f.message.clone())).unzip();
    db::jobs::JobAttempt { error_code, error_message, ended_at: Some(now), ..attempt_record(job, run, status) }
}

fn model(
    job: &Job,
    run: &RunInfo,
    finished: &Finished,
    cost: domain::MicroUsd,
    now: DateTime<Utc>,
) -> Result<ModelArtifact, serde_json::Error> {
    let s = &finished.summary;
    let summary = TrainingSummary {
        total_epochs: s.total_epochs,
        total_steps: s.total_steps,
        training_duration: run.billed_seconds(),
        total_cost: cost,
        gpu_hours: run.billed_seconds() / 3600.0 * f64::from(job.gpu_config.num_gpus),
    };
    let configuration = ModelConfiguration {
        base_model: job.base_model.clone(),
        dataset_name: finished.dataset_name.clone(),
        preset_used: job.preset_id,
        hyperparameters: job.hyperparameters.clone(),
    };
    let named = job.name != default_name(&finished.dataset_name);
    Ok(ModelArtifact {
        id: finished.model_id,
        user_id: job.user_id,
        job_id: job.id,
        dataset_id: job.dataset_id,
        name: job.name.clone(),
        version: finished.version.clone(),
        description: named.then(|| format!("Trained on {}.", finished.dataset_name)),
        status: ModelStatus::Stored,
        base_model: job.base_model.clone(),
        quality_metrics: quality(s),
        training_summary: serde_json::to_value(&summary)?,
        configuration: serde_json::to_value(&configuration)?,
        artifacts: finished.files.clone(),
        parent_model_id: job.settings.parent_model_id,
        deployed_at: None,
        deleted_at: None,
        created_at: now,
        updated_at: now,
    })
}

fn quality(s: &RunSummary) -> QualityMetrics {
    let overfit_gap = s.overfit_gap.or_else(|| Some(s.final_validation_loss? - s.final_training_loss?));
    let judged = match (s.initial_validation_loss, s.final_validation_loss) {
        (Some(first), Some(last)) => Some(convergence(first, last, overfit_gap, s.loss_trend)),
        _ => None,
    };
    let adapter = s.evaluation.as_ref().map(|evaluation| evaluation.adapter);
    QualityMetrics {
        final_training_loss: s.final_training_loss,
        final_validation_loss: s.final_validation_loss,
        initial_training_loss: s.initial_training_loss,
        initial_validation_loss: s.initial_validation_loss,
        perplexity: s.final_validation_loss.map(f64::exp),
        bleu_score: adapter.and_then(|scores| scores.bleu),
        convergence_quality: judged,
        overfit_gap,
        loss_trend: s.loss_trend,
        validation_scores: adapter.map(|scores| ValidationScores {
            semantic_similarity: scores.semantic_similarity,
            coherence: scores.coherence,
            fluency: scores.fluency,
            task_accuracy: scores.token_accuracy,
        }),
        evaluation: s.evaluation.clone(),
    }
}

/// How an attempt that did not complete is to be treated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setback {
    /// It failed: made anew where that is worth it, else the job has failed.
    Failed(Failure),
    /// It stopped with a checkpoint because its process was asked to; made anew, and not counted as a failure.
    Stopped,
    /// It was not started, because no place was free: the same attempt waits again.
    NoPlace,
}

/// Ends an attempt that did not complete. Where a cancel was asked for meanwhile, the job ends as cancelled.
pub async fn set_back(app: &App, job: &Job, fence: &Fence, setback: &Setback) -> Result<()> {
    let now = app.clock.now();
    let estimate = StoredEstimate::of(job).map_err(Error::internal)?;
    let change = |job: &mut Job, effects: &mut JobEffects| {
        if !fence.holds(job) {
            return;
        }
        match setback {
            _ if job.cancel_requested_at.is_some() => cancel(job, effects, &estimate, now),
            // The trainer's own watch on its time.
            Setback::Stopped if overdue(job, now) => {
                job.cancel_reason = Some(CancelReason::MaxDuration);
                cancel(job, effects, &estimate, now);
            }
            Setback::NoPlace => wait_again(app, job, effects, now),
            Setback::Stopped => make_anew(app, job, effects, &estimate, None, now),
            Setback::Failed(failure) => {
                // An attempt that came further than where it began starts the count anew.
                let run = RunInfo::of(job);
                let failures = if run.checkpoint_step > run.resumed_from_step { 1 } else { job.retry_count + 1 };
                if failure.transient && failures < MAX_ATTEMPTS {
                    job.retry_count = failures;
                    make_anew(app, job, effects, &estimate, Some(failure), now);
                } else {
                    fail(job, effects, &estimate, failure, now);
                }
            }
        }
    };
    db::jobs::update(&app.db, job.id, now, change).await?;
    app.hub.notify(job.id, job.user_id);
    app.queue.wake();
    Ok(())
}

fn wait_again(app: &App, job: &mut Job, effects: &mut JobEffects, now: DateTime<Utc>) {
    job.status = JobStatus::Queued;
    job.stage = JobStage::Queued;
    job.stage_group = None;
    job.stage_message = None;
    job.initializing_at = None;
    job.lease_owner = None;
    job.lease_until = None;
    job.updated_at = now;
    enter_queue(&app.queue, job, effects, 1, "Every place of the cluster is taken; waiting for one.");
}

fn make_anew(app: &App, job: &mut Job, effects: &mut JobEffects, estimate: &StoredEstimate, why: Option<&Failure>, now: DateTime<Utc>) {
    last_costs(job, effects, estimate, false, now);
    let run = RunInfo::of(job);
    effects.attempts.push(ended_attempt(job, &run, why, now));
    let (text, level, pause) = match why {
        Some(failure) => {
            let pause = Duration::seconds(BACKOFF << job.retry_count.saturating_sub(1).min(10));
            (format!("Attempt {} failed: {}", job.attempt, failure.message), LogLevel::Warning, pause)
        }
        None => (format!("Attempt {} was stopped from outside.", job.attempt), LogLevel::Info, Duration::zero()),
    };
    effects.events.push(ingest::log(now, level, &text));
    next_attempt(job, now + pause, now);
    let message = format!("Attempt {} goes on from the last checkpoint.", job.attempt);
    enter_queue(&app.queue, job, effects, 1, &message);
}

fn fail(job: &mut Job, effects: &mut JobEffects, estimate: &StoredEstimate, failure: &Failure, now: DateTime<Utc>) {
    let cost = if failure.code == "no_trainable_examples" {
        waive(job, effects, estimate, now)
    } else {
        last_costs(job, effects, estimate, false, now)
    };
    let mut run = RunInfo::of(job);
    stages::end(&mut run.stages, now);
    run.store(job);
    end(job, JobStatus::Failed, cost, now);
    job.can_retry = failure.can_retry;
    job.error_code = Some(failure.code.clone());
    job.error_message = Some(failure.message.clone());
    job.error_detail.clone_from(&failure.detail);
    if let Some(detail) = &failure.detail {
        effects.events.push(ingest::log(now, LogLevel::Error, &format!("The trainer's last lines:\n{detail}")));
    }
    effects.events.push(ingest::cost_event(cost, estimate, now));
    let data = json!({"error": failure.message, "code": failure.code, "canRetry": failure.can_retry});
    effects.events.push(NewEvent::new("error", data, now));
    effects.notifications.push(told::failed(job, &failure.message, now));
    effects.attempts.push(ended_attempt(job, &run, Some(failure), now));
}

/// Takes back what this attempt was charged in its last hour: it found before anything was trained that there is nothing to train on, which
/// costs nothing. Answers the job's whole cost.
fn waive(job: &mut Job, effects: &mut JobEffects, estimate: &StoredEstimate, now: DateTime<Utc>) -> domain::MicroUsd {
    let price = |seconds| estimate.cost_of(seconds).compute.total;
    let mut run = RunInfo::of(job);
    let charged = price(run.cost_reported_at) - price(run.slice_from);
    run.billed = run.slice_from;
    if run.cost_reported_at > run.slice_from {
        run.cost_reported_at = run.slice_from;
        effects.costs.push(ingest::compute_record(job, &run, estimate, now));
    }
    run.store(job);
    job.current_cost - charged
}

/// Ends a job as cancelled, within a change of it. The caller has checked that it may be.
pub fn cancel(job: &mut Job, effects: &mut JobEffects, estimate: &StoredEstimate, now: DateTime<Utc>) {
    let cost = last_costs(job, effects, estimate, false, now);
    let refund = job.budget_hold;
    let mut run = RunInfo::of(job);
    stages::end(&mut run.stages, now);
    run.store(job);
    end(job, JobStatus::Cancelled, cost, now);
    job.can_retry = true;
    let reason = job.cancel_reason.unwrap_or(CancelReason::Other);
    job.cancel_reason = Some(reason);
    let data = json!({"jobId": job.id, "reason": reason, "finalCost": cost.usd(), "refundAmount": refund.usd()});
    effects.events.push(NewEvent::new("cancelled", data, now));
    effects.notifications.push(told::cancelled(job, cost, now));
    effects.attempts.push(ended_attempt(job, &run, None, now));
}

/// Ends a job as cancelled after its run is gone.
pub async fn cancelled(app: &App, job: &Job, fence: &Fence) -> Result<()> {
    let now = app.clock.now();
    let estimate = StoredEstimate::of(job).map_err(Error::internal)?;
    let change = |job: &mut Job, effects: &mut JobEffects| {
        if fence.holds(job) {
            cancel(job, effects, &estimate, now);
        }
    };
    db::jobs::update(&app.db, job.id, now, change).await?;
    app.hub.notify(job.id, job.user_id);
    Ok(())
}
