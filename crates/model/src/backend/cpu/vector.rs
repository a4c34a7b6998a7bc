//! Inner loops: written plainly, compiled once for each level of vector instructions, chosen at run time.

use std::sync::atomic::{AtomicU8, Ordering};

use pulp::Arch;

/// Vector instructions that loops may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Instructions {
    /// What every processor of this kind has.
    Portable,
    /// AVX2 with FMA.
    Avx2,
    /// All that are found.
    All,
}

static LIMIT: AtomicU8 = AtomicU8::new(Instructions::All as u8);

impl Instructions {
    /// Leaves the wider ones unused in this process from now on, so that slower machines can be measured and tested on faster ones. For the
    /// start of a program: matrices that were packed before keep their kernels. Small products go through `gemm`, which chooses by itself.
    pub fn limit(self) {
        LIMIT.store(self as u8, Ordering::Relaxed);
    }

    /// Whether these may be used.
    #[inline(always)]
    pub(super) fn allowed(self) -> bool {
        LIMIT.load(Ordering::Relaxed) >= self as u8
    }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn arch() -> Arch {
    if Instructions::All.allowed() {
        return Arch::new();
    }
    let avx2 = Instructions::Avx2.allowed().then(pulp::x86::V3::try_new).flatten();
    avx2.map_or(Arch::Scalar, Arch::V3)
}

#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn arch() -> Arch {
    Arch::new()
}

/// Runs a closure compiled for the best vector instructions of this machine. What it calls must be `#[inline(always)]`.
#[inline(always)]
pub(super) fn vectorised<R>(work: impl FnOnce() -> R) -> R {
    arch().dispatch(work)
}

/// Number of partial sums in a reduction: fixed, so that the result does not depend on the instructions' width.
const LANES: usize = 16;

/// e^x with a relative error of about 1e-7 for x in [-87, 88], clamped outside; not a number stays so.
///
/// Range reduction by multiples of ln 2 in two parts, then the polynomial of degree 5 of the Cephes library (`expf`).
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    // Adding 1.5 · 2^23 rounds to the nearest integer and leaves that integer in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    let x = if x < -87.0 { -87.0 } else { x };
    let x = if x > 88.0 { 88.0 } else { x };
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = x - n * 0.693_359_4 - n * -2.121_944_4e-4;
    let p = 1.987_569_1e-4;
    let p = p * r + 1.398_199_9e-3;
    let p = p * r + 8.333_452e-3;
    let p = p * r + 4.166_579_6e-2;
    let p = p * r + 1.666_666_5e-1;
    let p = p * r + 0.5;
    let mantissa = p * r * r + r + 1.0;
    mantissa * f32::from_bits((shifted.to_bits() << 23).wrapping_add(127 << 23))
}

/// Sum of products, in a fixed order.
#[inline(always)]
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut partial = [0f32; LANES];
    let (a_lanes, b_lanes) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f32 = a_lanes.remainder().iter().zip(b_lanes.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a_lanes.zip(b_lanes) {
        for lane in 0..LANES {
            partial[lane] += x[lane] * y[lane];
        }
    }
    partial.iter().sum::<f32>() + rest
}

/// The largest element; minus infinity when there is none.
#[inline(always)]
fn maximum(values: &[f32]) -> f32 {
    let larger = |a: f32, b: f32| if b > a { b } else { a };
    let mut partial = [f32::NEG_INFINITY; LANES];
    let lanes = values.chunks_exact(LANES);
    let rest = lanes.remainder().iter().copied().fold(f32::NEG_INFINITY, larger);
    for chunk in lanes {
        for lane in 0..LANES {
            partial[lane] = larger(partial[lane], chunk[lane]);
        }
    }
    partial.into_iter().fold(rest, larger)
}

/// Replaces `v` by `exp(scale · v - shift)` and returns their sum, in a fixed order.
#[inline(always)]
fn exp_sum(values: &mut [f32], scale: f32, shift: f32) -> f32 {
    let mut partial = [0f32; LANES];
    let mut lanes = values.chunks_exact_mut(LANES);
    for chunk in &mut lanes {
        for lane in 0..LANES {
            chunk[lane] = exp(chunk[lane] * scale - shift);
            partial[lane] += chunk[lane];
        }
    }
    let mut rest = 0f32;
    for value in lanes.into_remainder() {
        *value = exp(*value * scale - shift);
        rest += *value;
    }
    partial.iter().sum::<f32>() + rest
}

/// Replaces scores by `factor · softmax(scale · scores)` and returns the logarithm of the softmax's denominator.
#[inline(always)]
pub(super) fn softmax(scores: &mut [f32], scale: f32, factor: f32) -> f32 {
    let shift = maximum(scores) * scale;
    let sum = exp_sum(scores, scale, shift);
    let normaliser = factor / sum;
    scores.iter_mut().for_each(|score| *score *= normaliser);
    shift + sum.ln()
}

/// `log Σ exp(scores)`; the scores are overwritten.
#[inline(always)]
pub(super) fn log_sum_exp(scores: &mut [f32]) -> f32 {
    let shift = maximum(scores);
    shift + exp_sum(scores, 1.0, shift).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_accurate_and_lets_nan_through() {
        for step in -8700..8800 {
            let x = step as f32 * 0.01;
            let wanted = f64::from(x).exp();
            let error = (f64::from(exp(x)) - wanted).abs() / wanted;
            assert!(error < 3e-7, "exp({x}): {error:e}");
        }
        assert!(exp(f32::NAN).is_nan());
        assert!(exp(f32::NEG_INFINITY) < 1e-37 && exp(f32::INFINITY) > 1e38);
    }

    #[test]
    fn reductions_agree_with_f64_at_every_length() {
        for length in 1..70 {
            let values: Vec<f32> = (0..length).map(|i| ((i * 37 % 23) as f32 - 11.0) * 0.3).collect();
            let wide: Vec<f64> = values.iter().map(|v| f64::from(*v)).collect();
            let squares: f64 = wide.iter().map(|v| v * v).sum();
            assert!((f64::from(dot(&values, &values)) - squares).abs() <= 1e-6 * squares.max(1.0));
            let denominator: f64 = wide.iter().map(|v| (0.5 * v).exp()).sum();
            let mut probabilities = values.clone();
            let lse = vectorised(|| softmax(&mut probabilities, 0.5, 2.0));
            assert!((f64::from(lse) - denominator.ln()).abs() < 1e-5);
            for (p, v) in probabilities.iter().zip(&wide) {
                assert!((f64::from(*p) - 2.0 * (0.5 * v).exp() / denominator).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn a_softmax_over_something_not_a_number_is_not_a_number() {
        let mut scores = vec![0.0, f32::NAN, 1.0];
        assert!(softmax(&mut scores, 1.0, 1.0).is_nan());
        assert!(log_sum_exp(&mut [f32::NAN; 20]).is_nan());
    }
}
