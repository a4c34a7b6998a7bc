//! A run from its description to the finished files.

use crate::checkpoint::{Checkpoint, Checkpoints, Identity, RunState};
use crate::data::{DataOptions, SourceExample, TrainingData, prepare};
use crate::device::Device;
use crate::engine::{Engine, model_error};
use crate::error::TrainerError;
use crate::evaluation::evaluate;
use crate::event::{Emitter, StopFlag};
use crate::export::{Export, export};
use crate::files::{create_dir, hash_file, sha256_hex};
use crate::halt::Halt;
use crate::memory;
use crate::optimizer::Optimizer;
use crate::pace::Pace;
use crate::parent;
use crate::rehearsal::Rehearsal;
use crate::schedule::Schedule;
use crate::session::Session;
use crate::tokenizer::ChatTokenizer;
use domain::cost::total_steps;
use domain::evaluation::Evaluation;
use domain::job::{JobStage, LogLevel, StageGroup};
use domain::memory::MemoryEstimate;
use domain::model::LossTrend;
use domain::run::{ArtifactFile, RunSpec, RunSummary, TrainerEventKind};
use model::{DecoderConfig, LoraConfig, LoraGradients, LoraWeights};
use std::path::{Path, PathBuf};

/// Version in events and metadata.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// How a run ended, other than by an error.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "there is one of a run")]
pub enum RunOutcome {
    /// All files are in the folder. The caller uploads them and then emits `complete` with these.
    Completed {
        /// The files, in the order of [`domain::run::ARTIFACT_FILES`].
        artifacts: Vec<ArtifactFile>,
        /// Their folder.
        path: PathBuf,
        /// The figures.
        summary: RunSummary,
    },
    /// Stopped on request or by its time limit. `stopped` is emitted already.
    Stopped {
        /// Optimiser steps done.
        step: u64,
        /// Whether a checkpoint holds them.
        checkpoint_saved: bool,
    },
}

impl RunOutcome {
    /// The `complete` event, for after the uploads; none for a stopped run.
    pub fn complete_event(self) -> Option<TrainerEventKind> {
        match self {
            Self::Completed { artifacts, path, summary } => Some(TrainerEventKind::Complete { artifacts, path, summary }),
            Self::Stopped { .. } => None,
        }
    }
}

/// Trains as `spec` says on `dataset_file`, which the caller has fetched, and goes on from the newest checkpoint in the output folder.
///
/// Emits every event but the last: `complete` is for the caller, after the uploads, and `error` ([`Emitter::error`]) when this fails.
///
/// # Errors
/// What stopped the run; see [`TrainerError::code`].
pub fn run(spec: &RunSpec, dataset_file: &Path, emitter: &mut Emitter<'_>, stop: &StopFlag) -> Result<RunOutcome, TrainerError> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(spec.threads.unwrap_or(0))
        .thread_name(|i| format!("trainer-{i}"))
        .build()
        .map_err(|e| TrainerError::Internal(format!("its threads could not be started: {e}")))?;
    pool.install(|| run_here(spec, dataset_file, emitter, stop))
}

