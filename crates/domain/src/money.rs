//! Money in integer micro-dollars until it is shown.

use serde::{Deserialize, Serialize};
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};

/// An amount in millionths of a US dollar.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MicroUsd(pub i64);

impl MicroUsd {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// From dollars, rounded to the nearest micro-dollar. Not-a-number becomes zero, and values out of range saturate.
    #[expect(clippy::cast_possible_truncation, reason = "float to integer casts saturate, which is what is wanted")]
    pub fn from_usd(usd: f64) -> Self {
        Self((usd * 1e6).round() as i64)
    }

    /// In dollars, exact to 6 decimals for any amount below nine billion dollars.
    #[expect(clippy::cast_precision_loss, reason = "amounts stay far below 2^53 micro-dollars")]
    pub fn usd(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// This amount, or zero where it is negative.
    pub fn or_zero(self) -> Self {
        Self(self.0.max(0))
    }
}

impl Add for MicroUsd {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for MicroUsd {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for MicroUsd {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Sum for MicroUsd {
    fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
        items.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_six_decimals() {
        assert_eq!(MicroUsd::from_usd(0.123_456_7), MicroUsd(123_457));
        assert!((MicroUsd(123_457).usd() - 0.123_457).abs() < 1e-12);
        assert_eq!(MicroUsd::from_usd(f64::NAN), MicroUsd::ZERO);
    }
}
