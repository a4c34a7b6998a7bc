//! Kernels that treat each element, or each row, by itself.

use rayon::prelude::*;

use super::vector::{exp, vectorised};
use crate::random::DropoutMask;

/// Elements that one task takes.
const PIECE: usize = 8192;

/// `destination += source`.
pub(super) fn add(source: &[f32], destination: &mut [f32]) {
    assert_eq!(source.len(), destination.len(), "both must have one length");
    destination.par_chunks_mut(PIECE).zip(source.par_chunks(PIECE)).for_each(|(destination, source)| {
        destination.iter_mut().zip(source).for_each(|(d, s)| *d += s);
    });
}

/// Row `rows[i]` of the `[_, width]` table becomes row i of the destination.
pub(super) fn gather_rows(table: &[f32], width: usize, rows: &[u32], destination: &mut [f32]) {
    assert_eq!(destination.len(), rows.len() * width, "one destination row for each named row");
    for (destination, row) in destination.chunks_exact_mut(width).zip(rows) {
        let start = *row as usize * width;
        destination.copy_from_slice(&table[start..start + width]);
    }
}

/// Row i of the source becomes row `rows[i]` of the destination; the other rows become zero.
pub(super) fn scatter_rows(source: &[f32], width: usize, rows: &[u32], destination: &mut [f32]) {
    assert_eq!(source.len(), rows.len() * width, "one source row for each named row");
    destination.fill(0.0);
    for (source, row) in source.chunks_exact(width).zip(rows) {
        let start = *row as usize * width;
        destination[start..start + width].copy_from_slice(source);
    }
}

/// `y = gate · sigmoid(gate) · up`.
pub(super) fn swiglu(gate: &[f32], up: &[f32], y: &mut [f32]) {
    assert!(gate.len() == up.len() && gate.len() == y.len(), "all must have one length");
    let pieces = y.par_chunks_mut(PIECE).zip(gate.par_chunks(PIECE)).zip(up.par_chunks(PIECE));
    pieces.for_each(|((y, gate), up)| {
        vectorised(
            #[inline(always)]
            || {
                for ((y, g), u) in y.iter_mut().zip(gate).zip(up) {
                    *y = g / (1.0 + exp(-g)) * u;
                }
            },
        );
    });
}

/// Replaces `gate` and `up` by their gradients: with `s = sigmoid(gate)`,
/// `d_up = dy · gate · s` and `d_gate = dy · up · s · (1 + gate · (1 - s))`.
pub(super) fn swiglu_backward(gate: &mut [f32], up: &mut [f32], dy: &[f32]) {
    assert!(gate.len() == up.len() && gate.len() == dy.len(), "all must have one length");
    let pieces = gate.par_chunks_mut(PIECE).zip(up.par_chunks_mut(PIECE)).zip(dy.par_chunks(PIECE));
    pieces.for_each(|((gate, up), dy)| {
        vectorised(
            #[inline(always)]
            || {
                for ((g, u), dy) in gate.iter_mut().zip(up).zip(dy) {
                    let s = 1.0 / (1.0 + exp(-*g));
                    let d_up = dy * *g * s;
                    *g = dy * *u * s * (1.0 + *g * (1.0 - s));
                    *u = d_up;
                }
            },
        );
    });
}

/// `y = x · mask / (1 - p)`.
pub(super) fn dropout(mask: DropoutMask, x: &[f32], y: &mut [f32]) {
    masked(mask, x, y, |_, kept| kept);
}

/// `dx += dy · mask / (1 - p)`.
pub(super) fn dropout_backward(mask: DropoutMask, dy: &[f32], dx: &mut [f32]) {
    masked(mask, dy, dx, |before, kept| before + kept);
}

#[inline(always)]
fn masked(mask: DropoutMask, source: &[f32], destination: &mut [f32], combine: impl Fn(f32, f32) -> f32 + Sync) {
    assert_eq!(source.len(), destination.len(), "both must have one length");
    let (parts, scale) = (mask.parts(), mask.kept_scale());
    destination.par_chunks_mut(PIECE).zip(source.par_chunks(PIECE)).enumerate().for_each(|(piece, (destination, source))| {
        // Beyond 2^32 elements the mask repeats, which does no harm.
        let start = (piece * PIECE) as u32;
        vectorised(
            #[inline(always)]
            || {
                for (place, (d, s)) in destination.iter_mut().zip(source).enumerate() {
                    let factor = if DropoutMask::keeps(parts, start.wrapping_add(place as u32)) { scale } else { 0.0 };
                    *d = combine(*d, s * factor);
                }
            },
        );
    });
}

/// Adds a row to each row of a matrix of its width.
pub(super) fn add_to_rows(row: &[f32], matrix: &mut [f32]) {
    const ROWS: usize = 16;
    assert!(matrix.len().is_multiple_of(row.len().max(1)), "the matrix must consist of whole rows");
    matrix.par_chunks_mut(row.len().max(1) * ROWS).for_each(|piece| {
        for target in piece.chunks_exact_mut(row.len()) {
            target.iter_mut().zip(row).for_each(|(t, r)| *t += r);
        }
    });
}

