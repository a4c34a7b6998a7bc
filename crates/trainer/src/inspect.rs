//! Examples as this trainer sees them: the same rendering, mask, window, split and batches as in a run.

use crate::batch::{epoch_order, step_batches};
use crate::data::choose_held_out;
use crate::error::TrainerError;
use crate::example::{Labelled, label, window};
use crate::packing::{pack, single};
use crate::tokenizer::ChatTokenizer;
use dataset::view::{ExampleView, ExampleViewer, PlacedExample, ViewOptions, ViewPlace, ViewSegment, ViewToken};
use domain::dataset::{Message, TokenPart};
use domain::job::{OverlongExamples, TrainingConfig};
use std::collections::HashMap;

impl ExampleViewer for ChatTokenizer {
    fn view(&self, messages: &[Message], options: &ViewOptions) -> Result<ExampleView, String> {
        let labelled =
            if self.prints_date() { self.dated(options.today).and_then(|dated| label(&dated, messages)) } else { label(self, messages) };
        match labelled {
            Ok(labelled) => Ok(view(&labelled, options)),
            Err(TrainerError::ChatTemplate { reason }) => Ok(ExampleView { refused: Some(reason), ..ExampleView::default() }),
            Err(error) => Err(error.full_message()),
        }
    }

    fn place(&self, examples: &[PlacedExample], config: &TrainingConfig) -> Vec<ViewPlace> {
        place(examples, config)
    }
}

fn view(labelled: &Labelled, options: &ViewOptions) -> ExampleView {
    let Labelled { text, tokens, labels, .. } = labelled;
    let kept = window(tokens.ids.len(), labels, options.max_seq_length);
    let overlong = kept.len() < tokens.ids.len();
    let dropped = overlong && options.overlong == OverlongExamples::Drop;
    let part = |token: usize| {
        if dropped || !kept.contains(&token) {
            TokenPart::Cut
        } else if token > kept.start && labels.iter().any(|range| range.contains(&token)) {
            TokenPart::Trained
        } else {
            // The first token has no loss, as nothing comes before it.
            TokenPart::Context
        }
    };
    let lost = |range: &std::ops::Range<usize>| range.end - range.end.min(kept.end).max(range.start);
    ExampleView {
        segments: segments(text, labelled, part),
        overlong,
        dropped,
        cut_answer_tokens: labels.iter().map(lost).sum(),
        open_answers: labelled.open_answers,
        template_rewrites_turns: labelled.rewritten,
        refused: None,
    }
}

/// Groups the tokens. Each segment's text goes to where the next one's begins, so that nothing of the text is lost between tokens.
fn segments(text: &str, labelled: &Labelled, part: impl Fn(usize) -> TokenPart) -> Vec<ViewSegment> {
    let mut characters = Characters { text, byte: 0, count: 0 };
    let mut segments: Vec<ViewSegment> = Vec::new();
    let mut from = 0;
    for (token, (id, (start, end))) in labelled.tokens.ids.iter().zip(&labelled.tokens.offsets).enumerate() {
        let part = part(token);
        if segments.last().is_none_or(|last| last.part != part) {
            // Tokens may stand for parts of one character; it goes with the first of them.
            let begin = floor(text, *start).max(from);
            if let Some(last) = segments.last_mut() {
                text[from..begin].clone_into(&mut last.text);
                from = begin;
            }
            segments.push(ViewSegment { part, text: String::new(), tokens: Vec::new() });
        }
        let (start, end) = (characters.at(floor(text, *start)), characters.at(floor(text, *end)));
        if let Some(last) = segments.last_mut() {
            last.tokens.push(ViewToken { id: *id, start, end });
        }
    }
    if let Some(last) = segments.last_mut() {
        text[from..].clone_into(&mut last.text);
    }
    segments
}

/// The beginning of the character that a byte is in.
fn floor(text: &str, byte: usize) -> usize {
    let byte = byte.min(text.len());
    (0..=byte).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// Counts characters up to bytes that mostly rise.
struct Characters<'a> {
    text: &'a str,
    byte: usize,
    count: usize,
}

impl Characters<'_> {
    fn at(&mut self, byte: usize) -> usize {
        if byte < self.byte {
            return self.count - self.text[byte..self.byte].chars().count();
        }
        self.count += self.text[self.byte..byte].chars().count();
        self.byte = byte;
        self.count
    }
}

