//! How many different words a data set has.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher};

/// Words beyond this many are not told apart any more, so that memory stays bounded.
pub(crate) const MOST_WORDS: usize = 200_000;
/// Texts that are remembered in order not to read them again: system prompts and histories repeat from pair to pair.
const RECENT: usize = 4096;

/// For keys that are hashes already.
#[derive(Default)]
pub(crate) struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }
    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

pub(crate) type BuildIdentity = BuildHasherDefault<Identity>;

/// A hash of 64 bits that is the same all through one pass.
pub(crate) fn hash_of(value: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// The different words seen so far, compared without case, each as its hash.
pub(crate) struct Words {
    seen: HashSet<u64, BuildIdentity>,
    recent: Vec<u64>,
}

impl Words {
    pub(crate) fn new() -> Self {
        Self { seen: HashSet::default(), recent: vec![0; RECENT] }
    }

    /// Adds the words of `text`: runs of letters and digits, with apostrophes inside.
    pub(crate) fn add(&mut self, text: &str) {
        let hash = hash_of(text);
        #[expect(clippy::cast_possible_truncation, reason = "the remainder is below 4096")]
        let slot = &mut self.recent[(hash % RECENT as u64) as usize];
        if *slot == hash {
            return;
        }
        *slot = hash;
        let mut word = Word::default();
        for byte in text.bytes() {
            if byte >= 0x80 {
                return self.add_unicode(text);
            }
            if byte.is_ascii_alphanumeric() || (byte == b'\'' && word.length > 0) {
                word.push(byte.to_ascii_lowercase());
            } else {
                self.end(&mut word);
            }
        }
        self.end(&mut word);
    }

    fn add_unicode(&mut self, text: &str) {
        let mut word = Word::default();
        let mut bytes = [0; 4];
        for letter in text.chars() {
            let letter = if letter == '’' { '\'' } else { letter };
            if letter.is_alphanumeric() || (letter == '\'' && word.length > 0) {
                for lower in letter.to_lowercase() {
                    lower.encode_utf8(&mut bytes).bytes().for_each(|byte| word.push(byte));
                }
            } else {
                self.end(&mut word);
            }
        }
        self.end(&mut word);
    }

    fn end(&mut self, word: &mut Word) {
        if word.length > 0 && self.seen.len() < MOST_WORDS {
            self.seen.insert(word.finish());
        }
        *word = Word::default();
    }

    pub(crate) fn count(&self) -> u64 {
        self.seen.len() as u64
    }
}

/// FNV-1a over the bytes of one word; an apostrophe at its end does not count.
struct Word {
    hash: u64,
    /// The hash without the apostrophes at the end.
    bare: u64,
    length: usize,
}

impl Default for Word {
    fn default() -> Self {
        const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
        Self { hash: BASIS, bare: BASIS, length: 0 }
    }
}

impl Word {
    fn push(&mut self, byte: u8) {
        self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        self.length += 1;
        if byte != b'\'' {
            self.bare = self.hash;
        }
    }

    /// FNV leaves the upper bits weak for short words; the table uses them.
    fn finish(&self) -> u64 {
        let mixed = (self.bare ^ (self.bare >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^ (mixed >> 29)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(texts: &[&str]) -> u64 {
        let mut words = Words::new();
        texts.iter().for_each(|text| words.add(text));
        words.count()
    }

    #[test]
    fn words_are_told_apart_without_case() {
        assert_eq!(count(&["The cat, the CAT; the... cat!"]), 2);
        assert_eq!(count(&["don't Don't don’t dont"]), 2);
        assert_eq!(count(&["the dogs' dogs"]), 2);
        assert_eq!(count(&["Ärger ärger STRASSE"]), 2);
        assert_eq!(count(&["a b c", "a b c", "c d"]), 4);
        assert_eq!(count(&["", " - ", "'"]), 0);
    }

    #[test]
    fn memory_is_bounded() {
        let text: String = (0..MOST_WORDS + 10).map(|number| format!("w{number} ")).collect();
        assert_eq!(count(&[&text]), MOST_WORDS as u64);
    }
}
