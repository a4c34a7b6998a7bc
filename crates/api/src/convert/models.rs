//! Trained adapters.

use super::datasets::dataset;
use super::evaluation::{evaluation, scores};
use super::jobs::{hyperparameters, point};
use crate::dto::models::{
    ArtifactEntry, ArtifactKind, DatasetLineage, Download, DownloadUrls, ModelArtifact, ModelCheckpoint, ModelConfiguration, ModelDetail,
    ModelFile, ModelFiles, ModelSort, QualityMetrics, Splits, TrainingSummary,
};
use app::models::{self, Artifact, FileView, ModelView};

/// Order of a list.
pub fn sort(sort: ModelSort) -> models::ModelSort {
    match sort {
        ModelSort::CreatedDesc => models::ModelSort::Created,
        ModelSort::QualityDesc => models::ModelSort::Quality,
        ModelSort::SizeDesc => models::ModelSort::Size,
    }
}

/// Which file is wanted.
pub fn artifact(kind: ArtifactKind) -> Artifact {
    match kind {
        ArtifactKind::All => Artifact::All,
        ArtifactKind::AdapterModel => Artifact::File("adapter_model.safetensors"),
        ArtifactKind::AdapterConfig => Artifact::File("adapter_config.json"),
        ArtifactKind::Tokenizer => Artifact::File("tokenizer.json"),
        ArtifactKind::TokenizerConfig => Artifact::File("tokenizer_config.json"),
        ArtifactKind::Metadata => Artifact::File("metadata.json"),
        ArtifactKind::Readme => Artifact::File("README.md"),
    }
}

/// A signed URL.
pub fn download(view: models::DownloadView) -> Download {
    Download { download_url: view.url, file_name: view.file_name, file_size: view.size, expires_at: view.expires_at }
}

fn file(view: &FileView) -> ModelFile {
    ModelFile { s3_key: view.key.clone(), file_name: view.name.clone(), size: view.size, checksum: view.sha256.clone() }
}

fn checkpoint(of: &models::CheckpointFile) -> ModelCheckpoint {
    ModelCheckpoint { s3_key: of.key.clone(), epoch: of.epoch, size: of.size }
}

/// The files of a model in a flat list.
pub fn artifact_entries(view: ModelView) -> Vec<ArtifactEntry> {
    let (model_id, created_at) = (view.id.uuid(), view.created_at);
    let entry = |stored: &FileView| ArtifactEntry { model_id, model_name: view.name.clone(), file: file(stored), created_at };
    view.files().map(entry).collect()
}

/// A model.
pub fn model(view: ModelView) -> ModelArtifact {
    let named = |name: &str| view.file(name).map(file);
    ModelArtifact {
        artifacts: ModelFiles {
            adapter_model: file(&view.adapter_model),
            adapter_config: file(&view.adapter_config),
            tokenizer: named("tokenizer.json"),
            tokenizer_config: named("tokenizer_config.json"),
            metadata: named("metadata.json"),
            readme: named("README.md"),
            checkpoints: view.checkpoints.iter().map(checkpoint).collect(),
        },
        total_size: view.total_size(),
        id: view.id.uuid(),
        user_id: view.user_id.uuid(),
        job_id: view.job_id.uuid(),
        dataset_id: view.dataset_id.uuid(),
        name: view.name,
        version: view.version,
        description: view.description,
        status: view.status,
        deployed_at: view.deployed_at,
        quality_metrics: QualityMetrics {
            final_training_loss: view.quality.final_training_loss,
            final_validation_loss: view.quality.final_validation_loss,
            initial_training_loss: view.quality.initial_training_loss,
            initial_validation_loss: view.quality.initial_validation_loss,
            perplexity: view.quality.perplexity,
            convergence_quality: view.quality.convergence_quality,
            bleu_score: view.quality.bleu_score,
            overfit_gap: view.quality.overfit_gap,
            loss_trend: view.quality.loss_trend,
            validation_scores: view.quality.validation_scores.map(scores),
            evaluation: view.quality.evaluation.map(evaluation),
        },
        training_summary: TrainingSummary {
            total_epochs: view.summary.total_epochs,
            total_steps: view.summary.total_steps,
            training_duration: view.summary.training_duration,
            total_cost: view.summary.total_cost.usd(),
            gpu_hours: view.summary.gpu_hours,
        },
        configuration: ModelConfiguration {
            base_model: view.configuration.base_model,
            dataset_name: view.configuration.dataset_name,
            preset_used: view.configuration.preset_used,
            hyperparameters: hyperparameters(view.configuration.hyperparameters),
        },
        parent_model_id: view.parent.map(domain::ModelId::uuid),
        child_model_ids: view.children.into_iter().map(domain::ModelId::uuid).collect(),
        deleted_at: view.deleted_at,
        purge_at: view.deleted_at.map(app::retention::restorable_until),
        created_at: view.created_at,
        updated_at: view.updated_at,
    }
}

/// A model with its history.
pub fn detail(view: models::ModelDetail) -> ModelDetail {
    ModelDetail {
        model: model(view.model),
        metrics_history: view.metrics.into_iter().map(point).collect(),
        dataset_lineage: DatasetLineage {
            original_dataset: view.dataset.map(dataset),
            preprocessing_steps: view.preprocessing,
            splits: Splits { train: view.train_examples, validation: view.validation_examples },
        },
        download_urls: DownloadUrls {
            adapter_model: view.urls.adapter_model,
            adapter_config: view.urls.adapter_config,
            tokenizer: view.urls.tokenizer,
            all_artifacts: view.urls.all,
        },
    }
}
