//! Output head with cross-entropy, in chunks of rows: the logits of a whole batch never exist at once.

use rayon::prelude::*;

use super::{
    frozen::Frozen,
    vector::{log_sum_exp, softmax, vectorised},
};
use crate::backend::{Head, Write};

/// Rows whose logits exist at one time.
const CHUNK: usize = 128;

/// Sum of the negative log-likelihoods.
pub(super) fn forward(head: Head<'_, Vec<f32>, Frozen>, scratch: &mut Vec<f32>) -> f64 {
    chunks(
        head,
        scratch,
        |logits, target| {
            let wanted = logits[target];
            vectorised(
                #[inline(always)]
                || log_sum_exp(logits),
            ) - wanted
        },
        |_, _, _| (),
    )
}

/// As [`forward`]; writes `scale · (softmax(logits) - one_hot(target)) · weight` to `d_hidden`, shaped as the hidden states.
pub(super) fn backward(head: Head<'_, Vec<f32>, Frozen>, scale: f32, d_hidden: &mut [f32], scratch: &mut Vec<f32>) -> f64 {
    assert_eq!(d_hidden.len(), head.hidden.len(), "the gradient must have the hidden states' shape");
    let row_loss = |logits: &mut [f32], target: usize| {
        let wanted = logits[target];
        let log_denominator = vectorised(
            #[inline(always)]
            || softmax(logits, 1.0, scale),
        );
        logits[target] -= scale;
        log_denominator - wanted
    };
    chunks(head, scratch, row_loss, |first, rows, d_logits| {
        let part = &mut d_hidden[first * head.hidden_size..(first + rows) * head.hidden_size];
        head.weight.times(d_logits, None, Write::Replace, part);
    })
}

/// For each chunk: computes logits, lets `row_loss` change each row and give its loss, then hands `(first row, rows, changed logits)` on.
/// The losses are summed in the rows' order.
fn chunks(
    head: Head<'_, Vec<f32>, Frozen>,
    scratch: &mut Vec<f32>,
    row_loss: impl Fn(&mut [f32], usize) -> f32 + Sync,
    mut after: impl FnMut(usize, usize, &[f32]),
) -> f64 {
    let Head { hidden, weight, hidden_size, vocabulary, targets } = head;
    assert_eq!(hidden.len(), targets.len() * hidden_size, "one hidden state for each target");
    assert_eq!((weight.rows(), weight.columns()), (vocabulary, hidden_size), "the head must have its size");
    let mut losses = [0f32; CHUNK];
    let mut sum = 0f64;
    for (chunk, targets) in targets.chunks(CHUNK).enumerate() {
        let (first, rows) = (chunk * CHUNK, targets.len());
        scratch.resize(rows * vocabulary, 0.0);
        weight.times_transposed(&hidden[first * hidden_size..(first + rows) * hidden_size], None, Write::Replace, scratch);
        let pieces = scratch.par_chunks_mut(vocabulary).zip(targets).zip(&mut losses[..rows]);
        pieces.for_each(|((logits, target), loss)| *loss = row_loss(logits, *target as usize));
        sum += losses[..rows].iter().map(|loss| f64::from(*loss)).sum::<f64>();
        after(first, rows, scratch);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::{super::testing, *};
    use crate::{Precision, weights::Elements};

    fn reference(hidden: &[f64], weight: &[f32], hidden_size: usize, targets: &[u32]) -> f64 {
        hidden
            .chunks(hidden_size)
            .zip(targets)
            .map(|(state, target)| {
                let logit = |row: &[f32]| state.iter().zip(row).map(|(s, w)| s * f64::from(*w)).sum::<f64>();
                let logits: Vec<f64> = weight.chunks(hidden_size).map(logit).collect();
                logits.iter().map(|l| l.exp()).sum::<f64>().ln() - logits[*target as usize]
            })
            .sum()
    }

    #[test]
    fn loss_and_gradient_agree_with_finite_differences_across_chunks() {
        let (hidden_size, vocabulary, rows) = (6, 37, CHUNK + 5);
        let hidden = testing::numbers(1, rows * hidden_size);
        let weight: Vec<f32> = testing::numbers(2, vocabulary * hidden_size).iter().map(|w| 3.0 * w).collect();
        let targets: Vec<u32> = (0..rows as u32).map(|row| row * 5 % vocabulary as u32).collect();
        let frozen = Frozen::new(&Elements::Owned(weight.clone()), vocabulary, hidden_size, Precision::F32);
        let head = Head { hidden: &hidden, weight: &frozen, hidden_size, vocabulary, targets: &targets };
        let wanted = reference(&testing::widen(&hidden), &weight, hidden_size, &targets);
        let mut scratch = Vec::new();
        assert!((forward(head, &mut scratch) - wanted).abs() < 1e-6 * wanted);

        let mut d_hidden = vec![f32::NAN; hidden.len()];
        let loss = backward(head, 0.25, &mut d_hidden, &mut scratch);
        assert!((loss - wanted).abs() < 1e-6 * wanted);
        let gradient = testing::gradient(&hidden, |hidden| 0.25 * reference(hidden, &weight, hidden_size, &targets));
        testing::assert_close(&d_hidden, &gradient, 1e-5, "d_hidden");
    }
}
