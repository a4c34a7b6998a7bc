//! The base model with its buffers, as the training loop uses it.

use crate::batch::PaddedBatch;
use crate::error::TrainerError;
use model::{Batch, DropoutKey, LoraGradients, LoraWeights, LossScale, Model, ModelError, Workspace};
use std::path::{Path, PathBuf};

/// A loaded base model.
pub(crate) struct Engine {
    model: Model,
    workspace: Workspace,
    path: PathBuf,
}

impl Engine {
    pub fn load(path: &Path) -> Result<Self, TrainerError> {
        let model = Model::load(path).map_err(|e| model_error(path, &e))?;
        Ok(Self { model, workspace: Workspace::new(), path: path.to_owned() })
    }

    /// Adds the gradients of the batch's loss over `label_tokens` (those of the whole accumulation window); yields the batch's loss, summed.
    pub fn forward_backward(
        &mut self,
        weights: &LoraWeights,
        gradients: &mut LoraGradients,
        batch: &PaddedBatch,
        label_tokens: u64,
        key: DropoutKey,
    ) -> Result<f64, TrainerError> {
        let scale = LossScale::mean_over(usize::try_from(label_tokens).unwrap_or(usize::MAX));
        self.model
            .forward_backward(weights, gradients, &view(batch), scale, Some(key), &mut self.workspace)
            .map(|loss| loss.loss_sum)
            .map_err(|e| model_error(&self.path, &e))
    }

    /// The batch's loss, summed over its label tokens, without dropout.
    pub fn loss(&mut self, weights: &LoraWeights, batch: &PaddedBatch) -> Result<f64, TrainerError> {
        self.model.loss(Some(weights), &view(batch), &mut self.workspace).map(|loss| loss.loss_sum).map_err(|e| model_error(&self.path, &e))
    }
}

fn view(batch: &PaddedBatch) -> Batch<'_> {
    Batch { input_ids: &batch.input_ids, labels: &batch.labels, batch_size: batch.batch_size, seq_len: batch.seq_len }
}

/// Names the folder, and says the causes on the same line.
pub(crate) fn model_error(path: &Path, error: &ModelError) -> TrainerError {
    let mut reason = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        reason = format!("{reason} ({cause})");
        source = cause.source();
    }
    TrainerError::Model { path: path.to_owned(), reason }
}
