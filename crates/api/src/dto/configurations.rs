//! Saved configurations.

use super::job_requests::HyperparameterInput;
use super::jobs::GpuConfig;
use super::text as t;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// A page of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ListConfigurations {
    /// From 1.
    #[param(minimum = 1, default = 1)]
    pub page: Option<u64>,
    /// At most 100.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub page_size: Option<u64>,
}

/// What a request for a job says beside its data set, with the same names: it can be sent as it is with a `datasetId`. What is left out is
/// filled when a job is made.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConfigurationSettings {
    /// Preset.
    #[schema(value_type = t::PresetId)]
    pub preset_id: domain::job::PresetId,
    /// Base model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_model: Option<String>,
    /// Hyperparameters.
    #[serde(default)]
    pub hyperparameters: HyperparameterInput,
    /// Machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpu_config: Option<GpuConfig>,
    /// Stop after this many validations without a better loss.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub early_stopping_patience: Option<u32>,
    /// Share of the conversations that is held out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_split_ratio: Option<f64>,
    /// Optimiser steps between checkpoints.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint_interval: Option<u32>,
    /// Seed of everything random.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Several short examples in one row of a batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packing: Option<bool>,
    /// What happens to examples above `maxSeqLength`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<t::OverlongExamples>)]
    pub overlong_examples: Option<domain::job::OverlongExamples>,
    /// Whether blocks are computed again in the backward pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<t::GradientCheckpointing>)]
    pub gradient_checkpointing: Option<domain::job::GradientCheckpointing>,
    /// Held-out questions that both models answer at the end; 0 for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evaluation_examples: Option<u32>,
    /// Minutes that the evaluation may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evaluation_minutes: Option<f64>,
    /// Numbers in which the base model's matrices are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<t::Precision>)]
    pub precision: Option<domain::job::Precision>,
    /// Hours on the GPU after which the job is stopped with a checkpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_duration_hours: Option<f64>,
}

/// A configuration to save.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateConfiguration {
    /// Name, 1 to 80 characters; no two of an account's have the same.
    #[schema(min_length = 1, max_length = 80, pattern = r"\S", example = "Careful, long")]
    pub name: String,
    /// What it says.
    pub settings: ConfigurationSettings,
}

/// What to change of a configuration. What is left out stays as it is.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateConfiguration {
    /// Name.
    #[schema(min_length = 1, max_length = 80, pattern = r"\S", example = "Careful, long")]
    pub name: Option<String>,
    /// What it says from now on, as a whole.
    pub settings: Option<ConfigurationSettings>,
}

/// A saved configuration.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Configuration {
    /// Id.
    pub id: Uuid,
    /// Name.
    #[schema(example = "Careful, long")]
    pub name: String,
    /// What it says.
    pub settings: ConfigurationSettings,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// One configuration.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConfigurationBody {
    /// The configuration.
    pub configuration: Configuration,
}

/// A page of configurations.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConfigurationList {
    /// The one that changed last first.
    pub configurations: Vec<Configuration>,
}
