//! From a request to a complete, checked configuration.

use domain::account::Role;
use domain::catalogue::{BaseModel, InstanceType, LOCAL_GPU};
use domain::cost::{Estimate, row_tokens};
use domain::dataset::DatasetStatus;
use domain::job::{GpuConfig, Hyperparameters, JobSettings, PresetId, TrainingConfig, preset};
use domain::memory::{LongestBatch, MemoryEstimate, advice, choose, in_words};
use domain::{Caller, DatasetId, Error, ErrorKind, MicroUsd, Result, throughput};

use super::base_model::Geometry;
use super::parent;
use super::types::{HyperparametersInput, JobRequest, JobSetup, SettingsInput};
use crate::{App, Config, catalogue};

/// Seconds before the first step and after the last: start, loading, tokenising, writing the adapter.
const SETUP_SECONDS: f64 = 5.0;

/// A request with everything filled in and checked.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// What to train on; ready.
    pub dataset: db::datasets::Dataset,
    /// Preset that it was configured from.
    pub preset_id: PresetId,
    /// Base model.
    pub base_model: BaseModel,
    /// Machine.
    pub gpu: GpuConfig,
    /// Settings.
    pub config: TrainingConfig,
    /// What it would take.
    pub estimate: Estimate,
    /// Rate of one device, an hour.
    pub rate: MicroUsd,
    /// Memory that it would take on a device.
    pub memory: MemoryEstimate,
}

/// Resolves a request for its caller: the one way to an estimate, for the page, for a launch and for the receipt.
///
/// # Errors
/// With the field at fault; `DATASET_NOT_FOUND`, `DATASET_NOT_READY`.
pub async fn resolve(app: &App, caller: &Caller, request: &JobRequest) -> Result<Resolved> {
    let dataset = ready_dataset(app, caller, request.dataset_id).await?;
    let instances = catalogue::instances(app, &app.cluster.health().await, true).await?;
    let wished = Wished::of(app, caller, &instances).await?;
    let parent = parent::find(app, caller, request.parent_model_id).await?;
    let of_parent = parent.as_ref().map(|parent| &*parent.base_model);
    let asked = request.base_model.as_deref().or(of_parent).or(wished.base_model.as_deref());
    let base_model = base_model(&app.config, asked).map_err(|error| explained(app, caller, asked, error))?.clone();
    let (instance, gpu, rate) = machine(&instances, request.gpu.as_ref().or(wished.gpu.as_ref()))?;
    let preset_id = request.preset_id.unwrap_or(PresetId::Custom);
    let preset = preset(preset_id, base_model.context_length);
    let shaped = parent.as_ref().map_or_else(|| preset.clone(), |parent| parent.shape(preset.clone()));
    let hyperparameters = fill(shaped, &request.hyperparameters);
    let settings = JobSettings { parent_model_id: parent.as_ref().map(|parent| parent.id), ..settings(&request.settings) };
    let config = TrainingConfig { hyperparameters, settings };
    if let Some(parent) = &parent {
        parent.check(&base_model.id, &config.hyperparameters)?;
    }
    let geometry = check(&config, &base_model).await?;
    let statistics = dataset.statistics.as_ref().ok_or_else(|| not_ready("Its statistics are missing; validate it again."))?;
    let (precision, runs) = (config.settings.precision, db::throughputs::of(&app.db, &base_model.id, &instance.id, gpu.num_gpus).await?);
    let throughput = throughput::expected(&runs, precision, row_tokens(statistics, &config))
        .unwrap_or_else(|| throughput::from_flops(base_model.parameters, instance.flops, gpu.num_gpus, precision));
    let estimate = domain::cost::estimate(statistics, dataset.file_size, &config, gpu.num_gpus, rate, throughput, SETUP_SECONDS);
    let memory = memory(&geometry, &config, &dataset, instance)?;
    Ok(Resolved { dataset, preset_id, base_model, gpu, config, estimate, rate, memory })
}

/// What the caller's settings say for requests that say nothing. What is not on offer any more is as if it had not been said.
struct Wished {
    base_model: Option<String>,
    gpu: Option<GpuConfig>,
}

