//! Words of a text and hashes of them, in one pass over its bytes.

use std::hash::{BuildHasherDefault, Hasher};

/// Words beyond this many are not told apart any more, so that memory stays bounded.
pub(crate) const MOST_WORDS: usize = 200_000;
/// Slots of their table, of which fewer than half are ever used.
const SLOTS: usize = 1 << 19;

const KEY: u64 = 0x9e37_79b9_7f4a_7c15;
const OTHER_KEY: u64 = 0xd6e8_feb8_6659_fd93;

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

/// Both halves of the product of 128 bits, folded: every bit of both factors reaches every bit of it.
#[expect(clippy::cast_possible_truncation, reason = "the two halves of the product")]
pub(crate) fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}

/// A hash of 64 bits that is the same in every run.
pub(crate) fn hash_of(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let mut hash = fold(bytes.len() as u64 ^ KEY, OTHER_KEY);
    let (blocks, rest) = bytes.as_chunks::<16>();
    for block in blocks {
        let (low, high) = halves(block);
        hash = fold(low ^ hash, high ^ KEY);
    }
    let mut last = [0; 16];
    last[..rest.len()].copy_from_slice(rest);
    let (low, high) = halves(&last);
    fold(low ^ hash, high ^ OTHER_KEY)
}

fn halves(block: &[u8; 16]) -> (u64, u64) {
    let number = u128::from_le_bytes(*block);
    #[expect(clippy::cast_possible_truncation, reason = "the two halves of the block")]
    (number as u64, (number >> 64) as u64)
}

/// What a pass over a text has met beside words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Met {
    /// Letters beyond ASCII.
    pub(crate) non_ascii: bool,
    /// Control characters other than tabs and line ends.
    pub(crate) control: bool,
    pub(crate) at_sign: bool,
    /// Words that begin with a digit have so many bytes together.
    pub(crate) digits: usize,
}

const SEPARATOR: u8 = 0;
const LETTER: u8 = 1;
const DIGIT: u8 = 2;
const APOSTROPHE: u8 = 3;
const BEYOND: u8 = 4;
const CONTROL: u8 = 5;
const AT_SIGN: u8 = 6;

const CLASSES: [u8; 256] = {
    let mut classes = [SEPARATOR; 256];
    let mut byte = 0;
    while byte < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "below 256")]
        let letter = byte as u8;
        classes[byte] = match letter {
            b'a'..=b'z' | b'A'..=b'Z' => LETTER,
            b'0'..=b'9' => DIGIT,
            b'\'' => APOSTROPHE,
            b'@' => AT_SIGN,
            0x80.. => BEYOND,
            b'\t' | b'\n' | b'\r' => SEPARATOR,
            0..0x20 | 0x7f => CONTROL,
            _ => SEPARATOR,
        };
        byte += 1;
    }
    classes
};

fn class(byte: u8) -> u8 {
    CLASSES[usize::from(byte)]
}

/// Calls `each` with the hash of every word: runs of letters and digits with apostrophes inside, compared without case.
pub(crate) fn words(text: &str, mut each: impl FnMut(u64)) -> Met {
    let bytes = text.as_bytes();
    let mut met = Met::default();
    let mut at = 0;
    while at < bytes.len() {
        let first = class(bytes[at]);
        match first {
            LETTER | DIGIT | BEYOND => {}
            _ => {
                met.control |= first == CONTROL;
                met.at_sign |= first == AT_SIGN;
                at += 1;
                continue;
            }
        }
        let start = at;
        let mut beyond = false;
        while at < bytes.len() {
            let class = class(bytes[at]);
            if !(LETTER..=BEYOND).contains(&class) {
                break;
            }
            beyond |= class == BEYOND;
            at += 1;
        }
        if first == DIGIT {
            met.digits += at - start;
        }
        if beyond {
            met.non_ascii = true;
            // Word and non-word bytes of other alphabets are told apart by their characters.
            unicode_words(&text[start..at], &mut each);
        } else {
            each(ascii_hash(bare(&bytes[start..at])));
        }
    }
    met
}

/// Without the apostrophes at its end.
fn bare(word: &[u8]) -> &[u8] {
    let end = word.iter().rposition(|byte| *byte != b'\'').map_or(0, |last| last + 1);
    &word[..end]
}

