//! What a job is asked to do: one canonical set of settings, from the request to the trainer.

use super::targets::{TargetModules, check_layer_list};
use crate::error::{Error, Result};
use crate::id::ModelId;
use crate::text_enum::text_enum;
use serde::{Deserialize, Serialize};

text_enum! {
    /// Optimiser.
    OptimizerType {
        /// AdamW with decoupled weight decay.
        Adamw = "adamw",
        /// SGD with momentum 0.9.
        Sgd = "sgd",
        /// Adafactor.
        Adafactor = "adafactor",
    }
}

text_enum! {
    /// Learning rate schedule after the warm-up.
    Scheduler {
        /// Falls linearly to zero.
        Linear = "linear",
        /// Falls along half a cosine to zero.
        Cosine = "cosine",
        /// Stays.
        Constant = "constant",
    }
}

text_enum! {
    /// What happens to examples above the sequence length.
    OverlongExamples {
        /// The end of the prompt and as much of the answer as fits are kept.
        Truncate = "truncate",
        /// They are left out.
        Drop = "drop",
    }
}

text_enum! {
    /// Numbers in which the base model's matrices are kept and multiplied. Adapters and sums are in f32 always.
    Precision {
        /// 32 bits.
        F32 = "f32",
        /// bfloat16: half the memory, and faster where the machine has instructions for it.
        Bf16 = "bf16",
    }
}

#[expect(clippy::derivable_impls, reason = "the macro that makes the enumeration has no place for a default")]
impl Default for Precision {
    fn default() -> Self {
        Self::F32
    }
}

impl Precision {
    /// Bytes of a number.
    pub const fn bytes(self) -> u64 {
        match self {
            Self::F32 => 4,
            Self::Bf16 => 2,
        }
    }
}

#[expect(clippy::derivable_impls, reason = "as above")]
impl Default for OverlongExamples {
    fn default() -> Self {
        Self::Truncate
    }
}

/// Hyperparameters, named as in the API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Hyperparameters {
    /// Peak learning rate.
    pub learning_rate: f64,
    /// Examples a device and micro-step.
    pub batch_size: u32,
    /// Passes over the training split.
    pub num_epochs: u32,
    /// Optimiser steps of linear warm-up; zero means by `warmup_ratio`.
    pub warmup_steps: u32,
    /// Share of all steps, rounded up, used when `warmup_steps` is zero.
    pub warmup_ratio: f64,
    /// Rank r of A and B.
    pub lora_rank: u32,
    /// Scaling is alpha / r, or alpha / √r with `use_rslora`.
    pub lora_alpha: f64,
    /// Whether the scaling is that of rsLoRA (Kalajdzievski, 2023).
    #[serde(default, skip_serializing_if = "is_off")]
    pub use_rslora: bool,
    /// Dropout on the input of A.
    pub lora_dropout: f64,
    /// Which modules get an adapter.
    pub target_modules: TargetModules,
    /// The layers, from 0, whose modules get one; none for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layers_to_transform: Option<Vec<u32>>,
    /// Optimiser.
    pub optimizer_type: OptimizerType,
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// Micro-steps an optimiser step.
    pub gradient_accumulation_steps: u32,
    /// Clip the global gradient norm to this; zero means do not clip.
    pub max_grad_norm: f64,
    /// Schedule.
    pub scheduler: Scheduler,
    /// Tokens an example at most.
    pub max_seq_length: u32,
}

text_enum! {
    /// Whether blocks are computed again in the backward pass, which takes less memory and more time.
    GradientCheckpointing {
        /// Where the memory would not suffice otherwise.
        Auto = "auto",
        /// Always.
        On = "on",
        /// Never.
        Off = "off",
    }
}

#[expect(clippy::derivable_impls, reason = "the macro that makes the enumeration has no place for a default")]
impl Default for GradientCheckpointing {
    fn default() -> Self {
        Self::Auto
    }
}

/// What is off is not written, so that the settings of older jobs read and hash as before.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde asks for it")]
fn is_off(value: &bool) -> bool {
    !*value
}

/// The machine asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GpuConfig {
    /// Id in the catalogue, such as `h100-80gb` or `local-cpu`.
    pub instance_type: String,
    /// 1, 2, 4 or 8.
    #[serde(rename = "numGPUs")]
    pub num_gpus: u32,
    /// At the spot rate, where the instance has one.
    #[serde(default)]
    pub spot: bool,
}

