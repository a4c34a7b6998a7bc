//! Training jobs: requests.

use super::jobs::{GpuConfig, TargetModules};
use super::text as t;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Hyperparameters of a request. What is left out takes the preset's value.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HyperparameterInput {
    /// Peak learning rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learning_rate: Option<f64>,
    /// Examples a device and micro-step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_size: Option<u32>,
    /// Passes over the training split.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub num_epochs: Option<u32>,
    /// Steps of linear warm-up; 0 means by `warmupRatio`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warmup_steps: Option<u32>,
    /// Share of all steps, used when `warmupSteps` is 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warmup_ratio: Option<f64>,
    /// LoRA rank.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lora_rank: Option<u32>,
    /// LoRA alpha; scaling is alpha / rank, or alpha / √rank with `useRslora`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lora_alpha: Option<f64>,
    /// Whether the scaling is that of rsLoRA.
    #[schema(example = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_rslora: Option<bool>,
    /// LoRA dropout.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lora_dropout: Option<f64>,
    /// Modules that get an adapter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_modules: Option<TargetModules>,
    /// The layers, from 0, whose modules get one; left out, all do. Only with modules by name or `all-linear`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layers_to_transform: Option<Vec<u32>>,
    /// Optimiser.
    #[schema(value_type = Option<t::OptimizerType>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optimizer_type: Option<domain::job::OptimizerType>,
    /// Decoupled weight decay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_decay: Option<f64>,
    /// Micro-steps an optimiser step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gradient_accumulation_steps: Option<u32>,
    /// Clip the global gradient norm to this; 0 means do not clip.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_grad_norm: Option<f64>,
    /// Schedule.
    #[schema(value_type = Option<t::Scheduler>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduler: Option<domain::job::Scheduler>,
    /// Tokens an example at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_seq_length: Option<u32>,
}

/// What to estimate.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EstimateRequest {
    /// Data set to train on.
    pub dataset_id: Uuid,
    /// Preset whose values fill what is left out; `custom` fills from balanced.
    #[schema(value_type = Option<t::PresetId>)]
    pub preset_id: Option<domain::job::PresetId>,
    /// Base model; the default is the parent's, or the first of the catalogue.
    pub base_model: Option<String>,
    /// A model of the caller to go on from. Rank, alpha, scaling, modules and layers are then those of that model.
    pub parent_model_id: Option<Uuid>,
    /// Hyperparameters.
    #[serde(default)]
    pub hyperparameters: HyperparameterInput,
    /// Machine; the default is one GPU of the first available instance type.
    pub gpu_config: Option<GpuConfig>,
    /// As in the hyperparameters; wins over it.
    pub max_seq_length: Option<u32>,
    /// As in the hyperparameters; wins over it.
    pub warmup_ratio: Option<f64>,
    /// As in the machine; wins over it.
    #[schema(example = false)]
    pub spot: Option<bool>,
    /// Stop after this many validations without a better loss.
    pub early_stopping_patience: Option<u32>,
    /// Share of the conversations that is held out.
    pub validation_split_ratio: Option<f64>,
    /// Optimiser steps between checkpoints.
    pub checkpoint_interval: Option<u32>,
    /// Seed of everything random.
    pub seed: Option<u64>,
    /// Several short examples in one row of a batch, each with its own positions and attention: fewer steps, the same losses.
    pub packing: Option<bool>,
    /// What happens to examples above `maxSeqLength`; `truncate` keeps the end of the prompt and what fits of the answer.
    #[schema(value_type = Option<t::OverlongExamples>)]
    pub overlong_examples: Option<domain::job::OverlongExamples>,
    /// Numbers in which the base model's matrices are kept and multiplied; `bf16` takes half the memory, and adds in `f32`.
    #[schema(value_type = Option<t::Precision>)]
    pub precision: Option<domain::job::Precision>,
    /// Whether blocks are computed again in the backward pass, which takes less memory and more time; `auto` does it where the memory would
    /// not suffice otherwise.
    #[schema(value_type = Option<t::GradientCheckpointing>)]
    pub gradient_checkpointing: Option<domain::job::GradientCheckpointing>,
    /// Held-out questions that both models answer at the end, for BLEU and the scores that need answers; 0 for none.
    pub evaluation_examples: Option<u32>,
    /// Minutes that the evaluation may take; what was not measured by then is absent.
    pub evaluation_minutes: Option<f64>,
    /// Hours on the GPU after which the job is stopped with a checkpoint.
    pub max_duration_hours: Option<f64>,
}

