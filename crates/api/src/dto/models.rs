//! Trained adapters.

use super::datasets::Dataset;
use super::evaluation::{Evaluation, ValidationScores};
use super::job_detail::MetricsPoint;
use super::jobs::HyperparameterConfig;
use super::text as t;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Order of a list of models.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::enum_variant_names, reason = "the specification's words; it has no ascending ones")]
pub enum ModelSort {
    /// Newest first.
    #[default]
    CreatedDesc,
    /// Lowest final validation loss first; those without one last.
    QualityDesc,
    /// Most bytes first.
    SizeDesc,
}

/// Which models to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ListModels {
    /// Only this status.
    #[param(value_type = Option<t::ModelStatusFilter>)]
    pub status: Option<String>,
    /// Order.
    pub sort_by: Option<ModelSort>,
    /// `true` lists those that were deleted and can be restored, instead of the others.
    #[param(default = false)]
    pub deleted: Option<bool>,
    /// Those of this account, for administrators; the caller's own where nothing is said.
    pub user_id: Option<Uuid>,
    /// From 1.
    #[param(minimum = 1, default = 1)]
    pub page: Option<u64>,
    /// At most 100.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub page_size: Option<u64>,
}

/// Which files to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ListArtifacts {
    /// From 1; pages count models.
    #[param(minimum = 1, default = 1)]
    pub page: Option<u64>,
    /// At most 100.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub page_size: Option<u64>,
}

/// Which file to download.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ArtifactKind {
    /// A ZIP of all files.
    #[default]
    All,
    /// `adapter_model.safetensors`.
    AdapterModel,
    /// `adapter_config.json`.
    AdapterConfig,
    /// `tokenizer.json`.
    Tokenizer,
    /// `tokenizer_config.json`.
    TokenizerConfig,
    /// `metadata.json`.
    Metadata,
    /// `README.md`.
    Readme,
}

/// Which file to download.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct DownloadModel {
    /// File; all of them by default.
    pub artifact: Option<ArtifactKind>,
}

/// What to change of a model.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateModel {
    /// 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200, pattern = r"\S")]
    pub name: Option<String>,
    /// At most 5,000 characters; an empty text removes it.
    #[schema(max_length = 5000)]
    pub description: Option<String>,
    /// `stored` or `archived`.
    #[schema(value_type = Option<t::ModelStatus>)]
    pub status: Option<domain::model::ModelStatus>,
}

/// A page of models.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModelList {
    /// The models.
    pub models: Vec<ModelArtifact>,
}

/// One model.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModelBody {
    /// The model.
    pub model: ModelArtifact,
}

/// One model with its history.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModelDetailBody {
    /// The model.
    pub model: ModelDetail,
}

/// A trained adapter.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelArtifact {
    /// Id.
    pub id: Uuid,
    /// Owner.
    pub user_id: Uuid,
    /// Job that made it.
    pub job_id: Uuid,
    /// Data set that it was trained on.
    pub dataset_id: Uuid,
    /// Name.
    pub name: String,
    /// Version, such as `1.0.0`.
    pub version: String,
    /// Description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Where it is in its life.
    #[schema(value_type = t::ModelStatus)]
    pub status: domain::model::ModelStatus,
    /// When it was last deployed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployed_at: Option<DateTime<Utc>>,
    /// Quality; what was not measured is absent.
    pub quality_metrics: QualityMetrics,
    /// What the training took.
    pub training_summary: TrainingSummary,
    /// How it was trained.
    pub configuration: ModelConfiguration,
    /// Its files.
    pub artifacts: ModelFiles,
    /// Bytes of all its files.
    pub total_size: u64,
    /// The model that this one follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_model_id: Option<Uuid>,
    /// Models that follow this one.
    pub child_model_ids: Vec<Uuid>,
    /// When it was deleted; only in the list of those.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<DateTime<Utc>>,
    /// Until when it can be restored; its files go then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purge_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// Measured quality.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QualityMetrics {
    /// Nats a label token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub final_training_loss: Option<f64>,
    /// Nats a label token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub final_validation_loss: Option<f64>,
    /// Of the first step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initial_training_loss: Option<f64>,
    /// Of the base model before the first step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initial_validation_loss: Option<f64>,
    /// e to the power of the final validation loss.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub perplexity: Option<f64>,
    /// How the loss converged.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<t::ConvergenceQuality>)]
    pub convergence_quality: Option<domain::model::ConvergenceQuality>,
    /// Corpus BLEU of the adapter's own answers to held-out questions, 0 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bleu_score: Option<f64>,
    /// Validation loss less the training loss of the same epoch; above 0.5 the run over-fitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overfit_gap: Option<f64>,
    /// Where the validation loss was going at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<t::LossTrend>)]
    pub loss_trend: Option<domain::model::LossTrend>,
    /// Scores from 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_scores: Option<ValidationScores>,
    /// All that was measured on held-out examples, beside the base model's own figures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evaluation: Option<Evaluation>,
}

