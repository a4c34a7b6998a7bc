//! From a job's row to what is shown of it.

use chrono::{DateTime, Duration, Utc};
use db::jobs::{Job, Named, StepMetrics};
use domain::job::{JobStatus, StageGroup};
use domain::{MicroUsd, Result};

use super::stages;
use super::stored::{RunInfo, StoredEstimate};
use super::types::{FailureView, JobView, MetricsView};
use crate::{App, catalogue};

/// Jobs as they are shown now.
pub async fn views(app: &App, jobs: Vec<Named>) -> Result<Vec<JobView>> {
    if jobs.is_empty() {
        return Ok(Vec::new());
    }
    let now = app.clock.now();
    let places = db::jobs::queue_positions(&app.db, jobs.iter().map(|named| &named.job)).await?;
    let instances = catalogue::shown_instances(app, &app.cluster.health().await, true).await?;
    let view = |Named { job, dataset_name, dataset_pairs }: Named| {
        let estimate = StoredEstimate::of(&job).map_err(domain::Error::internal)?;
        let run = RunInfo::of(&job);
        let live = Live::new(&job, &estimate, &run, now);
        let instance = instances.iter().find(|i| i.id == job.gpu_config.instance_type).cloned();
        Ok(JobView {
            id: job.id,
            user_id: job.user_id,
            dataset_id: job.dataset_id,
            dataset_name,
            dataset_pairs,
            status: job.status,
            cancelling: !job.status.is_terminal() && job.cancel_requested_at.is_some(),
            preset_id: job.preset_id,
            config: job.config(),
            instance_name: instance.as_ref().map_or_else(|| job.gpu_config.instance_type.clone(), |i| i.display_name.clone()),
            memory_total_bytes: instance.map(|i| i.memory_bytes).filter(|bytes| *bytes > 0),
            stage: job.stage,
            stages: stages::views(&run.stages, job.status, now),
            progress: job.progress,
            current_epoch: job.current_epoch,
            total_epochs: job.total_epochs,
            current_step: job.current_step,
            total_steps: job.total_steps.unwrap_or(estimate.total_steps),
            metrics: job.current_metrics.as_ref().map(metrics_view),
            previous_metrics: job.previous_metrics.as_ref().map(metrics_view),
            queued_at: job.queued_at,
            started_at: job.started_at,
            completed_at: job.completed_at,
            estimated_completion_at: live.ends_at,
            elapsed_seconds: live.elapsed,
            remaining_seconds: live.remaining,
            current_cost: job.current_cost,
            estimated_cost: job.estimated_total_cost,
            estimated_cost_min: estimate.cost_min,
            estimated_cost_max: job.estimated_cost_max,
            projected_cost: job.final_cost.or(live.projected),
            final_cost: job.final_cost,
            hourly_rate: estimate.hourly_rate(),
            queue_position: places.get(&job.id).copied(),
            expected_start_at: run.expected_start_at.filter(|_| job.status == JobStatus::Queued).map(|at| at.max(now)),
            failure: failure(&job),
            cancel_reason: job.cancel_reason,
            attempt: job.attempt,
            resumed_from_step: run.resumed_from_step,
            can_cancel: job.status.can_cancel(),
            can_retry: job.status.can_retry() && job.can_retry,
            artifact_id: job.artifact_id,
            last_event_seq: job.last_event_seq,
            created_at: job.created_at,
            updated_at: job.updated_at,
            name: job.name,
            notes: job.notes,
            base_model: job.base_model,
            gpu: job.gpu_config,
            stage_message: job.stage_message,
            summary: job.summary,
        })
    };
    jobs.into_iter().map(view).collect()
}

/// A job as it is shown now.
pub async fn view(app: &App, job: Named) -> Result<JobView> {
    views(app, vec![job]).await?.pop().ok_or_else(|| domain::Error::internal("a job has no view"))
}

/// What is only known while a job runs.
#[derive(Default)]
struct Live {
    elapsed: f64,
    remaining: Option<f64>,
    ends_at: Option<DateTime<Utc>>,
    projected: Option<MicroUsd>,
}

impl Live {
    fn new(job: &Job, estimate: &StoredEstimate, run: &RunInfo, now: DateTime<Utc>) -> Self {
        let mut live = Self { elapsed: run.billed_seconds(), ..Self::default() };
        if job.status != JobStatus::Running {
            return live;
        }
        // The trainer's own figure is only there while steps are made.
        let known = job.estimated_completion_at.filter(|_| job.stage_group == Some(StageGroup::Training));
        let left = |end: DateTime<Utc>| (end - now).to_std().map_or(0.0, |d| d.as_secs_f64());
        live.remaining = known.map(left);
        live.ends_at = known.or_else(|| {
            let rest = std::time::Duration::try_from_secs_f64((estimate.seconds - run.billed).max(0.0)).ok()?;
            Some(now + Duration::from_std(rest).ok()?)
        });
        live.projected = live.remaining.map(|left| {
            let terms = estimate.cost_of(left);
            job.current_cost + terms.total()
        });
        live
    }
}

/// Figures as shown.
pub fn metrics_view(m: &StepMetrics) -> MetricsView {
    MetricsView {
        at: m.timestamp,
        epoch: m.epoch,
        step: m.step,
        training_loss: m.training_loss,
        validation_loss: m.validation_loss,
        learning_rate: m.learning_rate,
        gradient_norm: m.gradient_norm,
        throughput: m.throughput,
        gpu_utilization: m.gpu_utilization,
        memory_bytes: m.memory_bytes,
        perplexity: m.validation_loss.map(f64::exp),
    }
}

fn failure(job: &Job) -> Option<FailureView> {
    let message = job.error_message.clone()?;
    Some(FailureView {
        code: job.error_code.clone().unwrap_or_default(),
        message,
        detail: job.error_detail.clone(),
        can_retry: job.status.can_retry() && job.can_retry,
    })
}
