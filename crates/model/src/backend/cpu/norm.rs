//! RMSNorm.

use rayon::prelude::*;

use super::vector::{dot, vectorised};
use crate::backend::Write;

/// Rows that one task takes.
const ROWS: usize = 16;

#[inline(always)]
fn inverse_root_mean_square(x: &[f32], eps: f32) -> f32 {
    1.0 / (dot(x, x) / x.len() as f32 + eps).sqrt()
}

/// `y = x · r · weight` with `r = 1 / sqrt(mean(x²) + eps)`; `x`, `y` are `[rows, weight.len()]`.
pub(super) fn forward(x: &[f32], weight: &[f32], eps: f32, y: &mut [f32]) {
    let width = weight.len();
    assert!(x.len() == y.len() && x.len().is_multiple_of(width), "input and output must be whole rows of one size");
    y.par_chunks_mut(width * ROWS).zip(x.par_chunks(width * ROWS)).for_each(|(y, x)| {
        vectorised(
            #[inline(always)]
            || {
                for (y, x) in y.chunks_exact_mut(width).zip(x.chunks_exact(width)) {
                    let r = inverse_root_mean_square(x, eps);
                    for ((y, x), w) in y.iter_mut().zip(x).zip(weight) {
                        *y = x * r * w;
                    }
                }
            },
        );
    });
}

/// With `g = dy · weight`: `dx (+)= r · g - x · r³ · mean(g · x)`.
pub(super) fn backward(x: &[f32], weight: &[f32], eps: f32, dy: &[f32], write: Write, dx: &mut [f32]) {
    let width = weight.len();
    assert!(x.len() == dy.len() && x.len() == dx.len() && x.len().is_multiple_of(width), "all must be whole rows of one size");
    let pieces = dx.par_chunks_mut(width * ROWS).zip(x.par_chunks(width * ROWS)).zip(dy.par_chunks(width * ROWS));
    pieces.for_each_init(
        || vec![0f32; width],
        |g, ((dx, x), dy)| {
            vectorised(
                #[inline(always)]
                || {
                    let rows = dx.chunks_exact_mut(width).zip(x.chunks_exact(width)).zip(dy.chunks_exact(width));
                    for ((dx, x), dy) in rows {
                        backward_row(x, weight, eps, dy, write, dx, g);
                    }
                },
            );
        },
    );
}

#[inline(always)]
fn backward_row(x: &[f32], weight: &[f32], eps: f32, dy: &[f32], write: Write, dx: &mut [f32], g: &mut [f32]) {
    let r = inverse_root_mean_square(x, eps);
    for ((g, dy), w) in g.iter_mut().zip(dy).zip(weight) {
        *g = dy * w;
    }
    let c = dot(g, x) * r * r * r / x.len() as f32;
    match write {
        Write::Replace => dx.iter_mut().zip(&*g).zip(x).for_each(|((dx, g), x)| *dx = g * r - x * c),
        Write::Accumulate => dx.iter_mut().zip(&*g).zip(x).for_each(|((dx, g), x)| *dx += g * r - x * c),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::testing, *};

    const EPS: f32 = 1e-3;

    fn reference(x: &[f64], weight: &[f32]) -> Vec<f64> {
        let mean_square = |row: &[f64]| row.iter().map(|v| v * v).sum::<f64>() / row.len() as f64;
        x.chunks(weight.len())
            .flat_map(|row| {
                let r = 1.0 / (mean_square(row) + f64::from(EPS)).sqrt();
                row.iter().zip(weight).map(move |(v, w)| v * r * f64::from(*w)).collect::<Vec<_>>()
            })
            .collect()
    }

    #[test]
    fn forward_and_backward_agree_with_finite_differences() {
        let (rows, width) = (35, 21);
        let x = testing::numbers(1, rows * width);
        let weight = testing::numbers(2, width);
        let dy = testing::numbers(3, rows * width);
        let mut y = vec![f32::NAN; x.len()];
        forward(&x, &weight, EPS, &mut y);
        testing::assert_close(&y, &reference(&testing::widen(&x), &weight), 1e-6, "y");

        let wanted = testing::gradient(&x, |x| testing::weighted(&reference(x, &weight), &dy));
        let mut dx = vec![f32::NAN; x.len()];
        backward(&x, &weight, EPS, &dy, Write::Replace, &mut dx);
        testing::assert_close(&dx, &wanted, 1e-6, "dx");
        backward(&x, &weight, EPS, &dy, Write::Accumulate, &mut dx);
        let twice: Vec<f64> = wanted.iter().map(|v| 2.0 * v).collect();
        testing::assert_close(&dx, &twice, 1e-6, "accumulated dx");
    }
}
