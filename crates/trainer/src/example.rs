//! One example as tokens with its label mask, cut to the sequence length.
//!
//! Trained on are the tokens of each assistant message with [`Message::trained`], up to and with its end-of-turn token. They are found
//! by rendering: what the template prints for the messages before, with a generation prompt, must be the beginning of what it prints
//! with the message, and that of the whole. Where a template prints a turn differently once more turns follow (thoughts that are taken
//! out, a system message that moves), the answer is found in the whole text instead, by putting a mark in its place.

use crate::error::TrainerError;
use crate::tokenizer::{ChatTokenizer, Tokens};
use domain::dataset::Message;
use std::ops::Range;

/// The label of a token that is not trained on.
pub const IGNORED: i32 = -100;

/// Tokens of one example, and which of them are trained on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenisedExample {
    /// Ids.
    pub ids: Vec<u32>,
    /// Positions of the tokens to learn: ascending, not empty, not overlapping.
    pub labels: Vec<Range<usize>>,
    /// Tokens before it was cut.
    pub full_length: usize,
    /// Tokens of answers that were cut off.
    pub lost_labels: usize,
    /// Answers to learn without an end-of-turn token behind them.
    pub open_answers: usize,
    /// Whether the template prints earlier turns differently once more turns follow.
    pub rewritten: bool,
}

impl TokenisedExample {
    /// Tokens whose loss is counted. The first token of a sequence has none, since nothing comes before it.
    pub fn label_tokens(&self) -> usize {
        self.labels.iter().map(|r| r.end - r.start.max(1).min(r.end)).sum()
    }

    /// Whether tokens were cut off.
    pub fn is_truncated(&self) -> bool {
        self.ids.len() < self.full_length
    }
}

/// Renders, tokenises, masks and cuts an example to at most `max_length` tokens.
///
/// # Errors
/// When the template refuses the conversation or mixes answers with other text, or the tokenizer fails.
pub fn tokenise(tokenizer: &ChatTokenizer, messages: &[Message], max_length: usize) -> Result<TokenisedExample, TrainerError> {
    let whole = label(tokenizer, messages)?;
    let (open_answers, rewritten) = (whole.open_answers, whole.rewritten);
    Ok(TokenisedExample { open_answers, rewritten, ..cut(whole.tokens.ids, whole.labels, max_length) })
}

/// A whole example: its text, its tokens, and which of them are to be learned.
pub(crate) struct Labelled {
    pub text: String,
    pub tokens: Tokens,
    pub labels: Vec<Range<usize>>,
    pub open_answers: usize,
    pub rewritten: bool,
}

/// Renders, tokenises and masks an example.
pub(crate) fn label(tokenizer: &ChatTokenizer, messages: &[Message]) -> Result<Labelled, TrainerError> {
    let text = tokenizer.render(messages, false)?;
    let tokens = tokenizer.encode(&text)?;
    let (mut labels, mut open_answers, mut rewritten) = (Vec::new(), 0, false);
    for (i, _) in messages.iter().enumerate().filter(|(_, m)| m.role == "assistant" && m.trained) {
        let prompt = tokenizer.render(&messages[..i], true)?;
        let found = match span_by_prefix(tokenizer, messages, i, (&text, &prompt))? {
            Some(span) => label_range(tokenizer, (&tokens, &text), span),
            None => {
                rewritten = true;
                marked_range(tokenizer, messages, i, (&text, &prompt), &tokens)?
            }
        };
        let Some(range) = found else { continue };
        open_answers += usize::from(!tokenizer.is_special(tokens.ids[range.end - 1]));
        labels.push(range);
    }
    Ok(Labelled { text, tokens, labels, open_answers, rewritten })
}

/// The bytes of `text`, the rendered conversation, that hold an answer with what ends it; none where the template prints what comes
/// before or the answer itself differently when it stands at the end.
fn span_by_prefix(
    tokenizer: &ChatTokenizer,
    messages: &[Message],
    answer: usize,
    (text, prompt): (&str, &str),
) -> Result<Option<Range<usize>>, TrainerError> {
    let last = answer + 1 == messages.len();
    let through = if last { text.to_owned() } else { tokenizer.render(&messages[..=answer], false)? };
    Ok((through.starts_with(prompt) && text.starts_with(&through)).then_some(prompt.len()..through.len()))
}

/// The tokens that begin in a span of bytes, up to and with the special one that ends the turn; blanks that templates print after it (a
/// newline) are not learned.
fn label_range(tokenizer: &ChatTokenizer, (tokens, text): (&Tokens, &str), span: Range<usize>) -> Option<Range<usize>> {
    let first = tokens.offsets.iter().position(|(start, _)| span.contains(start))?;
    let length = tokens.offsets[first..].iter().take_while(|(start, _)| span.contains(start)).count();
    let filled = (first..first + length).rev().find(|&i| tokenizer.is_special(tokens.ids[i]) || !is_blank(tokens, text, i));
    match filled {
        Some(last) if tokenizer.is_special(tokens.ids[last]) => Some(first..last + 1),
        _ => Some(first..first + length),
    }
}

