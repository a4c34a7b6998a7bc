//! The base model with its buffers, as the training loop uses it.

use crate::batch::PaddedBatch;
use crate::device::Device;
use crate::error::TrainerError;
use crate::memory::peak_memory_bytes;
use crate::optimizer::Optimizer;
use domain::job::Precision;
use model::{
    Backend, Batch, Cpu, DropoutKey, LoadProgress, LoraGradients, LoraWeights, LossScale, Model, ModelError, Prompt, ResidentAdapters,
    SequenceScore, Workspace,
};
use std::path::{Path, PathBuf};

/// A loaded base model.
pub(crate) struct Engine {
    loaded: Loaded,
    path: PathBuf,
}

/// A model with its buffers on a device.
struct On<B: Backend> {
    model: Model<B>,
    workspace: Workspace<B>,
    /// Where training goes on on the device itself, between [`Engine::hold`] and [`Engine::release`].
    held: Option<Held<B>>,
}

/// Adapters, gradients and optimiser on a device.
struct Held<B: Backend> {
    adapters: ResidentAdapters<B>,
    /// Whether there was a step that the host does not have.
    ahead: bool,
}

#[cfg_attr(feature = "cuda", expect(clippy::large_enum_variant, reason = "there is one of a run"))]
enum Loaded {
    Cpu(On<Cpu>),
    #[cfg(feature = "cuda")]
    Cuda(On<model::backend::Cuda>),
}

/// The same call on the model of whichever device, with its workspace, and with what is held there.
macro_rules! on_device {
    ($engine:expr, |$model:ident, $workspace:ident| $call:expr) => {
        on_device!($engine, |$model, $workspace, _held| $call)
    };
    ($engine:expr, |$model:ident, $workspace:ident, $held:ident| $call:expr) => {
        match &mut $engine.loaded {
            Loaded::Cpu(On { model: $model, workspace: $workspace, held: $held }) => $call,
            #[cfg(feature = "cuda")]
            Loaded::Cuda(On { model: $model, workspace: $workspace, held: $held }) => $call,
        }
    };
}

impl<B: Backend> On<B> {
    fn load(
        backend: B,
        path: &Path,
        (precision, recompute): (Precision, bool),
        progress: &mut dyn FnMut(u64),
    ) -> Result<Self, TrainerError> {
        const WORTH_TELLING: u64 = 64 << 20;
        let precision = match precision {
            Precision::F32 => model::Precision::F32,
            Precision::Bf16 => model::Precision::Bf16,
        };
        let mut told = 0;
        let tell = |loaded: LoadProgress| {
            let percent = 100 * loaded.bytes / loaded.total_bytes.max(1);
            if loaded.total_bytes >= WORTH_TELLING && percent / 10 > told / 10 {
                told = percent;
                progress(percent);
            }
        };
        let model = Model::load_on(backend, path, precision, tell).map_err(|e| model_error(path, &e))?;
        let workspace = if recompute { Workspace::with_recompute() } else { Workspace::default() };
        Ok(Self { model, workspace, held: None })
    }
}

impl Engine {
    /// Loads a folder; with `recompute`, blocks are computed again in the backward pass. Each tenth of a model that takes a while is told to
    /// `progress`, in percent.
    pub fn load(
        device: Device,
        path: &Path,
        (precision, recompute): (Precision, bool),
        progress: &mut dyn FnMut(u64),
    ) -> Result<Self, TrainerError> {
        let how = (precision, recompute);
        let loaded = match device {
            Device::Cpu => Loaded::Cpu(On::load(Cpu, path, how, progress)?),
            #[cfg(feature = "cuda")]
            Device::Cuda(cuda) => Loaded::Cuda(On::load(cuda, path, how, progress)?),
        };
        Ok(Self { loaded, path: path.to_owned() })
    }

