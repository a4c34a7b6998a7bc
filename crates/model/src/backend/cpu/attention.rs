//! Causal attention with grouped queries, in blocks of queries: scores exist for one block at a time, and only up to the diagonal.
//!
//! The backward pass computes the probabilities again from the saved log-sum-exp, as FlashAttention does (Dao et al., 2022, §3.1).

use std::marker::PhantomData;

use rayon::prelude::*;

use super::{
    product::{View, sequential},
    vector::{dot, exp, softmax, vectorised},
};
use crate::backend::{Attention, Write};

/// Queries whose scores exist at one time in one task.
const BLOCK: usize = 64;

/// Rotated queries, keys and values.
#[derive(Clone, Copy)]
pub(super) struct Inputs<'a> {
    pub(super) queries: &'a [f32],
    pub(super) keys: &'a [f32],
    pub(super) values: &'a [f32],
}

/// What the backward pass takes besides the inputs.
#[derive(Clone, Copy)]
pub(super) struct Saved<'a> {
    pub(super) output: &'a [f32],
    pub(super) log_sum_exp: &'a [f32],
    pub(super) d_output: &'a [f32],
}

/// Where the backward pass writes.
pub(super) struct Gradients<'a> {
    pub(super) queries: &'a mut [f32],
    pub(super) keys: &'a mut [f32],
    pub(super) values: &'a mut [f32],
}

/// A `[rows, heads · width]` matrix whose heads are written by different tasks.
struct HeadColumns<'a> {
    start: *mut f32,
    length: usize,
    row_stride: usize,
    width: usize,
    matrix: PhantomData<&'a mut [f32]>,
}

#[expect(unsafe_code, reason = "tasks on other threads write through it, each its own cells")]
// SAFETY: the only access is `cell`, whose contract forbids that two tasks hold the same cell.
unsafe impl Sync for HeadColumns<'_> {}

impl<'a> HeadColumns<'a> {
    fn new(matrix: &'a mut [f32], heads: usize, width: usize) -> Self {
        Self { start: matrix.as_mut_ptr(), length: matrix.len(), row_stride: heads * width, width, matrix: PhantomData }
    }

    /// The part of a row that belongs to a head.
    ///
    /// # Safety
    /// No other reference to the same row and head may live at the same time.
    #[expect(unsafe_code, reason = "a row's heads are disjoint, which the borrow checker cannot see")]
    #[expect(clippy::mut_from_ref, reason = "the caller promises that no cell is held twice")]
    unsafe fn cell(&self, row: usize, head: usize) -> &mut [f32] {
        let offset = row * self.row_stride + head * self.width;
        assert!((head + 1) * self.width <= self.row_stride && offset + self.width <= self.length, "a cell must lie in the matrix");
        // SAFETY: the cell lies inside the matrix, which is borrowed exclusively for 'a, and the caller holds no other reference to it.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(offset), self.width) }
    }

    /// Copies consecutive rows of a dense `[_, width]` block into a head's column.
    ///
    /// # Safety
    /// Only one task may write to this head of these rows.
    #[expect(unsafe_code, reason = "see cell")]
    unsafe fn write(&self, first_row: usize, head: usize, block: &[f32]) {
        for (row, values) in block.chunks_exact(self.width).enumerate() {
            // SAFETY: by this function's contract no other task touches these cells, and the reference ends here.
            unsafe { self.cell(first_row + row, head) }.copy_from_slice(values);
        }
    }
}

/// Sizes, checked once.
#[derive(Clone, Copy)]
struct Geometry<'a> {
    shape: Attention<'a>,
    query_width: usize,
    key_value_width: usize,
    group: usize,
    scale: f32,
    rows: usize,
    longest: usize,
}

