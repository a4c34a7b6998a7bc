//! Counting tokens without tokenising the same text again and again: the history of a conversation recurs in each of its pairs.
//!
//! A text is cut before each special token. Tokenizers find those first and treat what lies between them on its own, so that the tokens of
//! the pieces together are the tokens of the text. The counts of pieces met lately are kept in a table of fixed size.

use aho_corasick::{AhoCorasick, MatchKind};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use tokenizers::Tokenizer;

/// Pieces that are remembered; a power of two.
const SLOTS: usize = 1 << 16;
/// Low bits of an entry hold the count; the others tell the piece, with a chance of 2^-40 to mistake one for another.
const COUNT_BITS: u32 = 24;

pub(crate) struct PieceCounter {
    /// None where a special token does not stand for itself, as when it swallows the blanks before it.
    marks: Option<AhoCorasick>,
    slots: Vec<AtomicU64>,
}

impl PieceCounter {
    pub(crate) fn new(tokenizer: &Tokenizer) -> Self {
        let tokens = tokenizer.get_added_tokens_decoder();
        let plain = tokens.values().all(|token| !token.lstrip && !token.single_word);
        let marks: Vec<&str> = tokens.values().filter(|t| t.special && !t.normalized).map(|t| t.content.as_str()).collect();
        let marks =
            if plain && !marks.is_empty() { AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(marks).ok() } else { None };
        let slots = if marks.is_some() { std::iter::repeat_with(AtomicU64::default).take(SLOTS).collect() } else { Vec::new() };
        Self { marks, slots }
    }

    /// The tokens of `text`, where `count` counts those of a piece.
    pub(crate) fn count(&self, text: &str, count: impl Fn(&str) -> usize) -> usize {
        let Some(marks) = &self.marks else { return count(text) };
        let mut total = 0;
        let mut from = 0;
        for mark in marks.find_iter(text) {
            total += self.piece(&text[from..mark.start()], &count);
            from = mark.start();
        }
        total + self.piece(&text[from..], &count)
    }

    fn piece(&self, piece: &str, count: impl Fn(&str) -> usize) -> usize {
        if piece.is_empty() {
            return 0;
        }
        let mut hasher = DefaultHasher::new();
        piece.hash(&mut hasher);
        let hash = hasher.finish();
        #[expect(clippy::cast_possible_truncation, reason = "the remainder is below 2^16")]
        let slot = &self.slots[(hash % SLOTS as u64) as usize];
        let known = slot.load(Ordering::Relaxed);
        if known != 0 && (known ^ hash) >> COUNT_BITS == 0 {
            return (known & ((1 << COUNT_BITS) - 1)) as usize;
        }
        let tokens = count(piece);
        if tokens > 0 && tokens < 1 << COUNT_BITS {
            slot.store(hash >> COUNT_BITS << COUNT_BITS | tokens as u64, Ordering::Relaxed);
        }
        tokens
    }
}
