//! The contract between the platform and a trainer: what a run is asked to do, and the events it reports.
//!
//! A run is described by one [`RunSpec`] in JSON and answers with one [`TrainerEvent`] in JSON a line, numbered from 1 within the attempt.

use crate::catalogue::BaseModel;
use crate::dataset::DatasetFormat;
use crate::evaluation::Evaluation;
use crate::id::{AttemptId, JobId};
use crate::job::{GpuConfig, JobStage, LogLevel, StageGroup, TrainingConfig};
use crate::model::LossTrend;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

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

/// One event of an attempt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TrainerEvent {
    /// From 1, without gaps, within the attempt.
    pub seq: u64,
    /// When the trainer wrote it.
    pub at: DateTime<Utc>,
    /// Seconds since the trainer reported `started`, which is what is billed; zero before.
    pub elapsed_seconds: f64,
    /// What happened.
    #[serde(flatten)]
    pub kind: TrainerEventKind,
}

impl TrainerEvent {
    /// Without the signatures of addresses in its texts: they are read by people, and kept.
    #[must_use]
    pub fn redacted(mut self) -> Self {
        use TrainerEventKind as Kind;
        if let Kind::Log { message, .. } | Kind::Stage { message, .. } | Kind::Error { message, .. } = &mut self.kind {
            *message = crate::redact::addresses(message);
        }
        self
    }
}

/// What happened in a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
#[expect(clippy::large_enum_variant, reason = "only the last event of a run is large")]
pub enum TrainerEventKind {
    /// The trainer runs on its device: billing starts here.
    Started {
        /// Version of the program that trains.
        version: String,
        /// `cpu`, or the name of the GPU.
        device: String,
        /// Threads of the numerics.
        threads: usize,
        /// Step of the checkpoint that it goes on from; none for a fresh start.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resumed_from_step: Option<u64>,
    },
    /// What will be done, known once the data set is tokenised.
    Plan {
        /// Optimiser steps of the whole run.
        total_steps: u64,
        /// Epochs.
        total_epochs: u32,
        /// Examples trained on.
        train_examples: u64,
        /// Examples held out.
        validation_examples: u64,
        /// Examples cut to the sequence length.
        truncated_examples: u64,
        /// Examples with nothing left to train on.
        masked_examples: u64,
        /// Label tokens of an epoch.
        label_tokens: u64,
        /// Parameters that are trained.
        trainable_parameters: u64,
        /// Bytes that the run is expected to take.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        memory_bytes: Option<u64>,
    },
    /// A stage begins.
    Stage {
        /// The API's stage.
        stage: JobStage,
        /// The page's stage.
        group: StageGroup,
        /// What is being done.
        message: String,
    },
    /// How far it is.
    Progress {
        /// 0 to 100; never goes back within a job.
        progress: f64,
        /// From 1.
        epoch: u32,
        /// Optimiser steps done.
        step: u64,
        /// Optimiser steps of the whole run.
        total_steps: u64,
        /// Seconds left, once it can be told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        estimated_time_remaining: Option<f64>,
    },
    /// Figures of a step.
    Metrics {
        /// From 1.
        epoch: u32,
        /// Optimiser steps done; 0 for the validation before the first.
        step: u64,
        /// Mean loss over the step's label tokens, nats; none for a validation before the first step.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        training_loss: Option<f64>,
        /// Validation loss, where this step had one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        validation_loss: Option<f64>,
        /// Learning rate of the step.
        learning_rate: f64,
        /// Global norm before clipping.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gradient_norm: Option<f64>,
        /// Tokens a second, padding not counted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        throughput: Option<f64>,
        /// Percent, where a device reports it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gpu_utilization: Option<f64>,
        /// Peak memory of the process or device in bytes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        memory_bytes: Option<u64>,
    },
    /// A checkpoint is complete on disk.
    Checkpoint {
        /// Optimiser steps done.
        step: u64,
        /// From 1.
        epoch: u32,
        /// Validation loss where known, else the training loss of the step.
        loss: f64,
        /// Its folder.
        path: PathBuf,
        /// Bytes of its files.
        size: u64,
        /// Whether it has the best validation loss so far.
        best: bool,
    },
    /// The files of a checkpoint that was reported before are in the platform's storage.
    CheckpointStored {
        /// Optimiser steps done.
        step: u64,
        /// From 1.
        epoch: u32,
        /// The files.
        files: Vec<ArtifactFile>,
    },
    /// A line for the log.
    Log {
        /// Level.
        level: LogLevel,
        /// Text.
        message: String,
    },
    /// Finished: the artifacts are complete and, where asked for, uploaded.
    Complete {
        /// The files.
        artifacts: Vec<ArtifactFile>,
        /// Folder of the files at the trainer.
        path: PathBuf,
        /// The figures.
        summary: RunSummary,
    },
    /// Stopped on request with a checkpoint.
    Stopped {
        /// Optimiser steps done.
        step: u64,
        /// Whether a checkpoint was written.
        checkpoint_saved: bool,
    },
    /// Ended with an error.
    Error {
        /// Stable code, such as `no_trainable_examples`.
        code: String,
        /// What happened, to what, and what to do.
        message: String,
        /// Whether the same attempt could succeed later.
        transient: bool,
    },
}