fn run_here(spec: &RunSpec, dataset_file: &Path, emitter: &mut Emitter<'_>, stop: &StopFlag) -> Result<RunOutcome, TrainerError> {
    let setup = Setup::new(spec, dataset_file, emitter)?;
    // Before anything is billed: a device that is not there ends the run here.
    let (device, warning) = Device::open(spec)?;
    if let Some(warning) = warning {
        emitter.log(LogLevel::Warning, warning)?;
    }
    let resumed = setup.resumed.as_ref().map(|c| c.state.step);
    let early = |emitter: &mut Emitter<'_>| stopped(emitter, resumed.unwrap_or(0), resumed.is_some());
    let data = match setup.read_data(spec, dataset_file, emitter, stop) {
        Ok(data) => data,
        Err(Halt::Stopped) => return early(emitter),
        Err(Halt::Failed(e)) => return Err(e),
    };
    let (weights, optimizer) = setup.trainables(spec)?;
    let memory = memory::plan(&setup.geometry, &setup.lora, &weights, &spec.config, &data, (spec.memory_limit, device.memory_bytes()))?;
    let name = device.name();
    setup.announce(spec, &data, &memory, emitter)?;
    let mut engine = load_model(spec, device, memory.recompute, emitter)?;
    if stop.is_set() {
        return early(emitter);
    }
    engine.hold(&weights, &optimizer)?;
    // Also of a run that goes on: it may be on another machine now, with its longest batch still to come.
    setup.rehearse(spec, &data, (&weights, &optimizer), &mut engine, emitter)?;
    setup.start(name, emitter)?;
    let mut session = setup.session(spec, &data, (engine, weights, optimizer), emitter, stop)?;
    let ended = session.train().and_then(|()| {
        let exported = session.take_best()?;
        Ok((exported, evaluate(&mut session, &spec.base_model.path)?))
    });
    match ended {
        Ok((exported, evaluation)) => finish(spec, &setup, session, exported, evaluation),
        Err(Halt::Failed(e)) => Err(e),
        Err(Halt::Stopped) => {
            let saved = session.save_before_stopping()?;
            let step = session.state.step;
            stopped(emitter, step, saved)
        }
    }
}

/// Loads the base model; how far that is, is said in the stage's message.
fn load_model(spec: &RunSpec, device: Device, recompute: bool, emitter: &mut Emitter<'_>) -> Result<Engine, TrainerError> {
    let id = &spec.base_model.id;
    let mut said = emitter.stage(JobStage::Initializing, StageGroup::ModelLoading, format!("Loading the base model {id}"));
    let how = (spec.config.settings.precision, recompute);
    let engine = Engine::load(device, &spec.base_model.path, how, &mut |percent| {
        if said.is_ok() {
            said = emitter.stage(JobStage::Initializing, StageGroup::ModelLoading, format!("Loading the base model {id}: {percent} %"));
        }
    })?;
    said.map(|()| engine)
}

fn stopped(emitter: &mut Emitter<'_>, step: u64, checkpoint_saved: bool) -> Result<RunOutcome, TrainerError> {
    emitter.emit(TrainerEventKind::Stopped { step, checkpoint_saved })?;
    Ok(RunOutcome::Stopped { step, checkpoint_saved })
}

/// What is known before the data set is read.
struct Setup {
    lora: LoraConfig,
    geometry: DecoderConfig,
    max_length: usize,
    dataset_sha256: String,
    checkpoints: Checkpoints,
    resumed: Option<Checkpoint>,
    /// Where a run without a checkpoint begins.
    fresh: RunState,
}

impl Setup {
    fn new(spec: &RunSpec, dataset_file: &Path, emitter: &mut Emitter<'_>) -> Result<Self, TrainerError> {
        emitter.stage(JobStage::Initializing, StageGroup::Preprocessing, "Checking the settings and the data set")?;
        let (h, settings) = (&spec.config.hyperparameters, &spec.config.settings);
        h.validate().and_then(|()| settings.validate()).map_err(wrong_setting)?;
        let geometry = read_geometry(&spec.base_model.path)?;
        let lora = lora_config(spec)?;
        lora.validate(&geometry).map_err(|e| TrainerError::Config(e.to_string()))?;
        let (asked, context) = (h.max_seq_length as usize, geometry.context());
        if asked > context {
            let message = format!(
                "hyperparameters.maxSeqLength is {asked}, above the base model's context; {context} tokens are used, as \
                 max_position_embeddings in its config.json has it."
            );
            emitter.log(LogLevel::Warning, message)?;
        }
        let (dataset_sha256, _) = hash_file(dataset_file)?;
        if let Some(expected) = spec.dataset.sha256.as_ref().filter(|e| !e.eq_ignore_ascii_case(&dataset_sha256)) {
            return Err(TrainerError::DatasetChanged {
                path: spec.dataset.path.clone(),
                expected: expected.clone(),
                found: dataset_sha256,
            });
        }
        create_dir(&spec.output.dir)?;
        let identity = Identity::new(config_hash(spec)?, dataset_sha256.clone());
        let checkpoints = Checkpoints::new(&spec.output.dir);
        let found = checkpoints.newest(&identity)?;
        for skipped in found.skipped {
            emitter.log(LogLevel::Warning, format!("{skipped} It is not used."))?;
        }
        let fresh = RunState::fresh(identity, emitter.now(), settings.seed);
        let max_length = asked.min(context);
        Ok(Self { lora, geometry, max_length, dataset_sha256, checkpoints, resumed: found.checkpoint, fresh })
    }

