//! One run in progress: the training loop, the validation between epochs, checkpoints and stopping.

use crate::batch::{PaddedBatch, epoch_order, step_batches, validation_batches};
use crate::checkpoint::{Best, Checkpoint, Checkpoints, RunState, StepFigures};
use crate::data::{TrainingData, name_lines};
use crate::engine::Engine;
use crate::error::{Kept, Place, TrainerError};
use crate::event::{Emitter, StopFlag, seconds_between};
use crate::halt::Halt;
use crate::optimizer::{Optimizer, clip_factor};
use crate::order;
use crate::pace::Pace;
use crate::schedule::Schedule;
use crate::watch::{LossWatch, judge_validation};
use domain::job::{Hyperparameters, JobSettings, JobStage, LogLevel, StageGroup};
use domain::run::TrainerEventKind;
use model::{DropoutKey, LoraGradients, LoraWeights};

/// What a run is made of once everything is loaded.
pub(crate) struct Session<'a, 'e> {
    pub hyperparameters: &'a Hyperparameters,
    pub settings: &'a JobSettings,
    pub data: &'a TrainingData,
    pub engine: Engine,
    pub weights: LoraWeights,
    pub gradients: LoraGradients,
    pub optimizer: Optimizer,
    pub schedule: Schedule,
    pub checkpoints: Checkpoints,
    /// Id of the base model, for the adapter's configuration.
    pub base_model: &'a str,
    pub state: RunState,
    /// GPU seconds of earlier attempts.
    pub seconds_before: f64,
    pub steps_per_epoch: u64,
    /// The rows of the current epoch in its order, with the epoch.
    pub order: Option<(u64, Vec<usize>)>,
    pub pace: Pace,
    /// Step and epochs of the checkpoint that holds the current state.
    pub saved: Option<(u64, u32)>,
    pub emitter: &'a mut Emitter<'e>,
    pub stop: &'a StopFlag,
}

/// Loss and size of one optimiser step.
struct Window {
    loss_sum: f64,
    label_tokens: u64,
    tokens: u64,
}

impl Window {
    /// The mean over the label tokens.
    #[expect(clippy::cast_precision_loss, reason = "token counts are far below 2^53")]
    fn loss(&self) -> f64 {
        self.loss_sum / self.label_tokens.max(1) as f64
    }
}

impl Session<'_, '_> {
    /// Trains until the last step, an early stop, or a stop. On a stop the state is that of the last whole step.
    pub fn train(&mut self) -> Result<(), Halt> {
        if self.state.step == 0 && self.state.initial_validation_loss.is_none() {
            self.validate_before_training()?;
        }
        while !self.is_done() {
            if self.epoch_is_complete() {
                self.end_epoch()?;
                continue;
            }
            self.step()?;
            self.check_duration()?;
        }
        Ok(())
    }

    /// Whether the present state is the first since the interval asked for a checkpoint. It is written in the next step, once that one's loss has shown
    /// that the weights are good; so there is never a checkpoint of a training that has gone astray.
    fn checkpoint_is_due(&self) -> bool {
        let intervals = |step: u64| step / u64::from(self.settings.checkpoint_interval.max(1));
        intervals(self.state.step) > self.saved.map_or(0, |(saved, _)| intervals(saved))
    }

    fn is_done(&self) -> bool {
        self.state.stopped_early || self.state.epochs_done >= self.hyperparameters.num_epochs
    }

    /// Whether all steps of the current epoch are done, but not yet its validation.
    fn epoch_is_complete(&self) -> bool {
        self.state.step == (u64::from(self.state.epochs_done) + 1) * self.steps_per_epoch
    }

    fn epoch(&self) -> u32 {
        self.state.epochs_done + 1
    }

