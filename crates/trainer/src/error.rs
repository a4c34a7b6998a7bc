//! What can go wrong in a run, with a stable code for each case.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// A run that cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainerError {
    /// Nothing in the data set can be trained on.
    #[error(
        "None of the {examples} examples has a token to train on ({detail}). Check that the answers are filled in and are not cut away."
    )]
    NoTrainableExamples {
        /// Examples that were read.
        examples: u64,
        /// What was wrong with the first ones, by line.
        detail: String,
    },
    /// The loss or the gradient norm became infinite or not a number.
    #[error("The {what} of {at} is not a finite number. Lower the learning rate or look at these lines; {kept}.")]
    LossNotFinite {
        /// `loss`, `gradient norm` or `validation loss`.
        what: &'static str,
        /// Where.
        at: Place,
        /// Which checkpoint is left.
        kept: Kept,
    },
    /// The loss is finite, but far above what it was.
    #[error("The loss exploded at {at}: {reason}. Lower the learning rate or look at these lines; {kept}.")]
    LossExploded {
        /// By which rule.
        reason: String,
        /// The last step.
        at: Place,
        /// Which checkpoint is left.
        kept: Kept,
    },
    /// No space left where the run writes.
    #[error("The disk is full: {} could not be written. Free some space and retry; the checkpoints written before are kept.", path.display())]
    DiskFull {
        /// What could not be written.
        path: PathBuf,
    },
    /// Reading or writing a file failed.
    #[error("Could not {action} {}.", path.display())]
    Io {
        /// `read`, `write`, and so on.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The tokenizer or its configuration cannot be used.
    #[error("The tokenizer in {} cannot be used: {reason}.", path.display())]
    Tokenizer {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The base model's tokenizer has no chat template.
    #[error("The base model in {} has no chat template, so conversations cannot be rendered for it. Choose a chat model.", path.display())]
    NoChatTemplate {
        /// The folder.
        path: PathBuf,
    },
    /// The chat template failed on a conversation.
    #[error("The chat template refused the conversation: {reason}.")]
    ChatTemplate {
        /// What the template or its engine said.
        reason: String,
    },
    /// What the chat template prints outside an answer depends on it, so that the part to learn cannot be told from the rest.
    #[error(
        "The base model's chat template mixes an answer with other text (seen at message {message}), so the tokens to train on cannot be \
         told apart. Use a base model with another template."
    )]
    TemplateRewritesTurns {
        /// Message of the conversation, from 1.
        message: usize,
    },
    /// The data set could not be read.
    #[error("The data set {} could not be read: {reason}", path.display())]
    Dataset {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The file is not the one that was asked for.
    #[error("The data set{} has SHA-256 {found}, but the job was made for {expected}. Upload the file again or make a new job.", after_space(path.as_deref()))]
    DatasetChanged {
        /// The file; none where it was fetched for the run.
        path: Option<PathBuf>,
        /// Hash of the job.
        expected: String,
        /// Hash of the file.
        found: String,
    },
    /// A setting that cannot be used.
    #[error("{0}")]
    Config(String),
    /// The base model could not be loaded or run.
    #[error("The base model in {} cannot be used: {reason}", path.display())]
    Model {
        /// Its folder.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The run asks for a GPU, and there is none.
    #[error("There is no GPU to compute on: {reason}. Choose an instance type that this machine has, or mend what is missing.")]
    NoDevice {
        /// What is missing.
        reason: String,
    },
    /// The GPU's memory does not suffice.
    #[error("{reason}.")]
    DeviceMemory {
        /// How much was asked for and how much there is, and what to change.
        reason: String,
    },
    /// The GPU failed.
    #[error("{reason}. The checkpoints written before are kept.")]
    DeviceFailed {
        /// What it said.
        reason: String,
    },
    /// A checkpoint that was chosen could not be read.
    #[error("The checkpoint {} cannot be read: {reason}. Remove the folder to go on from the one before.", path.display())]
    Checkpoint {
        /// Its folder.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The adapter to go on from does not fit the run.
    #[error("The parent adapter in {} cannot be gone on from: {reason}.", path.display())]
    Parent {
        /// Its folder.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The run would take more memory than there is.
    #[error("The run needs about {needed} ({parts}), but {limit} are there. {advice}")]
    OutOfMemory {
        /// All of it, in words.
        needed: String,
        /// What for.
        parts: String,
        /// What is there, in words.
        limit: String,
        /// What would fit.
        advice: String,
    },
    /// Something that the run will do failed when it was tried before the start.
    #[error("The rehearsal failed at {part}: {reason} Change {setting}.")]
    Rehearsal {
        /// What was tried.
        part: &'static str,
        /// What to change.
        setting: &'static str,
        /// Why.
        reason: String,
    },
    /// Nobody takes the events any more.
    #[error("An event could not be handed over.")]
    Sink(#[source] io::Error),
    /// A fault of the trainer.
    #[error("The trainer failed: {0}.")]
    Internal(String),
}

/// A step of a run, with the lines of the data set that it was made on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Optimiser step, from 1; 0 for the validation before the first.
    pub step: u64,
    /// Epoch, from 1.
    pub epoch: u32,
    /// Batch of the epoch, from 1, and how many it has; none for a validation.
    pub batch: Option<(u64, u64)>,
    /// Lines.
    pub lines: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { step, epoch, batch, lines } = self;
        match batch {
            Some((batch, batches)) => write!(f, "step {step} (batch {batch} of {batches} in epoch {epoch}, from lines {lines})"),
            None => write!(f, "the held-out lines {lines} at step {step}"),
        }
    }
}

/// The step of the last checkpoint that is known to be good, where there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept(pub Option<u64>);

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(step) => write!(f, "the checkpoint of step {step}, the last before it went wrong, is kept"),
            None => f.write_str("it went wrong before there was a checkpoint"),
        }
    }
}

