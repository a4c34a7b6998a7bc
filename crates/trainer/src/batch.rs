//! Batches: the order of an epoch, and examples padded to one length.

use crate::data::{TokenSet, generator};
use crate::example::IGNORED;
use rand::seq::SliceRandom;

/// Examples side by side, padded at their right to the longest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PaddedBatch {
    /// `[batch_size, seq_len]`, row by row.
    pub input_ids: Vec<u32>,
    /// `[batch_size, seq_len]`; [`IGNORED`] where nothing is learned. Not shifted.
    pub labels: Vec<i32>,
    pub batch_size: usize,
    pub seq_len: usize,
    /// Tokens without the padding.
    pub tokens: u64,
}

impl PaddedBatch {
    /// Puts examples into a batch. The padding is token 0: whatever stands there comes after all tokens that count.
    pub fn new(set: &TokenSet, examples: &[usize]) -> Self {
        let seq_len = examples.iter().map(|&e| set.ids(e).len()).max().unwrap_or(0);
        let mut batch = Self {
            input_ids: vec![0; examples.len() * seq_len],
            labels: vec![IGNORED; examples.len() * seq_len],
            batch_size: examples.len(),
            seq_len,
            tokens: 0,
        };
        for (row, &example) in examples.iter().enumerate() {
            let (ids, at) = (set.ids(example), row * seq_len);
            batch.input_ids[at..at + ids.len()].copy_from_slice(ids);
            batch.tokens += ids.len() as u64;
            for range in set.labels(example) {
                let (first, end) = (range.start.max(1) as usize, range.end as usize);
                let labels = &mut batch.labels[at + first..at + end.max(first)];
                labels.iter_mut().zip(&ids[first..]).for_each(|(label, id)| *label = id.cast_signed());
            }
        }
        batch
    }

    /// Puts texts into a batch, with a label on each token that something stands before.
    pub fn of_texts(texts: &[Vec<u32>]) -> Self {
        let seq_len = texts.iter().map(Vec::len).max().unwrap_or(0);
        let size = texts.len() * seq_len;
        let mut batch = Self { input_ids: vec![0; size], labels: vec![IGNORED; size], batch_size: texts.len(), seq_len, tokens: 0 };
        for (row, ids) in texts.iter().enumerate() {
            let at = row * seq_len;
            batch.input_ids[at..at + ids.len()].copy_from_slice(ids);
            batch.labels[at..at + ids.len()].iter_mut().zip(ids).skip(1).for_each(|(label, id)| *label = id.cast_signed());
            batch.tokens += ids.len() as u64;
        }
        batch
    }
}

/// The rows of an epoch (from 0) in its order, which depends on the seed and the epoch only.
pub(crate) fn epoch_order(rows: usize, seed: u64, epoch: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rows).collect();
    order.shuffle(&mut generator(seed, epoch));
    order
}

/// The rows of one optimiser step of an epoch, micro-step by micro-step.
pub(crate) fn step_batches(order: &[usize], batch_size: usize, accumulation: usize, step_in_epoch: u64) -> Vec<&[usize]> {
    let per_step = batch_size * accumulation;
    #[expect(clippy::cast_possible_truncation, reason = "an index into a slice in memory")]
    let from = (step_in_epoch as usize).saturating_mul(per_step).min(order.len());
    let to = (from + per_step).min(order.len());
    order[from..to].chunks(batch_size).collect()
}

/// Validation batches: longest together, so that there is little padding. The order never changes, so losses are comparable.
pub(crate) fn validation_batches(set: &TokenSet, validation: &[usize], batch_size: usize) -> Vec<Vec<usize>> {
    let mut sorted = validation.to_vec();
    sorted.sort_by_key(|&e| (std::cmp::Reverse(set.ids(e).len()), e));
    sorted.chunks(batch_size).map(<[usize]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_sees_each_example_once_in_its_own_order() {
        let (first, second) = (epoch_order(50, 3, 0), epoch_order(50, 3, 1));
        assert_ne!(first, second);
        assert_eq!(first, epoch_order(50, 3, 0));
        assert_ne!(first, epoch_order(50, 4, 0));
        let mut sorted = second;
        sorted.sort_unstable();
        assert_eq!(sorted, (0..50).collect::<Vec<_>>());
    }

    #[test]
    fn the_last_step_of_an_epoch_may_be_smaller() {
        let order: Vec<usize> = (0..11).collect();
        let sizes = |step| step_batches(&order, 2, 3, step).iter().map(|b| b.len()).collect::<Vec<_>>();
        assert_eq!((sizes(0), sizes(1), sizes(2)), (vec![2, 2, 2], vec![2, 2, 1], vec![]));
    }
}