    /// One optimiser step: all micro-steps, clipping, update, events.
    fn step(&mut self) -> Result<(), Halt> {
        let begin = self.emitter.now();
        let (step, rate) = (self.state.step, self.schedule.rate(self.state.step));
        let epoch = u64::from(self.state.epochs_done);
        let order = match self.order.take() {
            Some((of, order)) if of == epoch => order,
            _ => self.begin_epoch(epoch)?,
        };
        let window = self.accumulate(&order, step - epoch * self.steps_per_epoch)?;
        let norm = self.engine.gradient_norm(&self.gradients)?;
        let watch = self.check_loss(&window, norm, &order)?;
        let mut seconds = seconds_between(begin, self.emitter.now());
        if watch.exploded == 0 && self.checkpoint_is_due() {
            self.save()?;
        }
        let begin = self.emitter.now();
        self.state.watch = watch;
        self.order = Some((epoch, order));
        self.update(norm, rate)?;
        seconds += seconds_between(begin, self.emitter.now());
        self.pace.step(seconds, window.tokens);
        #[expect(clippy::cast_precision_loss, reason = "token counts are far below 2^53")]
        let throughput = (seconds > 0.0).then(|| window.tokens as f64 / seconds);
        let loss = window.loss();
        self.state.step += 1;
        self.state.epoch_loss_sum += window.loss_sum;
        self.state.epoch_label_tokens += window.label_tokens;
        self.state.initial_training_loss.get_or_insert(loss);
        self.state.last_step = Some(StepFigures { loss, learning_rate: rate, gradient_norm: norm, throughput });
        self.report_step()?;
        Ok(())
    }

    /// The rows of an epoch in its order, which is written down.
    fn begin_epoch(&self, epoch: u64) -> Result<Vec<usize>, TrainerError> {
        let order = epoch_order(self.data.rows.len(), self.state.seed, epoch);
        order::record(self.checkpoints.output(), self.data, self.state.seed, epoch, &order)?;
        Ok(order)
    }

    /// Stops a training whose loss or gradient is no number any more, or whose loss has been far too high for too long. Answers what later
    /// losses are compared with.
    fn check_loss(&self, window: &Window, norm: f64, order: &[usize]) -> Result<LossWatch, TrainerError> {
        let wrong = match (window.loss_sum.is_finite(), norm.is_finite()) {
            (false, _) => Some("loss"),
            (true, false) => Some("gradient norm"),
            (true, true) => None,
        };
        let at = || self.place(self.state.step, u64::from(self.state.epochs_done), order);
        if let Some(what) = wrong {
            return Err(TrainerError::LossNotFinite { what, at: at(), kept: self.kept() });
        }
        let mut watch = self.state.watch.clone();
        let taken = watch.take(window.loss());
        taken.map(|()| watch).map_err(|reason| TrainerError::LossExploded { reason, at: at(), kept: self.kept() })
    }

    fn check_validation(&self, loss: f64) -> Result<(), TrainerError> {
        let judged = judge_validation(loss, self.state.initial_validation_loss, &self.state.validation_losses);
        judged.map_err(|reason| {
            let lines = named(self.data.validation.iter().map(|&e| self.data.set.line(e)).collect());
            let at = Place { step: self.state.step, epoch: self.epoch(), batch: None, lines };
            TrainerError::LossExploded { reason, at, kept: self.kept() }
        })
    }

    /// A step (from 0) of an epoch (from 0), as it is told.
    fn place(&self, step: u64, epoch: u64, order: &[usize]) -> Place {
        let batch = step - epoch * self.steps_per_epoch;
        Place {
            step: step + 1,
            epoch: u32::try_from(epoch + 1).unwrap_or(u32::MAX),
            batch: Some((batch + 1, self.steps_per_epoch)),
            lines: named(self.lines_of_step(order, batch)),
        }
    }

    fn kept(&self) -> Kept {
        Kept(self.saved.map(|(step, _)| step))
    }

