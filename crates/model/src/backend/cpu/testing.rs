//! Helpers of the kernels' tests: numbers from a seed, and gradients by finite differences in f64.

use crate::random;

/// Numbers in `[-1, 1)`.
pub(in crate::backend) fn numbers(seed: u64, count: usize) -> Vec<f32> {
    let key = random::key(&[seed]);
    (0..count as u64).map(|place| 2.0 * random::unit_f32(key, place) - 1.0).collect()
}

pub(in crate::backend) fn widen(values: &[f32]) -> Vec<f64> {
    values.iter().map(|value| f64::from(*value)).collect()
}

/// Central differences of a scalar function; its reference forward pass is computed in f64, so the step may be small.
pub(in crate::backend) fn gradient(at: &[f32], function: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    const STEP: f64 = 1e-5;
    let mut point = widen(at);
    (0..point.len())
        .map(|place| {
            let value = point[place];
            point[place] = value + STEP;
            let above = function(&point);
            point[place] = value - STEP;
            let below = function(&point);
            point[place] = value;
            (above - below) / (2.0 * STEP)
        })
        .collect()
}

/// Sum of products with fixed weights: turns a tensor into a scalar whose gradient for the tensor is those weights.
pub(in crate::backend) fn weighted(values: &[f64], weights: &[f32]) -> f64 {
    assert_eq!(values.len(), weights.len());
    values.iter().zip(weights).map(|(value, weight)| value * f64::from(*weight)).sum()
}

/// Compares with a tolerance relative to the largest wanted element.
pub(in crate::backend) fn assert_close(found: &[f32], wanted: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), wanted.len(), "{what}: length");
    let largest = wanted.iter().fold(0f64, |m, x| m.max(x.abs()));
    assert!(largest > 0.0, "{what}: nothing to compare with");
    for (place, (f, w)) in found.iter().zip(wanted).enumerate() {
        let error = (f64::from(*f) - w).abs() / largest;
        assert!(error <= tolerance, "{what}[{place}] is {f}, wanted {w} (relative error {error:e})");
    }
}
