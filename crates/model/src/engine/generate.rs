//! Greedy generation: at each step the token with the largest logit, as transformers does without sampling.

use super::{Model, Pass, Workspace, past::SequencePasts};
use crate::{Backend, LoraWeights, ModelError, backend::Write, batch::PackedBatch};

/// Sequences that are continued side by side: the weights are read once for all of them.
const SIDE_BY_SIDE: usize = 8;
/// Bytes that their keys and values may take.
const PAST_BYTES: usize = 256 << 20;

/// A sequence to go on from.
#[derive(Debug, Clone, Copy)]
pub struct Prompt<'a> {
    /// Its tokens, at least one.
    pub tokens: &'a [u32],
    /// Tokens to add at most; the model's context is a bound as well.
    pub max_new_tokens: usize,
}

impl<B: Backend> Model<B> {
    /// Continues each prompt until one of `stop_tokens` was added, or as many tokens as it asks for. Asks `keep_going` before each token;
    /// none when it says no.
    ///
    /// # Errors
    /// When a prompt is empty, too long or holds unknown tokens, the weights do not fit the model, or the device fails.
    pub fn generate(
        &self,
        lora: Option<&LoraWeights>,
        prompts: &[Prompt<'_>],
        stop_tokens: &[u32],
        ws: &mut Workspace<B>,
        keep_going: &mut dyn FnMut() -> bool,
    ) -> Result<Option<Vec<Vec<u32>>>, ModelError> {
        lora.map_or(Ok(()), |lora| lora.check_fits(&self.config))?;
        let mut answers = Vec::with_capacity(prompts.len());
        for group in self.side_by_side(prompts) {
            match self.generate_group(lora, group, stop_tokens, ws, keep_going)? {
                Some(group) => answers.extend(group),
                None => return Ok(None),
            }
        }
        Ok(Some(answers))
    }

    /// Cuts the prompts into groups whose keys and values fit.
    fn side_by_side<'p, 't>(&self, prompts: &'p [Prompt<'t>]) -> Vec<&'p [Prompt<'t>]> {
        let row = 2 * self.config.num_hidden_layers * self.config.key_value_width() * size_of::<f32>();
        let (mut groups, mut from, mut bytes) = (Vec::new(), 0, 0);
        for (place, prompt) in prompts.iter().enumerate() {
            let more = (prompt.tokens.len() + prompt.max_new_tokens).saturating_mul(row);
            if place > from && (place - from == SIDE_BY_SIDE || bytes + more > PAST_BYTES) {
                groups.push(&prompts[from..place]);
                (from, bytes) = (place, 0);
            }
            bytes = bytes.saturating_add(more);
        }
        groups.push(&prompts[from..]);
        groups
    }

    fn generate_group(
        &self,
        lora: Option<&LoraWeights>,
        prompts: &[Prompt<'_>],
        stop_tokens: &[u32],
        ws: &mut Workspace<B>,
        keep_going: &mut dyn FnMut() -> bool,
    ) -> Result<Option<Vec<Vec<u32>>>, ModelError> {
        let tokens: Vec<&[u32]> = prompts.iter().map(|prompt| prompt.tokens).collect();
        let mut packed = PackedBatch::prompts(&tokens, &self.config)?;
        let mut answers = vec![Vec::new(); prompts.len()];
        let mut pasts = SequencePasts::new(self.config.num_hidden_layers, prompts.len());
        let room = |place: usize, added: usize| {
            added < prompts[place].max_new_tokens && prompts[place].tokens.len() + added < self.config.context()
        };
        if !prompts.is_empty() {
            ws.prepare(self, Pass { batch: &packed, lora, dropout: None }, false);
        }
        while !packed.tokens.is_empty() {
            if !keep_going() {
                return Ok(None);
            }
            let pass = Pass { batch: &packed, lora, dropout: None };
            ws.make_room(self, pass, false);
            let logits = self.next_logits(pass, ws, &mut pasts)?;
            let best = logits.chunks_exact(self.config.vocab_size).map(largest);
            let mut going_on = Vec::new();
            let (mut tokens, mut positions) = (Vec::new(), Vec::new());
            for (token, place) in best.zip(&pasts.active) {
                let answer = &mut answers[*place];
                if room(*place, answer.len()) {
                    answer.push(token);
                }
                if !stop_tokens.contains(&token) && room(*place, answer.len()) {
                    going_on.push(*place);
                    tokens.push(token);
                    positions.push((prompts[*place].tokens.len() + answer.len() - 1) as u32);
                }
            }
            pasts.active = going_on;
            packed = PackedBatch::next(tokens, positions);
        }
        Ok(Some(answers))
    }

    /// Logits for the token after the last of each sequence, `[sequences, vocabulary]`.
    fn next_logits(&self, pass: Pass<'_>, ws: &mut Workspace<B>, pasts: &mut SequencePasts) -> Result<Vec<f32>, ModelError> {
        self.backend.gather_frozen_rows(&self.embedding, &pass.batch.tokens, &mut ws.scratch.stream);
        for layer in 0..self.layers.len() {
            let mut past = pasts.layer(layer);
            self.block_forward(pass, layer, &ws.adapters, &mut ws.scratch, Some(&mut past));
        }
        self.head_states(pass, &mut ws.scratch);
        self.head_logits(pass.batch.label_rows.len(), ws)
    }

    /// Logits on the host of the first `rows` normalised states of the head's scratch, which holds no more.
    pub(super) fn head_logits(&self, rows: usize, ws: &mut Workspace<B>) -> Result<Vec<f32>, ModelError> {
        let (vocabulary, head) = (self.config.vocab_size, &mut ws.scratch.head);
        self.backend.resize(&mut head.logits, rows * vocabulary);
        self.backend.linear(&head.normalised, self.head_weight(), None, Write::Replace, &mut head.logits);
        let mut logits = vec![0.0; rows * vocabulary];
        self.backend.read(&head.logits, &mut logits);
        self.backend.finish()?;
        Ok(logits)
    }
}

/// Place of the largest number; of equal ones the first.
pub(super) fn largest(logits: &[f32]) -> u32 {
    let mut best = 0;
    for (place, value) in logits.iter().enumerate() {
        if *value > logits[best] {
            best = place;
        }
    }
    best as u32
}