impl<'a> Geometry<'a> {
    fn new(shape: Attention<'a>, inputs: Inputs<'_>) -> Self {
        let query_width = shape.heads * shape.head_dim;
        let key_value_width = shape.key_value_heads * shape.head_dim;
        let rows = shape.offsets.last().copied().unwrap_or(0);
        assert!(shape.heads.is_multiple_of(shape.key_value_heads), "query heads must share key heads evenly");
        assert!(shape.offsets.is_sorted(), "sequences must follow one another");
        assert_eq!(inputs.queries.len(), rows * query_width, "queries");
        assert_eq!(inputs.keys.len(), rows * key_value_width, "keys");
        assert_eq!(inputs.values.len(), rows * key_value_width, "values");
        let longest = shape.offsets.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0);
        Self {
            shape,
            query_width,
            key_value_width,
            group: shape.heads / shape.key_value_heads,
            scale: 1.0 / (shape.head_dim as f32).sqrt(),
            rows,
            longest,
        }
    }

    /// First position of a sequence that the query at `position` sees.
    #[inline(always)]
    fn first_seen(&self, position: usize) -> usize {
        self.shape.window.map_or(0, |window| (position + 1).saturating_sub(window))
    }

    fn sequences(&self) -> usize {
        self.shape.offsets.len().saturating_sub(1)
    }

    /// First row and length of a sequence.
    fn sequence(&self, index: usize) -> (usize, usize) {
        let first = self.shape.offsets[index];
        (first, self.shape.offsets[index + 1] - first)
    }

    /// One head's column of a query-shaped matrix.
    fn query_view<'m>(&self, matrix: &'m [f32], first: usize, rows: usize, head: usize) -> View<'m> {
        View::strided(&matrix[first * self.query_width + head * self.shape.head_dim..], rows, self.shape.head_dim, self.query_width)
    }

    /// One head's column of a key-shaped matrix.
    fn key_value_view<'m>(&self, matrix: &'m [f32], first: usize, rows: usize, head: usize) -> View<'m> {
        let start = first * self.key_value_width + head * self.shape.head_dim;
        View::strided(&matrix[start..], rows, self.shape.head_dim, self.key_value_width)
    }
}

/// `output` is `[rows, heads · head_dim]`, `log_sum_exp` is `[rows, heads]`.
pub(super) fn forward(shape: Attention<'_>, inputs: Inputs<'_>, output: &mut [f32], log_sum_exp: &mut [f32]) {
    let geometry = Geometry::new(shape, inputs);
    assert_eq!(output.len(), inputs.queries.len(), "the output has the queries' shape");
    assert_eq!(log_sum_exp.len(), geometry.rows * shape.heads, "one log-sum-exp for each row and head");
    let output = HeadColumns::new(output, shape.heads, shape.head_dim);
    let log_sum_exp = HeadColumns::new(log_sum_exp, shape.heads, 1);
    (0..geometry.sequences() * shape.heads).into_par_iter().for_each_init(
        || (vec![0f32; BLOCK * geometry.longest], vec![0f32; BLOCK * shape.head_dim]),
        |(scores, block), task| forward_head(&geometry, inputs, task, (scores, block), (&output, &log_sum_exp)),
    );
}

#[expect(unsafe_code, reason = "writes its own cells of matrices that tasks share")]
fn forward_head(
    geometry: &Geometry<'_>,
    inputs: Inputs<'_>,
    task: usize,
    (scores, block): (&mut [f32], &mut [f32]),
    (output, log_sum_exp): (&HeadColumns<'_>, &HeadColumns<'_>),
) {
    let (head, head_dim) = (task % geometry.shape.heads, geometry.shape.head_dim);
    let (start, length) = geometry.sequence(task / geometry.shape.heads);
    for first in (0..length).step_by(BLOCK) {
        let rows = BLOCK.min(length - first);
        // The block's queries see nothing before `from`, so neither keys nor scores exist there.
        let from = geometry.first_seen(first);
        let visible = first + rows - from;
        let queries = geometry.query_view(inputs.queries, start + first, rows, head);
        let keys = geometry.key_value_view(inputs.keys, start + from, visible, head / geometry.group);
        let values = geometry.key_value_view(inputs.values, start + from, visible, head / geometry.group);
        let scores = &mut scores[..rows * visible];
        sequential(1.0, queries, keys.t(), Write::Replace, scores);
        let mut denominators = [0f32; BLOCK];
        vectorised(
            #[inline(always)]
            || {
                for (row, scores) in scores.chunks_exact_mut(visible).enumerate() {
                    let (past, future) = scores.split_at_mut(first + row + 1 - from);
                    let (forgotten, seen) = past.split_at_mut(geometry.first_seen(first + row) - from);
                    denominators[row] = softmax(seen, geometry.scale, 1.0);
                    forgotten.fill(0.0);
                    future.fill(0.0);
                }
            },
        );
        let block = &mut block[..rows * head_dim];
        sequential(1.0, View::dense(scores, rows, visible), values, Write::Replace, block);
        // SAFETY: a task is one head of one sequence, and tasks are distinct, so no other task writes to these rows of this head.
        unsafe {
            output.write(start + first, head, block);
            log_sum_exp.write(start + first, head, &denominators[..rows]);
        }
    }
}

