//! Rotary position embedding, halves paired as in transformers.

use rayon::prelude::*;

use crate::backend::Rotation;

/// Rows that one task takes.
const ROWS: usize = 16;

/// Rotates each pair `(x[i], x[i + head_dim/2])` of each head of row t by the angle of `positions[t]`, in place.
/// `x` is `[positions.len(), heads · head_dim]`, the tables `[_, head_dim / 2]`.
pub(super) fn rotate(x: &mut [f32], head_dim: usize, positions: &[u32], cos: &[f32], sin: &[f32], direction: Rotation) {
    if positions.is_empty() {
        return;
    }
    let half = head_dim / 2;
    let width = x.len() / positions.len();
    assert!(x.len() == width * positions.len() && width.is_multiple_of(head_dim), "rows must consist of whole heads");
    assert!(positions.iter().all(|p| (*p as usize + 1) * half <= cos.len().min(sin.len())), "a position lies outside the table");
    let sign = if direction == Rotation::Forward { 1.0 } else { -1.0 };
    x.par_chunks_mut(width * ROWS).zip(positions.par_chunks(ROWS)).for_each(|(rows, positions)| {
        for (row, position) in rows.chunks_exact_mut(width).zip(positions) {
            let start = *position as usize * half;
            let (cos, sin) = (&cos[start..start + half], &sin[start..start + half]);
            for head in row.chunks_exact_mut(head_dim) {
                let (first, second) = head.split_at_mut(half);
                for (((a, b), cos), sin) in first.iter_mut().zip(second).zip(cos).zip(sin) {
                    let (u, v, sin) = (*a, *b, sin * sign);
                    *a = u * cos - v * sin;
                    *b = v * cos + u * sin;
                }
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::{super::testing, *};
    use crate::Rope;

    fn reference(x: &[f64], head_dim: usize, positions: &[u32]) -> Vec<f64> {
        let half = head_dim / 2;
        let width = x.len() / positions.len();
        let mut y = x.to_vec();
        for (row, position) in y.chunks_mut(width).zip(positions) {
            for head in row.chunks_mut(head_dim) {
                for i in 0..half {
                    let angle = f64::from(*position) / 10_000f64.powf(2.0 * i as f64 / head_dim as f64);
                    let (u, v) = (head[i], head[i + half]);
                    head[i] = u * angle.cos() - v * angle.sin();
                    head[i + half] = v * angle.cos() + u * angle.sin();
                }
            }
        }
        y
    }

    #[test]
    fn forward_and_backward_agree_with_finite_differences() {
        let (head_dim, heads) = (6, 3);
        let positions: Vec<u32> = (0..12).chain(0..7).chain(3..5).collect();
        let (cos, sin) = Rope::plain(10_000.0).table(12, head_dim, 0);
        let x = testing::numbers(1, positions.len() * heads * head_dim);
        let mut y = x.clone();
        rotate(&mut y, head_dim, &positions, &cos, &sin, Rotation::Forward);
        testing::assert_close(&y, &reference(&testing::widen(&x), head_dim, &positions), 1e-6, "y");

        let dy = testing::numbers(2, x.len());
        let wanted = testing::gradient(&x, |x| testing::weighted(&reference(x, head_dim, &positions), &dy));
        let mut dx = dy.clone();
        rotate(&mut dx, head_dim, &positions, &cos, &sin, Rotation::Backward);
        testing::assert_close(&dx, &wanted, 1e-6, "dx");
    }

    #[test]
    #[should_panic(expected = "outside the table")]
    fn a_position_outside_the_table_is_refused() {
        rotate(&mut [0.0; 4], 4, &[2], &[1.0; 4], &[0.0; 4], Rotation::Forward);
    }
}