    fn state(&self) -> &RunState {
        self.resumed.as_ref().map_or(&self.fresh, |c| &c.state)
    }

    fn read_data(&self, spec: &RunSpec, dataset_file: &Path, emitter: &mut Emitter<'_>, stop: &StopFlag) -> Result<TrainingData, Halt> {
        let settings = &spec.config.settings;
        emitter.stage(JobStage::Initializing, StageGroup::Preprocessing, "Rendering and tokenising the examples")?;
        let tokenizer = ChatTokenizer::load(&spec.base_model.path)?.with_date(self.state().rendered_at)?;
        tokenizer.check_fits(&spec.base_model.path, self.geometry.vocab_size)?;
        let options = DataOptions {
            max_length: self.max_length,
            validation_ratio: settings.validation_split_ratio,
            seed: settings.seed,
            packing: settings.packing,
            overlong: settings.overlong_examples,
        };
        let fail = |reason: String| TrainerError::Dataset { path: dataset_file.to_owned(), reason };
        let mut reader = dataset::read_examples(dataset_file, spec.dataset.format).map_err(|e| fail(full_reason(&e)))?;
        let examples = reader.by_ref().map(|example| example.map(source_example).map_err(|e| fail(full_reason(&e))));
        let data = prepare(examples, &tokenizer, options, stop)?;
        let counts = reader.counts();
        let message = format!("Tokenised {} examples; {} pairs have no answer and are context only.", counts.examples, counts.context);
        emitter.log(LogLevel::Info, message)?;
        if counts.rejected > 0 {
            emitter
                .log(LogLevel::Warning, format!("{} records cannot be used and were left out; validation lists them.", counts.rejected))?;
        }
        for (level, message) in &data.findings {
            emitter.log(*level, message.clone())?;
        }
        Ok(data)
    }

    /// Adapter and optimiser as the run begins: fresh, of the parent, or of the checkpoint.
    fn trainables(&self, spec: &RunSpec) -> Result<(LoraWeights, Optimizer), TrainerError> {
        let h = &spec.config.hyperparameters;
        let fail = |e: model::ModelError| model_error(&spec.base_model.path, &e);
        let mut weights = LoraWeights::init(&self.geometry, &self.lora, spec.config.settings.seed).map_err(fail)?;
        let mut optimizer = Optimizer::new(h.optimizer_type, h.weight_decay, weights.params().iter().map(|p| (p.name, p.shape)));
        match (&self.resumed, &spec.parent) {
            (Some(checkpoint), _) => {
                Checkpoint::load_weights(&checkpoint.path, &mut weights)?;
                checkpoint.load_optimizer(&mut optimizer)?;
            }
            (None, Some(parent)) => parent::load(spec, parent, &self.geometry, &mut weights)?,
            (None, None) => {}
        }
        Ok((weights, optimizer))
    }

    fn rehearse(
        &self,
        spec: &RunSpec,
        data: &TrainingData,
        (weights, optimizer): (&LoraWeights, &Optimizer),
        engine: &mut Engine,
        emitter: &mut Emitter<'_>,
    ) -> Result<(), TrainerError> {
        let message = "Rehearsal: the longest batch, a validation and a checkpoint";
        emitter.stage(JobStage::Initializing, StageGroup::ModelLoading, message)?;
        let rehearsal = Rehearsal {
            hyperparameters: &spec.config.hyperparameters,
            data,
            weights,
            optimizer,
            state: self.state(),
            base_model: &spec.base_model.id,
            output: &spec.output.dir,
        };
        let tokens = rehearsal.run(engine)?;
        let message = format!("Rehearsed: the longest batch has {tokens} tokens; a validation and a checkpoint went well.");
        emitter.log(LogLevel::Info, message)
    }

