//! Near-duplicates: MinHash signatures, found again by locality-sensitive hashing, in bounded memory.
//!
//! An example is the set of its runs of [`SHINGLE`] words. One permutation of their hashes is cut into [`BINS`] bins, whose smallest
//! values are the signature (Li, Owen, Zhang: One Permutation Hashing, 2012); empty bins borrow from others (Shrivastava: Optimal
//! Densification, 2017). Examples of up to [`FEW`] runs, for which that would be too rough, have one permutation a bin, as MinHash had at
//! first. The share of equal bins estimates the Jaccard similarity, with a standard error of 0.035 at 0.8. [`BANDS`] bands of [`ROWS`] bins
//! find candidates: 99.8 % of those of similarity 0.8, 28 % of 0.5. Each candidate's signature, kept as one byte a bin (b-bit MinHash), is
//! then compared in full. The last [`WINDOW`] different examples are remembered, in about 60 MB.

use crate::words::fold;

/// Words of a shingle.
const SHINGLE: usize = 3;
/// Bins of a signature.
const BINS: usize = 128;
/// Bands of bins, and bins a band.
const BANDS: usize = 21;
const ROWS: usize = 6;
/// Examples that are remembered.
pub(crate) const WINDOW: usize = 1 << 18;
/// Entries of each band's table; a newer example takes the place of an older one.
const SLOTS: usize = 1 << 18;
/// Equal bins from which on two examples are near-duplicates: a similarity of 0.8, with the bins that are equal by chance.
const ALIKE: usize = 103;
/// The same for examples of few shingles, where a word counts for more and there are more examples of nearly the same form: 0.87.
const FEW_ALIKE: usize = 112;
/// Shorter texts are compared by their words alone.
const SHORTEST: usize = 12;

/// Runs of words up to which each bin has its own permutation.
const FEW: usize = 64;