    /// The most memory that was in use: the device's where it has its own, else this process's.
    pub fn peak_memory_bytes(&self) -> Option<u64> {
        match &self.loaded {
            Loaded::Cpu(_) => peak_memory_bytes(),
            #[cfg(feature = "cuda")]
            Loaded::Cuda(on) => Some(on.model.backend().peak_memory_bytes()),
        }
    }

    /// Gives the buffers of earlier passes back, and what [`Engine::hold`] took.
    pub fn release(&mut self) {
        on_device!(self, |_model, ws, held| {
            ws.release();
            *held = None;
        });
    }

    /// Takes adapters and optimiser to the device, where that has memory of its own and the optimiser is AdamW. Steps are made there then, and
    /// [`Engine::collect`] brings back what they have come to.
    pub fn hold(&mut self, weights: &LoraWeights, optimizer: &Optimizer) -> Result<(), TrainerError> {
        if matches!(self.loaded, Loaded::Cpu(_)) {
            return Ok(());
        }
        let Some(moments) = optimizer.moments() else { return Ok(()) };
        on_device!(self, |model, _ws, held| {
            let adapters = model.resident(weights, moments);
            adapters.map(|adapters| *held = Some(Held { adapters, ahead: false }))
        })
        .map_err(|e| model_error(&self.path, &e))
    }

    /// Brings weights and optimiser up to date with the steps that were made on the device.
    pub fn collect(&mut self, weights: &mut LoraWeights, optimizer: &mut Optimizer) -> Result<(), TrainerError> {
        on_device!(self, |model, _ws, held| match held {
            Some(Held { adapters, ahead }) if *ahead => {
                *ahead = false;
                model.collect(adapters, weights, optimizer.moments_mut())
            }
            _ => Ok(()),
        })
        .map_err(|e| model_error(&self.path, &e))
    }

    /// Sets the gradients to zero: those on the device where they are there, else those that are given.
    pub fn zero_gradients(&mut self, gradients: &mut LoraGradients) -> Result<(), TrainerError> {
        on_device!(self, |model, _ws, held| match held {
            Some(held) => model.zero_gradients(&mut held.adapters),
            None => {
                gradients.zero();
                Ok(())
            }
        })
        .map_err(|e| model_error(&self.path, &e))
    }

    /// The gradients' global norm.
    pub fn gradient_norm(&mut self, gradients: &LoraGradients) -> Result<f64, TrainerError> {
        on_device!(self, |model, _ws, held| match held {
            Some(held) => model.gradient_norm(&held.adapters),
            None => Ok(gradients.global_norm()),
        })
        .map_err(|e| model_error(&self.path, &e))
    }

    /// One step of the optimiser with gradients multiplied by `clip`.
    pub fn update(
        &mut self,
        (weights, gradients): (&mut LoraWeights, &mut LoraGradients),
        optimizer: &mut Optimizer,
        (rate, clip): (f64, f32),
    ) -> Result<(), TrainerError> {
        let on_device = on_device!(self, |model, _ws, held| held.as_mut().and_then(|held| {
            let step = optimizer.next_adamw(rate, clip)?;
            held.ahead = true;
            Some(model.update(&mut held.adapters, step))
        }));
        if let Some(done) = on_device {
            return done.map_err(|e| model_error(&self.path, &e));
        }
        if clip < 1.0 {
            gradients.scale(clip);
        }
        let gradients = gradients.params();
        let gradients: Vec<&[f32]> = gradients.iter().map(|g| g.data).collect();
        let mut weights: Vec<&mut [f32]> = weights.params_mut().into_iter().map(|w| w.data).collect();
        optimizer.step(&mut weights, &gradients, rate)
    }

