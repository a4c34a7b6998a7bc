//! What can go wrong between a model folder and a trained adapter.

use std::path::PathBuf;

/// Every failure that the engine reports to its caller.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// A file of the model or adapter could not be read.
    #[error("cannot read {}: check that the file exists and may be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A file of the adapter could not be written.
    #[error("cannot write {}: check that the folder exists, may be written, and has space left", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A JSON file does not parse, or lacks a field.
    #[error("{file} cannot be understood as JSON of its kind; write it again with the library that made it")]
    Json {
        /// The file's name.
        file: String,
        /// Line, column and reason.
        source: serde_json::Error,
    },
    /// A safetensors file is damaged.
    #[error("{file} is not a whole safetensors file; copy or download it again")]
    Safetensors {
        /// The file's name.
        file: String,
        /// What the parser said.
        source: safetensors::SafeTensorError,
    },
    /// The file is sound, but asks for something this engine does not compute.
    #[error("{what} is not supported; {supported}")]
    Unsupported {
        /// The setting and its value.
        what: String,
        /// What may be used in its place.
        supported: String,
    },
    /// A value in a configuration makes no sense.
    #[error("invalid {what}: {reason}")]
    InvalidConfig {
        /// Which configuration.
        what: &'static str,
        /// Which value, and which values are allowed.
        reason: String,
    },
    /// A tensor that the architecture needs is absent.
    #[error("tensor {name} is missing from {file}; the weights do not belong to this configuration")]
    MissingTensor {
        /// Its full name.
        name: String,
        /// Where it was looked for.
        file: String,
    },
    /// A tensor has another shape than the configuration says.
    #[error("tensor {name} in {file} has shape {found:?} where the configuration asks for {expected:?}")]
    TensorShape {
        /// Its full name.
        name: String,
        /// Where it is.
        file: String,
        /// By the configuration.
        expected: Vec<usize>,
        /// In the file.
        found: Vec<usize>,
    },
    /// There is no device to compute on.
    #[error("no CUDA device can be used: {reason}")]
    NoDevice {
        /// What is missing, and what to do.
        reason: String,
    },
    /// A device failed.
    #[error("the device {device} failed: {reason}")]
    Device {
        /// Its name.
        device: String,
        /// What it said.
        reason: String,
    },
    /// A device has not enough memory.
    #[error(
        "the device {device} is out of memory: {} more were asked for where {} of {} are free; use a smaller batch size or sequence \
         length, gradient checkpointing, or bf16",
        size(*asked), size(*free), size(*total)
    )]
    DeviceMemory {
        /// Its name.
        device: String,
        /// Bytes that were asked for.
        asked: u64,
        /// Bytes that no program uses.
        free: u64,
        /// Bytes that it has.
        total: u64,
    },
    /// A batch does not fit the model.
    #[error("invalid batch: {reason}")]
    InvalidBatch {
        /// Which value at which place, and what is allowed.
        reason: String,
    },
    /// Adapter weights or gradients were made for another model or other LoRA settings.
    #[error("the adapter does not fit: {reason}")]
    AdapterMismatch {
        /// What differs.
        reason: String,
    },
}

/// Bytes as a person reads them.
fn size(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

impl ModelError {
    pub(crate) fn invalid_config(reason: impl Into<String>) -> Self {
        Self::InvalidConfig { what: "model configuration", reason: reason.into() }
    }

    pub(crate) fn invalid_lora(reason: impl Into<String>) -> Self {
        Self::InvalidConfig { what: "LoRA configuration", reason: reason.into() }
    }

    pub(crate) fn invalid_batch(reason: impl Into<String>) -> Self {
        Self::InvalidBatch { reason: reason.into() }
    }

    pub(crate) fn unsupported(what: impl Into<String>, supported: impl Into<String>) -> Self {
        Self::Unsupported { what: what.into(), supported: supported.into() }
    }
}