impl Wished {
    async fn of(app: &App, caller: &Caller, instances: &[InstanceType]) -> Result<Self> {
        let settings = db::settings::get(&app.db, caller.user_id).await?;
        let offered = |id: &String| instances.iter().any(|i| i.available && i.id == *id);
        Ok(Self {
            base_model: settings.base_model.filter(|id| app.config.base_models.iter().any(|model| model.id == *id)),
            gpu: settings.instance_type.filter(offered).map(|instance_type| GpuConfig { instance_type, num_gpus: 1, spot: false }),
        })
    }
}

/// Checks what a request says beside its data set, as [`resolve`] will. Machines and models must be known here; whether there is one free
/// is for the launch to see.
///
/// # Errors
/// With the field at fault.
pub async fn check_without_dataset(app: &App, said: &JobSetup) -> Result<()> {
    let base_model = base_model(&app.config, said.base_model.as_deref())?;
    if let Some(gpu) = &said.gpu {
        let overrides = db::instances::overrides(&app.db).await?;
        let known = app.config.instances.iter().map(|i| InstanceType { available: true, ..catalogue::changed(i, &overrides) });
        machine(&known.collect::<Vec<_>>(), Some(gpu))?;
    }
    let hyperparameters = fill(preset(said.preset_id, base_model.context_length), &said.hyperparameters);
    check(&TrainingConfig { hyperparameters, settings: settings(&said.settings) }, base_model).await.map(drop)
}

async fn ready_dataset(app: &App, caller: &Caller, id: DatasetId) -> Result<db::datasets::Dataset> {
    let dataset = db::datasets::get(&app.db, id).await?.filter(|d| caller.may_manage(d.user_id));
    let dataset = dataset.ok_or_else(|| Error::not_found("DATASET_NOT_FOUND", "data set").with_field("datasetId"))?;
    match dataset.status {
        DatasetStatus::Ready if dataset.training_ready => Ok(dataset),
        DatasetStatus::Ready => Err(not_ready("It has too few examples to train on; its findings say why.")),
        DatasetStatus::Error => Err(not_ready("It cannot be used; its findings say why.")),
        DatasetStatus::Uploading => Err(not_ready("Its upload was not confirmed yet.")),
        DatasetStatus::Validating => Err(not_ready("It is still being validated; wait until it is ready.")),
    }
}

fn not_ready(why: &str) -> Error {
    Error::conflict("DATASET_NOT_READY", format!("The data set cannot be trained on. {why}")).with_field("datasetId")
}

/// The base model with this id, or the first.
///
/// # Errors
/// With the field, naming those on offer.
pub fn base_model<'a>(config: &'a Config, id: Option<&str>) -> Result<&'a BaseModel> {
    let found = match id {
        Some(id) => config.base_models.iter().find(|m| m.id == id),
        None => config.base_models.first(),
    };
    found.ok_or_else(|| {
        let known: Vec<&str> = config.base_models.iter().map(|m| m.id.as_str()).collect();
        Error::invalid("baseModel", format!("There is no base model '{}'; on offer: {}.", id.unwrap_or_default(), known.join(", ")))
    })
}

/// Why a model that is configured is not on offer, for those who can change it: the reason may name folders of the server.
fn explained(app: &App, caller: &Caller, asked: Option<&str>, error: Error) -> Error {
    let absent = app.config.absent_models.iter().find(|model| Some(&*model.id) == asked);
    match absent.filter(|_| caller.role == Role::Admin) {
        Some(model) => Error::invalid("baseModel", format!("The base model '{}' cannot be used now: {}", model.id, model.reason)),
        None => error,
    }
}

fn machine<'a>(instances: &'a [InstanceType], asked: Option<&GpuConfig>) -> Result<(&'a InstanceType, GpuConfig, MicroUsd)> {
    let available = || instances.iter().filter(|i| i.available);
    let gpu = match (asked, available().next()) {
        (Some(gpu), _) => gpu.clone(),
        (None, Some(first)) => GpuConfig { instance_type: first.id.clone(), num_gpus: 1, spot: false },
        (None, None) => return Err(Error::invalid("gpuConfig.instanceType", "This server has no instance type available.")),
    };
    let Some(instance) = available().find(|i| i.id == gpu.instance_type) else {
        let known: Vec<&str> = available().map(|i| i.id.as_str()).collect();
        let why = format!("Instance type '{}' is not available on this server; available: {}.", gpu.instance_type, known.join(", "));
        return Err(Error::invalid("gpuConfig.instanceType", why));
    };
    gpu.validate()?;
    // An instance without memory of its own is the host, which is there once; of its GPUs a run uses one.
    if (instance.memory_bytes == 0 || instance.id == LOCAL_GPU) && gpu.num_gpus != 1 {
        return Err(Error::invalid("gpuConfig.numGPUs", format!("{} is one device; numGPUs must be 1.", instance.display_name)));
    }
    let rate = match (gpu.spot, instance.spot_rate_per_hour) {
        (false, _) => instance.rate_per_hour,
        (true, Some(rate)) => rate,
        (true, None) => {
            return Err(Error::invalid("gpuConfig.spot", format!("{} is not offered at a spot rate.", instance.display_name)));
        }
    };
    Ok((instance, gpu, rate))
}