/// The bits of a number rounded to bf16, to nearest and ties to even; not a number stays so.
#[inline(always)]
fn to_bf16(value: f32) -> u16 {
    let bits = value.to_bits();
    let rounded = bits.wrapping_add(0x7fff + ((bits >> 16) & 1)) >> 16;
    (if value.is_nan() { (bits >> 16) | 0x40 } else { rounded }) as u16
}

/// Rounds to bf16.
pub(super) fn narrow(source: &[f32], destination: &mut Vec<u16>) {
    destination.resize(source.len(), 0);
    destination.par_chunks_mut(PIECE).zip(source.par_chunks(PIECE)).for_each(|(destination, source)| {
        vectorised(
            #[inline(always)]
            || destination.iter_mut().zip(source).for_each(|(d, s)| *d = to_bf16(*s)),
        );
    });
}

/// The numbers of [`narrow`].
pub(super) fn widen(source: &[u16], destination: &mut Vec<f32>) {
    destination.resize(source.len(), 0.0);
    destination.par_chunks_mut(PIECE).zip(source.par_chunks(PIECE)).for_each(|(destination, source)| {
        vectorised(
            #[inline(always)]
            || destination.iter_mut().zip(source).for_each(|(d, s)| *d = f32::from_bits(u32::from(*s) << 16)),
        );
    });
}

/// Rounds each number to bf16 where it is.
pub(super) fn round(values: &mut [f32]) {
    values.par_chunks_mut(PIECE).for_each(|values| {
        vectorised(
            #[inline(always)]
            || values.iter_mut().for_each(|v| *v = f32::from_bits(u32::from(to_bf16(*v)) << 16)),
        );
    });
}

#[cfg(test)]
mod tests {
    use super::{super::testing, *};
    use crate::DropoutKey;

    fn reference(gate: &[f64], up: &[f64]) -> Vec<f64> {
        gate.iter().zip(up).map(|(g, u)| g / (1.0 + (-g).exp()) * u).collect()
    }

    #[test]
    fn swiglu_agrees_with_finite_differences() {
        let count = 333;
        let gate: Vec<f32> = testing::numbers(1, count).iter().map(|g| 6.0 * g).collect();
        let up = testing::numbers(2, count);
        let dy = testing::numbers(3, count);
        let mut y = vec![f32::NAN; count];
        swiglu(&gate, &up, &mut y);
        testing::assert_close(&y, &reference(&testing::widen(&gate), &testing::widen(&up)), 1e-6, "y");

        let d_gate = testing::gradient(&gate, |gate| testing::weighted(&reference(gate, &testing::widen(&up)), &dy));
        let d_up = testing::gradient(&up, |up| testing::weighted(&reference(&testing::widen(&gate), up), &dy));
        let (mut found_gate, mut found_up) = (gate.clone(), up.clone());
        swiglu_backward(&mut found_gate, &mut found_up, &dy);
        testing::assert_close(&found_gate, &d_gate, 1e-6, "d_gate");
        testing::assert_close(&found_up, &d_up, 1e-6, "d_up");
    }

    #[test]
    fn dropout_scales_what_it_keeps_and_its_backward_uses_the_same_mask() {
        let mask = DropoutKey { seed: 1, step: 0, micro_step: 0 }.mask(0, 0, 0.25);
        let x = vec![3.0; 20_000];
        let mut y = vec![f32::NAN; x.len()];
        dropout(mask, &x, &mut y);
        assert!(y.iter().all(|v| *v == 0.0 || *v == 4.0));
        let mean = y.iter().sum::<f32>() / y.len() as f32;
        assert!((mean - 3.0).abs() < 0.05, "{mean}");
        let mut dx = vec![1.0; x.len()];
        dropout_backward(mask, &x, &mut dx);
        assert!(dx.iter().zip(&y).all(|(dx, y)| *dx == y + 1.0));
    }

    #[test]
    fn rows_are_gathered_and_put_back() {
        let table = testing::numbers(1, 12);
        let mut rows = vec![0.0; 6];
        gather_rows(&table, 3, &[2, 0], &mut rows);
        assert_eq!(rows, [&table[6..9], &table[0..3]].concat());
        let mut back = vec![f32::NAN; 12];
        scatter_rows(&rows, 3, &[2, 0], &mut back);
        assert_eq!(back, [&table[0..3], &[0.0; 3], &table[6..9], &[0.0; 3]].concat());
        add(&table, &mut back);
        assert_eq!(back[4], table[4]);
        assert_eq!(back[7], 2.0 * table[7]);
    }

    #[test]
    fn rounding_to_bf16_is_that_of_the_format() {
        let mut values: Vec<f32> = (0..40_000u32).map(|i| f32::from_bits(i.wrapping_mul(107_374_183))).collect();
        values.extend([0.0, -0.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, f32::from_bits(0x7fff_ffff), f32::MAX, 1.0 + 2f32.powi(-8)]);
        let (mut half, mut back) = (Vec::new(), Vec::new());
        narrow(&values, &mut half);
        widen(&half, &mut back);
        for ((value, half), back) in values.iter().zip(&half).zip(&back) {
            let wanted = half::bf16::from_f32(*value);
            assert!(*half == wanted.to_bits() || value.is_nan() && back.is_nan(), "{value}");
        }
        round(&mut values);
        assert!(values.iter().zip(&back).all(|(a, b)| a.to_bits() == b.to_bits()));
    }
}