    /// Adds up the gradients of a window, of the mean loss over its label tokens (as transformers does since 4.46).
    fn accumulate(&mut self, order: &[usize], step_in_epoch: u64) -> Result<Window, Halt> {
        let (batch_size, accumulation) =
            (self.hyperparameters.batch_size as usize, self.hyperparameters.gradient_accumulation_steps as usize);
        let micro: Vec<Vec<usize>> =
            step_batches(order, batch_size, accumulation, step_in_epoch).into_iter().map(|rows| self.examples_of(rows)).collect();
        let label_tokens: u64 = micro.iter().flatten().map(|&e| self.data.set.label_tokens(e)).sum();
        let mut window = Window { loss_sum: 0.0, label_tokens, tokens: 0 };
        self.engine.zero_gradients(&mut self.gradients)?;
        for (micro_step, examples) in micro.into_iter().enumerate() {
            if self.stop.is_set() {
                return Err(Halt::Stopped);
            }
            let batch = PaddedBatch::new(&self.data.set, &examples);
            let key = DropoutKey { seed: self.state.seed, step: self.state.step, micro_step: micro_step as u64 };
            window.loss_sum += self.engine.forward_backward(&self.weights, &mut self.gradients, &batch, label_tokens, key)?;
            window.tokens += batch.tokens;
        }
        Ok(window)
    }

    fn lines_of_step(&self, order: &[usize], step_in_epoch: u64) -> Vec<u64> {
        let (batch, windows) = (self.hyperparameters.batch_size as usize, self.hyperparameters.gradient_accumulation_steps as usize);
        let rows = step_batches(order, batch, windows, step_in_epoch).concat();
        self.examples_of(&rows).into_iter().map(|e| self.data.set.line(e)).collect()
    }

    /// The examples of these rows.
    fn examples_of(&self, rows: &[usize]) -> Vec<usize> {
        rows.iter().flat_map(|&row| self.data.rows[row].iter().copied()).collect()
    }

    fn update(&mut self, norm: f64, rate: f64) -> Result<(), TrainerError> {
        let clip = clip_factor(norm, self.hyperparameters.max_grad_norm);
        self.engine.update((&mut self.weights, &mut self.gradients), &mut self.optimizer, (rate, clip))
    }

    /// Metrics and progress of the step just made. The last step of an epoch waits for the validation loss, so that both are one event.
    fn report_step(&mut self) -> Result<(), TrainerError> {
        if !(self.epoch_is_complete() && self.validates()) {
            self.emit_metrics(None)?;
        }
        if self.pace.progress_is_due(self.emitter.now(), self.state.step, self.schedule.total_steps) {
            self.emit_progress()?;
        }
        Ok(())
    }

    fn validates(&self) -> bool {
        !self.data.validation.is_empty()
    }

    fn emit_metrics(&mut self, validation_loss: Option<f64>) -> Result<(), TrainerError> {
        let figures = self.state.last_step;
        self.emitter.emit(TrainerEventKind::Metrics {
            epoch: self.epoch(),
            step: self.state.step,
            training_loss: figures.map(|f| f.loss),
            validation_loss,
            learning_rate: figures.map_or_else(|| self.schedule.rate(0), |f| f.learning_rate),
            gradient_norm: figures.map(|f| f.gradient_norm),
            throughput: figures.and_then(|f| f.throughput),
            gpu_utilization: None,
            memory_bytes: self.engine.peak_memory_bytes(),
        })
    }

    fn emit_progress(&mut self) -> Result<(), TrainerError> {
        let (step, total_steps) = (self.state.step, self.schedule.total_steps);
        let validations = if self.validates() { self.hyperparameters.num_epochs - self.state.epochs_done } else { 0 };
        #[expect(clippy::cast_precision_loss, reason = "step counts are far below 2^53")]
        let progress = 100.0 * step as f64 / total_steps.max(1) as f64;
        let epoch = self.epoch().min(self.hyperparameters.num_epochs);
        let evaluation = if self.validates() { self.evaluation_seconds().min(self.evaluation_limit()) } else { 0.0 };
        let estimated_time_remaining = self.pace.remaining(total_steps - step, validations).map(|seconds| seconds + evaluation);
        self.emitter.emit(TrainerEventKind::Progress { progress, epoch, step, total_steps, estimated_time_remaining })
    }

