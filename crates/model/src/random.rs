//! Counter-based random bits: the value at a place depends on keys and place alone, never on what was drawn before.
//!
//! That makes an initialisation or a dropout mask the same after a resume, in a recomputed pass and at any thread count.

/// The finaliser of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
const fn mix64(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// Folds words into one key; a change of any word changes about half of its bits.
pub(crate) fn key(words: &[u64]) -> u64 {
    words.iter().fold(0x243f_6a88_85a3_08d3, |key, word| mix64(key.wrapping_add(0x9e37_79b9_7f4a_7c15) ^ mix64(*word)))
}

/// A number in `[0, 1)` with 24 random bits, as f32 holds them exactly.
pub(crate) fn unit_f32(key: u64, place: u64) -> f32 {
    let bits = mix64(key.wrapping_add(place.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
    (bits >> 40) as f32 / (1u32 << 24) as f32
}

/// Which dropout masks a forward pass draws: the same key gives the same masks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DropoutKey {
    /// The run's seed.
    pub seed: u64,
    /// The optimiser step.
    pub step: u64,
    /// The accumulation step inside the optimiser step.
    pub micro_step: u64,
}

impl DropoutKey {
    /// The mask of one module in one layer.
    pub fn mask(self, layer: usize, module: usize, probability: f32) -> DropoutMask {
        const DROPOUT: u64 = 0x6472_6f70;
        DropoutMask { key: key(&[DROPOUT, self.seed, self.step, self.micro_step, layer as u64, module as u64]), probability }
    }
}

/// The mask over one tensor: which elements a dropout sets to zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DropoutMask {
    key: u64,
    probability: f32,
}

impl DropoutMask {
    /// What an element that is kept is multiplied by, `1 / (1 - p)`.
    pub fn kept_scale(&self) -> f32 {
        1.0 / (1.0 - self.probability)
    }

    /// The two words and the threshold that [`Self::keeps`] takes.
    pub(crate) fn parts(&self) -> (u32, u32, u32) {
        let threshold = (f64::from(self.probability) * 4_294_967_296.0) as u32;
        ((self.key >> 32) as u32, self.key as u32, threshold)
    }

    /// Whether the element at `place` (its flat index) is kept. 32-bit on purpose, so that a loop over it becomes vector code.
    #[inline(always)]
    pub(crate) fn keeps((high, low, threshold): (u32, u32, u32), place: u32) -> bool {
        mix32(mix32(place ^ high).wrapping_add(low)) >= threshold
    }
}

/// A bijection of 32-bit words with low bias: the "lowbias32" hash of C. Wellons' hash-prospector.
#[inline(always)]
fn mix32(value: u32) -> u32 {
    let value = (value ^ (value >> 16)).wrapping_mul(0x7feb_352d);
    let value = (value ^ (value >> 15)).wrapping_mul(0x846c_a68b);
    value ^ (value >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_drop_the_asked_share_and_depend_on_every_part_of_the_key() {
        let base = DropoutKey { seed: 1, step: 2, micro_step: 3 };
        let draw = |key: DropoutKey, layer, module| {
            let parts = key.mask(layer, module, 0.3).parts();
            (0..20_000).map(|place| DropoutMask::keeps(parts, place)).collect::<Vec<_>>()
        };
        let first = draw(base, 0, 0);
        let kept = first.iter().filter(|kept| **kept).count();
        assert!((13_700..14_300).contains(&kept), "{kept} of 20000 kept at p = 0.3");
        assert_eq!(first, draw(base, 0, 0));
        let others = [
            draw(DropoutKey { seed: 9, ..base }, 0, 0),
            draw(DropoutKey { step: 9, ..base }, 0, 0),
            draw(DropoutKey { micro_step: 9, ..base }, 0, 0),
            draw(base, 1, 0),
            draw(base, 0, 1),
        ];
        for other in others {
            // Independent masks agree at 0.7² + 0.3² = 58 % of the places.
            let same = first.iter().zip(&other).filter(|(a, b)| a == b).count();
            assert!((11_200..12_000).contains(&same), "{same} of 20000 agree");
        }
    }

    #[test]
    fn unit_numbers_fill_their_interval() {
        let numbers: Vec<f32> = (0..10_000).map(|place| unit_f32(key(&[7]), place)).collect();
        assert!(numbers.iter().all(|x| (0.0..1.0).contains(x)));
        let mean = numbers.iter().sum::<f32>() / 10_000.0;
        assert!((mean - 0.5).abs() < 0.01, "{mean}");
    }
}
