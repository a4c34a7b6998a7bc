//! What comes out of the job use cases.

use chrono::{DateTime, Utc};
use domain::cost::CostBreakdown;
use domain::job::{CancelReason, GpuConfig, JobStage, JobStatus, LogLevel, PresetId, StageGroup, TrainingConfig};
use domain::memory::MemoryEstimate;
use domain::run::RunSummary;
use domain::{CheckpointId, DatasetId, JobId, LogId, MetricsPointId, MicroUsd, ModelId, UserId};
use serde::{Deserialize, Serialize};

/// How the account stands against its monthly budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BudgetView {
    /// The budget; none means unlimited.
    pub limit: Option<MicroUsd>,
    /// Spent since the first of the month.
    pub spent: MicroUsd,
    /// Held for jobs that have not ended.
    pub held: MicroUsd,
}

impl BudgetView {
    /// What a job may still cost; none means unlimited.
    pub fn remaining(&self) -> Option<MicroUsd> {
        self.limit.map(|limit| (limit - self.spent - self.held).or_zero())
    }
}

/// What a job would take.
#[derive(Debug, Clone, PartialEq)]
pub struct EstimateView {
    /// The settings with everything filled in.
    pub config: TrainingConfig,
    /// The machine with everything filled in.
    pub gpu: GpuConfig,
    /// Id of the base model.
    pub base_model: String,
    /// Terms of the most likely cost.
    pub breakdown: CostBreakdown,
    /// Most likely cost.
    pub cost: MicroUsd,
    /// Lower end.
    pub cost_min: MicroUsd,
    /// Upper end; held against the budget.
    pub cost_max: MicroUsd,
    /// Most likely duration.
    pub seconds: f64,
    /// Lower end.
    pub seconds_min: f64,
    /// Upper end.
    pub seconds_max: f64,
    /// Throughput assumed.
    pub tokens_per_second: f64,
    /// Whether earlier runs measured the throughput.
    pub measured: bool,
    /// Optimiser steps.
    pub total_steps: u64,
    /// Examples trained on in an epoch.
    pub train_examples: u64,
    /// Examples held out.
    pub validation_examples: u64,
    /// Tokens of the whole run.
    pub total_tokens: u64,
    /// Rate of all devices together, an hour.
    pub hourly_rate: MicroUsd,
    /// The account's budget.
    pub budget: BudgetView,
    /// Whether the upper end fits the budget.
    pub within_budget: bool,
    /// Memory that it would take on a device.
    pub memory: MemoryEstimate,
}

/// A job that was accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct CreatedJob {
    /// Its id.
    pub job_id: JobId,
    /// `queued`, or what it has become when the same idempotency key came again.
    pub status: JobStatus,
    /// Terms of the most likely cost.
    pub breakdown: CostBreakdown,
    /// Most likely cost.
    pub cost: MicroUsd,
    /// Upper end, which is held.
    pub cost_max: MicroUsd,
    /// Lower end of the duration.
    pub seconds_min: f64,
    /// Upper end of the duration.
    pub seconds_max: f64,
    /// From 1; none once it is launched.
    pub queue_position: Option<u64>,
    /// When it is expected to start, as things stand; none once it is launched.
    pub expected_start_at: Option<DateTime<Utc>>,
    /// When it was accepted.
    pub created_at: DateTime<Utc>,
    /// True when an earlier call with the same idempotency key made it.
    pub replayed: bool,
}

/// How many jobs the caller has in each state, whatever the filter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JobCounts {
    /// Queued.
    pub queued: u64,
    /// Initializing.
    pub initializing: u64,
    /// Running.
    pub running: u64,
    /// Completed.
    pub completed: u64,
    /// Failed.
    pub failed: u64,
    /// Cancelled.
    pub cancelled: u64,
}

/// One page of jobs.
#[derive(Debug, Clone, PartialEq)]
pub struct JobList {
    /// The page.
    pub jobs: Vec<JobView>,
    /// Rows that match the filter.
    pub total: u64,
    /// Jobs by state, without the filter.
    pub counts: JobCounts,
}

/// How far one of the page's four stages is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StageState {
    /// Not begun.
    Pending,
    /// In progress.
    Active,
    /// Done.
    Completed,
    /// The job ended here, by a failure or a cancellation.
    Stopped,
}

/// One of the page's four stages.
#[derive(Debug, Clone, PartialEq)]
pub struct StageView {
    /// Which.
    pub group: StageGroup,
    /// How far.
    pub state: StageState,
    /// When it began, in this attempt.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// How long it took, or has taken so far.
    pub seconds: Option<f64>,
    /// What it is doing, or did last.
    pub message: Option<String>,
}