/// The settings beside the hyperparameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JobSettings {
    /// Stop after this many validations without a better loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub early_stopping_patience: Option<u32>,
    /// Share of the conversations that is held out, where the file has no split of its own.
    pub validation_split_ratio: f64,
    /// Optimiser steps between checkpoints.
    pub checkpoint_interval: u32,
    /// Seed of everything random.
    pub seed: u64,
    /// The job is stopped, with a checkpoint, after this many hours on the GPU.
    pub max_duration_hours: f64,
    /// Whether several short examples share a row of a batch.
    #[serde(default)]
    pub packing: bool,
    /// What happens to examples above the sequence length.
    #[serde(default)]
    pub overlong_examples: OverlongExamples,
    /// Numbers in which the base model's matrices are kept.
    #[serde(default)]
    pub precision: Precision,
    /// Whether blocks are computed again in the backward pass.
    #[serde(default)]
    pub gradient_checkpointing: GradientCheckpointing,
    /// The adapter that the training goes on from; none for a fresh one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_model_id: Option<ModelId>,
    /// Held-out questions that both models answer at the end, for BLEU and the scores that need answers; zero for none.
    #[serde(default = "default_evaluation_examples")]
    pub evaluation_examples: u32,
    /// Minutes that the evaluation may take; what was not measured by then is absent.
    #[serde(default = "default_evaluation_minutes")]
    pub evaluation_minutes: f64,
}

const fn default_evaluation_examples() -> u32 {
    16
}

const fn default_evaluation_minutes() -> f64 {
    10.0
}

impl Default for JobSettings {
    fn default() -> Self {
        Self {
            early_stopping_patience: None,
            validation_split_ratio: 0.1,
            checkpoint_interval: 100,
            seed: 42,
            max_duration_hours: 24.0,
            packing: false,
            overlong_examples: OverlongExamples::Truncate,
            precision: Precision::F32,
            gradient_checkpointing: GradientCheckpointing::Auto,
            parent_model_id: None,
            evaluation_examples: default_evaluation_examples(),
            evaluation_minutes: default_evaluation_minutes(),
        }
    }
}

/// Everything that the trainer needs to know about the training itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TrainingConfig {
    /// Hyperparameters.
    pub hyperparameters: Hyperparameters,
    /// The rest.
    pub settings: JobSettings,
}

/// A closed range.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Range {
    /// Least value.
    pub min: f64,
    /// Greatest value.
    pub max: f64,
}

const fn range(min: f64, max: f64) -> Range {
    Range { min, max }
}

/// The ranges that every request is checked against, and that the catalogue shows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// Of `learningRate`.
    pub learning_rate: Range,
    /// Of `batchSize`.
    pub batch_size: Range,
    /// Of `numEpochs`.
    pub num_epochs: Range,
    /// Of `warmupSteps`.
    pub warmup_steps: Range,
    /// Of `warmupRatio`.
    pub warmup_ratio: Range,
    /// Of `loraRank`.
    pub lora_rank: Range,
    /// Of `loraAlpha`.
    pub lora_alpha: Range,
    /// Of `loraDropout`.
    pub lora_dropout: Range,
    /// Of `weightDecay`.
    pub weight_decay: Range,
    /// Of `gradientAccumulationSteps`.
    pub gradient_accumulation_steps: Range,
    /// Of `maxGradNorm`.
    pub max_grad_norm: Range,
    /// Of `maxSeqLength`.
    pub max_seq_length: Range,
    /// Of `validationSplitRatio`.
    pub validation_split_ratio: Range,
    /// Of `checkpointInterval`.
    pub checkpoint_interval: Range,
    /// Of `earlyStoppingPatience`.
    pub early_stopping_patience: Range,
    /// Of `maxDurationHours`.
    pub max_duration_hours: Range,
    /// Of `evaluationExamples`.
    pub evaluation_examples: Range,
    /// Of `evaluationMinutes`.
    pub evaluation_minutes: Range,
}

