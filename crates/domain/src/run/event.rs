//! What a run reports while it goes on, and how it ends.

use crate::evaluation::Evaluation;
use crate::job::{JobStage, LogLevel, StageGroup};
use crate::model::LossTrend;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;

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
}
