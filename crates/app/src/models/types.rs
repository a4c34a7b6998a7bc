//! What goes into and comes out of the model use cases. Money is in micro-dollars, time in seconds, sizes in bytes.

use blob::ByteStream;
use chrono::{DateTime, Utc};
use domain::job::{Hyperparameters, PresetId};
use domain::model::{ModelStatus, QualityMetrics};
use domain::{DatasetId, JobId, MicroUsd, ModelId, UserId};
use serde::{Deserialize, Serialize};

/// What a training took; kept with the model.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TrainingSummary {
    /// Epochs.
    pub total_epochs: u32,
    /// Optimiser steps.
    pub total_steps: u64,
    /// Billed seconds of all attempts.
    pub training_duration: f64,
    /// The job's cost.
    pub total_cost: MicroUsd,
    /// Hours, all GPUs together.
    pub gpu_hours: f64,
}

/// How a model was trained; kept with the model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelConfiguration {
    /// Base model.
    pub base_model: String,
    /// Name of the data set at the time.
    pub dataset_name: String,
    /// Preset.
    pub preset_used: PresetId,
    /// Hyperparameters.
    pub hyperparameters: Hyperparameters,
}

/// A file of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileView {
    /// Name.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 in hex.
    pub sha256: String,
    /// Key of the object.
    pub key: String,
}

/// A checkpoint of the run that made a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointFile {
    /// Key of its folder in the store.
    pub key: String,
    /// Epoch, from 1.
    pub epoch: u32,
    /// Bytes.
    pub size: u64,
}

/// A trained adapter.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelView {
    /// Id.
    pub id: ModelId,
    /// Owner.
    pub user_id: UserId,
    /// Job that made it.
    pub job_id: JobId,
    /// Data set.
    pub dataset_id: DatasetId,
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
    /// Description.
    pub description: Option<String>,
    /// Where it is in its life.
    pub status: ModelStatus,
    /// Quality, as far as it was measured.
    pub quality: QualityMetrics,
    /// What the training took.
    pub summary: TrainingSummary,
    /// How it was trained.
    pub configuration: ModelConfiguration,
    /// `adapter_model.safetensors`.
    pub adapter_model: FileView,
    /// `adapter_config.json`.
    pub adapter_config: FileView,
    /// Its other files.
    pub other_files: Vec<FileView>,
    /// Checkpoints of its job that are in the store.
    pub checkpoints: Vec<CheckpointFile>,
    /// The model that this one follows.
    pub parent: Option<ModelId>,
    /// Models that follow this one.
    pub children: Vec<ModelId>,
    /// When it was last deployed.
    pub deployed_at: Option<DateTime<Utc>>,
    /// When it was deleted.
    pub deleted_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl ModelView {
    /// Bytes of all files.
    pub fn total_size(&self) -> u64 {
        self.files().map(|file| file.size).sum()
    }

    /// All files, in the order in which they are listed.
    pub fn files(&self) -> impl Iterator<Item = &FileView> {
        [&self.adapter_model, &self.adapter_config].into_iter().chain(&self.other_files)
    }

    /// The file with this name.
    pub fn file(&self, name: &str) -> Option<&FileView> {
        self.files().find(|file| file.name == name)
    }
}

/// Signed addresses of a model's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DownloadUrls {
    /// `adapter_model.safetensors`.
    pub adapter_model: String,
    /// `adapter_config.json`.
    pub adapter_config: String,
    /// `tokenizer.json`, where there is one.
    pub tokenizer: Option<String>,
    /// A ZIP of all files.
    pub all: String,
}

/// A model with where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelDetail {
    /// The model.
    pub model: ModelView,
    /// Figures of its run, down-sampled.
    pub metrics: Vec<crate::jobs::MetricsPoint>,
    /// The data set, where it was not deleted.
    pub dataset: Option<crate::datasets::Dataset>,
    /// What was done to the data set before training, in order.
    pub preprocessing: Vec<String>,
    /// Examples trained on.
    pub train_examples: u64,
    /// Examples held out.
    pub validation_examples: u64,
    /// Signed addresses.
    pub urls: DownloadUrls,
}

/// Order of a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ModelSort {
    /// Newest first.
    #[default]
    Created,
    /// Lowest final validation loss first.
    Quality,
    /// Most bytes first.
    Size,
}

/// Which models to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelFilter {
    /// Only this status.
    pub status: Option<ModelStatus>,
    /// Order.
    pub sort: ModelSort,
    /// From 1.
    pub page: u64,
    /// Rows a page.
    pub page_size: u64,
    /// Those that were deleted and can be restored, instead of the others.
    pub deleted: bool,
    /// Whose, where it is not the caller: for administrators.
    pub owner: Option<UserId>,
}

impl Default for ModelFilter {
    fn default() -> Self {
        Self { status: None, sort: ModelSort::default(), deleted: false, owner: None, page: 1, page_size: 20 }
    }
}

/// A page of models.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelList {
    /// The page.
    pub models: Vec<ModelView>,
    /// All that match.
    pub total: u64,
}

/// What to change; none leaves a value as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UpdateModel {
    /// Name.
    pub name: Option<String>,
    /// Description; an empty text removes it.
    pub description: Option<String>,
    /// `stored` or `archived`.
    pub status: Option<ModelStatus>,
}

/// Which file to download.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Artifact {
    /// A ZIP of all.
    All,
    /// One file, by name.
    File(&'static str),
}

/// A signed address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DownloadView {
    /// The address.
    pub url: String,
    /// Name to save it under.
    pub file_name: String,
    /// Bytes.
    pub size: u64,
    /// When the address ends.
    pub expires_at: DateTime<Utc>,
}

/// A ZIP that is made while it is read.
pub struct Archive {
    /// Name to save it under.
    pub file_name: String,
    /// Bytes.
    pub size: u64,
    /// The bytes.
    pub content: ByteStream,
}