/// Figures of one step.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricsView {
    /// When the trainer wrote them.
    pub at: DateTime<Utc>,
    /// From 1.
    pub epoch: u32,
    /// Optimiser steps done.
    pub step: u64,
    /// Nats a label token.
    pub training_loss: Option<f64>,
    /// Nats a label token; in current metrics the last one known.
    pub validation_loss: Option<f64>,
    /// Of the step.
    pub learning_rate: f64,
    /// Before clipping.
    pub gradient_norm: Option<f64>,
    /// Tokens a second.
    pub throughput: Option<f64>,
    /// Percent.
    pub gpu_utilization: Option<f64>,
    /// Peak bytes.
    pub memory_bytes: Option<u64>,
    /// e to the validation loss.
    pub perplexity: Option<f64>,
}

/// Why a job failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailureView {
    /// Stable code, such as `out_of_memory`.
    pub code: String,
    /// What happened, to what, and what to do.
    pub message: String,
    /// The trainer's last lines, where there are any.
    pub detail: Option<String>,
    /// Whether a retry is accepted.
    pub can_retry: bool,
}

/// A job as shown.
#[derive(Debug, Clone, PartialEq)]
pub struct JobView {
    /// Id.
    pub id: JobId,
    /// Owner.
    pub user_id: UserId,
    /// Name.
    pub name: String,
    /// Notes of the owner.
    pub notes: Option<String>,
    /// Data set.
    pub dataset_id: DatasetId,
    /// Its name.
    pub dataset_name: String,
    /// Its trainable pairs.
    pub dataset_pairs: u64,
    /// State.
    pub status: JobStatus,
    /// A cancel was accepted and the trainer is being stopped.
    pub cancelling: bool,
    /// Preset.
    pub preset_id: PresetId,
    /// Base model's id.
    pub base_model: String,
    /// Settings.
    pub config: TrainingConfig,
    /// Machine.
    pub gpu: GpuConfig,
    /// The instance type as shown.
    pub instance_name: String,
    /// Stage.
    pub stage: JobStage,
    /// What it is doing.
    pub stage_message: Option<String>,
    /// The page's four stages, always all four, in order.
    pub stages: Vec<StageView>,
    /// 0 to 100; never goes back.
    pub progress: f64,
    /// From 1; none before training.
    pub current_epoch: Option<u32>,
    /// Epochs asked for.
    pub total_epochs: u32,
    /// Optimiser steps done; none before training.
    pub current_step: Option<u64>,
    /// Optimiser steps: estimated until the trainer has counted.
    pub total_steps: u64,
    /// The latest figures.
    pub metrics: Option<MetricsView>,
    /// Those before, for the trend.
    pub previous_metrics: Option<MetricsView>,
    /// Memory of the instance; none where the catalogue does not say.
    pub memory_total_bytes: Option<u64>,
    /// When it was accepted, or asked to retry.
    pub queued_at: DateTime<Utc>,
    /// When the trainer first reported that it runs.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub completed_at: Option<DateTime<Utc>>,
    /// When it will be done, from the trainer's own figure, else from the estimate.
    pub estimated_completion_at: Option<DateTime<Utc>>,
    /// Billed seconds of all attempts so far.
    pub elapsed_seconds: f64,
    /// Seconds left, once it can be told.
    pub remaining_seconds: Option<f64>,
    /// Sum of its cost records.
    pub current_cost: MicroUsd,
    /// Most likely cost at launch.
    pub estimated_cost: MicroUsd,
    /// Lower end at launch.
    pub estimated_cost_min: MicroUsd,
    /// Upper end at launch.
    pub estimated_cost_max: MicroUsd,
    /// What it will have cost at the end at the present pace; the final cost once it ended; none before training.
    pub projected_cost: Option<MicroUsd>,
    /// Set once it ended.
    pub final_cost: Option<MicroUsd>,
    /// Rate of all devices together, an hour.
    pub hourly_rate: MicroUsd,
    /// From 1, while queued.
    pub queue_position: Option<u64>,
    /// When it is expected to start, while queued and once that was worked out.
    pub expected_start_at: Option<DateTime<Utc>>,
    /// Why it failed.
    pub failure: Option<FailureView>,
    /// Why it was cancelled, or is being cancelled.
    pub cancel_reason: Option<CancelReason>,
    /// From 1.
    pub attempt: u32,
    /// Step of the checkpoint that this attempt went on from.
    pub resumed_from_step: Option<u64>,
    /// Whether a cancel is accepted.
    pub can_cancel: bool,
    /// Whether a retry is accepted.
    pub can_retry: bool,
    /// The adapter, once completed.
    pub artifact_id: Option<ModelId>,
    /// Figures of the finished run.
    pub summary: Option<RunSummary>,
    /// Number of the last event in the log; a stream that starts after it misses nothing.
    pub last_event_seq: u64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// One row of the metrics history.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricsPoint {
    /// Id.
    pub id: MetricsPointId,
    /// Figures.
    pub metrics: MetricsView,
}

