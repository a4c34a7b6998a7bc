//! Training jobs: answers beside the job itself.

use super::jobs::{GpuConfig, HyperparameterConfig, TrainingJob};
use super::text as t;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// What a run would cost and take.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Estimate {
    /// Cost.
    pub cost: EstimateCost,
    /// Time.
    pub duration: EstimateDuration,
    /// Tokens a second that the duration assumes.
    pub tokens_per_second: f64,
    /// Whether earlier runs measured that; otherwise it is from the machine's FLOP/s.
    pub throughput_measured: bool,
    /// Optimiser steps.
    pub total_steps: u64,
    /// Tokens passed through the model.
    pub total_tokens: u64,
    /// Examples trained on in an epoch.
    pub train_examples: u64,
    /// Examples held out.
    pub validation_examples: u64,
    /// USD an hour, all GPUs together.
    pub hourly_rate: f64,
    /// Base model.
    pub base_model: String,
    /// Hyperparameters with everything filled in.
    pub hyperparameters: HyperparameterConfig,
    /// The machine with everything filled in.
    pub gpu_config: GpuConfig,
    /// Memory that a device needs for it, bytes.
    pub memory: MemoryEstimate,
    /// The account's budget.
    pub budget: BudgetState,
}

/// Memory that a training takes on a device, bytes.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MemoryEstimate {
    /// The base model's weights.
    pub weights: u64,
    /// Adapters and their gradients.
    pub adapters: u64,
    /// What the optimiser keeps.
    pub optimizer: u64,
    /// Activations and buffers at the longest batch.
    pub activations: u64,
    /// All of it, with the program itself.
    pub total: u64,
    /// Whether blocks are computed again in the backward pass, by setting or because the memory would not suffice otherwise.
    #[schema(example = false)]
    pub recompute: bool,
}

/// How the account stands against its monthly budget, USD.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BudgetState {
    /// The budget; absent means unlimited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<f64>,
    /// Spent this month.
    pub spent: f64,
    /// Held for jobs that have not ended.
    pub held: f64,
    /// What a job may still cost; absent means unlimited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remaining: Option<f64>,
    /// Whether the upper end of this estimate fits.
    pub within_budget: bool,
}

/// Cost of an estimate, USD.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EstimateCost {
    /// Terms.
    pub breakdown: CostBreakdown,
    /// Their sum.
    pub total: f64,
    /// Lower end of the range.
    pub min: f64,
    /// Upper end of the range.
    pub max: f64,
    /// Always `USD`.
    #[schema(example = "USD")]
    pub currency: &'static str,
}

/// Terms of a cost.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CostBreakdown {
    /// GPU hours.
    pub compute: ComputeCost,
    /// Storage.
    pub storage: VolumeCost,
    /// Transfer.
    pub data_transfer: VolumeCost,
}

/// Cost of computing.
#[derive(Debug, Serialize, ToSchema)]
pub struct ComputeCost {
    /// Hours.
    pub hours: f64,
    /// USD an hour, all GPUs together.
    pub rate: f64,
    /// USD.
    pub total: f64,
}

/// Cost by volume.
#[derive(Debug, Serialize, ToSchema)]
pub struct VolumeCost {
    /// Gigabytes of 10⁹ bytes.
    pub gb: f64,
    /// USD a gigabyte.
    pub rate: f64,
    /// USD.
    pub total: f64,
}

/// Time of an estimate, seconds.
#[derive(Debug, Serialize, ToSchema)]
pub struct EstimateDuration {
    /// Most likely.
    pub estimated: f64,
    /// Lower end.
    pub min: f64,
    /// Upper end.
    pub max: f64,
}

/// A job that was accepted.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreatedJob {
    /// The job.
    pub job_id: Uuid,
    /// Its status now.
    #[schema(value_type = t::JobStatus)]
    pub status: domain::job::JobStatus,
    /// Estimated cost.
    pub estimated_cost: EstimatedCost,
    /// Estimated time.
    pub estimated_duration: DurationRange,
    /// Place in the queue, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue_position: Option<u64>,
    /// When it is expected to start, as things stand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_start_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// Estimated cost of an accepted job, USD.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EstimatedCost {
    /// GPU hours.
    pub gpu_cost: f64,
    /// Storage.
    pub storage_cost: f64,
    /// Transfer.
    pub data_cost: f64,
    /// Sum.
    pub total: f64,
    /// Upper end of the range; held against the budget.
    pub max: f64,
    /// Always `USD`.
    #[schema(example = "USD")]
    pub currency: &'static str,
}