    fn validate_before_training(&mut self) -> Result<(), Halt> {
        if !self.validates() {
            return Ok(());
        }
        self.emitter.stage(JobStage::Validating, StageGroup::Training, "Validation before the first step")?;
        let loss = self.validation_loss()?;
        self.state.initial_validation_loss = Some(loss);
        self.emit_metrics(Some(loss))?;
        self.emitter.stage(JobStage::Training, StageGroup::Training, format!("Epoch 1 of {}", self.hyperparameters.num_epochs))?;
        Ok(())
    }

    /// Mean loss over the label tokens that are held out, without dropout.
    fn validation_loss(&mut self) -> Result<f64, Halt> {
        let begin = self.emitter.now();
        self.engine.collect(&mut self.weights, &mut self.optimizer)?;
        let (mut loss_sum, mut label_tokens) = (0.0, 0u64);
        for examples in validation_batches(&self.data.set, &self.data.validation, self.hyperparameters.batch_size as usize) {
            if self.stop.is_set() {
                return Err(Halt::Stopped);
            }
            let loss = self.engine.loss(&self.weights, &PaddedBatch::new(&self.data.set, &examples))?;
            if !loss.is_finite() {
                let lines = named(examples.iter().map(|&e| self.data.set.line(e)).collect());
                let at = Place { step: self.state.step, epoch: self.epoch(), batch: None, lines };
                return Err(TrainerError::LossNotFinite { what: "validation loss", at, kept: self.kept() }.into());
            }
            loss_sum += loss;
            label_tokens += examples.iter().map(|&e| self.data.set.label_tokens(e)).sum::<u64>();
        }
        self.pace.validation(seconds_between(begin, self.emitter.now()));
        #[expect(clippy::cast_precision_loss, reason = "token counts are far below 2^53")]
        Ok(loss_sum / label_tokens.max(1) as f64)
    }

    /// Validation, early stopping and checkpoint at the end of an epoch.
    fn end_epoch(&mut self) -> Result<(), Halt> {
        let (epoch, last) = (self.epoch(), self.epoch() == self.hyperparameters.num_epochs);
        if self.validates() {
            let group = if last { StageGroup::Finalization } else { StageGroup::Training };
            self.emitter.stage(JobStage::Validating, group, format!("Validation after epoch {epoch}"))?;
            let loss = match self.validation_loss() {
                Err(Halt::Stopped) => {
                    self.emit_metrics(None)?;
                    return Err(Halt::Stopped);
                }
                other => other?,
            };
            self.emit_metrics(Some(loss))?;
            self.check_validation(loss)?;
            self.state.validation_loss = Some(loss);
            self.state.validation_losses.push(loss);
            self.judge(loss, epoch)?;
        }
        #[expect(clippy::cast_precision_loss, reason = "token counts are far below 2^53")]
        let mean = self.state.epoch_loss_sum / self.state.epoch_label_tokens.max(1) as f64;
        self.state.last_epoch_loss = Some(mean);
        if self.state.best.is_some_and(|best| best.epoch == epoch) {
            self.state.best_epoch_loss = Some(mean);
        }
        (self.state.epoch_loss_sum, self.state.epoch_label_tokens) = (0.0, 0);
        self.state.epochs_done = epoch;
        if self.state.watch.exploded == 0 || self.state.best.is_some_and(|best| best.step == self.state.step) {
            self.save()?;
        }
        if !self.is_done() && self.validates() {
            let message = format!("Epoch {} of {}", epoch + 1, self.hyperparameters.num_epochs);
            self.emitter.stage(JobStage::Training, StageGroup::Training, message)?;
        }
        Ok(())
    }

    /// Compares a validation loss with the best and decides on early stopping.
    fn judge(&mut self, loss: f64, epoch: u32) -> Result<(), TrainerError> {
        if self.state.best.is_none_or(|best| loss < best.loss) {
            self.state.best = Some(Best { step: self.state.step, epoch, loss });
            self.state.without_improvement = 0;
            return Ok(());
        }
        self.state.without_improvement += 1;
        let patience = self.settings.early_stopping_patience;
        if patience.is_some_and(|p| self.state.without_improvement >= p) && epoch < self.hyperparameters.num_epochs {
            self.state.stopped_early = true;
            let validations = self.state.without_improvement;
            let message = format!("Stopped early after epoch {epoch}: {validations} validations without a better loss.");
            self.emitter.log(LogLevel::Info, message)?;
        }
        Ok(())
    }