/// A path within a sentence, where there is one.
fn after_space(path: Option<&Path>) -> String {
    path.map(|path| format!(" {}", path.display())).unwrap_or_default()
}

impl TrainerError {
    /// Exit code of a program that ends with this error: 4 for what is wrong with data set or settings, 5 with the base model or another
    /// file of weights, 6 where memory, disk or device do not suffice, 7 for a training that went astray, 1 for everything else.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NoTrainableExamples { .. }
            | Self::ChatTemplate { .. }
            | Self::Dataset { .. }
            | Self::DatasetChanged { .. }
            | Self::Config(_) => 4,
            Self::Tokenizer { .. }
            | Self::NoChatTemplate { .. }
            | Self::TemplateRewritesTurns { .. }
            | Self::Model { .. }
            | Self::Checkpoint { .. }
            | Self::Parent { .. } => 5,
            Self::DiskFull { .. }
            | Self::NoDevice { .. }
            | Self::DeviceMemory { .. }
            | Self::DeviceFailed { .. }
            | Self::OutOfMemory { .. }
            | Self::Rehearsal { .. } => 6,
            Self::LossNotFinite { .. } | Self::LossExploded { .. } => 7,
            Self::Io { .. } | Self::Sink(_) | Self::Internal(_) => 1,
        }
    }

    /// Stable code for the `error` event.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoTrainableExamples { .. } => "no_trainable_examples",
            Self::LossNotFinite { .. } => "loss_not_finite",
            Self::LossExploded { .. } => "loss_exploded",
            Self::DiskFull { .. } => "disk_full",
            Self::Io { .. } => "io_error",
            Self::Tokenizer { .. } => "tokenizer_invalid",
            Self::NoChatTemplate { .. } => "no_chat_template",
            Self::ChatTemplate { .. } => "chat_template_failed",
            Self::TemplateRewritesTurns { .. } => "chat_template_rewrites_turns",
            Self::Dataset { .. } => "dataset_unreadable",
            Self::DatasetChanged { .. } => "dataset_changed",
            Self::Config(_) => "invalid_config",
            Self::Model { .. } => "base_model_invalid",
            Self::NoDevice { .. } => "no_device",
            Self::DeviceMemory { .. } => "device_out_of_memory",
            Self::DeviceFailed { .. } => "device_failed",
            Self::Checkpoint { .. } => "checkpoint_unreadable",
            Self::Parent { .. } => "parent_adapter_invalid",
            Self::OutOfMemory { .. } => "out_of_memory",
            Self::Rehearsal { .. } => "rehearsal_failed",
            Self::Sink(_) => "event_sink_closed",
            Self::Internal(_) => "internal",
        }
    }

    /// Whether the same attempt could succeed later without anybody changing anything.
    pub fn transient(&self) -> bool {
        matches!(self, Self::Io { .. } | Self::Sink(_) | Self::DeviceFailed { .. })
    }

    /// The message together with those of its causes, on one line.
    pub fn full_message(&self) -> String {
        let mut text = self.to_string();
        let mut source = std::error::Error::source(self);
        while let Some(cause) = source {
            text = format!("{} ({cause})", text);
            source = cause.source();
        }
        text
    }

    /// Names the file of an input or output error, and tells a full disk from the rest.
    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path: path.to_owned() },
            _ => Self::Io { action, path: path.to_owned(), source },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_from_other_failures() {
        let full = TrainerError::io("write", Path::new("x"), io::Error::from(io::ErrorKind::StorageFull));
        assert_eq!((full.code(), full.transient()), ("disk_full", false));
        let denied = TrainerError::io("write", Path::new("x"), io::Error::from(io::ErrorKind::PermissionDenied));
        assert_eq!((denied.code(), denied.transient()), ("io_error", true));
        assert!(denied.full_message().contains("permission denied"), "{}", denied.full_message());
    }
}