/// Buffers of one task of the backward pass.
struct Scratch {
    probabilities: Vec<f32>,
    d_scores: Vec<f32>,
    d_queries: Vec<f32>,
    d_keys: Vec<f32>,
    d_values: Vec<f32>,
}

impl Scratch {
    fn new(geometry: &Geometry<'_>) -> Self {
        let zeros = |rows: usize, columns: usize| vec![0f32; rows * columns];
        let head_dim = geometry.shape.head_dim;
        Self {
            probabilities: zeros(BLOCK, geometry.longest),
            d_scores: zeros(BLOCK, geometry.longest),
            d_queries: zeros(BLOCK, head_dim),
            d_keys: zeros(geometry.longest, head_dim),
            d_values: zeros(geometry.longest, head_dim),
        }
    }
}

/// Gradients have the shapes of the inputs; whatever they held is replaced.
pub(super) fn backward(shape: Attention<'_>, inputs: Inputs<'_>, saved: Saved<'_>, gradients: Gradients<'_>) {
    let geometry = Geometry::new(shape, inputs);
    assert!(saved.output.len() == inputs.queries.len() && saved.d_output.len() == inputs.queries.len(), "output and its gradient");
    assert_eq!(saved.log_sum_exp.len(), geometry.rows * shape.heads, "log-sum-exp");
    assert_eq!(gradients.queries.len(), inputs.queries.len(), "query gradients");
    assert!(gradients.keys.len() == inputs.keys.len() && gradients.values.len() == inputs.values.len(), "key and value gradients");
    let d_queries = HeadColumns::new(gradients.queries, shape.heads, shape.head_dim);
    let d_keys = HeadColumns::new(gradients.keys, shape.key_value_heads, shape.head_dim);
    let d_values = HeadColumns::new(gradients.values, shape.key_value_heads, shape.head_dim);
    // One task for each key head: the query heads that share it add to its gradients one after another.
    (0..geometry.sequences() * shape.key_value_heads).into_par_iter().for_each_init(
        || Scratch::new(&geometry),
        |scratch, task| backward_group(&geometry, inputs, saved, task, scratch, (&d_queries, &d_keys, &d_values)),
    );
}