fn is_blank(tokens: &Tokens, text: &str, token: usize) -> bool {
    let (from, to) = tokens.offsets[token];
    text.get(from..to).is_some_and(|piece| piece.trim().is_empty())
}

/// Stands in place of an answer: a character for private use, which no template looks for.
const MARK: &str = "\u{e0b7}\u{e0b8}";

/// The tokens of an answer as it stands in the whole text, with a space before it that the model must write itself, and with the special
/// token that follows. None where the template does not print the answer at all.
///
/// # Errors
/// When what the template prints elsewhere depends on the answer, so that its tokens cannot be told from the rest.
fn marked_range(
    tokenizer: &ChatTokenizer,
    messages: &[Message],
    answer: usize,
    (text, prompt): (&str, &str),
    tokens: &Tokens,
) -> Result<Option<Range<usize>>, TrainerError> {
    let mut messages = messages.to_vec();
    MARK.clone_into(&mut messages[answer].content);
    let marked = tokenizer.render(&messages, false)?;
    let Some(at) = marked.find(MARK) else { return Ok(None) };
    let (before, after) = (&marked[..at], &marked[at + MARK.len()..]);
    if text.len() < before.len() + after.len() || !text.starts_with(before) || !text.ends_with(after) {
        return Err(TrainerError::TemplateRewritesTurns { message: answer + 1 });
    }
    let blanks = if prompt.ends_with(' ') { 0 } else { before.len() - before.trim_end_matches(' ').len() };
    let (start, end) = (before.len() - blanks, text.len() - after.len());
    let Some(first) = tokens.offsets.iter().position(|(_, to)| *to > start) else { return Ok(None) };
    let mut length = tokens.offsets[first..].iter().take_while(|(from, _)| *from < end).count();
    let rest = first + length;
    if let Some(more) = (rest..tokens.ids.len())
        .find(|&i| tokenizer.is_special(tokens.ids[i]) || !is_blank(tokens, text, i))
        .filter(|&i| tokenizer.is_special(tokens.ids[i]))
    {
        length = more + 1 - first;
    }
    Ok((length > 0).then(|| first..first + length))
}

/// The tokens that are kept of so many.
///
/// Where the labels and a quarter of the window before them fit, the window ends with the last label, so that the oldest context goes.
/// Where the answer is longer than that, the window begins a quarter of its length before the first label, so that the answer's end goes.
pub(crate) fn window(full_length: usize, labels: &[Range<usize>], max_length: usize) -> Range<usize> {
    if full_length <= max_length {
        return 0..full_length;
    }
    let first = labels.first().map_or(0, |r| r.start);
    let end = labels.last().map_or(full_length, |r| r.end);
    let start = end.saturating_sub(max_length).min(first.saturating_sub(max_length / 4));
    start..(start + max_length).min(full_length)
}

/// Keeps that window.
fn cut(ids: Vec<u32>, labels: Vec<Range<usize>>, max_length: usize) -> TokenisedExample {
    let full_length = ids.len();
    let Range { start, end: stop } = window(full_length, &labels, max_length);
    let lost_labels = labels.iter().map(|r| r.end - r.end.min(stop).max(r.start)).sum();
    let labels = labels.into_iter().filter(|r| r.start < stop).map(|r| r.start - start..r.end.min(stop) - start).collect();
    TokenisedExample { ids: ids[start..stop].to_vec(), labels, full_length, lost_labels, open_answers: 0, rewritten: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(n: u32) -> Vec<u32> {
        (0..n).collect()
    }

    fn span(start: usize, end: usize) -> Vec<Range<usize>> {
        std::iter::once(start..end).collect()
    }

    #[test]
    fn a_short_example_is_left_alone() {
        let example = cut(ids(8), span(5, 8), 8);
        assert_eq!((example.ids.len(), example.is_truncated(), example.label_tokens()), (8, false, 3));
    }

    #[test]
    fn old_context_goes_before_the_answer_does() {
        let example = cut(ids(20), span(14, 18), 8);
        assert_eq!((example.ids, example.labels), ((10..18).collect(), span(4, 8)));
    }

    #[test]
    fn a_long_answer_keeps_its_beginning_and_a_quarter_of_context() {
        let example = cut(ids(40), span(20, 40), 8);
        assert_eq!((example.ids, example.labels, example.lost_labels), ((18..26).collect(), span(2, 8), 14));
    }

    #[test]
    fn several_answers_keep_the_first() {
        let example = cut(ids(40), vec![4..8, 10..12, 30..40], 12);
        assert_eq!((example.ids, example.labels, example.lost_labels), ((1..13).collect(), vec![3..7, 9..11], 10));
    }

    #[test]
    fn the_first_token_has_no_loss() {
        let example =
            TokenisedExample { ids: ids(3), labels: vec![0..1, 2..3], full_length: 3, lost_labels: 0, open_answers: 0, rewritten: false };
        assert_eq!(example.label_tokens(), 1);
        let empty = cut(ids(9), Vec::new(), 4);
        assert_eq!((empty.ids.len(), empty.label_tokens()), (4, 0));
    }
}