/// How a trainer's process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    /// Exit code, where it left by itself.
    pub code: Option<i32>,
    /// Signal that killed it.
    pub signal: Option<i32>,
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.code, self.signal) {
            (_, Some(9)) => f.write_str("killed by signal 9 (often: out of memory)"),
            (_, Some(signal)) => write!(f, "killed by signal {signal}"),
            (Some(code), None) => write!(f, "exit code {code}"),
            (None, None) => f.write_str("ended in an unknown way"),
        }
    }
}

/// One file of a finished adapter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ArtifactFile {
    /// File name.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 in hex.
    pub sha256: String,
}

/// Figures of a finished run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunSummary {
    /// Epochs done.
    pub total_epochs: u32,
    /// Optimiser steps done.
    pub total_steps: u64,
    /// Seconds since `started` of this attempt.
    pub seconds: f64,
    /// Training loss of the first step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_training_loss: Option<f64>,
    /// Mean training loss of the last epoch's label tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_training_loss: Option<f64>,
    /// Validation loss before the first step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_validation_loss: Option<f64>,
    /// Validation loss of the exported adapter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_validation_loss: Option<f64>,
    /// Examples trained on in an epoch.
    pub train_examples: u64,
    /// Examples held out.
    pub validation_examples: u64,
    /// Tokens a second over the training steps, padding not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_per_second: Option<f64>,
    /// Peak resident memory in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_memory_bytes: Option<u64>,
    /// Validation loss of the exported adapter less the training loss of the same epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overfit_gap: Option<f64>,
    /// Where the validation loss was going at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss_trend: Option<LossTrend>,
    /// The evaluation, where something was held out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluation: Option<Evaluation>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_flat_object() {
        let event = TrainerEvent {
            seq: 3,
            at: DateTime::UNIX_EPOCH,
            elapsed_seconds: 1.5,
            kind: TrainerEventKind::Progress { progress: 12.5, epoch: 1, step: 4, total_steps: 32, estimated_time_remaining: Some(9.0) },
        };
        let text = serde_json::to_string(&event).expect("serialises");
        assert!(text.contains("\"type\":\"progress\"") && text.contains("\"totalSteps\":32"), "{text}");
        assert_eq!(serde_json::from_str::<TrainerEvent>(&text).expect("parses"), event);
    }

    #[test]
    fn the_key_of_a_callback_is_not_shown() {
        let target = CallbackTarget { url: "u".into(), checkpoints_url: "c".into(), secret: "s3cret".into() };
        assert!(!format!("{target:?}").contains("s3cret"));
    }
}
