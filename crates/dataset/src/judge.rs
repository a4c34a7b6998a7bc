//! What is found by looking at more than one record, and at the texts themselves: repetitions, overlap of splits, private data, encoding.
//!
//! Each text is read once for all of this; texts that came lately, as histories and system prompts do, are not read again.

use crate::codes::{self, Code};
use crate::encoding;
use crate::example::{Example, Split};
use crate::near::{Near, Sketch};
use crate::normalise::Form;
use crate::private::{self, Kind};
use crate::problem::Problem;
use crate::repeats::{Examples, Sides};
use crate::words::{Vocabulary, fold, hash_of, words};
use domain::dataset::Message;

/// Texts that are remembered in order not to read them again: system prompts and histories repeat from pair to pair.
const RECENT: usize = 4096;
/// Quality below which an example, or the mean of a file, deserves a review.
pub(crate) const GOOD_QUALITY: f64 = 3.0;

/// Looks at the examples of one file.
pub(crate) struct Judge {
    pub(crate) vocabulary: Vocabulary,
    pub(crate) examples: Examples,
    near: Near,
    sides: Sides,
    recent: Vec<u64>,
}

impl Judge {
    pub(crate) fn new() -> Self {
        Self {
            vocabulary: Vocabulary::new(),
            examples: Examples::default(),
            near: Near::new(),
            sides: Sides::default(),
            recent: vec![0; RECENT],
        }
    }

    /// Reads the texts of a pair without an answer.
    pub(crate) fn context(&mut self, messages: &[Message], problems: &mut Vec<Problem>) {
        for message in messages {
            let hash = hash_of(&message.content);
            self.text(message, hash, None, problems);
        }
    }

    /// Reads an example and compares it with those before. Problems are without line and pointer.
    pub(crate) fn example(&mut self, example: &Example, form: Option<Form>, problems: &mut Vec<Problem>) {
        problems.extend(low_quality(example));
        let new_from = new_from(form, &example.messages);
        let mut sketch = Sketch::new();
        let mut whole = 0;
        for (index, message) in example.messages.iter().enumerate() {
            let hash = hash_of(&message.content);
            whole = fold(whole ^ hash, 0x9fb2_1c65_1e98_df25 ^ u64::from(message.role.as_bytes()[0]));
            // A system prompt is the same for many; what is asked and answered tells examples apart.
            let compared = (index >= new_from && message.role != "system").then_some(&mut sketch);
            self.text(message, hash, compared, problems);
        }
        let held_out = example.split == Some(Split::Validation);
        let note = example.line << 1 | u64::from(held_out);
        let other_side = |note: u64| example.split.is_some() && (note & 1 == 1) != held_out;
        let mut overlap = None;
        if let Some(first) = self.examples.repeated(whole, note) {
            let line = first >> 1;
            problems.push(Problem::file(codes::DUPLICATE, format!("The example repeats the one on line {line} word for word.")));
            overlap = other_side(first).then(|| format!("The same example is on the other side of the split, on line {line}."));
        } else if let Some(alike) = self.near.find_or_add(sketch, note) {
            let (line, percent) = (alike.note >> 1, alike.percent);
            let what = format!("The example is about {percent} % the same as the one on line {line}.");
            problems.push(Problem::file(codes::NEAR_DUPLICATE, what));
            overlap = other_side(alike.note).then(|| format!("Nearly the same example is on the other side of the split, on line {line}."));
        }
        if self.sides.crossed(&example.conversation_id, example.split) {
            overlap = Some("The conversation is on the other side of the split as well.".to_owned());
        }
        if let Some(what) = overlap {
            problems.push(Problem::file(codes::SPLIT_OVERLAP, what));
        }
    }

    /// Reads one text: its words, and, where it did not come lately, what should not be in it.
    fn text(&mut self, message: &Message, hash: u64, sketch: Option<&mut Sketch>, problems: &mut Vec<Problem>) {
        #[expect(clippy::cast_possible_truncation, reason = "the remainder is below 4096")]
        let slot = &mut self.recent[(hash % RECENT as u64) as usize];
        let seen = *slot == hash;
        *slot = hash;
        let text = message.content.as_str();
        let vocabulary = &mut self.vocabulary;
        let met = match sketch {
            Some(sketch) => {
                let met = words(text, |word| {
                    vocabulary.add(word);
                    sketch.word(word);
                });
                sketch.end_of_text();
                met
            }
            None if seen => return,
            None => words(text, |word| vocabulary.add(word)),
        };
        if seen {
            return;
        }
        let whose = &message.role;
        let mut found = |code: &'static Code, what: String| problems.push(Problem::file(code, what));
        if met.control || (met.non_ascii && encoding::has_high_controls(text)) {
            found(codes::CONTROL_CHARACTERS, format!("A text of the {whose} has control characters."));
        }
        if met.non_ascii {
            if encoding::is_misread(text) {
                found(codes::MISREAD_ENCODING, format!("A text of the {whose} has UTF-8 that was read as Windows-1252."));
            }
            if text.contains('\u{fffd}') {
                found(codes::REPLACEMENT_CHARACTER, format!("A text of the {whose} has the character U+FFFD."));
            }
        }
        for one in private::find(text, met.at_sign, met.digits) {
            let (code, name) = match one.kind {
                Kind::Email => (codes::EMAIL_ADDRESS, "an e-mail address"),
                Kind::Phone => (codes::PHONE_NUMBER, "a phone number"),
                Kind::Card => (codes::CARD_NUMBER, "a card number"),
                Kind::Secret => (codes::SECRET_KEY, "a key"),
            };
            found(code, format!("A text of the {whose} has {name}: {}.", one.masked));
        }
    }
}

/// Whether the example's own quality score is low.
pub(crate) fn low_quality(example: &Example) -> Option<Problem> {
    let quality = example.labels.quality.filter(|quality| *quality < GOOD_QUALITY)?;
    let what = format!("The quality score {quality} is below {GOOD_QUALITY:.1}.");
    Some(Problem::field(codes::LOW_QUALITY_EXAMPLE, "/training_metadata/quality_score", what))
}

/// Where the messages begin that are not other examples' as well: the history of a pair consists of other pairs' turns.
pub(crate) fn new_from(form: Option<Form>, messages: &[Message]) -> usize {
    if form == Some(Form::Pair) { messages.len().saturating_sub(2) } else { 0 }
}
