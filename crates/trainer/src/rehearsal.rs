//! What a run does once before it is billed: its longest batch forward and backward, the longest validation batch, a checkpoint written
//! and read back. What fails here fails in the first seconds and names the setting to change, not after hours.

use crate::batch::{PaddedBatch, validation_batches};
use crate::checkpoint::{Checkpoints, RunState};
use crate::data::TrainingData;
use crate::engine::Engine;
use crate::error::TrainerError;
use crate::files::remove_dir;
use crate::optimizer::Optimizer;
use domain::job::Hyperparameters;
use model::{DropoutKey, LoraGradients, LoraWeights};
use std::path::Path;

/// What is rehearsed with.
pub(crate) struct Rehearsal<'a> {
    pub hyperparameters: &'a Hyperparameters,
    pub data: &'a TrainingData,
    pub weights: &'a LoraWeights,
    pub optimizer: &'a Optimizer,
    /// Where the run begins.
    pub state: &'a RunState,
    pub base_model: &'a str,
    /// Folder of the run.
    pub output: &'a Path,
}

impl Rehearsal<'_> {
    /// Runs it; leaves nothing behind. Answers the tokens of the longest batch.
    pub fn run(&self, engine: &mut Engine) -> Result<u64, TrainerError> {
        let batch = PaddedBatch::new(&self.data.set, &longest_batch(self.data, self.hyperparameters.batch_size as usize));
        let mut gradients = LoraGradients::zeros_like(self.weights);
        let key = DropoutKey { seed: self.state.seed, step: 0, micro_step: 0 };
        let done = engine.forward_backward(self.weights, &mut gradients, &batch, batch.tokens.max(1), key);
        done.map_err(|e| failed("the longest batch", "hyperparameters.batchSize or hyperparameters.maxSeqLength", e))?;
        if let Some(first) = validation_batches(&self.data.set, &self.data.validation, self.hyperparameters.batch_size as usize).first() {
            let done = engine.loss(self.weights, &PaddedBatch::new(&self.data.set, first));
            done.map_err(|e| failed("a validation", "hyperparameters.batchSize or validationSplitRatio", e))?;
        }
        let folder = self.output.join(".rehearsal");
        let kept = self.checkpoint(&folder);
        let removed = remove_dir(&folder);
        kept.and(removed).map_err(|e| failed("a checkpoint", "output.dir", e))?;
        Ok(batch.tokens)
    }

    /// A checkpoint comes back as it was written.
    fn checkpoint(&self, folder: &Path) -> Result<(), TrainerError> {
        remove_dir(folder)?;
        let checkpoints = Checkpoints::new(folder);
        checkpoints.save(self.state, self.weights, self.optimizer, self.base_model)?;
        let found = checkpoints.newest(&self.state.identity)?.checkpoint;
        let found = found.ok_or_else(|| TrainerError::Internal("a checkpoint that was written is not found again".to_owned()))?;
        if !found.holds(self.weights)? || found.state != *self.state {
            return Err(TrainerError::Internal("a checkpoint did not come back as it was written".to_owned()));
        }
        Ok(())
    }
}

/// The examples of the largest batch that an epoch could draw.
pub(crate) fn longest_batch(data: &TrainingData, batch_size: usize) -> Vec<usize> {
    let tokens = |row: &Vec<usize>| row.iter().map(|&example| data.set.ids(example).len()).sum::<usize>();
    let mut rows: Vec<&Vec<usize>> = data.rows.iter().collect();
    rows.sort_by_key(|row| std::cmp::Reverse(tokens(row)));
    rows.into_iter().take(batch_size.max(1)).flatten().copied().collect()
}

/// A full disk says what it is by itself; everything else names what to change.
fn failed(part: &'static str, setting: &'static str, error: TrainerError) -> TrainerError {
    match error {
        full @ TrainerError::DiskFull { .. } => full,
        other => TrainerError::Rehearsal { part, setting, reason: other.full_message() },
    }
}