/// A job to create and launch.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateJobRequest {
    /// Name, 1 to 200 characters; made from the data set and preset where left out.
    #[schema(min_length = 1, max_length = 200, pattern = r"\S")]
    pub name: Option<String>,
    /// Notes.
    #[schema(max_length = 10_000)]
    pub notes: Option<String>,
    /// Data set to train on.
    pub dataset_id: Uuid,
    /// Preset.
    #[schema(value_type = t::PresetId)]
    pub preset_id: domain::job::PresetId,
    /// Base model; the default is the parent's, or the first of the catalogue.
    pub base_model: Option<String>,
    /// A model of the caller to go on from. Rank, alpha, scaling, modules and layers are then those of that model.
    pub parent_model_id: Option<Uuid>,
    /// Hyperparameters.
    #[serde(default)]
    pub hyperparameters: HyperparameterInput,
    /// Machine; the default is one GPU of the first available instance type.
    pub gpu_config: Option<GpuConfig>,
    /// As in the hyperparameters; wins over it.
    pub max_seq_length: Option<u32>,
    /// As in the hyperparameters; wins over it.
    pub warmup_ratio: Option<f64>,
    /// As in the machine; wins over it.
    #[schema(example = false)]
    pub spot: Option<bool>,
    /// Stop after this many validations without a better loss.
    pub early_stopping_patience: Option<u32>,
    /// Share of the conversations that is held out.
    pub validation_split_ratio: Option<f64>,
    /// Optimiser steps between checkpoints.
    pub checkpoint_interval: Option<u32>,
    /// Seed of everything random.
    pub seed: Option<u64>,
    /// Several short examples in one row of a batch, each with its own positions and attention: fewer steps, the same losses.
    pub packing: Option<bool>,
    /// What happens to examples above `maxSeqLength`; `truncate` keeps the end of the prompt and what fits of the answer.
    #[schema(value_type = Option<t::OverlongExamples>)]
    pub overlong_examples: Option<domain::job::OverlongExamples>,
    /// Numbers in which the base model's matrices are kept and multiplied; `bf16` takes half the memory, and adds in `f32`.
    #[schema(value_type = Option<t::Precision>)]
    pub precision: Option<domain::job::Precision>,
    /// Whether blocks are computed again in the backward pass, which takes less memory and more time; `auto` does it where the memory would
    /// not suffice otherwise.
    #[schema(value_type = Option<t::GradientCheckpointing>)]
    pub gradient_checkpointing: Option<domain::job::GradientCheckpointing>,
    /// Held-out questions that both models answer at the end, for BLEU and the scores that need answers; 0 for none.
    pub evaluation_examples: Option<u32>,
    /// Minutes that the evaluation may take; what was not measured by then is absent.
    pub evaluation_minutes: Option<f64>,
    /// Hours on the GPU after which the job is stopped with a checkpoint.
    pub max_duration_hours: Option<f64>,
}

/// What to change of a job.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateJob {
    /// Name.
    #[schema(min_length = 1, max_length = 200, pattern = r"\S")]
    pub name: Option<String>,
    /// Notes; an empty text removes them.
    #[schema(max_length = 10_000)]
    pub notes: Option<String>,
}

/// Why a job is cancelled.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CancelJob {
    /// Reason.
    #[schema(value_type = Option<t::CancelReason>)]
    pub reason: Option<domain::job::CancelReason>,
}

/// Order of a list of jobs.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
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
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ListJobs {
    /// Only this status; several are separated by commas.
    #[param(value_type = Option<t::JobStatusFilter>)]
    pub status: Option<String>,
    /// From 1.
    #[param(minimum = 1, default = 1)]
    pub page: Option<u64>,
    /// At most 100.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub page_size: Option<u64>,
    /// Order.
    pub sort_by: Option<JobSort>,
    /// Only jobs on this data set.
    pub dataset_id: Option<Uuid>,
    /// Those of this account, for administrators; the caller's own where nothing is said.
    pub user_id: Option<Uuid>,
}

/// Which metrics to give.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ListMetrics {
    /// Go on after this cursor.
    pub cursor: Option<String>,
    /// Points at most, with a cursor.
    #[param(minimum = 1, maximum = 5000, default = 1000)]
    pub limit: Option<u64>,
    /// The whole run in about this many points, chosen so that extremes survive; not together with `cursor`.
    #[param(minimum = 2, maximum = 5000)]
    pub points: Option<u64>,
}

/// Which log lines to give.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ListLogs {
    /// Go on after this cursor.
    pub cursor: Option<String>,
    /// Lines at most.
    #[param(minimum = 1, maximum = 1000, default = 200)]
    pub limit: Option<u64>,
    /// Only this level.
    #[param(value_type = Option<t::LogLevel>)]
    pub level: Option<domain::job::LogLevel>,
    /// Part of the message, without case.
    pub search: Option<String>,
}

/// Which log lines to write into a file.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct DownloadLogs {
    /// Only this level.
    #[param(value_type = Option<t::LogLevel>)]
    pub level: Option<domain::job::LogLevel>,
    /// Part of the message, without case.
    pub search: Option<String>,
}

/// Where to begin in the event stream.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct StreamJob {
    /// As the header `Last-Event-ID`, which wins: events after this one are sent.
    pub last_event_id: Option<u64>,
}
