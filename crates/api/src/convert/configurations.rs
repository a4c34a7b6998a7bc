//! Saved configurations.

use super::job_request::{hyperparameters_input, machine};
use super::jobs::target_modules;
use crate::dto::configurations::{Configuration, ConfigurationSettings, CreateConfiguration, UpdateConfiguration};
use crate::dto::job_requests::HyperparameterInput;
use crate::dto::jobs::GpuConfig;
use app::configurations::{self, ConfigurationView};
use app::jobs::{HyperparametersInput, JobSetup, SettingsInput};

/// A new one.
pub fn new(body: CreateConfiguration) -> configurations::NewConfiguration {
    configurations::NewConfiguration { name: body.name, settings: setup(body.settings) }
}

/// Changes to one.
pub fn change(body: UpdateConfiguration) -> configurations::UpdateConfiguration {
    configurations::UpdateConfiguration { name: body.name, settings: body.settings.map(setup) }
}

/// As shown.
pub fn configuration(view: ConfigurationView) -> Configuration {
    Configuration {
        id: view.id.uuid(),
        name: view.name,
        settings: settings(view.settings),
        created_at: view.created_at,
        updated_at: view.updated_at,
    }
}

fn setup(body: ConfigurationSettings) -> JobSetup {
    JobSetup {
        preset_id: body.preset_id,
        base_model: body.base_model,
        hyperparameters: hyperparameters_input(body.hyperparameters),
        settings: SettingsInput {
            early_stopping_patience: body.early_stopping_patience,
            validation_split_ratio: body.validation_split_ratio,
            checkpoint_interval: body.checkpoint_interval,
            seed: body.seed,
            max_duration_hours: body.max_duration_hours,
            packing: body.packing,
            overlong_examples: body.overlong_examples,
            gradient_checkpointing: body.gradient_checkpointing,
            evaluation_examples: body.evaluation_examples,
            evaluation_minutes: body.evaluation_minutes,
            precision: body.precision,
        },
        gpu: body.gpu_config.map(machine),
    }
}

fn settings(said: JobSetup) -> ConfigurationSettings {
    let other = said.settings;
    ConfigurationSettings {
        preset_id: said.preset_id,
        base_model: said.base_model,
        hyperparameters: hyperparameters(said.hyperparameters),
        gpu_config: said.gpu.map(|gpu| GpuConfig { instance_type: gpu.instance_type, num_gpus: gpu.num_gpus, spot: gpu.spot }),
        early_stopping_patience: other.early_stopping_patience,
        validation_split_ratio: other.validation_split_ratio,
        checkpoint_interval: other.checkpoint_interval,
        seed: other.seed,
        packing: other.packing,
        overlong_examples: other.overlong_examples,
        gradient_checkpointing: other.gradient_checkpointing,
        evaluation_examples: other.evaluation_examples,
        evaluation_minutes: other.evaluation_minutes,
        precision: other.precision,
        max_duration_hours: other.max_duration_hours,
    }
}

fn hyperparameters(h: HyperparametersInput) -> HyperparameterInput {
    HyperparameterInput {
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
