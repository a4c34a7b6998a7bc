//! The files of a finished adapter.

use crate::card::model_card;
use crate::data::TrainingData;
use crate::error::TrainerError;
use crate::files::{create_dir, hash_file, remove_dir, replace_dir, write_synced};
use crate::order;
use domain::run::{ARTIFACT_FILES, ArtifactFile, RunSpec, RunSummary};
use model::{LoraWeights, peft};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// What the files are made from.
pub(crate) struct Export<'a> {
    pub spec: &'a RunSpec,
    pub weights: &'a LoraWeights,
    pub data: &'a TrainingData,
    pub summary: &'a RunSummary,
    pub dataset_sha256: &'a str,
    pub version: &'a str,
    /// Sequence length in force.
    pub max_length: usize,
    pub warmup_steps: u64,
    /// Step and epoch of the exported weights.
    pub step: u64,
    pub epoch: u32,
}

/// Writes the files to `adapter/` in the output folder, all or none, and lists them.
pub(crate) fn export(export: &Export<'_>) -> Result<(PathBuf, Vec<ArtifactFile>), TrainerError> {
    let folder = export.spec.output.dir.join("adapter");
    let unfinished = export.spec.output.dir.join(".unfinished-adapter");
    remove_dir(&unfinished)?;
    create_dir(&unfinished)?;
    let written = write_all(export, &unfinished);
    if written.is_err() {
        // Gives back the space that the unfinished files take; the failure itself is what matters.
        let _ = remove_dir(&unfinished);
    }
    let files = written?;
    replace_dir(&unfinished, &folder)?;
    Ok((folder, files))
}

fn write_all(export: &Export<'_>, folder: &Path) -> Result<Vec<ArtifactFile>, TrainerError> {
    let base = &export.spec.base_model;
    let revision = base.repo.as_ref().map(|_| base.revision.as_str());
    let adapter = peft::adapter_files(export.weights, &base.id, revision).map_err(|e| TrainerError::Internal(e.to_string()))?;
    write_synced(&folder.join(peft::WEIGHTS_FILE), &adapter.weights)?;
    write_synced(&folder.join(peft::CONFIG_FILE), &adapter.config)?;
    copy_tokenizer(&base.path, folder)?;
    write_synced(&folder.join("README.md"), model_card(export).as_bytes())?;
    let others: Vec<_> = ARTIFACT_FILES.iter().filter(|n| **n != "metadata.json").map(|n| describe(folder, n)).collect::<Result<_, _>>()?;
    let metadata = serde_json::to_vec_pretty(&metadata(export, &others)).map_err(|e| TrainerError::Internal(e.to_string()))?;
    write_synced(&folder.join("metadata.json"), &metadata)?;
    ARTIFACT_FILES.iter().map(|name| describe(folder, name)).collect()
}

fn describe(folder: &Path, name: &str) -> Result<ArtifactFile, TrainerError> {
    let path = folder.join(name);
    let (sha256, size) = hash_file(&path)?;
    Ok(ArtifactFile { name: name.to_owned(), size, sha256 })
}

/// Copies the tokenizer. A chat template in a file of its own goes into `tokenizer_config.json`, so that the adapter's folder has it.
fn copy_tokenizer(base: &Path, folder: &Path) -> Result<(), TrainerError> {
    let read = |name: &str| fs::read(base.join(name)).map_err(|e| TrainerError::io("read", &base.join(name), e));
    write_synced(&folder.join("tokenizer.json"), &read("tokenizer.json")?)?;
    let mut config = read("tokenizer_config.json")?;
    let jinja = base.join("chat_template.jinja");
    if jinja.is_file() {
        let template = fs::read_to_string(&jinja).map_err(|e| TrainerError::io("read", &jinja, e))?;
        let fail = |e: serde_json::Error| TrainerError::Tokenizer { path: base.to_owned(), reason: e.to_string() };
        let mut value: Value = serde_json::from_slice(&config).map_err(fail)?;
        value["chat_template"] = Value::from(template);
        config = serde_json::to_vec_pretty(&value).map_err(fail)?;
    }
    write_synced(&folder.join("tokenizer_config.json"), &config)
}

/// Where the adapter comes from, down to each setting and checksum.
fn metadata(export: &Export<'_>, files: &[ArtifactFile]) -> Value {
    let (spec, data) = (export.spec, export.data);
    let by_validation = export.summary.final_validation_loss.is_some();
    json!({
        "format": "brightrun-adapter-v1",
        "jobId": spec.job_id,
        "attemptId": spec.attempt_id,
        "attempt": spec.attempt,
        "trainer": { "name": "brightrun", "version": export.version, "threads": rayon::current_num_threads(), "precision": export.spec.config.settings.precision },
        "baseModel": { "id": spec.base_model.id, "revision": spec.base_model.revision, "repository": spec.base_model.repo },
        "dataset": { "sha256": export.dataset_sha256, "format": spec.dataset.format, "size": spec.dataset.size },
        "split": {
            "trainExamples": data.train.len(),
            "trainConversations": data.train_conversations,
            "validationExamples": data.validation.len(),
            "validationConversations": data.validation_conversations,
            "truncatedExamples": data.truncated,
            "maskedExamples": data.masked,
            "labelTokensPerEpoch": data.label_tokens(),
        },
        "config": spec.config,
        "effective": {
            "maxSeqLength": export.max_length,
            "warmupSteps": export.warmup_steps,
            "trainableParameters": export.weights.parameter_count(),
        },
        "seed": spec.config.settings.seed,
        "exported": {
            "step": export.step,
            "epoch": export.epoch,
            "chosenBy": if by_validation { "best validation loss" } else { "last step" },
        },
        "dataOrder": {
            "seed": spec.config.settings.seed,
            "sha256ByEpoch": order::digests(data, spec.config.settings.seed, u64::from(export.summary.total_epochs)),
        },
        "metrics": export.summary,
        "parent": spec.parent.as_ref().map(|parent| json!({ "modelId": parent.model_id })),
        "provenance": spec.provenance,
        "files": files,
    })
}
