//! Attention of one new position over the positions before it, which lie on the host.

use super::vector::{dot, softmax, vectorised};

/// Keys and values of one sequence in one layer, rotated, `[positions, key_value_heads · head_dim]` each.
#[derive(Debug, Clone, Default)]
pub(crate) struct Past {
    pub(crate) keys: Vec<f32>,
    pub(crate) values: Vec<f32>,
}

/// Sizes of an attention of one position.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OneQuery {
    pub(crate) heads: usize,
    pub(crate) key_value_heads: usize,
    pub(crate) head_dim: usize,
    /// Positions that the query sees, its own among them; none for all.
    pub(crate) window: Option<usize>,
}

impl OneQuery {
    /// The attention's output for the last position of `past`, `[heads · head_dim]` as `query`.
    pub(crate) fn attend(self, query: &[f32], past: &Past, output: &mut [f32]) {
        let Self { heads, key_value_heads, head_dim, window } = self;
        let (width, group) = (key_value_heads * head_dim, heads / key_value_heads.max(1));
        let positions = past.keys.len() / width.max(1);
        let first = window.map_or(0, |window| positions.saturating_sub(window));
        let scale = 1.0 / (head_dim as f32).sqrt();
        let mut scores = vec![0f32; positions - first];
        output.fill(0.0);
        for (head, (query, output)) in query.chunks_exact(head_dim).zip(output.chunks_exact_mut(head_dim)).enumerate() {
            let column = head / group * head_dim;
            let row = |position: usize| position * width + column..position * width + column + head_dim;
            vectorised(
                #[inline(always)]
                || {
                    for (score, position) in scores.iter_mut().zip(first..) {
                        *score = dot(query, &past.keys[row(position)]);
                    }
                    softmax(&mut scores, scale, 1.0);
                    for (weight, position) in scores.iter().zip(first..) {
                        let value = &past.values[row(position)];
                        output.iter_mut().zip(value).for_each(|(sum, value)| *sum += weight * value);
                    }
                },
            );
        }
    }
}