    /// Writes a checkpoint of the current state.
    pub fn save(&mut self) -> Result<(), TrainerError> {
        self.engine.collect(&mut self.weights, &mut self.optimizer)?;
        self.state.seconds = self.seconds_before + self.emitter.elapsed_seconds();
        let (path, size) = self.checkpoints.save(&self.state, &self.weights, &self.optimizer, self.base_model)?;
        let state = &self.state;
        self.saved = Some((state.step, state.epochs_done));
        let at_epoch_end = state.step == u64::from(state.epochs_done) * self.steps_per_epoch;
        let validated = state.validation_loss.filter(|_| at_epoch_end);
        let event = TrainerEventKind::Checkpoint {
            step: state.step,
            epoch: if at_epoch_end { state.epochs_done } else { state.epochs_done + 1 },
            loss: validated.or(state.last_step.map(|s| s.loss)).unwrap_or_default(),
            path,
            size,
            best: at_epoch_end && state.best.is_some_and(|b| b.step == state.step),
        };
        self.emitter.emit(event)
    }

    /// Saves, where there is something to save, before a run that was asked to stop ends. Tells whether a checkpoint holds the state.
    pub fn save_before_stopping(&mut self) -> Result<bool, TrainerError> {
        if self.state.step > 0 && self.state.watch.exploded == 0 && self.saved != Some((self.state.step, self.state.epochs_done)) {
            self.save()?;
        }
        Ok(self.saved.is_some())
    }

    fn check_duration(&mut self) -> Result<(), Halt> {
        let hours = (self.seconds_before + self.emitter.elapsed_seconds()) / 3600.0;
        if hours < self.settings.max_duration_hours || self.is_done() {
            return Ok(());
        }
        let limit = self.settings.max_duration_hours;
        self.emitter.log(LogLevel::Warning, format!("The job has run for its limit of {limit} hours and is stopped with a checkpoint."))?;
        Err(Halt::Stopped)
    }

    /// Seconds that the evaluation may take: what the settings say, and no more than is left of the job's own limit.
    pub fn evaluation_limit(&self) -> f64 {
        let left = self.settings.max_duration_hours * 3600.0 - self.seconds_before - self.emitter.elapsed_seconds();
        (self.settings.evaluation_minutes * 60.0).min(left.max(1.0))
    }

    /// Seconds that the evaluation will probably take.
    #[expect(clippy::cast_precision_loss, reason = "token counts are far below 2^53")]
    pub fn evaluation_seconds(&self) -> f64 {
        let tokens: usize = self.data.validation.iter().map(|&example| self.data.set.ids(example).len()).sum();
        let work = domain::cost::evaluation_work(tokens as f64, self.data.validation.len() as u64, self.settings);
        self.pace.tokens_per_second().map_or(0.0, |speed| work / speed.max(1e-9))
    }

    /// Puts the weights with the best validation loss in place of the last ones. Tells their step and epoch.
    pub fn take_best(&mut self) -> Result<(u64, u32), TrainerError> {
        self.engine.collect(&mut self.weights, &mut self.optimizer)?;
        let Some(best) = self.state.best else { return Ok((self.state.step, self.state.epochs_done)) };
        if best.step != self.state.step {
            Checkpoint::load_weights(&self.checkpoints.path(best.step), &mut self.weights)?;
            let message = format!("The adapter of epoch {} is exported: its validation loss {:.4} is the best.", best.epoch, best.loss);
            self.emitter.log(LogLevel::Info, message)?;
        }
        Ok((best.step, best.epoch))
    }
}

/// Lines in words, each once.
fn named(mut lines: Vec<u64>) -> String {
    lines.sort_unstable();
    lines.dedup();
    name_lines(&lines)
}
