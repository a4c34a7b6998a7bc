//! What an evaluation asks of a model beside its mean loss: the loss of each sequence, how many tokens it would have guessed, and what
//! its hidden states say of a text.

use rayon::prelude::*;

use super::{Model, Pass, Workspace, generate::largest};
use crate::{Backend, Batch, LoraWeights, ModelError, batch::PackedBatch};

/// Rows whose logits exist at one time.
const CHUNK: usize = 64;

/// Figures of one sequence of a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct SequenceScore {
    /// Sum over its labels of the negative log-likelihood, in nats.
    pub loss_sum: f64,
    /// Labels that counted.
    pub label_tokens: usize,
    /// Labels that had the largest logit.
    pub correct: usize,
}

impl<B: Backend> Model<B> {
    /// Loss and guesses of each sequence of a batch, without dropout.
    ///
    /// # Errors
    /// When the batch or the weights do not fit the model, or the device fails.
    pub fn score(&self, lora: Option<&LoraWeights>, batch: &Batch<'_>, ws: &mut Workspace<B>) -> Result<Vec<SequenceScore>, ModelError> {
        lora.map_or(Ok(()), |lora| lora.check_fits(&self.config))?;
        let packed = PackedBatch::for_loss(batch, &self.config)?;
        let mut scores = vec![SequenceScore::default(); batch.batch_size];
        if packed.targets.is_empty() {
            return Ok(scores);
        }
        let pass = Pass { batch: &packed, lora, dropout: None };
        ws.prepare(self, pass, false);
        self.blocks_forward(pass, ws, false);
        for (rows, targets) in packed.label_rows.chunks(CHUNK).zip(packed.targets.chunks(CHUNK)) {
            self.normalise_rows(rows, ws);
            let logits = self.head_logits(rows.len(), ws)?;
            let row_scores: Vec<(f64, bool)> =
                logits.par_chunks_exact(self.config.vocab_size).zip(targets).map(|(logits, target)| row_score(logits, *target)).collect();
            for (row, (loss, correct)) in rows.iter().zip(row_scores) {
                let sequence = packed.offsets.partition_point(|offset| *offset <= *row as usize) - 1;
                let score = &mut scores[sequence];
                score.loss_sum += loss;
                score.label_tokens += 1;
                score.correct += usize::from(correct);
            }
        }
        Ok(scores)
    }

    /// The mean of the last hidden states of each sequence, after the final norm. The first position is left out where there are
    /// others: nothing stands before it, so that it is much the same whatever the text.
    ///
    /// # Errors
    /// When a sequence is empty, too long or holds unknown tokens, or the device fails.
    pub fn mean_states(&self, sequences: &[&[u32]], ws: &mut Workspace<B>) -> Result<Vec<Vec<f32>>, ModelError> {
        let packed = PackedBatch::prompts(sequences, &self.config)?;
        if packed.tokens.is_empty() {
            return Ok(Vec::new());
        }
        let (hidden, pass) = (self.config.hidden_size, Pass { batch: &packed, lora: None, dropout: None });
        ws.prepare(self, pass, false);
        self.blocks_forward(pass, ws, false);
        self.backend.rms_norm(&ws.scratch.stream, &self.final_norm, self.config.rms_norm_eps, &mut ws.scratch.normalised);
        let mut states = vec![0.0; packed.rows() * hidden];
        self.backend.read(&ws.scratch.normalised, &mut states);
        self.backend.finish()?;
        let mean = |place: usize| {
            let (from, to) = (packed.offsets[place], packed.offsets[place + 1]);
            let rows = states[from * hidden..to * hidden].chunks_exact(hidden).skip(usize::from(to - from > 1));
            let count = rows.len() as f32;
            let mut sum = vec![0f32; hidden];
            rows.for_each(|row| sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += value));
            sum.iter_mut().for_each(|value| *value /= count);
            sum
        };
        Ok((0..sequences.len()).map(mean).collect())
    }

    /// Puts the normalised states of some rows into the head's scratch.
    fn normalise_rows(&self, rows: &[u32], ws: &mut Workspace<B>) {
        let (hidden, head) = (self.config.hidden_size, &mut ws.scratch.head);
        self.backend.resize(&mut head.states, rows.len() * hidden);
        self.backend.resize(&mut head.normalised, rows.len() * hidden);
        self.backend.gather_rows(&ws.scratch.stream, hidden, rows, &mut head.states);
        self.backend.rms_norm(&head.states, &self.final_norm, self.config.rms_norm_eps, &mut head.normalised);
    }
}

/// The negative log-likelihood of a target, and whether it has the largest logit.
fn row_score(logits: &[f32], target: u32) -> (f64, bool) {
    let best = largest(logits);
    let shift = logits[best as usize];
    let sum: f64 = logits.iter().map(|logit| f64::from((logit - shift).exp())).sum();
    (f64::from(shift) + sum.ln() - f64::from(logits[target as usize]), best == target)
}
