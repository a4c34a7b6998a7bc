//! Lengths of examples in tokens: exact smallest, largest and mean; median and 95th percentile exact up to 32,768 tokens.

use domain::dataset::{LENGTH_BIN, LENGTH_BINS, LengthDistribution};

/// Lengths that are counted one by one; longer ones share the bin of the histogram's width that they fall into.
const EXACT: u64 = 32_768;
/// Bins for longer ones, which reach to 1 million tokens.
const COARSE: u64 = 16_384;

pub(crate) struct Lengths {
    exact: Vec<u64>,
    coarse: Vec<u64>,
    bins: Vec<u64>,
    count: u64,
    sum: u64,
    min: u64,
    max: u64,
}

impl Lengths {
    pub(crate) fn new() -> Self {
        let zeros = |length: u64| vec![0; usize::try_from(length).unwrap_or(0)];
        Self { exact: zeros(EXACT), coarse: zeros(COARSE), bins: vec![0; LENGTH_BINS], count: 0, sum: 0, min: u64::MAX, max: 0 }
    }

    pub(crate) fn add(&mut self, length: u64) {
        self.count += 1;
        self.sum += length;
        self.min = self.min.min(length);
        self.max = self.max.max(length);
        if length < EXACT {
            bump(&mut self.exact, length);
        } else {
            bump(&mut self.coarse, (length - EXACT) / LENGTH_BIN);
        }
        // Entry i counts (64·i, 64·(i+1)]; nothing has no length, so zero goes with the shortest.
        bump(&mut self.bins, length.saturating_sub(1) / LENGTH_BIN);
    }

    pub(crate) fn total(&self) -> u64 {
        self.sum
    }

    pub(crate) fn histogram(&self) -> Vec<u64> {
        if self.count == 0 { Vec::new() } else { self.bins.clone() }
    }

    #[expect(clippy::cast_precision_loss, reason = "sums of tokens stay far below 2^53")]
    pub(crate) fn distribution(&self) -> LengthDistribution {
        if self.count == 0 {
            return LengthDistribution::default();
        }
        LengthDistribution {
            min: self.min,
            max: self.max,
            mean: self.sum as f64 / self.count as f64,
            median: self.percentile(50),
            p95: self.percentile(95),
        }
    }

    /// Nearest-rank percentile: the smallest length that at least `percent` of a hundred do not exceed.
    fn percentile(&self, percent: u64) -> u64 {
        let rank = (self.count * percent).div_ceil(100).max(1);
        let mut below = 0;
        for (length, count) in (0..).zip(&self.exact) {
            below += count;
            if below >= rank {
                return length;
            }
        }
        for (bin, count) in (0..).zip(&self.coarse) {
            below += count;
            if below >= rank {
                return (EXACT + (bin + 1) * LENGTH_BIN - 1).min(self.max);
            }
        }
        self.max
    }
}

/// Counts into the bin, or into the last one for what lies beyond.
fn bump(bins: &mut [u64], index: u64) {
    let last = bins.len() - 1;
    bins[usize::try_from(index).unwrap_or(last).min(last)] += 1;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_by_nearest_rank() {
        let mut lengths = Lengths::new();
        (1..=100).rev().for_each(|length| lengths.add(length));
        let LengthDistribution { min, max, mean, median, p95 } = lengths.distribution();
        assert_eq!((min, max, median, p95), (1, 100, 50, 95));
        assert!((mean - 50.5).abs() < 1e-12);
        let histogram = lengths.histogram();
        assert_eq!((histogram[0], histogram[1], histogram.len()), (64, 36, LENGTH_BINS));
    }

    #[test]
    fn very_long_and_none() {
        assert_eq!(Lengths::new().distribution(), LengthDistribution::default());
        let mut lengths = Lengths::new();
        lengths.add(40_000);
        lengths.add(9_000_000);
        assert_eq!(lengths.histogram()[LENGTH_BINS - 1], 2);
        assert_eq!(lengths.distribution().max, 9_000_000);
        assert_eq!(lengths.distribution().median, 40_000 / 64 * 64 + 63);
    }
}
