//! The base model with its buffers, as the training loop uses it.

use crate::batch::PaddedBatch;
use crate::error::TrainerError;
use model::{Batch, DropoutKey, LoraGradients, LoraWeights, LossScale, Model, ModelError, Prompt, SequenceScore, Workspace};
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

    /// Loss and right guesses of each example of a batch, without dropout.
    pub fn score(&mut self, weights: Option<&LoraWeights>, batch: &PaddedBatch) -> Result<Vec<SequenceScore>, TrainerError> {
        self.model.score(weights, &view(batch), &mut self.workspace).map_err(|e| model_error(&self.path, &e))
    }

    /// Greedy answers; none when `keep_going` says no, which is asked before each token.
    pub fn generate(
        &mut self,
        weights: Option<&LoraWeights>,
        prompts: &[Prompt<'_>],
        stop_tokens: &[u32],
        keep_going: &mut dyn FnMut() -> bool,
    ) -> Result<Option<Vec<Vec<u32>>>, TrainerError> {
        self.model.generate(weights, prompts, stop_tokens, &mut self.workspace, keep_going).map_err(|e| model_error(&self.path, &e))
    }

    /// The mean of the base model's last hidden states for each text.
    pub fn mean_states(&mut self, texts: &[&[u32]]) -> Result<Vec<Vec<f32>>, TrainerError> {
        self.model.mean_states(texts, &mut self.workspace).map_err(|e| model_error(&self.path, &e))
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
        self.model.config().context()
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
