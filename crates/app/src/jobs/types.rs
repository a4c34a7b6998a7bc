//! What goes into and comes out of the job use cases. Money is in micro-dollars, time in seconds, sizes in bytes.

use chrono::{DateTime, Utc};
use domain::cost::CostBreakdown;
use domain::job::{CancelReason, GpuConfig, JobStage, JobStatus, LogLevel, OptimizerType, PresetId, Scheduler, StageGroup, TrainingConfig};
use domain::run::RunSummary;
use domain::{CheckpointId, DatasetId, JobId, LogId, MetricsPointId, MicroUsd, ModelId, UserId};
use serde::{Deserialize, Serialize};

/// Hyperparameters as requested; what is absent comes from the preset.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HyperparametersInput {
    /// Peak learning rate.
    pub learning_rate: Option<f64>,
    /// Examples a device and micro-step.
    pub batch_size: Option<u32>,
    /// Passes over the training split.
    pub num_epochs: Option<u32>,
    /// Warm-up steps; zero means by the ratio.
    pub warmup_steps: Option<u32>,
    /// Warm-up as a share of all steps.
    pub warmup_ratio: Option<f64>,
    /// Rank.
    pub lora_rank: Option<u32>,
    /// Alpha.
    pub lora_alpha: Option<f64>,
    /// Dropout.
    pub lora_dropout: Option<f64>,
    /// Modules that get an adapter.
    pub target_modules: Option<Vec<String>>,
    /// Optimiser.
    pub optimizer_type: Option<OptimizerType>,
    /// Weight decay.
    pub weight_decay: Option<f64>,
    /// Micro-steps an optimiser step.
    pub gradient_accumulation_steps: Option<u32>,
    /// Clipping norm; zero means none.
    pub max_grad_norm: Option<f64>,
    /// Schedule.
    pub scheduler: Option<Scheduler>,
    /// Tokens an example at most.
    pub max_seq_length: Option<u32>,
}

/// Settings beside the hyperparameters as requested; what is absent has its default.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SettingsInput {
    /// Stop after this many validations without a better loss.
    pub early_stopping_patience: Option<u32>,
    /// Share of conversations held out.
    pub validation_split_ratio: Option<f64>,
    /// Optimiser steps between checkpoints.
    pub checkpoint_interval: Option<u32>,
    /// Seed.
    pub seed: Option<u64>,
    /// Hours on the GPU at most.
    pub max_duration_hours: Option<f64>,
}

/// What to train, on what, how and where: the same for an estimate and a job.
#[derive(Debug, Clone, PartialEq)]
pub struct JobRequest {
    /// The data set.
    pub dataset_id: DatasetId,
    /// The preset that absent hyperparameters come from; none means custom, which starts from balanced.
    pub preset_id: Option<PresetId>,
    /// Id in the catalogue; none means the first.
    pub base_model: Option<String>,
    /// Hyperparameters.
    pub hyperparameters: HyperparametersInput,
    /// Other settings.
    pub settings: SettingsInput,
    /// The machine; none means one of the first available instance type on demand.
    pub gpu: Option<GpuConfig>,
}

/// A job to create.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateJob {
    /// What to do.
    pub request: JobRequest,
    /// As shown, at most 200 characters; none means made from the data set's name.
    pub name: Option<String>,
    /// Notes of the owner, at most 10,000 characters.
    pub notes: Option<String>,
}

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
    /// When it was accepted.
    pub created_at: DateTime<Utc>,
    /// True when an earlier call with the same idempotency key made it.
    pub replayed: bool,
}

/// Order of a list of jobs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum JobSort {
    /// Newest first.
    #[default]
    CreatedDesc,
    /// Oldest first.
    CreatedAsc,
    /// Most expensive first.
    CostDesc,
}

/// Which jobs to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobFilter {
    /// Any of these; empty means all.
    pub statuses: Vec<JobStatus>,
    /// Only of this data set.
    pub dataset_id: Option<DatasetId>,
    /// From 1.
    pub page: u64,
    /// Rows a page.
    pub page_size: u64,
    /// Order.
    pub sort: JobSort,
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
    /// Where it is, as `runs/{job}/checkpoints/…`.
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// When it was complete.
    pub created_at: DateTime<Utc>,
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

/// Changes to a job; none leaves a value as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UpdateJob {
    /// New name, 1 to 200 characters.
    pub name: Option<String>,
    /// New notes, at most 10,000 characters; empty removes them.
    pub notes: Option<String>,
}

/// Which metrics to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MetricsQuery {
    /// Rows in order, after a cursor.
    Page {
        /// From an earlier page.
        cursor: Option<String>,
        /// Rows at most.
        limit: u64,
    },
    /// The whole history as about this many points, with the least and greatest loss of each stretch kept.
    Sampled {
        /// Points at most.
        points: u64,
    },
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

/// Which log lines to read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogsQuery {
    /// From an earlier page.
    pub cursor: Option<String>,
    /// Lines at most.
    pub limit: u64,
    /// Only of this level.
    pub level: Option<LogLevel>,
    /// Only with this text, compared without case.
    pub search: Option<String>,
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
    /// From 1 within the job, without gaps.
    pub seq: u64,
    /// `queue`, `stage`, `progress`, `metrics`, `cost`, `checkpoint`, `log`, `complete`, `error` or `cancelled`.
    pub name: String,
    /// The payload.
    pub data: serde_json::Value,
    /// When.
    pub at: DateTime<Utc>,
    /// Whether the stream ends after it.
    pub terminal: bool,
}