/// The limits in force.
pub const LIMITS: Limits = Limits {
    learning_rate: range(1e-7, 1e-1),
    batch_size: range(1.0, 64.0),
    num_epochs: range(1.0, 20.0),
    warmup_steps: range(0.0, 100_000.0),
    warmup_ratio: range(0.0, 0.5),
    lora_rank: range(1.0, 256.0),
    lora_alpha: range(1.0, 512.0),
    lora_dropout: range(0.0, 0.5),
    weight_decay: range(0.0, 1.0),
    gradient_accumulation_steps: range(1.0, 128.0),
    max_grad_norm: range(0.0, 100.0),
    max_seq_length: range(64.0, 32_768.0),
    validation_split_ratio: range(0.0, 0.5),
    checkpoint_interval: range(1.0, 100_000.0),
    early_stopping_patience: range(1.0, 20.0),
    max_duration_hours: range(0.01, 72.0),
    evaluation_examples: range(0.0, 200.0),
    evaluation_minutes: range(0.1, 240.0),
};

fn check(field: &str, value: f64, range: Range) -> Result<()> {
    if value.is_finite() && value >= range.min && value <= range.max {
        return Ok(());
    }
    Err(Error::invalid(field, format!("{field} is {value}; it must be between {} and {}.", range.min, range.max)))
}

impl Hyperparameters {
    /// Checks every value against [`LIMITS`].
    ///
    /// # Errors
    /// The first value out of range, with its field.
    pub fn validate(&self) -> Result<()> {
        let l = &LIMITS;
        check("hyperparameters.learningRate", self.learning_rate, l.learning_rate)?;
        check("hyperparameters.batchSize", f64::from(self.batch_size), l.batch_size)?;
        check("hyperparameters.numEpochs", f64::from(self.num_epochs), l.num_epochs)?;
        check("hyperparameters.warmupSteps", f64::from(self.warmup_steps), l.warmup_steps)?;
        check("hyperparameters.warmupRatio", self.warmup_ratio, l.warmup_ratio)?;
        check("hyperparameters.loraRank", f64::from(self.lora_rank), l.lora_rank)?;
        check("hyperparameters.loraAlpha", self.lora_alpha, l.lora_alpha)?;
        check("hyperparameters.loraDropout", self.lora_dropout, l.lora_dropout)?;
        check("hyperparameters.weightDecay", self.weight_decay, l.weight_decay)?;
        check("hyperparameters.gradientAccumulationSteps", f64::from(self.gradient_accumulation_steps), l.gradient_accumulation_steps)?;
        check("hyperparameters.maxGradNorm", self.max_grad_norm, l.max_grad_norm)?;
        check("hyperparameters.maxSeqLength", f64::from(self.max_seq_length), l.max_seq_length)?;
        self.target_modules.validate()?;
        self.layers_to_transform.as_deref().map_or(Ok(()), check_layer_list)
    }

    /// Warm-up steps of a run of `total_steps`.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "ratio is at most .5 of a u64 of steps")]
    #[expect(clippy::cast_precision_loss, reason = "step counts are far below 2^53")]
    pub fn warmup(&self, total_steps: u64) -> u64 {
        if self.warmup_steps > 0 {
            return u64::from(self.warmup_steps).min(total_steps);
        }
        (self.warmup_ratio * total_steps as f64).ceil() as u64
    }
}

impl JobSettings {
    /// Checks every value against [`LIMITS`].
    ///
    /// # Errors
    /// The first value out of range, with its field.
    pub fn validate(&self) -> Result<()> {
        check("validationSplitRatio", self.validation_split_ratio, LIMITS.validation_split_ratio)?;
        check("checkpointInterval", f64::from(self.checkpoint_interval), LIMITS.checkpoint_interval)?;
        check("maxDurationHours", self.max_duration_hours, LIMITS.max_duration_hours)?;
        check("evaluationExamples", f64::from(self.evaluation_examples), LIMITS.evaluation_examples)?;
        check("evaluationMinutes", self.evaluation_minutes, LIMITS.evaluation_minutes)?;
        match self.early_stopping_patience {
            Some(patience) => check("earlyStoppingPatience", f64::from(patience), LIMITS.early_stopping_patience),
            None => Ok(()),
        }
    }
}

impl GpuConfig {
    /// Checks the number of GPUs. Whether the instance type exists is the catalogue's to say.
    ///
    /// # Errors
    /// When it is none of 1, 2, 4 and 8.
    pub fn validate(&self) -> Result<()> {
        if matches!(self.num_gpus, 1 | 2 | 4 | 8) {
            return Ok(());
        }
        Err(Error::invalid("gpuConfig.numGPUs", format!("numGPUs is {}; it must be 1, 2, 4 or 8.", self.num_gpus)))
    }
}