/// Letters are made lower case by the one bit that tells the cases of ASCII apart; digits and apostrophes have it set.
fn ascii_hash(word: &[u8]) -> u64 {
    hash_word(word, 0x2020_2020_2020_2020)
}

fn hash_word(word: &[u8], case: u64) -> u64 {
    let mut hash = word.len() as u64 ^ KEY;
    let (blocks, rest) = word.as_chunks::<8>();
    for block in blocks {
        hash = fold(hash ^ (u64::from_le_bytes(*block) | case), OTHER_KEY);
    }
    let mut last = 0;
    for byte in rest {
        last = (last << 8) | u64::from(*byte) | (case & 0x20);
    }
    fold(hash ^ last, OTHER_KEY)
}

fn unicode_words(run: &str, each: &mut impl FnMut(u64)) {
    let mut word = Vec::with_capacity(run.len());
    let mut letter_bytes = [0; 4];
    let mut end = |word: &mut Vec<u8>| {
        let letters = bare(word);
        if !letters.is_empty() {
            each(hash_word(letters, 0));
        }
        word.clear();
    };
    for letter in run.chars() {
        let letter = if letter == '’' { '\'' } else { letter };
        if letter.is_alphanumeric() || (letter == '\'' && !word.is_empty()) {
            for lower in letter.to_lowercase() {
                word.extend_from_slice(lower.encode_utf8(&mut letter_bytes).as_bytes());
            }
        } else {
            end(&mut word);
        }
    }
    end(&mut word);
}

/// The different words seen so far, each as its hash, in a table with open addressing: one look into memory a word.
pub(crate) struct Vocabulary {
    slots: Vec<u64>,
    seen: usize,
}

impl Vocabulary {
    pub(crate) fn new() -> Self {
        Self { slots: vec![0; SLOTS], seen: 0 }
    }

    pub(crate) fn add(&mut self, hash: u64) {
        // Zero marks a free slot.
        let hash = hash.max(1);
        #[expect(clippy::cast_possible_truncation, reason = "the remainder is below 2^19")]
        let mut at = (hash % SLOTS as u64) as usize;
        while self.slots[at] != hash {
            if self.slots[at] == 0 {
                if self.seen < MOST_WORDS {
                    self.slots[at] = hash;
                    self.seen += 1;
                }
                return;
            }
            at = (at + 1) % SLOTS;
        }
    }

    pub(crate) fn count(&self) -> u64 {
        self.seen as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn count(texts: &[&str]) -> u64 {
        let mut vocabulary = Vocabulary::new();
        for text in texts {
            words(text, |hash| vocabulary.add(hash));
        }
        vocabulary.count()
    }

    #[test]
    fn words_are_told_apart_without_case() {
        assert_eq!(count(&["The cat, the CAT; the... cat!"]), 2);
        assert_eq!(count(&["don't Don't don’t dont"]), 2);
        assert_eq!(count(&["the dogs' dogs"]), 2);
        assert_eq!(count(&["Ärger ärger STRASSE"]), 2);
        assert_eq!(count(&["a b c", "a b c", "c d"]), 4);
        assert_eq!(count(&["", " - ", "'", "—", "…'"]), 0);
        assert_eq!(count(&["extraordinarily EXTRAORDINARILY", "day—night", "Day Night"]), 3);
        assert_eq!(count(&["abcdefgh abcdefghi abcdefgi x1 x2"]), 5);
    }

    #[test]
    fn texts_are_told_apart() {
        let texts = ["", "a", "b", "ab", "ba", "a\0", "0123456789abcdef", "0123456789abcdef\0", "0123456789abcdeg"];
        let hashes: HashSet<u64> = texts.iter().map(|text| hash_of(text)).collect();
        assert_eq!(hashes.len(), texts.len());
    }

    #[test]
    fn what_is_met() {
        assert_eq!(words("plain text\twith\nlines", |_| ()), Met::default());
        assert_eq!(words("a\u{1}b", |_| ()), Met { control: true, ..Met::default() });
        assert_eq!(words("é 0171-2345678 a@b", |_| ()), Met { non_ascii: true, at_sign: true, digits: 11, ..Met::default() });
    }

    #[test]
    fn memory_is_bounded() {
        let text: String = (0..MOST_WORDS + 10).map(|number| format!("w{number} ")).collect();
        assert_eq!(count(&[&text]), MOST_WORDS as u64);
    }
}