/// A range of seconds.
#[derive(Debug, Serialize, ToSchema)]
pub struct DurationRange {
    /// Lower end.
    pub min: f64,
    /// Upper end.
    pub max: f64,
}

/// A page of jobs.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobList {
    /// The jobs.
    pub jobs: Vec<TrainingJob>,
}

/// One job.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobBody {
    /// The job.
    pub job: TrainingJob,
}

/// One job with its history.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobDetailBody {
    /// The job.
    pub job: JobDetail,
}

/// A job with its history.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobDetail {
    /// The job.
    #[serde(flatten)]
    pub job: TrainingJob,
    /// Figures of the run, down-sampled to at most 500 points so that extremes survive.
    pub metrics_history: Vec<MetricsPoint>,
    /// Points before down-sampling.
    pub metrics_total: u64,
    /// The same for a graph.
    pub loss_curve: LossCurve,
    /// Checkpoints, oldest first.
    pub checkpoints: Vec<Checkpoint>,
    /// The last 200 lines of the log, oldest first.
    pub logs: Vec<LogLine>,
    /// Estimate against actual, once the job has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
}

/// Estimate against actual, USD.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// Terms estimated at launch.
    pub estimated: CostBreakdown,
    /// Their sum.
    pub estimated_total: f64,
    /// Seconds estimated at launch.
    pub estimated_seconds: f64,
    /// Computing.
    pub compute: f64,
    /// Storage.
    pub storage: f64,
    /// Transfer.
    pub data_transfer: f64,
    /// Sum of all records.
    pub total: f64,
    /// Billed seconds.
    pub seconds: f64,
}

/// Figures of one step.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MetricsPoint {
    /// When.
    pub timestamp: DateTime<Utc>,
    /// From 1.
    pub epoch: u32,
    /// Optimiser steps done; 0 for the validation before the first.
    pub step: u64,
    /// Nats a label token; absent for a validation before the first step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub training_loss: Option<f64>,
    /// Nats a label token, where this step had a validation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_loss: Option<f64>,
    /// Learning rate of the step.
    pub learning_rate: f64,
    /// Global norm before clipping.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gradient_norm: Option<f64>,
    /// Tokens a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub throughput: Option<f64>,
    /// Percent, where a device reports it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpu_utilization: Option<f64>,
    /// Peak memory of the trainer in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
}

/// Loss over steps; the three lists have the same length, and null stands where a step had no such loss.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LossCurve {
    /// Optimiser steps.
    pub steps: Vec<u64>,
    /// Training loss.
    pub training_loss: Vec<Option<f64>>,
    /// Validation loss.
    pub validation_loss: Vec<Option<f64>>,
}

/// A checkpoint.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Checkpoint {
    /// Id.
    pub id: Uuid,
    /// Optimiser steps done.
    pub step: u64,
    /// From 1.
    pub epoch: u32,
    /// Validation loss where known, else training loss.
    pub loss: f64,
    /// Bytes.
    pub size: u64,
    /// Key of its folder in the store, or its place at the trainer until it is stored.
    pub s3_key: String,
    /// Whether its validation loss is the best of the job.
    pub best: bool,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Its files while they are in the store; only in the list of checkpoints.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<CheckpointFile>,
    /// Until when the addresses of the files are good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
}

/// A file of a checkpoint.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckpointFile {
    /// Name.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 in hex.
    pub sha256: String,
    /// Signed address.
    pub url: String,
}

/// Checkpoints of a job.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckpointList {
    /// Oldest first.
    pub checkpoints: Vec<Checkpoint>,
}

/// A line of the log.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogLine {
    /// When.
    pub timestamp: DateTime<Utc>,
    /// Level.
    #[schema(value_type = t::LogLevel)]
    pub level: domain::job::LogLevel,
    /// Text.
    pub message: String,
}

/// Metrics of a job.
#[derive(Debug, Serialize, ToSchema)]
pub struct MetricsList {
    /// Points, oldest first.
    pub points: Vec<MetricsPoint>,
    /// Points of the whole history.
    pub total: u64,
}

/// Log of a job.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogList {
    /// Lines, oldest first.
    pub logs: Vec<LogLine>,
}

/// A job that was cancelled.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CancelledJob {
    /// The job.
    pub job_id: Uuid,
    /// Always `cancelled`.
    #[schema(value_type = t::JobStatus)]
    pub status: domain::job::JobStatus,
    /// USD that were held and are not needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund_amount: Option<f64>,
    /// USD that the job has cost.
    pub final_cost: f64,
    /// What was done.
    pub message: String,
}