/// The loss curve: arrays of one length.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LossCurve {
    /// Optimiser steps.
    pub steps: Vec<u64>,
    /// Training loss at each; none where only validation was measured.
    pub training_loss: Vec<Option<f64>>,
    /// Validation loss at each, where measured.
    pub validation_loss: Vec<Option<f64>>,
}

/// A checkpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckpointView {
    /// Id.
    pub id: CheckpointId,
    /// Optimiser steps done.
    pub step: u64,
    /// From 1.
    pub epoch: u32,
    /// Validation loss where known, else training loss.
    pub loss: f64,
    /// Whether its validation loss is the best of the job.
    pub best: bool,
    /// Its folder: `checkpoints/{job}/…` in the store, or `runs/{job}/checkpoints/…` at the trainer until it is stored.
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// When it was complete.
    pub created_at: DateTime<Utc>,
    /// Its files with signed addresses, in a list of checkpoints and while they are in the store.
    pub files: Vec<CheckpointFileView>,
    /// Until when the addresses are good.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A file of a checkpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckpointFileView {
    /// Name.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 in hex.
    pub sha256: String,
    /// Where it can be read.
    pub url: String,
}

/// A line of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct LogView {
    /// Id.
    pub id: LogId,
    /// When.
    pub at: DateTime<Utc>,
    /// Level.
    pub level: LogLevel,
    /// Text.
    pub message: String,
}

/// Estimate against actual, once a job has ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Receipt {
    /// Terms estimated at launch.
    pub estimated: CostBreakdown,
    /// Duration estimated at launch.
    pub estimated_seconds: f64,
    /// Sum of compute records.
    pub compute: MicroUsd,
    /// Sum of storage records.
    pub storage: MicroUsd,
    /// Sum of transfer records.
    pub data_transfer: MicroUsd,
    /// Sum of all records.
    pub total: MicroUsd,
    /// Billed seconds.
    pub seconds: f64,
}

/// A job with everything that its page shows.
#[derive(Debug, Clone, PartialEq)]
pub struct JobDetail {
    /// The job.
    pub job: JobView,
    /// Metrics, down-sampled to at most 500 points so that extremes survive.
    pub metrics: Vec<MetricsPoint>,
    /// Rows of the whole history.
    pub metrics_total: u64,
    /// From the same points.
    pub loss_curve: LossCurve,
    /// Oldest first.
    pub checkpoints: Vec<CheckpointView>,
    /// The last 200 lines, oldest first.
    pub logs: Vec<LogView>,
    /// Once ended.
    pub receipt: Option<Receipt>,
}

/// Metrics read.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricsPage {
    /// Oldest first.
    pub points: Vec<MetricsPoint>,
    /// Rows of the whole history.
    pub total: u64,
    /// Set where there are more.
    pub next_cursor: Option<String>,
}

/// Log lines read.
#[derive(Debug, Clone, PartialEq)]
pub struct LogsPage {
    /// Oldest first.
    pub logs: Vec<LogView>,
    /// Set where there are more.
    pub next_cursor: Option<String>,
}

/// A cancelled job.
#[derive(Debug, Clone, PartialEq)]
pub struct Cancelled {
    /// Its id.
    pub job_id: JobId,
    /// What it cost.
    pub cost: MicroUsd,
    /// The hold minus the cost.
    pub refund: MicroUsd,
    /// What happened.
    pub message: String,
}

/// One event of a job's log, as sent to clients.
#[derive(Debug, Clone, PartialEq)]
pub struct EventView {
    /// The job.
    pub job_id: JobId,
    /// From 1 within the job, without gaps.
    pub seq: u64,
    /// From 1 within the account, without gaps; 0 for events from before such numbers were given.
    pub user_seq: u64,
    /// `queue`, `stage`, `progress`, `metrics`, `cost`, `checkpoint`, `log`, `complete`, `error` or `cancelled`.
    pub name: String,
    /// The payload.
    pub data: serde_json::Value,
    /// When.
    pub at: DateTime<Utc>,
    /// Whether the stream ends after it.
    pub terminal: bool,
}