#[expect(unsafe_code, reason = "writes its own cells of matrices that tasks share")]
fn backward_group(
    geometry: &Geometry<'_>,
    inputs: Inputs<'_>,
    saved: Saved<'_>,
    task: usize,
    scratch: &mut Scratch,
    (d_queries, d_keys, d_values): (&HeadColumns<'_>, &HeadColumns<'_>, &HeadColumns<'_>),
) {
    let Attention { key_value_heads, head_dim, .. } = geometry.shape;
    let key_head = task % key_value_heads;
    let (start, length) = geometry.sequence(task / key_value_heads);
    scratch.d_keys[..length * head_dim].fill(0.0);
    scratch.d_values[..length * head_dim].fill(0.0);
    for head in key_head * geometry.group..(key_head + 1) * geometry.group {
        for first in (0..length).step_by(BLOCK) {
            let rows = BLOCK.min(length - first);
            backward_block(geometry, inputs, saved, (head, start, first, rows), scratch);
            // SAFETY: a task owns every query head of its group in its sequence, and tasks are distinct.
            unsafe { d_queries.write(start + first, head, &scratch.d_queries[..rows * head_dim]) };
        }
    }
    // SAFETY: a task is one key head of one sequence, and tasks are distinct.
    unsafe {
        d_keys.write(start, key_head, &scratch.d_keys[..length * head_dim]);
        d_values.write(start, key_head, &scratch.d_values[..length * head_dim]);
    }
}

/// With `P` the probabilities of a block of queries: `dV += Pᵀ·dO`, `dS = scale · P ∘ (dO·Vᵀ - rowsum(dO ∘ O))`, `dQ = dS·K`, `dK += dSᵀ·Q`.
fn backward_block(
    geometry: &Geometry<'_>,
    inputs: Inputs<'_>,
    saved: Saved<'_>,
    (head, start, first, rows): (usize, usize, usize, usize),
    scratch: &mut Scratch,
) {
    let Attention { heads, head_dim, .. } = geometry.shape;
    let from = geometry.first_seen(first);
    let visible = first + rows - from;
    let queries = geometry.query_view(inputs.queries, start + first, rows, head);
    let d_output = geometry.query_view(saved.d_output, start + first, rows, head);
    let keys = geometry.key_value_view(inputs.keys, start + from, visible, head / geometry.group);
    let values = geometry.key_value_view(inputs.values, start + from, visible, head / geometry.group);
    let probabilities = &mut scratch.probabilities[..rows * visible];
    let d_scores = &mut scratch.d_scores[..rows * visible];
    sequential(1.0, queries, keys.t(), Write::Replace, probabilities);
    sequential(1.0, d_output, values.t(), Write::Replace, d_scores);
    vectorised(
        #[inline(always)]
        || {
            for (row, (p, d)) in probabilities.chunks_exact_mut(visible).zip(d_scores.chunks_exact_mut(visible)).enumerate() {
                let token = start + first + row;
                let cell = token * geometry.query_width + head * head_dim;
                let delta = dot(&saved.output[cell..cell + head_dim], &saved.d_output[cell..cell + head_dim]);
                let log_sum_exp = saved.log_sum_exp[token * heads + head];
                let (seen, forgotten) = (first + row + 1 - from, geometry.first_seen(first + row) - from);
                p[..forgotten].fill(0.0);
                d[..forgotten].fill(0.0);
                for (p, d) in p[forgotten..seen].iter_mut().zip(&mut d[forgotten..seen]) {
                    *p = exp(*p * geometry.scale - log_sum_exp);
                    *d = *p * (*d - delta) * geometry.scale;
                }
                p[seen..].fill(0.0);
                d[seen..].fill(0.0);
            }
        },
    );
    let (probabilities, d_scores) = (View::dense(probabilities, rows, visible), View::dense(d_scores, rows, visible));
    sequential(1.0, d_scores, keys, Write::Replace, &mut scratch.d_queries[..rows * head_dim]);
    sequential(1.0, d_scores.t(), queries, Write::Accumulate, &mut scratch.d_keys[from * head_dim..(from + visible) * head_dim]);
    sequential(1.0, probabilities.t(), d_output, Write::Accumulate, &mut scratch.d_values[from * head_dim..(from + visible) * head_dim]);
}

#[cfg(test)]
mod tests {
    use super::{super::testing, *};

    /// Attention by the definition, in f64.
    fn reference(shape: Attention<'_>, queries: &[f64], keys: &[f64], values: &[f64]) -> Vec<f64> {
        let Attention { heads, key_value_heads, head_dim, offsets, window } = shape;
        let (query_width, key_width) = (heads * head_dim, key_value_heads * head_dim);
        let mut output = vec![0.0; queries.len()];
        for sequence in offsets.windows(2) {
            for token in sequence[0]..sequence[1] {
                for head in 0..heads {
                    let key_head = head / (heads / key_value_heads);
                    let query = &queries[token * query_width + head * head_dim..][..head_dim];
                    let cell = |matrix: &[f64], at: usize, i: usize| matrix[at * key_width + key_head * head_dim + i];
                    let score = |at: usize| (0..head_dim).map(|i| query[i] * cell(keys, at, i)).sum::<f64>() / (head_dim as f64).sqrt();
                    let first = window.map_or(sequence[0], |window| sequence[0].max((token + 1).saturating_sub(window)));
                    let weights: Vec<f64> = (first..=token).map(|at| score(at).exp()).collect();
                    let sum: f64 = weights.iter().sum();
                    for i in 0..head_dim {
                        let mixed: f64 = weights.iter().zip(first..).map(|(w, at)| w * cell(values, at, i)).sum();
                        output[token * query_width + head * head_dim + i] = mixed / sum;
                    }
                }
            }
        }
        output
    }

    fn check(shape: Attention<'_>) {
        let rows = *shape.offsets.last().unwrap();
        let (query_width, key_width) = (shape.heads * shape.head_dim, shape.key_value_heads * shape.head_dim);
        let enlarged = |seed, count| testing::numbers(seed, count).iter().map(|x| 2.0 * x).collect::<Vec<f32>>();
        let (q, k, v) = (enlarged(1, rows * query_width), enlarged(2, rows * key_width), enlarged(3, rows * key_width));
        let (wide_q, wide_k, wide_v) = (testing::widen(&q), testing::widen(&k), testing::widen(&v));
        let inputs = Inputs { queries: &q, keys: &k, values: &v };
        let (mut output, mut log_sum_exp) = (vec![f32::NAN; q.len()], vec![f32::NAN; rows * shape.heads]);
        forward(shape, inputs, &mut output, &mut log_sum_exp);
        testing::assert_close(&output, &reference(shape, &wide_q, &wide_k, &wide_v), 1e-6, "output");

        let d_output = testing::numbers(4, q.len());
        let (mut dq, mut dk, mut dv) = (vec![f32::NAN; q.len()], vec![f32::NAN; k.len()], vec![f32::NAN; v.len()]);
        let saved = Saved { output: &output, log_sum_exp: &log_sum_exp, d_output: &d_output };
        backward(shape, inputs, saved, Gradients { queries: &mut dq, keys: &mut dk, values: &mut dv });
        let loss = |q: &[f64], k: &[f64], v: &[f64]| testing::weighted(&reference(shape, q, k, v), &d_output);
        testing::assert_close(&dq, &testing::gradient(&q, |q| loss(q, &wide_k, &wide_v)), 1e-5, "dq");
        testing::assert_close(&dk, &testing::gradient(&k, |k| loss(&wide_q, k, &wide_v)), 1e-5, "dk");
        testing::assert_close(&dv, &testing::gradient(&v, |v| loss(&wide_q, &wide_k, v)), 1e-5, "dv");
    }

    #[test]
    fn plain_attention_agrees_with_finite_differences() {
        check(Attention { heads: 2, key_value_heads: 2, head_dim: 4, offsets: &[0, 9], window: None });
    }

    #[test]
    fn grouped_queries_over_ragged_sequences_agree_with_finite_differences() {
        check(Attention { heads: 4, key_value_heads: 2, head_dim: 2, offsets: &[0, 5, 5, 6, 13], window: None });
    }

    #[test]
    fn sequences_longer_than_a_block_agree_with_finite_differences() {
        check(Attention { heads: 2, key_value_heads: 1, head_dim: 2, offsets: &[0, BLOCK + 7], window: None });
    }

    #[test]
    fn windows_agree_with_finite_differences() {
        check(Attention { heads: 4, key_value_heads: 2, head_dim: 2, offsets: &[0, 9, 12], window: Some(4) });
        check(Attention { heads: 2, key_value_heads: 1, head_dim: 2, offsets: &[0, BLOCK + 7], window: Some(10) });
        check(Attention { heads: 1, key_value_heads: 1, head_dim: 2, offsets: &[0, 6], window: Some(2) });
        check(Attention { heads: 1, key_value_heads: 1, head_dim: 2, offsets: &[0, 6], window: Some(100) });
    }
}
