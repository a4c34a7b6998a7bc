//! What goes into the job use cases.

use domain::job::{GpuConfig, JobStatus, LogLevel, OptimizerType, PresetId, Scheduler, TargetModules};
use domain::{DatasetId, ModelId, UserId};
use serde::{Deserialize, Serialize};

/// Hyperparameters as requested; what is absent comes from the preset.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
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
    /// Whether the scaling is that of rsLoRA.
    pub use_rslora: Option<bool>,
    /// Dropout.
    pub lora_dropout: Option<f64>,
    /// Modules that get an adapter.
    pub target_modules: Option<TargetModules>,
    /// Layers whose modules get one; none means as the preset, which is all.
    pub layers_to_transform: Option<Vec<u32>>,
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
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
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
    /// Whether several short examples share a row of a batch.
    pub packing: Option<bool>,
    /// What happens to examples above the sequence length.
    pub overlong_examples: Option<domain::job::OverlongExamples>,
    /// Numbers in which the base model's matrices are kept.
    pub precision: Option<domain::job::Precision>,
    /// Held-out questions that both models answer at the end.
    pub evaluation_examples: Option<u32>,
    /// Minutes that the evaluation may take.
    pub evaluation_minutes: Option<f64>,
    /// Whether blocks are computed again in the backward pass.
    #[serde(default)]
    pub gradient_checkpointing: Option<domain::job::GradientCheckpointing>,
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
    /// The adapter to go on from; none for a fresh one.
    pub parent_model_id: Option<ModelId>,
    /// Hyperparameters.
    pub hyperparameters: HyperparametersInput,
    /// Other settings.
    pub settings: SettingsInput,
    /// The machine; none means one of the first available instance type on demand.
    pub gpu: Option<GpuConfig>,
}

/// The same without the data set: what can be kept for jobs to come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobSetup {
    /// The preset that absent hyperparameters come from.
    pub preset_id: PresetId,
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
    /// Whose, where it is not the caller: for administrators.
    pub owner: Option<UserId>,
    /// From 1.
    pub page: u64,
    /// Rows a page.
    pub page_size: u64,
    /// Order.
    pub sort: JobSort,
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