/// What a training took.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TrainingSummary {
    /// Epochs.
    pub total_epochs: u32,
    /// Optimiser steps.
    pub total_steps: u64,
    /// Seconds.
    pub training_duration: f64,
    /// USD.
    pub total_cost: f64,
    /// Hours, all GPUs together.
    pub gpu_hours: f64,
}

/// How a model was trained.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelConfiguration {
    /// Base model.
    pub base_model: String,
    /// Name of the data set.
    pub dataset_name: String,
    /// Preset.
    #[schema(value_type = t::PresetId)]
    pub preset_used: domain::job::PresetId,
    /// Hyperparameters.
    pub hyperparameters: HyperparameterConfig,
}

/// The files of a model.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelFiles {
    /// `adapter_model.safetensors`.
    pub adapter_model: ModelFile,
    /// `adapter_config.json`.
    pub adapter_config: ModelFile,
    /// `tokenizer.json`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokenizer: Option<ModelFile>,
    /// `tokenizer_config.json`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokenizer_config: Option<ModelFile>,
    /// `metadata.json`: where the adapter comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<ModelFile>,
    /// `README.md`: the model card.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readme: Option<ModelFile>,
    /// Checkpoints of its job that are in the store, oldest first; `GET /api/jobs/{id}/checkpoints` has their files.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub checkpoints: Vec<ModelCheckpoint>,
}

/// A checkpoint of the job that made a model.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelCheckpoint {
    /// Key of its folder.
    pub s3_key: String,
    /// Epoch, from 1.
    pub epoch: u32,
    /// Bytes.
    pub size: u64,
}

/// A file of a model.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelFile {
    /// Key of the object.
    pub s3_key: String,
    /// Name.
    pub file_name: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 in hex.
    pub checksum: String,
}

/// A model with its history.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelDetail {
    /// The model.
    #[serde(flatten)]
    pub model: ModelArtifact,
    /// Figures of the run, down-sampled to at most 500 points so that extremes survive.
    pub metrics_history: Vec<MetricsPoint>,
    /// Where the adapter comes from.
    pub dataset_lineage: DatasetLineage,
    /// Signed URLs, valid for an hour.
    pub download_urls: DownloadUrls,
}

/// Where an adapter comes from.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DatasetLineage {
    /// The data set as it is now; absent where it was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_dataset: Option<Dataset>,
    /// What was done to it before training, in order.
    pub preprocessing_steps: Vec<String>,
    /// Examples by split.
    pub splits: Splits,
}

/// Examples by split.
#[derive(Debug, Serialize, ToSchema)]
pub struct Splits {
    /// Trained on.
    pub train: u64,
    /// Held out.
    pub validation: u64,
}

/// Signed URLs.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DownloadUrls {
    /// `adapter_model.safetensors`.
    pub adapter_model: String,
    /// `adapter_config.json`.
    pub adapter_config: String,
    /// `tokenizer.json`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokenizer: Option<String>,
    /// A ZIP of all files.
    pub all_artifacts: String,
}

/// A signed URL.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Download {
    /// The URL; valid for an hour.
    pub download_url: String,
    /// Name to save it under.
    pub file_name: String,
    /// Bytes.
    pub file_size: u64,
    /// When the URL ends.
    pub expires_at: DateTime<Utc>,
}

/// All files of all models, a page of models at a time.
#[derive(Debug, Serialize, ToSchema)]
pub struct ArtifactList {
    /// The files.
    pub artifacts: Vec<ArtifactEntry>,
}

/// A file and the model that it belongs to.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ArtifactEntry {
    /// Model.
    pub model_id: Uuid,
    /// Its name.
    pub model_name: String,
    /// The file.
    #[serde(flatten)]
    pub file: ModelFile,
    /// When the model was made.
    pub created_at: DateTime<Utc>,
}

/// Signature of an archive's address.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ArchiveQuery {
    /// When the address ends, seconds since 1970.
    pub expires: i64,
    /// Signature.
    pub signature: String,
}
