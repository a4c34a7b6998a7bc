//! What a job is asked to do.

use crate::dto::job_requests::{CreateJobRequest, EstimateRequest, HyperparameterInput};
use crate::dto::jobs::{GpuConfig, TargetModules};
use crate::error::ApiError;
use app::jobs::{CreateJob, HyperparametersInput, JobRequest, SettingsInput};
use domain::Error;
use domain::job::PresetId;

/// The same fields of both requests.
struct Common {
    dataset_id: uuid::Uuid,
    preset_id: Option<PresetId>,
    base_model: Option<String>,
    parent_model_id: Option<uuid::Uuid>,
    hyperparameters: HyperparameterInput,
    gpu_config: Option<GpuConfig>,
    max_seq_length: Option<u32>,
    warmup_ratio: Option<f64>,
    spot: Option<bool>,
    settings: SettingsInput,
}

macro_rules! common {
    ($body:ident, $preset:expr) => {
        Common {
            dataset_id: $body.dataset_id,
            preset_id: $preset,
            base_model: $body.base_model,
            parent_model_id: $body.parent_model_id,
            hyperparameters: $body.hyperparameters,
            gpu_config: $body.gpu_config,
            max_seq_length: $body.max_seq_length,
            warmup_ratio: $body.warmup_ratio,
            spot: $body.spot,
            settings: SettingsInput {
                early_stopping_patience: $body.early_stopping_patience,
                validation_split_ratio: $body.validation_split_ratio,
                checkpoint_interval: $body.checkpoint_interval,
                seed: $body.seed,
                max_duration_hours: $body.max_duration_hours,
                packing: $body.packing,
                overlong_examples: $body.overlong_examples,
                precision: $body.precision,
                gradient_checkpointing: $body.gradient_checkpointing,
                evaluation_examples: $body.evaluation_examples,
                evaluation_minutes: $body.evaluation_minutes,
            },
        }
    };
}

/// What to estimate.
///
/// # Errors
/// When something is asked for that this version cannot do.
pub fn estimate(body: EstimateRequest) -> Result<JobRequest, ApiError> {
    request(common!(body, body.preset_id))
}

/// What to create.
///
/// # Errors
/// When something is asked for that this version cannot do.
pub fn create(body: CreateJobRequest) -> Result<CreateJob, ApiError> {
    let (name, notes) = (body.name, body.notes);
    Ok(CreateJob { request: request(common!(body, Some(body.preset_id)))?, name, notes })
}

fn request(common: Common) -> Result<JobRequest, ApiError> {
    let gpu = common.gpu_config.map(|gpu| domain::job::GpuConfig { spot: common.spot.unwrap_or(gpu.spot), ..machine(gpu) });
    if gpu.is_none() && common.spot == Some(true) {
        return Err(Error::invalid("spot", "Say in gpuConfig which instance type is to be used at its spot rate.").into());
    }
    let inner = hyperparameters_input(common.hyperparameters);
    Ok(JobRequest {
        dataset_id: common.dataset_id.into(),
        preset_id: common.preset_id,
        base_model: common.base_model,
        parent_model_id: common.parent_model_id.map(Into::into),
        hyperparameters: HyperparametersInput {
            warmup_ratio: common.warmup_ratio.or(inner.warmup_ratio),
            max_seq_length: common.max_seq_length.or(inner.max_seq_length),
            ..inner
        },
        settings: common.settings,
        gpu,
    })
}

/// The machine asked for.
pub fn machine(gpu: GpuConfig) -> domain::job::GpuConfig {
    domain::job::GpuConfig { instance_type: gpu.instance_type, num_gpus: gpu.num_gpus, spot: gpu.spot }
}

/// Hyperparameters as asked for.
pub fn hyperparameters_input(h: HyperparameterInput) -> HyperparametersInput {
    HyperparametersInput {
        learning_rate: h.learning_rate,
        batch_size: h.batch_size,
        num_epochs: h.num_epochs,
        warmup_steps: h.warmup_steps,
        warmup_ratio: h.warmup_ratio,
        lora_rank: h.lora_rank,
        lora_alpha: h.lora_alpha,
        lora_dropout: h.lora_dropout,
        use_rslora: h.use_rslora,
        target_modules: h.target_modules.map(target_modules),
        layers_to_transform: h.layers_to_transform,
        optimizer_type: h.optimizer_type,
        weight_decay: h.weight_decay,
        gradient_accumulation_steps: h.gradient_accumulation_steps,
        max_grad_norm: h.max_grad_norm,
        scheduler: h.scheduler,
        max_seq_length: h.max_seq_length,
    }
}

fn target_modules(asked: TargetModules) -> domain::job::TargetModules {
    match asked {
        TargetModules::Names(names) => domain::job::TargetModules::Names(names),
        TargetModules::Text(text) => domain::job::TargetModules::Text(text),
    }
}