/// The split and the first epoch's batches, as a run makes them.
fn place(examples: &[PlacedExample], config: &TrainingConfig) -> Vec<ViewPlace> {
    let (h, settings) = (&config.hyperparameters, &config.settings);
    let mut numbers: HashMap<u64, u32> = HashMap::new();
    let conversations: Vec<u32> = examples
        .iter()
        .map(|example| {
            #[expect(clippy::cast_possible_truncation, reason = "far fewer than 2^32 conversations fit into memory")]
            let next = numbers.len() as u32;
            *numbers.entry(example.conversation).or_insert(next)
        })
        .collect();
    let validation: Vec<bool> = if examples.iter().any(|example| example.held_out == Some(true)) {
        examples.iter().map(|example| example.held_out == Some(true)).collect()
    } else {
        let chosen = choose_held_out(numbers.len(), settings.validation_split_ratio, settings.seed);
        conversations.iter().map(|conversation| chosen.contains(conversation)).collect()
    };
    let mut places: Vec<ViewPlace> = validation.iter().map(|&validation| ViewPlace { validation, padding: 0 }).collect();
    let of_side = |side: bool| (0..examples.len()).filter(|&i| validation[i] == side).collect::<Vec<_>>();
    let (train, mut held_out) = (of_side(false), of_side(true));
    let length = |example: usize| examples[example].tokens;
    let capacity = h.max_seq_length as usize;
    let rows = if settings.packing { pack(&train, length, capacity) } else { single(&train) };
    let order = epoch_order(rows.len(), settings.seed, 0);
    let batch_size = (h.batch_size as usize).max(1);
    let mut pad = |batch: &[usize]| {
        let longest = batch.iter().map(|&example| length(example)).max().unwrap_or(0);
        batch.iter().for_each(|&example| places[example].padding = longest - length(example));
    };
    // One step of as many micro-steps as there are rows is the whole epoch.
    for micro in step_batches(&order, batch_size, rows.len().max(1), 0) {
        pad(&micro.iter().flat_map(|&row| rows[row].iter().copied()).collect::<Vec<_>>());
    }
    held_out.sort_by_key(|&example| (std::cmp::Reverse(length(example)), example));
    held_out.chunks(batch_size).for_each(pad);
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokenizer::Tokens;

    fn labelled(text: &str, pieces: &[(usize, usize)], labels: std::ops::Range<usize>) -> Labelled {
        let ids = (0..pieces.len()).map(|id| u32::try_from(id).expect("small")).collect();
        let tokens = Tokens { ids, offsets: pieces.to_vec() };
        Labelled { text: text.to_owned(), tokens, labels: std::iter::once(labels).collect(), open_answers: 0, rewritten: false }
    }

    fn options(max_seq_length: usize, overlong: OverlongExamples) -> ViewOptions {
        ViewOptions { max_seq_length, overlong, today: chrono::DateTime::UNIX_EPOCH }
    }

    #[test]
    fn segments_together_are_the_text_whatever_the_tokens_stand_for() {
        // The two bytes of é are a token each, and the last token begins after a character that no token stands for.
        let text = "aé b\u{1f600}c";
        let example = labelled(text, &[(0, 1), (1, 2), (2, 3), (4, 5), (9, 10)], 2..4);
        let view = view(&example, &options(9, OverlongExamples::Truncate));
        let parts: Vec<_> = view.segments.iter().map(|s| (s.part, s.text.as_str(), s.tokens.len())).collect();
        assert_eq!(parts, [(TokenPart::Context, "a", 2), (TokenPart::Trained, "é b\u{1f600}", 2), (TokenPart::Context, "c", 1)]);
        let spans: Vec<_> = view.segments.iter().flat_map(|s| &s.tokens).map(|t| (t.start, t.end)).collect();
        assert_eq!(spans, [(0, 1), (1, 1), (1, 2), (3, 4), (5, 6)]);
        assert_eq!(view.segments.iter().map(|s| s.text.as_str()).collect::<String>(), text);
    }

    #[test]
    fn what_is_cut_and_left_out_is_shown() {
        let pieces: Vec<_> = (0..20).map(|i| (i, i + 1)).collect();
        let example = labelled("abcdefghijklmnopqrst", &pieces, 8..20);
        let cut = view(&example, &options(8, OverlongExamples::Truncate));
        let parts: Vec<_> = cut.segments.iter().map(|s| (s.part, s.text.as_str())).collect();
        assert_eq!(
            parts,
            [(TokenPart::Cut, "abcdef"), (TokenPart::Context, "gh"), (TokenPart::Trained, "ijklmn"), (TokenPart::Cut, "opqrst")]
        );
        assert_eq!((cut.overlong, cut.cut_answer_tokens, cut.kept()), (true, 6, 8));
        let dropped = view(&example, &options(8, OverlongExamples::Drop));
        assert!(dropped.dropped && !dropped.trains() && dropped.count(TokenPart::Cut) == 20);
    }
}