fn fill(base: Hyperparameters, asked: &HyperparametersInput) -> Hyperparameters {
    Hyperparameters {
        learning_rate: asked.learning_rate.unwrap_or(base.learning_rate),
        batch_size: asked.batch_size.unwrap_or(base.batch_size),
        num_epochs: asked.num_epochs.unwrap_or(base.num_epochs),
        warmup_steps: asked.warmup_steps.unwrap_or(base.warmup_steps),
        warmup_ratio: asked.warmup_ratio.unwrap_or(base.warmup_ratio),
        lora_rank: asked.lora_rank.unwrap_or(base.lora_rank),
        lora_alpha: asked.lora_alpha.unwrap_or(base.lora_alpha),
        lora_dropout: asked.lora_dropout.unwrap_or(base.lora_dropout),
        use_rslora: asked.use_rslora.unwrap_or(base.use_rslora),
        target_modules: asked.target_modules.clone().unwrap_or(base.target_modules),
        layers_to_transform: asked.layers_to_transform.clone().or(base.layers_to_transform),
        optimizer_type: asked.optimizer_type.unwrap_or(base.optimizer_type),
        weight_decay: asked.weight_decay.unwrap_or(base.weight_decay),
        gradient_accumulation_steps: asked.gradient_accumulation_steps.unwrap_or(base.gradient_accumulation_steps),
        max_grad_norm: asked.max_grad_norm.unwrap_or(base.max_grad_norm),
        scheduler: asked.scheduler.unwrap_or(base.scheduler),
        max_seq_length: asked.max_seq_length.unwrap_or(base.max_seq_length),
    }
}

fn settings(asked: &SettingsInput) -> JobSettings {
    let base = JobSettings::default();
    JobSettings {
        early_stopping_patience: asked.early_stopping_patience.or(base.early_stopping_patience),
        validation_split_ratio: asked.validation_split_ratio.unwrap_or(base.validation_split_ratio),
        checkpoint_interval: asked.checkpoint_interval.unwrap_or(base.checkpoint_interval),
        seed: asked.seed.unwrap_or(base.seed),
        max_duration_hours: asked.max_duration_hours.unwrap_or(base.max_duration_hours),
        packing: asked.packing.unwrap_or(base.packing),
        overlong_examples: asked.overlong_examples.unwrap_or(base.overlong_examples),
        precision: asked.precision.unwrap_or(base.precision),
        gradient_checkpointing: asked.gradient_checkpointing.unwrap_or(base.gradient_checkpointing),
        parent_model_id: None,
        evaluation_examples: asked.evaluation_examples.unwrap_or(base.evaluation_examples),
        evaluation_minutes: asked.evaluation_minutes.unwrap_or(base.evaluation_minutes),
    }
}

async fn check(config: &TrainingConfig, base_model: &BaseModel) -> Result<Geometry> {
    let h = &config.hyperparameters;
    h.validate()?;
    config.settings.validate()?;
    if h.max_seq_length > base_model.context_length {
        let (asked, context) = (h.max_seq_length, base_model.context_length);
        let why = format!("maxSeqLength is {asked}, but {} takes {context} tokens at most.", base_model.display_name);
        return Err(Error::invalid("hyperparameters.maxSeqLength", why));
    }
    let geometry = Geometry::read(&base_model.path).await?;
    geometry.check(h)?;
    Ok(geometry)
}

