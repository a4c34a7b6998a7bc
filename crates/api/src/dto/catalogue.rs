//! What is on offer.

use super::jobs::{HyperparameterConfig, JobSettings};
use super::text as t;
use serde::Serialize;
use utoipa::ToSchema;

/// What is on offer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Catalogue {
    /// Base models; the first is the default.
    pub base_models: Vec<BaseModel>,
    /// Instance types; the first available one is the default.
    pub instance_types: Vec<InstanceType>,
    /// Where training runs.
    pub cluster: ClusterState,
    /// Presets.
    pub presets: Vec<Preset>,
    /// Settings beside the hyperparameters where nothing is said.
    pub default_settings: JobSettings,
    /// Ranges that requests are checked against.
    pub limits: Limits,
    /// Layers that LoRA can be put on.
    pub target_modules: Vec<String>,
    /// Bytes of one file at most, for the caller's tier.
    pub max_file_size: u64,
    /// Trainable pairs that a data set needs at least.
    pub min_trainable_examples: u64,
    /// Version of the server.
    pub version: String,
}

/// Where training runs, as far as it can be told now.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterState {
    /// Whether it answers and takes jobs.
    pub connected: bool,
    /// Jobs that run, of everybody.
    pub running: u32,
    /// Jobs at once at most; absent where the cluster queues by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity: Option<u32>,
    /// What is wrong, or what it is; for administrators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Its machines; for administrators.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<ClusterNode>,
}

/// A machine of the cluster.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterNode {
    /// Host and port.
    pub name: String,
    /// Whether it answers and takes jobs.
    pub connected: bool,
    /// What is wrong, or what it is.
    pub message: String,
    /// Version of its program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Jobs that run.
    pub running: u32,
    /// Jobs at once at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity: Option<u32>,
}

/// A base model.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BaseModel {
    /// Id, such as `brightrun/tiny-chat`.
    pub id: String,
    /// As shown.
    pub display_name: String,
    /// Parameters.
    pub parameters: u64,
    /// Context length in tokens.
    pub context_length: u32,
    /// Licence.
    pub license: String,
    /// Revision.
    pub revision: String,
}

/// A machine.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InstanceType {
    /// Id, such as `h100-80gb`.
    pub id: String,
    /// As shown.
    pub display_name: String,
    /// USD a GPU and hour, on demand.
    pub rate_per_hour: f64,
    /// USD a GPU and hour, spot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spot_rate_per_hour: Option<f64>,
    /// Whether the configured cluster has it.
    pub available: bool,
    /// Memory of a GPU in bytes, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
}

/// A preset.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Preset {
    /// Id.
    #[schema(value_type = t::PresetId)]
    pub id: domain::job::PresetId,
    /// As shown.
    pub display_name: String,
    /// What it is for.
    pub description: String,
    /// Its values on the default base model.
    pub hyperparameters: HyperparameterConfig,
}

/// A closed range.
#[derive(Debug, Serialize, ToSchema)]
pub struct Range {
    /// Least value.
    pub min: f64,
    /// Greatest value.
    pub max: f64,
}

/// Ranges by field.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// Of `learningRate`.
    pub learning_rate: Range,
    /// Of `batchSize`.
    pub batch_size: Range,
    /// Of `numEpochs`.
    pub num_epochs: Range,
    /// Of `warmupSteps`.
    pub warmup_steps: Range,
    /// Of `warmupRatio`.
    pub warmup_ratio: Range,
    /// Of `loraRank`.
    pub lora_rank: Range,
    /// Of `loraAlpha`.
    pub lora_alpha: Range,
    /// Of `loraDropout`.
    pub lora_dropout: Range,
    /// Of `weightDecay`.
    pub weight_decay: Range,
    /// Of `gradientAccumulationSteps`.
    pub gradient_accumulation_steps: Range,
    /// Of `maxGradNorm`.
    pub max_grad_norm: Range,
    /// Of `maxSeqLength`.
    pub max_seq_length: Range,
    /// Of `validationSplitRatio`.
    pub validation_split_ratio: Range,
    /// Of `checkpointInterval`.
    pub checkpoint_interval: Range,
    /// Of `earlyStoppingPatience`.
    pub early_stopping_patience: Range,
    /// Of `maxDurationHours`.
    pub max_duration_hours: Range,
    /// Of `evaluationExamples`.
    pub evaluation_examples: Range,
    /// Of `evaluationMinutes`.
    pub evaluation_minutes: Range,
}
