//! How fast a training goes: what runs measured, and what is expected of one that was not made yet.

use crate::cost::Throughput;
use crate::job::Precision;

/// Steps of an attempt after which its throughput counts as measured; shorter runs are measured as a whole.
pub const MEASURED_STEPS: u32 = 20;
/// Shortest rows that are told apart, in tokens.
const SHORTEST: u64 = 64;
/// How much faster bf16 is than f32 where only one of them was measured, or none.
const BF16_SPEEDUP: f64 = 1.5;

/// What runs on one base model and machine measured at one precision and row length.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// Precision of the base model's weights.
    pub precision: Precision,
    /// Of the rows; see [`length_bucket`].
    pub length_bucket: u32,
    /// Tokens a second, all devices together.
    pub tokens_per_second: f64,
}

/// Rows of similar length share a bucket, named by the length that it goes up to: 64, 128, 256 tokens and so on.
pub fn length_bucket(row_tokens: u64) -> u32 {
    u32::try_from(row_tokens.clamp(SHORTEST, 1 << 30).next_power_of_two()).unwrap_or(1 << 30)
}

fn speedup(precision: Precision) -> f64 {
    match precision {
        Precision::F32 => 1.0,
        Precision::Bf16 => BF16_SPEEDUP,
    }
}

/// Throughput from first principles: 6 FLOPs a parameter and token for forward and backward without the frozen weights' gradients plus
/// recompute slack (4 for the passes through frozen weights, 2 for the rest). `flops` are those a device sustains in f32.
#[expect(clippy::cast_precision_loss, reason = "an estimate")]
pub fn from_flops(parameters: u64, flops: u64, num_gpus: u32, precision: Precision) -> Throughput {
    let per_token = 6.0 * parameters.max(1) as f64;
    let tokens_per_second = flops as f64 * f64::from(num_gpus.max(1)) * speedup(precision) / per_token;
    Throughput { tokens_per_second, measured: false }
}

/// The throughput to expect from what earlier runs measured: of the same precision before another, then of the nearest row length. It
/// counts as measured where the precision is the same and the length at most one bucket away. None where nothing was measured.
pub fn expected(measured: &[Measured], precision: Precision, row_tokens: u64) -> Option<Throughput> {
    let bucket = length_bucket(row_tokens);
    let away = |m: &Measured| m.length_bucket.max(1).ilog2().abs_diff(bucket.ilog2());
    let usable = measured.iter().filter(|m| m.tokens_per_second.is_finite() && m.tokens_per_second > 0.0);
    // Of two at the same distance the longer one, which is the slower.
    let nearest = usable.min_by_key(|m| (m.precision != precision, away(m), m.length_bucket < bucket))?;
    Some(Throughput {
        tokens_per_second: nearest.tokens_per_second * speedup(precision) / speedup(nearest.precision),
        measured: nearest.precision == precision && away(nearest) <= 1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(precision: Precision, length_bucket: u32, tokens_per_second: f64) -> Measured {
        Measured { precision, length_bucket, tokens_per_second }
    }

    #[test]
    fn rows_of_similar_length_share_a_bucket() {
        assert_eq!([0, 64, 65, 128, 129, 2048].map(length_bucket), [64, 64, 128, 128, 256, 2048]);
        assert_eq!(length_bucket(u64::MAX), 1 << 30);
    }

    #[test]
    fn the_same_precision_and_the_nearest_length_are_expected() {
        use Precision::{Bf16, F32};
        let runs = [measured(F32, 256, 1000.0), measured(F32, 1024, 600.0), measured(Bf16, 256, 1800.0)];
        let told = |runs: &[Measured], precision, tokens| expected(runs, precision, tokens).map(|t| (t.tokens_per_second, t.measured));
        assert_eq!(told(&runs, F32, 200), Some((1000.0, true)));
        assert_eq!(told(&runs, Bf16, 200), Some((1800.0, true)));
        assert_eq!(told(&runs, F32, 500), Some((600.0, true)), "between two lengths it is the longer one");
        assert_eq!(told(&runs, F32, 4096), Some((600.0, false)), "far away it is a guess");
        assert_eq!(told(&runs[..2], Bf16, 1000), Some((900.0, false)), "so it is from another precision");
        assert_eq!(told(&runs[2..], F32, 256), Some((1200.0, false)));
        assert_eq!((told(&[], F32, 256), told(&[measured(F32, 256, 0.0)], F32, 256)), (None, None));
    }

    #[test]
    fn flops_make_a_guess_that_knows_the_precision() {
        let guess = |gpus, precision| from_flops(1_000_000, 60_000_000, gpus, precision).tokens_per_second;
        assert_eq!((guess(1, Precision::F32), guess(2, Precision::F32), guess(1, Precision::Bf16)), (10.0, 20.0, 15.0));
        assert!(!from_flops(0, 1, 0, Precision::F32).measured);
    }
}