/// What each bin's own permutation is made of.
const PERMUTATIONS: [(u32, u32); BINS] = {
    let mut all = [(0, 0); BINS];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut index = 0;
    while index < BINS {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        let mixed = (state ^ (state >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        #[expect(clippy::cast_possible_truncation, reason = "the two halves")]
        let (low, high) = (mixed as u32, (mixed >> 32) as u32);
        all[index] = (low, high | 1);
        index += 1;
    }
    all
};

/// The words of one example as they come.
pub(crate) struct Sketch {
    bins: [u32; BINS],
    /// The first shingles.
    few: [u32; FEW],
    shingles: usize,
    last: [u64; SHINGLE - 1],
    words: usize,
    sequence: u64,
}

impl Sketch {
    pub(crate) fn new() -> Self {
        Self { bins: [u32::MAX; BINS], few: [0; FEW], shingles: 0, last: [0; SHINGLE - 1], words: 0, sequence: 0 }
    }

    /// The hash of the next word.
    #[expect(clippy::cast_possible_truncation, reason = "the upper and lower halves of a hash")]
    pub(crate) fn word(&mut self, hash: u64) {
        self.sequence = fold(self.sequence ^ hash, 0xa076_1d64_78bd_642f);
        let shingle = fold(self.last[0].rotate_left(21) ^ self.last[1].rotate_left(42) ^ hash, 0xe703_7ed1_a0b4_28db);
        self.last = [self.last[1], hash];
        self.words += 1;
        if self.words >= SHINGLE {
            let bin = &mut self.bins[(shingle >> 57) as usize];
            *bin = (*bin).min(shingle as u32);
            if let Some(slot) = self.few.get_mut(self.shingles) {
                *slot = shingle as u32;
            }
            self.shingles += 1;
        }
    }

    /// A text ends here: no shingle reaches into the next.
    pub(crate) fn end_of_text(&mut self) {
        self.word(0);
        self.words -= 1;
    }

    /// Makes the signature of the shingles that came.
    fn settle(&mut self) {
        if self.shingles > FEW {
            return self.densify();
        }
        self.bins = [u32::MAX; BINS];
        for shingle in &self.few[..self.shingles] {
            for (bin, (add, multiply)) in self.bins.iter_mut().zip(&PERMUTATIONS) {
                let value = (shingle ^ add).wrapping_mul(*multiply);
                *bin = (*bin).min(value ^ (value >> 15));
            }
        }
    }

    /// Fills empty bins from others, chosen by their number only, so that equal sets stay equal.
    fn densify(&mut self) {
        let sparse = self.bins;
        if sparse.iter().all(|bin| *bin == u32::MAX) {
            return;
        }
        for (index, bin) in self.bins.iter_mut().enumerate() {
            let mut probe = index as u64;
            while *bin == u32::MAX {
                probe = fold(probe ^ 0x8ebc_6af0_9c88_c6e3, 0x5899_65cc_7537_4cc3);
                #[expect(clippy::cast_possible_truncation, reason = "the remainder is below 128")]
                let other = sparse[(probe % BINS as u64) as usize];
                if other != u32::MAX {
                    *bin = other;
                }
                probe = probe.wrapping_add(1);
            }
        }
    }
}

/// An example that was met before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Alike {
    /// What was remembered with it.
    pub(crate) note: u64,
    /// Estimated similarity in percent.
    pub(crate) percent: usize,
}

/// Examples that are compared with later ones.
pub(crate) struct Near {
    signatures: Vec<[u8; BINS]>,
    notes: Vec<u64>,
    /// The number of the next example.
    next: u32,
    /// Per band and slot the number of the last example there, plus one.
    tables: Vec<u32>,
    /// Words alone, for what is too short for a signature.
    short: Vec<(u64, u64)>,
}

impl Near {
    pub(crate) fn new() -> Self {
        Self { signatures: Vec::new(), notes: Vec::new(), next: 0, tables: Vec::new(), short: Vec::new() }
    }

    /// The earlier example that this one is nearly the same as. Only what is like no other is remembered, with `note`.
    pub(crate) fn find_or_add(&mut self, mut sketch: Sketch, note: u64) -> Option<Alike> {
        if sketch.words < SHORTEST {
            return self.short(sketch.sequence, sketch.words, note);
        }
        sketch.settle();
        if self.tables.is_empty() {
            self.tables = vec![0; BANDS * SLOTS];
        }
        let alike = if sketch.shingles > FEW { ALIKE } else { FEW_ALIKE };
        let signature = sketch.bins.map(|bin| bin.to_le_bytes()[0]);
        let mut slots = [0; BANDS];
        for (band, slot) in slots.iter_mut().enumerate() {
            let rows = &sketch.bins[band * ROWS..(band + 1) * ROWS];
            let hash = rows.iter().fold(band as u64, |hash, bin| fold(hash ^ u64::from(*bin), 0xeb44_acca_b455_d165));
            #[expect(clippy::cast_possible_truncation, reason = "the remainder is small")]
            let place = (hash % SLOTS as u64) as usize;
            *slot = band * SLOTS + place;
            if let Some(found) = self.compare(self.tables[*slot], &signature, alike) {
                return Some(found);
            }
        }
        let index = self.next as usize % WINDOW;
        if index == self.signatures.len() {
            self.signatures.push(signature);
            self.notes.push(note);
        } else {
            self.signatures[index] = signature;
            self.notes[index] = note;
        }
        // After 2^32 examples numbers begin anew; a wrong candidate is told by its signature.
        self.next = self.next.wrapping_add(1);
        for slot in slots {
            self.tables[slot] = self.next;
        }
        None
    }

    fn compare(&self, number: u32, signature: &[u8; BINS], alike: usize) -> Option<Alike> {
        let index = number.checked_sub(1)? as usize % WINDOW;
        let other = self.signatures.get(index)?;
        let equal = other.iter().zip(signature).filter(|(one, other)| one == other).count();
        (equal >= alike).then(|| Alike { note: self.notes[index], percent: (equal * 100 / BINS).min(99) })
    }

    fn short(&mut self, sequence: u64, words: usize, note: u64) -> Option<Alike> {
        if words < SHINGLE {
            return None;
        }
        if self.short.is_empty() {
            self.short = vec![(0, 0); SLOTS];
        }
        #[expect(clippy::cast_possible_truncation, reason = "the remainder is small")]
        let slot = &mut self.short[(sequence % SLOTS as u64) as usize];
        if slot.0 == sequence {
            return Some(Alike { note: slot.1, percent: 99 });
        }
        *slot = (sequence, note);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::words;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    fn sketch(text: &str) -> Sketch {
        let mut sketch = Sketch::new();
        words(text, |hash| sketch.word(hash));
        sketch
    }

    fn text(random: &mut ChaCha8Rng, words: usize) -> Vec<String> {
        (0..words).map(|_| format!("w{}", random.random_range(0..5000))).collect()
    }

    /// Jaccard similarity of the sets of shingles.
    fn similarity(one: &[String], other: &[String]) -> f64 {
        let set = |words: &[String]| words.windows(SHINGLE).map(<[String]>::to_vec).collect::<std::collections::BTreeSet<_>>();
        let (one, other) = (set(one), set(other));
        let common = one.intersection(&other).count();
        f64::from(u32::try_from(common).unwrap()) / f64::from(u32::try_from(one.len() + other.len() - common).unwrap())
    }

    #[test]
    fn alike_texts_are_found_and_others_are_not() {
        let mut random = ChaCha8Rng::seed_from_u64(5);
        let (mut alike, mut found, mut unlike, mut wrong) = (0, 0, 0, 0);
        let mut near = Near::new();
        for note in 0..600 {
            let original = text(&mut random, 120);
            assert_eq!(near.find_or_add(sketch(&original.join(" ")), note), None);
            let mut changed = original.clone();
            for _ in 0..random.random_range(1..14) {
                let at = random.random_range(0..changed.len());
                changed[at] = "other".to_owned();
            }
            let similarity = similarity(&original, &changed);
            let hit = near.find_or_add(sketch(&changed.join(" ")), 10_000 + note).is_some_and(|alike| alike.note == note);
            if similarity > 0.88 {
                (alike, found) = (alike + 1, found + u32::from(hit));
            } else if similarity < 0.70 {
                (unlike, wrong) = (unlike + 1, wrong + u32::from(hit));
            }
        }
        assert!(alike > 60 && unlike > 60, "{alike} {unlike}");
        assert!(found * 100 >= alike * 95, "{found} of {alike}");
        assert!(wrong * 100 <= unlike * 5, "{wrong} of {unlike}");
    }

    #[test]
    fn short_texts_are_the_same_when_their_words_are() {
        let mut near = Near::new();
        assert_eq!(near.find_or_add(sketch("Hello there, you."), 1), None);
        assert_eq!(near.find_or_add(sketch("hello THERE you"), 2).map(|alike| alike.note), Some(1));
        assert_eq!(near.find_or_add(sketch("hello there me"), 3), None);
        assert_eq!(near.find_or_add(sketch("Yes."), 4), None);
        assert_eq!(near.find_or_add(sketch("yes"), 5), None, "too short to tell");
    }

    #[test]
    fn the_window_moves_on() {
        let mut random = ChaCha8Rng::seed_from_u64(6);
        let mut near = Near::new();
        near.next = u32::MAX - 3;
        near.signatures = vec![[0; BINS]; WINDOW];
        near.notes = vec![0; WINDOW];
        for note in 0..8 {
            let words = text(&mut random, 40).join(" ");
            assert_eq!(near.find_or_add(sketch(&words), note), None);
            assert_eq!(near.find_or_add(sketch(&words), 99).map(|alike| alike.note), Some(note).filter(|note| *note != 3), "{note}");
        }
    }
}
