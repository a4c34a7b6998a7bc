//! Batches as the trainer gives them, and as the engine computes them.

use crate::{DecoderConfig, ModelError};

/// The label of a position that is not to be predicted.
pub const IGNORED_LABEL: i32 = -100;

/// Token sequences of one length, padded on the right.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// `[batch_size, seq_len]`.
    pub input_ids: &'a [u32],
    /// `[batch_size, seq_len]`, as transformers wants them: the label at position t is the token at t, to be predicted from what stands
    /// before it, or [`IGNORED_LABEL`]. The engine shifts; a label at position 0 cannot be predicted and counts for nothing.
    pub labels: &'a [i32],
    /// Number of sequences.
    pub batch_size: usize,
    /// Length of each, with its padding.
    pub seq_len: usize,
}

impl Batch<'_> {
    /// Number of labels that count: what a mean loss is divided by.
    pub fn label_tokens(&self) -> usize {
        let rows = self.labels.chunks(self.seq_len.max(1));
        rows.map(|row| row.iter().skip(1).filter(|label| **label != IGNORED_LABEL).count()).sum()
    }
}

/// The factor on the summed loss whose gradients are computed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LossScale(pub f32);

impl LossScale {
    /// `1 / label_tokens`: with the labels of the whole accumulation, gradients added over its batches are those of the mean loss.
    pub fn mean_over(label_tokens: usize) -> Self {
        Self((1.0 / label_tokens.max(1) as f64) as f32)
    }
}

/// The loss of a batch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchLoss {
    /// Sum over the labels of the negative log-likelihood, in nats.
    pub loss_sum: f64,
    /// Number of labels that counted.
    pub label_tokens: usize,
}

impl BatchLoss {
    /// Mean loss a label, or none when no label counted.
    pub fn mean(&self) -> Option<f64> {
        (self.label_tokens > 0).then(|| self.loss_sum / self.label_tokens as f64)
    }
}

/// The rows that are really computed: each sequence up to the last token from which something is predicted, one after another.
///
/// Attention is causal, so what stands behind that token, padding included, cannot change the loss.
#[derive(Debug)]
pub(crate) struct PackedBatch {
    /// Token of each row.
    pub(crate) tokens: Vec<u32>,
    /// Position of each row in its sequence.
    pub(crate) positions: Vec<u32>,
    /// First row of each sequence, and the number of rows.
    pub(crate) offsets: Vec<usize>,
    /// Length of the sequences as they were given, with their padding.
    pub(crate) span: usize,
    /// Rows from which a label is predicted.
    pub(crate) label_rows: Vec<u32>,
    /// The labels, one for each of `label_rows`.
    pub(crate) targets: Vec<u32>,
}

impl PackedBatch {
    /// Packs for a loss.
    pub(crate) fn for_loss(batch: &Batch<'_>, config: &DecoderConfig) -> Result<Self, ModelError> {
        check_tokens(batch.input_ids, batch.batch_size, batch.seq_len, config)?;
        if batch.labels.len() != batch.input_ids.len() {
            let (labels, tokens) = (batch.labels.len(), batch.input_ids.len());
            return Err(ModelError::invalid_batch(format!("{labels} labels for {tokens} tokens; there must be one for each")));
        }
        let mut packed = Self::empty(batch.seq_len);
        for (tokens, labels) in batch.input_ids.chunks_exact(batch.seq_len).zip(batch.labels.chunks_exact(batch.seq_len)) {
            let start = packed.tokens.len();
            let mut length = 0;
            for (position, label) in labels.iter().enumerate().filter(|(_, label)| **label != IGNORED_LABEL) {
                let target = u32::try_from(*label).ok().filter(|target| (*target as usize) < config.vocab_size).ok_or_else(|| {
                    let largest = config.vocab_size - 1;
                    ModelError::invalid_batch(format!("label {label} is neither {IGNORED_LABEL} nor a token from 0 to {largest}"))
                })?;
                if position > 0 {
                    length = position;
                    packed.label_rows.push((start + position - 1) as u32);
                    packed.targets.push(target);
                }
            }
            packed.push_sequence(&tokens[..length]);
        }
        Ok(packed)
    }

    /// Packs every token, without labels.
    pub(crate) fn whole(input_ids: &[u32], batch_size: usize, seq_len: usize, config: &DecoderConfig) -> Result<Self, ModelError> {
        check_tokens(input_ids, batch_size, seq_len, config)?;
        let mut packed = Self::empty(seq_len);
        input_ids.chunks_exact(seq_len).for_each(|tokens| packed.push_sequence(tokens));
        Ok(packed)
    }

