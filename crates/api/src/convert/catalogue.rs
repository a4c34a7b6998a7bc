//! What is on offer.

use super::jobs::{hyperparameters, settings};
use crate::dto::catalogue::{BaseModel, Catalogue, ClusterNode, ClusterState, InstanceType, Limits, Preset, Range};
use app::catalogue::{CatalogueView, ClusterView};

/// What is on offer.
pub fn catalogue(view: CatalogueView) -> Catalogue {
    let base_model = |model: domain::catalogue::BaseModel| BaseModel {
        id: model.id,
        display_name: model.display_name,
        parameters: model.parameters,
        context_length: model.context_length,
        license: model.license,
        revision: model.revision,
    };
    let instance = |instance: domain::catalogue::InstanceType| InstanceType {
        id: instance.id,
        display_name: instance.display_name,
        rate_per_hour: instance.rate_per_hour.usd(),
        spot_rate_per_hour: instance.spot_rate_per_hour.map(domain::MicroUsd::usd),
        available: instance.available,
        memory_bytes: (instance.memory_bytes > 0).then_some(instance.memory_bytes),
    };
    let preset = |preset: app::catalogue::PresetView| Preset {
        id: preset.id,
        display_name: preset.display_name.to_owned(),
        description: preset.description.to_owned(),
        hyperparameters: hyperparameters(preset.hyperparameters),
    };
    Catalogue {
        base_models: view.base_models.into_iter().map(base_model).collect(),
        instance_types: view.instances.into_iter().map(instance).collect(),
        cluster: cluster(view.cluster),
        presets: view.presets.into_iter().map(preset).collect(),
        default_settings: settings(&view.default_settings),
        limits: limits(&view.limits),
        target_modules: domain::job::TARGET_MODULES.iter().map(|name| (*name).to_owned()).collect(),
        max_file_size: view.max_file_size,
        min_trainable_examples: view.min_trainable_examples,
        version: view.version,
    }
}

fn cluster(view: ClusterView) -> ClusterState {
    let node = |node: app::catalogue::NodeState| ClusterNode {
        name: node.name,
        connected: node.ok,
        message: node.message,
        version: node.version,
        running: node.running,
        capacity: node.capacity,
    };
    ClusterState {
        connected: view.ok,
        running: view.running,
        capacity: view.capacity,
        message: view.message,
        nodes: view.nodes.into_iter().map(node).collect(),
    }
}

fn limits(limits: &domain::job::Limits) -> Limits {
    let range = |range: domain::job::Range| Range { min: range.min, max: range.max };
    Limits {
        learning_rate: range(limits.learning_rate),
        batch_size: range(limits.batch_size),
        num_epochs: range(limits.num_epochs),
        warmup_steps: range(limits.warmup_steps),
        warmup_ratio: range(limits.warmup_ratio),
        lora_rank: range(limits.lora_rank),
        lora_alpha: range(limits.lora_alpha),
        lora_dropout: range(limits.lora_dropout),
        weight_decay: range(limits.weight_decay),
        gradient_accumulation_steps: range(limits.gradient_accumulation_steps),
        max_grad_norm: range(limits.max_grad_norm),
        max_seq_length: range(limits.max_seq_length),
        validation_split_ratio: range(limits.validation_split_ratio),
        checkpoint_interval: range(limits.checkpoint_interval),
        early_stopping_patience: range(limits.early_stopping_patience),
        max_duration_hours: range(limits.max_duration_hours),
        evaluation_examples: range(limits.evaluation_examples),
        evaluation_minutes: range(limits.evaluation_minutes),
    }
}