/// What the run would take, at the largest batch that the data set could make.
///
/// # Errors
/// When that is more than the instance has, with the figures and with what would fit. What the host of an instance without memory of its
/// own has is for the trainer to say.
fn memory(
    geometry: &Geometry,
    config: &TrainingConfig,
    dataset: &db::datasets::Dataset,
    instance: &InstanceType,
) -> Result<MemoryEstimate> {
    let h = &config.hyperparameters;
    let (sizes, trained) = (geometry.sizes(), geometry.trained(config, instance.memory_bytes > 0)?);
    let longest = dataset.statistics.as_ref().map_or(u64::MAX, |s| s.length_distribution.max).max(1);
    let batch = |size: u32, length: u32| {
        let row = if config.settings.packing { u64::from(length) } else { longest.min(length.into()) };
        let tokens = u64::from(size) * row;
        LongestBatch { tokens, labels: tokens, longest: longest.min(length.into()) }
    };
    let limit = (instance.memory_bytes > 0).then_some(instance.memory_bytes);
    let asked = config.settings.gradient_checkpointing;
    let chosen = choose(asked, limit, |recompute| sizes.estimate(&trained, batch(h.batch_size, h.max_seq_length), recompute));
    chosen.map_err(|over| {
        let limit = limit.unwrap_or(0);
        let advice = advice(limit, (h.batch_size, h.max_seq_length), |size, length, recompute| {
            sizes.estimate(&trained, batch(size, length), recompute).total()
        });
        let (needed, there) = (in_words(over.total()), in_words(limit));
        let why = format!("The run needs about {needed}, but a device of {} has {there}. {advice}", instance.display_name);
        let error = Error::new(ErrorKind::Invalid, "OUT_OF_MEMORY", why).with_field("hyperparameters.batchSize");
        error.with_details(serde_json::json!({ "needed": over, "neededBytes": over.total(), "availableBytes": limit }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::catalogue::default_instances;
    use std::collections::BTreeMap;

    fn config() -> Config {
        Config {
            public_url: String::new(),
            link_url: None,
            auth_secret: Vec::new(),
            signup: crate::SignupMode::Open,
            tiers: BTreeMap::new(),
            base_models: Vec::new(),
            instances: default_instances(),
            runs_dir: "/runs".into(),
            min_trainable_examples: 10,
            webhooks_allow_private: false,
            version: "1".into(),
            watch: crate::Watch::default(),
            absent_models: Vec::new(),
        }
    }

    fn gpu(instance_type: &str, num_gpus: u32, spot: bool) -> GpuConfig {
        GpuConfig { instance_type: instance_type.to_owned(), num_gpus, spot }
    }

    #[test]
    fn a_machine_must_be_there() {
        let config = config();
        let field = |g: &GpuConfig| machine(&config.instances, Some(g)).err().and_then(|e| e.field);
        assert_eq!(field(&gpu("local-cpu", 1, false)), None);
        assert_eq!(field(&gpu("h100-80gb", 1, false)).as_deref(), Some("gpuConfig.instanceType"));
        assert!(machine(&config.instances, Some(&gpu("x", 1, false))).expect_err("unknown").message.contains("local-cpu"));
        assert_eq!(field(&gpu("local-cpu", 3, false)).as_deref(), Some("gpuConfig.numGPUs"));
        assert_eq!(field(&gpu("local-cpu", 2, false)).as_deref(), Some("gpuConfig.numGPUs"));
        assert_eq!(field(&gpu("local-cpu", 1, true)).as_deref(), Some("gpuConfig.spot"));
        assert_eq!(machine(&config.instances, None).expect("the first available").1, gpu("local-cpu", 1, false));
    }

    #[test]
    fn a_spot_machine_costs_its_spot_rate() {
        let mut instances = config().instances;
        instances[0].spot_rate_per_hour = Some(MicroUsd(20_000));
        let rate = |spot| machine(&instances, Some(&gpu("local-cpu", 1, spot))).expect("there").2;
        assert_eq!((rate(true), rate(false)), (MicroUsd(20_000), MicroUsd(50_000)));
    }

    #[test]
    fn what_is_absent_comes_from_the_preset() {
        let asked = HyperparametersInput { lora_rank: Some(4), ..HyperparametersInput::default() };
        let filled = fill(preset(PresetId::Aggressive, 512), &asked);
        assert_eq!((filled.lora_rank, filled.num_epochs, filled.max_seq_length), (4, 5, 512));
    }
}