    /// What will be done.
    fn announce(
        &self,
        spec: &RunSpec,
        data: &TrainingData,
        memory: &MemoryEstimate,
        emitter: &mut Emitter<'_>,
    ) -> Result<(), TrainerError> {
        let weights = LoraWeights::zeros(&self.geometry, &self.lora).map_err(|e| TrainerError::Config(e.to_string()))?;
        emitter.emit(TrainerEventKind::Plan {
            total_steps: steps(spec, data, spec.config.hyperparameters.num_epochs),
            total_epochs: spec.config.hyperparameters.num_epochs,
            train_examples: data.train.len() as u64,
            validation_examples: data.validation.len() as u64,
            truncated_examples: data.truncated,
            masked_examples: data.masked,
            label_tokens: data.label_tokens(),
            trainable_parameters: weights.parameter_count(),
            memory_bytes: Some(memory.total()),
        })?;
        let (needed, parts) = (domain::memory::in_words(memory.total()), memory::parts(memory));
        emitter.log(LogLevel::Info, format!("The run will take about {needed} of memory ({parts})."))
    }

    /// `started`: from here on the run is billed.
    fn start(&self, device: String, emitter: &mut Emitter<'_>) -> Result<(), TrainerError> {
        emitter.emit(TrainerEventKind::Started {
            version: VERSION.to_owned(),
            device,
            threads: rayon::current_num_threads(),
            resumed_from_step: self.resumed.as_ref().map(|c| c.state.step),
        })
    }

    fn session<'a, 'e>(
        &self,
        spec: &'a RunSpec,
        data: &'a TrainingData,
        (engine, weights, optimizer): (Engine, LoraWeights, Optimizer),
        emitter: &'a mut Emitter<'e>,
        stop: &'a StopFlag,
    ) -> Result<Session<'a, 'e>, TrainerError> {
        let h = &spec.config.hyperparameters;
        let total = steps(spec, data, h.num_epochs);
        let state = self.state().clone();
        let begun = if state.step > 0 { format!("Going on from step {}", state.step) } else { format!("Epoch 1 of {}", h.num_epochs) };
        emitter.stage(JobStage::Training, StageGroup::Training, begun)?;
        Ok(Session {
            hyperparameters: h,
            settings: &spec.config.settings,
            data,
            engine,
            gradients: LoraGradients::zeros_like(&weights),
            base_model: &spec.base_model.id,
            weights,
            optimizer,
            schedule: Schedule { kind: h.scheduler, peak: h.learning_rate, warmup_steps: h.warmup(total), total_steps: total },
            checkpoints: self.checkpoints.clone(),
            seconds_before: state.seconds,
            saved: self.resumed.as_ref().map(|c| (c.state.step, c.state.epochs_done)),
            state,
            steps_per_epoch: steps(spec, data, 1),
            order: None,
            pace: Pace::default(),
            emitter,
            stop,
        })
    }
}

