//! Training jobs: the job itself.

use super::text as t;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// The machine asked for.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GpuConfig {
    /// Id in the catalogue, such as `h100-80gb` or `local-cpu`.
    pub instance_type: String,
    /// 1, 2, 4 or 8.
    #[serde(rename = "numGPUs")]
    pub num_gpus: u32,
    /// At the spot rate, where the instance has one.
    #[serde(default)]
    #[schema(example = false)]
    pub spot: bool,
}

/// Hyperparameters of a job, complete.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HyperparameterConfig {
    /// Peak learning rate.
    pub learning_rate: f64,
    /// Examples a device and micro-step.
    pub batch_size: u32,
    /// Passes over the training split.
    pub num_epochs: u32,
    /// Steps of linear warm-up; 0 means by `warmupRatio`.
    pub warmup_steps: u32,
    /// Share of all steps, used when `warmupSteps` is 0.
    pub warmup_ratio: f64,
    /// LoRA rank.
    pub lora_rank: u32,
    /// LoRA alpha; scaling is alpha / rank, or alpha / √rank with `useRslora`.
    pub lora_alpha: f64,
    /// Whether the scaling is that of rsLoRA.
    #[schema(example = false)]
    pub use_rslora: bool,
    /// LoRA dropout.
    pub lora_dropout: f64,
    /// Modules that get an adapter.
    pub target_modules: TargetModules,
    /// The layers, from 0, whose modules get one; left out, all do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layers_to_transform: Option<Vec<u32>>,
    /// Optimiser.
    #[schema(value_type = t::OptimizerType)]
    pub optimizer_type: domain::job::OptimizerType,
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// Micro-steps an optimiser step.
    pub gradient_accumulation_steps: u32,
    /// Clip the global gradient norm to this; 0 means do not clip.
    pub max_grad_norm: f64,
    /// Schedule.
    #[schema(value_type = t::Scheduler)]
    pub scheduler: domain::job::Scheduler,
    /// Tokens an example at most.
    pub max_seq_length: u32,
}

/// The linear layers that get an adapter, as PEFT's `target_modules`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum TargetModules {
    /// By name.
    Names(Vec<String>),
    /// `all-linear`, one name, or a regular expression that matches whole paths such as `model.layers.0.self_attn.q_proj`.
    Text(String),
}

/// Settings beside the hyperparameters.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobSettings {
    /// Stop after this many validations without a better loss.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub early_stopping_patience: Option<u32>,
    /// Share of the conversations that is held out.
    pub validation_split_ratio: f64,
    /// Optimiser steps between checkpoints.
    pub checkpoint_interval: u32,
    /// Seed of everything random.
    pub seed: u64,
    /// Hours on the GPU after which the job is stopped with a checkpoint.
    pub max_duration_hours: f64,
    /// Whether several short examples share a row of a batch.
    pub packing: bool,
    /// What happens to examples above the sequence length.
    #[schema(value_type = t::OverlongExamples)]
    pub overlong_examples: domain::job::OverlongExamples,
    /// Numbers in which the base model's matrices are kept.
    #[schema(value_type = t::Precision)]
    pub precision: domain::job::Precision,
    /// Whether blocks are computed again in the backward pass.
    #[schema(value_type = t::GradientCheckpointing)]
    pub gradient_checkpointing: domain::job::GradientCheckpointing,
    /// The model that the training goes on from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_model_id: Option<Uuid>,
    /// Held-out questions that both models answer at the end, for BLEU and the scores that need answers.
    pub evaluation_examples: u32,
    /// Minutes that the evaluation may take; what was not measured by then is absent.
    pub evaluation_minutes: f64,
}

