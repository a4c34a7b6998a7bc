//! The contract between the platform and a trainer: what a run is asked to do, and the events it reports.
//!
//! A run is described by one [`RunSpec`] in JSON and answers with one [`TrainerEvent`] in JSON a line, numbered from 1 within the attempt.

use crate::catalogue::BaseModel;
use crate::dataset::DatasetFormat;
use crate::id::{AttemptId, JobId};
use crate::job::{GpuConfig, TrainingConfig};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

mod event;

pub use event::{ArtifactFile, Exit, RunSummary, TrainerEvent, TrainerEventKind};

/// Everything that a trainer needs; it has no other source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RunSpec {
    /// The job.
    pub job_id: JobId,
    /// The attempt; the idempotency key of the submission.
    pub attempt_id: AttemptId,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// What to train on top of.
    pub base_model: BaseModelSource,
    /// What to train on.
    pub dataset: DatasetSource,
    /// How.
    pub config: TrainingConfig,
    /// Where results go.
    pub output: OutputTarget,
    /// The machine asked for; a cluster of several kinds chooses by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu: Option<GpuConfig>,
    /// Where the trainer and its cluster report to by themselves; none where there is only the output of the process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback: Option<CallbackTarget>,
    /// The checkpoint to go on from where the output folder has none that is newer: one that an earlier attempt has uploaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume_from: Option<CheckpointSource>,
    /// The adapter that the training goes on from, where it does not begin with a fresh one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<ParentAdapter>,
    /// Threads for the numerics; none means all cores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threads: Option<usize>,
    /// Folder in which the compiled kernels of a GPU are kept from run to run; the cluster's to choose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel_cache: Option<PathBuf>,
    /// Bytes that the run may take; none means what the machine has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_limit: Option<u64>,
    /// Copied into `metadata.json`: names, ids and hashes that the trainer itself does not need.
    #[serde(default)]
    pub provenance: BTreeMap<String, String>,
}

/// A base model for a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BaseModelSource {
    /// Id in the catalogue; becomes `base_model_name_or_path` of the adapter.
    pub id: String,
    /// Revision.
    pub revision: String,
    /// Folder with config.json, weights and tokenizer.
    pub path: PathBuf,
    /// Repository of the model hub that missing weights are fetched from, at `revision`, into `path`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repo: Option<String>,
}

impl BaseModelSource {
    /// A model of the catalogue.
    pub fn of(model: &BaseModel) -> Self {
        Self { id: model.id.clone(), revision: model.revision.clone(), path: model.path.clone(), repo: model.repo.clone() }
    }
}

/// A data set for a run. Exactly one of `url` and `path` is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DatasetSource {
    /// Signed URL to read it from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// File to read it from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// Format as detected; none means detect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<DatasetFormat>,
    /// SHA-256 in hex; checked where given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
}

/// Where a run writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OutputTarget {
    /// Folder of this job at the trainer: `checkpoints/` and `adapter/` below it. Kept between attempts, so that a new attempt resumes.
    pub dir: PathBuf,
    /// Signed URLs to put finished artifacts to, by file name; empty means that they stay in the folder.
    #[serde(default)]
    pub uploads: BTreeMap<String, SignedRequest>,
}

/// A request that somebody else signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignedRequest {
    /// HTTP method.
    pub method: String,
    /// URL with its signature.
    pub url: String,
    /// Headers that must be sent as they are.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
}

/// Where an attempt reports to by itself, and the key that its requests are signed with. Every request carries a time and a signature over
/// time and body; see `cluster::callback`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CallbackTarget {
    /// Takes a [`CallbackBody`]: events, each once by its number.
    pub url: String,
    /// Takes a [`CheckpointGrant`] and answers with signed requests for its files.
    pub checkpoints_url: String,
    /// Key of this attempt only.
    pub secret: String,
}

impl fmt::Debug for CallbackTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, checkpoints_url, secret: _ } = self;
        f.debug_struct("CallbackTarget").field("url", url).field("checkpoints_url", checkpoints_url).finish_non_exhaustive()
    }
}

/// Events that a cluster reports by itself. They follow each other without a gap; those that were taken in before are passed over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallbackBody {
    /// The job.
    pub job_id: JobId,
    /// The attempt. Events of any but the present one are refused.
    pub attempt_id: AttemptId,
    /// In order.
    pub events: Vec<TrainerEvent>,
}

/// The answer to a [`CallbackBody`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallbackAnswer {
    /// Number of the last event that is taken in; the next to send is the one after it.
    pub last_seq: u64,
}

/// A checkpoint that is to be uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckpointGrant {
    /// The job.
    pub job_id: JobId,
    /// The attempt; only the present one may store checkpoints.
    pub attempt_id: AttemptId,
    /// Optimiser steps done.
    pub step: u64,
    /// From 1.
    pub epoch: u32,
    /// All of its files; names out of [`CHECKPOINT_FILES`].
    pub files: Vec<ArtifactFile>,
}

/// A checkpoint that an earlier attempt has uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CheckpointSource {
    /// Optimiser steps done.
    pub step: u64,
    /// Its files, by name.
    pub files: BTreeMap<String, SignedFile>,
}

/// An adapter to go on from: a folder at the trainer, or files to fetch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ParentAdapter {
    /// What it is called; recorded with the adapter that comes out.
    pub model_id: String,
    /// Folder with [`ADAPTER_FILES`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// The same files behind signed URLs, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, SignedFile>,
}

/// Names of the files that an adapter consists of.
pub const ADAPTER_FILES: [&str; 2] = ["adapter_model.safetensors", "adapter_config.json"];

/// A file behind a signed URL, and what it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignedFile {
    /// Where to read it.
    pub url: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 in hex.
    pub sha256: String,
}

/// Names of the files of a checkpoint.
pub const CHECKPOINT_FILES: [&str; 5] =
    ["adapter_model.safetensors", "adapter_config.json", "optimizer.safetensors", "state.json", "manifest.json"];

/// Names of the files of a finished adapter, in the order in which they are listed.
pub const ARTIFACT_FILES: [&str; 6] =
    ["adapter_model.safetensors", "adapter_config.json", "tokenizer.json", "tokenizer_config.json", "metadata.json", "README.md"];
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_callback_is_not_shown() {
        let target = CallbackTarget { url: "u".into(), checkpoints_url: "c".into(), secret: "s3cret".into() };
        assert!(!format!("{target:?}").contains("s3cret"));
    }
}