/// Writes the adapter.
fn finish(
    spec: &RunSpec,
    setup: &Setup,
    session: Session<'_, '_>,
    (step, epoch): (u64, u32),
    evaluation: Option<Evaluation>,
) -> Result<RunOutcome, TrainerError> {
    session.emitter.stage(JobStage::Saving, StageGroup::Finalization, "Writing the adapter")?;
    let (state, data) = (&session.state, session.data);
    let overfit_gap = state.best.zip(state.best_epoch_loss).map(|(best, training)| best.loss - training);
    let summary = RunSummary {
        total_epochs: state.epochs_done,
        total_steps: state.step,
        seconds: session.emitter.elapsed_seconds(),
        initial_training_loss: state.initial_training_loss,
        final_training_loss: state.last_epoch_loss,
        initial_validation_loss: state.initial_validation_loss,
        final_validation_loss: state.best.map(|b| b.loss),
        train_examples: data.train.len() as u64,
        validation_examples: data.validation.len() as u64,
        tokens_per_second: session.pace.tokens_per_second(),
        peak_memory_bytes: session.engine.peak_memory_bytes(),
        overfit_gap,
        loss_trend: LossTrend::of(&state.validation_losses),
        evaluation,
    };
    let (path, artifacts) = export(&Export {
        spec,
        weights: &session.weights,
        data,
        summary: &summary,
        dataset_sha256: &setup.dataset_sha256,
        version: VERSION,
        max_length: setup.max_length,
        warmup_steps: session.schedule.warmup_steps,
        step,
        epoch,
    })?;
    Ok(RunOutcome::Completed { artifacts, path, summary })
}

fn steps(spec: &RunSpec, data: &TrainingData, epochs: u32) -> u64 {
    let h = &spec.config.hyperparameters;
    total_steps(data.rows.len() as u64, h.batch_size, h.gradient_accumulation_steps, epochs)
}

/// A message that names its field.
fn wrong_setting(error: domain::Error) -> TrainerError {
    TrainerError::Config(match error.field {
        Some(field) if !error.message.contains(&field) => format!("{field}: {}", error.message),
        _ => error.message,
    })
}

fn read_geometry(base: &Path) -> Result<DecoderConfig, TrainerError> {
    let file = base.join("config.json");
    let bytes = std::fs::read(&file).map_err(|e| TrainerError::io("read", &file, e))?;
    DecoderConfig::from_json(&bytes).map_err(|e| model_error(base, &e))
}

#[expect(clippy::cast_possible_truncation, reason = "alpha and dropout are applied in f32")]
fn lora_config(spec: &RunSpec) -> Result<LoraConfig, TrainerError> {
    let h = &spec.config.hyperparameters;
    let target_modules = match &h.target_modules {
        domain::job::TargetModules::Names(names) => model::TargetModules::from_names(names),
        domain::job::TargetModules::Text(text) => text.parse(),
    };
    let target_modules = target_modules.map_err(|e| TrainerError::Config(e.to_string()))?;
    let layers_to_transform = h.layers_to_transform.as_ref().map(|layers| layers.iter().map(|layer| *layer as usize).collect());
    let (rank, alpha, dropout) = (h.lora_rank as usize, h.lora_alpha as f32, h.lora_dropout as f32);
    Ok(LoraConfig { rank, alpha, use_rslora: h.use_rslora, dropout, target_modules, layers_to_transform })
}

/// Hash of all that changes what is computed. Checkpoint intervals, patience and the time limit do not.
fn config_hash(spec: &RunSpec) -> Result<String, TrainerError> {
    let settings = &spec.config.settings;
    let mut hashed = serde_json::json!({
        "hyperparameters": spec.config.hyperparameters,
        "seed": settings.seed,
        "validationSplitRatio": settings.validation_split_ratio,
        "packing": settings.packing,
        "overlongExamples": settings.overlong_examples,
        "precision": settings.precision,
        "baseModel": spec.base_model.id,
        "revision": spec.base_model.revision,
    });
    // Only where there is one, so that checkpoints of runs without stay theirs.
    if let Some(parent) = &spec.parent {
        hashed["parent"] = parent.model_id.as_str().into();
    }
    let text = serde_json::to_vec(&hashed);
    Ok(sha256_hex(&text.map_err(|e| TrainerError::Internal(e.to_string()))?))
}

fn source_example(example: dataset::Example) -> SourceExample {
    SourceExample {
        conversation_id: example.conversation_id,
        line: example.line,
        held_out: example.split.map(|split| split == dataset::Split::Validation),
        messages: example.messages,
    }
}

/// An error with its causes on one line.
fn full_reason(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error} ({})", full_reason(source)),
        None => error.to_string(),
    }
}