    /// Adds the gradients of the batch's loss over `label_tokens` (those of the whole accumulation window); yields the batch's loss, summed.
    /// What [`Engine::hold`] took goes before the weights and gradients that are given.
    pub fn forward_backward(
        &mut self,
        weights: &LoraWeights,
        gradients: &mut LoraGradients,
        batch: &PaddedBatch,
        label_tokens: u64,
        key: DropoutKey,
    ) -> Result<f64, TrainerError> {
        let scale = LossScale::mean_over(usize::try_from(label_tokens).unwrap_or(usize::MAX));
        let batch = view(batch);
        on_device!(self, |model, ws, held| match held {
            Some(held) => model.forward_backward_resident((weights, &mut held.adapters), &batch, scale, Some(key), ws),
            None => model.forward_backward(weights, gradients, &batch, scale, Some(key), ws),
        })
        .map(|loss| loss.loss_sum)
        .map_err(|e| model_error(&self.path, &e))
    }

    /// The batch's loss, summed over its label tokens, without dropout.
    pub fn loss(&mut self, weights: &LoraWeights, batch: &PaddedBatch) -> Result<f64, TrainerError> {
        on_device!(self, |model, ws| model.loss(Some(weights), &view(batch), ws))
            .map(|loss| loss.loss_sum)
            .map_err(|e| model_error(&self.path, &e))
    }

    /// Loss and right guesses of each example of a batch, without dropout.
    pub fn score(&mut self, weights: Option<&LoraWeights>, batch: &PaddedBatch) -> Result<Vec<SequenceScore>, TrainerError> {
        on_device!(self, |model, ws| model.score(weights, &view(batch), ws)).map_err(|e| model_error(&self.path, &e))
    }

    /// Greedy answers; none when `keep_going` says no, which is asked before each token.
    pub fn generate(
        &mut self,
        weights: Option<&LoraWeights>,
        prompts: &[Prompt<'_>],
        stop_tokens: &[u32],
        keep_going: &mut dyn FnMut() -> bool,
    ) -> Result<Option<Vec<Vec<u32>>>, TrainerError> {
        on_device!(self, |model, ws| model.generate(weights, prompts, stop_tokens, ws, keep_going)).map_err(|e| model_error(&self.path, &e))
    }

    /// The mean of the base model's last hidden states for each text.
    pub fn mean_states(&mut self, texts: &[&[u32]]) -> Result<Vec<Vec<f32>>, TrainerError> {
        on_device!(self, |model, ws| model.mean_states(texts, ws)).map_err(|e| model_error(&self.path, &e))
    }

    /// The base model's loss for each text, summed, and over how many tokens.
    pub fn text_losses(&mut self, texts: &[Vec<u32>]) -> Result<Vec<(f64, usize)>, TrainerError> {
        let batch = PaddedBatch::of_texts(texts);
        if batch.seq_len == 0 {
            return Ok(vec![(0.0, 0); texts.len()]);
        }
        Ok(self.score(None, &batch)?.into_iter().map(|score| (score.loss_sum, score.label_tokens)).collect())
    }

    /// Tokens that the model takes at most.
    pub fn context(&self) -> usize {
        match &self.loaded {
            Loaded::Cpu(on) => on.model.config().context(),
            #[cfg(feature = "cuda")]
            Loaded::Cuda(on) => on.model.config().context(),
        }
    }
}

fn view(batch: &PaddedBatch) -> Batch<'_> {
    Batch { input_ids: &batch.input_ids, labels: &batch.labels, batch_size: batch.batch_size, seq_len: batch.seq_len }
}

/// Names the folder, and says the causes on the same line. What a device said stands for itself.
pub(crate) fn model_error(path: &Path, error: &ModelError) -> TrainerError {
    match error {
        ModelError::NoDevice { reason } => return TrainerError::NoDevice { reason: reason.clone() },
        ModelError::DeviceMemory { .. } => return TrainerError::DeviceMemory { reason: capital(&error.to_string()) },
        ModelError::Device { .. } => return TrainerError::DeviceFailed { reason: capital(&error.to_string()) },
        _ => {}
    }
    let mut reason = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        reason = format!("{reason} ({cause})");
        source = cause.source();
    }
    TrainerError::Model { path: path.to_owned(), reason }
}

/// A sentence of the engine as the trainer begins its own.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