/// A training job.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TrainingJob {
    /// Id.
    pub id: Uuid,
    /// Owner.
    pub user_id: Uuid,
    /// Name.
    pub name: String,
    /// Notes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// Data set.
    pub dataset_id: Uuid,
    /// Name of the data set.
    pub dataset_name: String,
    /// Trainable pairs of the data set.
    pub dataset_pairs: u64,
    /// Where it is in its life.
    #[schema(value_type = t::JobStatus)]
    pub status: domain::job::JobStatus,
    /// Whether a cancel was accepted and the trainer is being stopped.
    pub cancelling: bool,
    /// Preset it was configured from.
    #[schema(value_type = t::PresetId)]
    pub preset_id: domain::job::PresetId,
    /// Base model.
    pub base_model: String,
    /// Hyperparameters.
    pub hyperparameters: HyperparameterConfig,
    /// Machine.
    pub gpu_config: GpuConfig,
    /// Settings beside the hyperparameters.
    pub settings: JobSettings,
    /// The machine as shown.
    pub instance_name: String,
    /// USD an hour, all GPUs together.
    pub hourly_rate: f64,
    /// What it is doing.
    #[schema(value_type = t::JobStage)]
    pub current_stage: domain::job::JobStage,
    /// What exactly it is doing, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage_message: Option<String>,
    /// The page's four stages with their times.
    pub stages: Vec<StageProgress>,
    /// 0 to 100.
    pub progress: f64,
    /// From 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_epoch: Option<u32>,
    /// Epochs of the whole run.
    pub total_epochs: u32,
    /// Optimiser steps done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_step: Option<u64>,
    /// Optimiser steps of the whole run; estimated until the trainer has counted.
    pub total_steps: u64,
    /// The latest figures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_metrics: Option<CurrentMetrics>,
    /// Those before, for the trend.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_metrics: Option<CurrentMetrics>,
    /// Memory of the machine in bytes, where the catalogue says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_total_bytes: Option<u64>,
    /// Place in the queue, from 1, while queued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue_position: Option<u64>,
    /// When it is expected to start, while queued and once that was worked out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_start_at: Option<DateTime<Utc>>,
    /// When it was accepted, or asked to retry.
    pub queued_at: DateTime<Utc>,
    /// When the GPU began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended, with any result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<DateTime<Utc>>,
    /// When it will probably end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_completion_at: Option<DateTime<Utc>>,
    /// Seconds left, once it can be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_time_remaining: Option<f64>,
    /// GPU seconds of all attempts so far, which is what is billed.
    pub elapsed_seconds: f64,
    /// USD so far.
    pub current_cost: f64,
    /// USD at the end, as estimated at launch.
    pub estimated_total_cost: f64,
    /// The range that was estimated at launch.
    pub estimated_cost_range: CostRange,
    /// USD at the end at the present pace; absent before training.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub projected_cost: Option<f64>,
    /// USD, once it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub final_cost: Option<f64>,
    /// Attempt, from 1.
    pub attempt: u32,
    /// Step of the checkpoint that this attempt went on from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resumed_from_step: Option<u64>,
    /// Whether a cancel is accepted.
    pub can_cancel: bool,
    /// Whether a new attempt may be asked for.
    pub can_retry: bool,
    /// Why it was cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<t::CancelReason>)]
    pub cancel_reason: Option<domain::job::CancelReason>,
    /// Stable code of the failure, such as `out_of_memory`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// The last lines of the trainer's output, where it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_stack: Option<String>,
    /// The model, once completed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact_id: Option<Uuid>,
    /// Figures of the finished run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<RunSummary>,
    /// Number of the last event in the log; a stream that starts after it misses nothing.
    pub last_event_seq: u64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// A range of USD.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct CostRange {
    /// Lower end.
    pub min: f64,
    /// Upper end; held against the budget while the job is live.
    pub max: f64,
}

/// One of the page's stages.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StageProgress {
    /// Stage.
    #[schema(value_type = t::StageGroup)]
    pub stage: domain::job::StageGroup,
    /// Where it is.
    pub status: StageStatus,
    /// When it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<DateTime<Utc>>,
    /// Seconds that it took, or has taken so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// What it is doing, or did last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// Where a stage is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum StageStatus {
    /// Not begun.
    Pending,
    /// Now.
    Active,
    /// Done.
    Completed,
    /// The job ended here, by a failure or a cancellation.
    Stopped,
}

/// The latest figures of a run.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CurrentMetrics {
    /// Nats a label token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub training_loss: Option<f64>,
    /// Nats a label token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_loss: Option<f64>,
    /// Learning rate.
    pub learning_rate: f64,
    /// Tokens a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub throughput: Option<f64>,
    /// Percent, where a device reports it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpu_utilization: Option<f64>,
    /// Peak memory of the trainer in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Global gradient norm before clipping.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gradient_norm: Option<f64>,
    /// e to the power of the validation loss.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub perplexity: Option<f64>,
}

/// Figures of a finished run.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunSummary {
    /// Epochs done.
    pub total_epochs: u32,
    /// Optimiser steps done.
    pub total_steps: u64,
    /// Training loss of the first step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initial_training_loss: Option<f64>,
    /// Mean training loss of the last epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub final_training_loss: Option<f64>,
    /// Validation loss before the first step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initial_validation_loss: Option<f64>,
    /// Validation loss of the adapter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub final_validation_loss: Option<f64>,
    /// Examples trained on in an epoch.
    pub train_examples: u64,
    /// Examples held out.
    pub validation_examples: u64,
    /// Tokens a second over the training steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_per_second: Option<f64>,
    /// Peak memory of the trainer in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_memory_bytes: Option<u64>,
}

/// How many jobs there are in each state.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
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