    /// Packs sequences of any lengths, none empty, to go on from the last token of each.
    pub(crate) fn prompts(sequences: &[&[u32]], config: &DecoderConfig) -> Result<Self, ModelError> {
        let mut packed = Self::empty(sequences.iter().map(|tokens| tokens.len()).max().unwrap_or(0));
        for tokens in sequences {
            check_tokens(tokens, 1, tokens.len(), config)?;
            packed.push_sequence(tokens);
            packed.label_rows.push(packed.rows() as u32 - 1);
            packed.targets.push(0);
        }
        Ok(packed)
    }

    /// One more token of each of some sequences, each at its position.
    pub(crate) fn next(tokens: Vec<u32>, positions: Vec<u32>) -> Self {
        let rows = tokens.len();
        let span = positions.iter().max().map_or(0, |position| *position as usize + 1);
        let (label_rows, targets) = ((0..rows as u32).collect(), vec![0; rows]);
        Self { tokens, positions, offsets: (0..=rows).collect(), span, label_rows, targets }
    }

    fn empty(span: usize) -> Self {
        Self { tokens: Vec::new(), positions: Vec::new(), offsets: vec![0], span, label_rows: Vec::new(), targets: Vec::new() }
    }

    fn push_sequence(&mut self, tokens: &[u32]) {
        self.tokens.extend_from_slice(tokens);
        self.positions.extend(0..tokens.len() as u32);
        self.offsets.push(self.tokens.len());
    }

    /// Number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.tokens.len()
    }

    /// Length of the longest sequence.
    pub(crate) fn longest(&self) -> usize {
        self.positions.iter().max().map_or(0, |position| *position as usize + 1)
    }
}

fn check_tokens(input_ids: &[u32], batch_size: usize, seq_len: usize, config: &DecoderConfig) -> Result<(), ModelError> {
    if batch_size == 0 || seq_len == 0 || batch_size.checked_mul(seq_len) != Some(input_ids.len()) {
        let found = input_ids.len();
        return Err(ModelError::invalid_batch(format!("{found} tokens do not make {batch_size} sequences of {seq_len}")));
    }
    let limit = config.context();
    if seq_len > limit {
        return Err(ModelError::invalid_batch(format!("sequences of {seq_len} tokens; the model's context holds {limit}")));
    }
    match input_ids.iter().position(|token| *token as usize >= config.vocab_size) {
        Some(place) => {
            let (token, last) = (input_ids[place], config.vocab_size - 1);
            let (row, column) = (place / seq_len, place % seq_len);
            Err(ModelError::invalid_batch(format!("token {token} in sequence {row} at position {column}; the model knows 0 to {last}")))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> DecoderConfig {
        let json = r#"{"model_type":"llama","hidden_size":8,"intermediate_size":8,"num_hidden_layers":1,"num_attention_heads":1,
            "vocab_size":10,"max_position_embeddings":6}"#;
        DecoderConfig::from_json(json.as_bytes()).unwrap()
    }

    #[test]
    fn packs_up_to_the_last_token_that_predicts() {
        let input_ids = [1, 2, 3, 4, 0, 0, /* */ 5, 6, 7, 8, 9, 1, /* */ 2, 2, 2, 2, 2, 2];
        let labels = [-100, -100, 3, 4, -100, -100, /* */ 5, -100, -100, -100, -100, 1, /* */ 2, -100, -100, -100, -100, -100];
        let batch = Batch { input_ids: &input_ids, labels: &labels, batch_size: 3, seq_len: 6 };
        let packed = PackedBatch::for_loss(&batch, &config()).unwrap();
        assert_eq!(packed.tokens, [1, 2, 3, 5, 6, 7, 8, 9]);
        assert_eq!(packed.positions, [0, 1, 2, 0, 1, 2, 3, 4]);
        assert_eq!(packed.offsets, [0, 3, 8, 8]);
        assert_eq!(packed.label_rows, [1, 2, 7]);
        assert_eq!(packed.targets, [3, 4, 1]);
        assert_eq!(batch.label_tokens(), 3);
        assert_eq!(packed.longest(), 5);
    }

    #[test]
    fn says_what_is_wrong_with_a_batch() {
        let fits = Batch { input_ids: &[1, 2, 3, 4], labels: &[1, 2, 3, 4], batch_size: 2, seq_len: 2 };
        let wrong = [
            (Batch { batch_size: 3, ..fits }, "3 sequences"),
            (Batch { seq_len: 0, ..fits }, "sequences of 0"),
            (Batch { labels: &[1], ..fits }, "1 labels"),
            (Batch { labels: &[1, 2, 3, 10], ..fits }, "label 10"),
            (Batch { labels: &[1, 2, 3, -1], ..fits }, "label -1"),
            (Batch { input_ids: &[1, 2, 10, 4], ..fits }, "sequence 1 at position 0"),
            (Batch { input_ids: &[1; 7], labels: &[1; 7], batch_size: 1, seq_len: 7 }, "context holds 6"),
        ];
        for (batch, named) in wrong {
            let error = PackedBatch::for_loss(&batch, &config()).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
    }
}
