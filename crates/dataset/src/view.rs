//! An example as the trainer sees it: the rendered text in pieces, each with its tokens and what becomes of them, and what that comes to
//! over a whole file. The trainer fills these in; this crate only says what they are.

use crate::example::Example;
use chrono::{DateTime, Utc};
use domain::dataset::{Message, TokenPart};
use domain::job::{OverlongExamples, TrainingConfig};
use serde::Serialize;

/// What a view depends on, beside the base model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ViewOptions {
    /// Tokens an example at most.
    pub max_seq_length: usize,
    /// What happens to longer ones.
    pub overlong: OverlongExamples,
    /// The date that a chat template prints.
    pub today: DateTime<Utc>,
}

/// A token and the characters of the rendered text that it stands for: first, and one past the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ViewToken {
    /// Its id in the vocabulary.
    pub id: u32,
    /// First character.
    pub start: usize,
    /// One past the last character.
    pub end: usize,
}

/// Tokens in a row with the same fate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ViewSegment {
    /// What becomes of them.
    pub part: TokenPart,
    /// Their text; that of all segments together is the rendered text.
    pub text: String,
    /// The tokens.
    pub tokens: Vec<ViewToken>,
}

/// An example as the trainer sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExampleView {
    /// In the order of the text.
    pub segments: Vec<ViewSegment>,
    /// Whether it is longer than the sequence length.
    pub overlong: bool,
    /// Whether it is left out for its length.
    pub dropped: bool,
    /// Tokens of answers that are cut off.
    pub cut_answer_tokens: usize,
    /// Answers that are learned without an end-of-turn token behind them.
    pub open_answers: usize,
    /// Whether the chat template prints earlier turns differently once more turns follow.
    pub template_rewrites_turns: bool,
    /// Why the chat template refuses it, where it does; there are no segments then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

impl ExampleView {
    /// Tokens of one kind.
    #[must_use]
    pub fn count(&self, part: TokenPart) -> usize {
        self.segments.iter().filter(|segment| segment.part == part).map(|segment| segment.tokens.len()).sum()
    }

    /// Tokens that stay, trained on or not.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.count(TokenPart::Trained) + self.count(TokenPart::Context)
    }

    /// Whether anything of it is trained on.
    #[must_use]
    pub fn trains(&self) -> bool {
        self.count(TokenPart::Trained) > 0
    }

    /// Adds the tokens that fill its row up in a batch.
    pub fn pad(&mut self, tokens: usize) {
        if tokens > 0 {
            let end = self.segments.last().and_then(|segment| segment.tokens.last()).map_or(0, |token| token.end);
            let padding = vec![ViewToken { id: 0, start: end, end }; tokens];
            self.segments.push(ViewSegment { part: TokenPart::Padding, text: String::new(), tokens: padding });
        }
    }
}

/// What the examples of a file come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ViewTotals {
    /// Examples with an answer.
    pub examples: u64,
    /// Tokens that are trained on.
    pub trained_tokens: u64,
    /// Tokens that are read only.
    pub context_tokens: u64,
    /// Tokens that are cut off, or left out with their example.
    pub cut_tokens: u64,
    /// Tokens that fill up the batches of the first epoch; none where no batches are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub padding_tokens: Option<u64>,
    /// Examples that are left out because nothing of them is trained on.
    pub without_label: u64,
    /// Examples that are left out for their length.
    pub dropped: u64,
    /// Examples that are longer than the sequence length and cut.
    pub overlong: u64,
    /// Examples that lose the end of an answer.
    pub cut_answers: u64,
    /// Examples with an answer that no end-of-turn token follows.
    pub open_answers: u64,
    /// Examples that the chat template refuses; they are among those without a label.
    pub refused: u64,
    /// Examples held out for validation; none where no split is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_examples: Option<u64>,
}

impl ViewTotals {
    /// Counts an example.
    pub fn add(&mut self, view: &ExampleView) {
        self.examples += 1;
        self.cut_tokens += view.count(TokenPart::Cut) as u64;
        self.refused += u64::from(view.refused.is_some());
        if view.dropped {
            self.dropped += 1;
            return;
        }
        if !view.trains() {
            self.without_label += 1;
            return;
        }
        self.trained_tokens += view.count(TokenPart::Trained) as u64;
        self.context_tokens += view.count(TokenPart::Context) as u64;
        self.overlong += u64::from(view.overlong);
        self.cut_answers += u64::from(view.cut_answer_tokens > 0);
        self.open_answers += u64::from(view.open_answers > 0);
    }

    /// Takes in where the examples that are trained on come to lie.
    pub fn place(&mut self, places: &[ViewPlace]) {
        self.padding_tokens = Some(places.iter().map(|place| place.padding as u64).sum());
        self.validation_examples = Some(places.iter().filter(|place| place.validation).count() as u64);
    }
}

/// An example that is trained on, as far as its place in a run depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedExample {
    /// Its conversation; the same for the same id.
    pub conversation: u64,
    /// The side of the file's own split that it is on; none where the file has none.
    pub held_out: Option<bool>,
    /// Tokens that stay.
    pub tokens: usize,
}

/// Where an example comes to lie in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ViewPlace {
    /// Whether it is held out.
    pub validation: bool,
    /// Tokens that fill its row up to the longest of its batch, in the first epoch.
    pub padding: usize,
}

/// Shows examples as a trainer sees them.
pub trait ExampleViewer: Send + Sync {
    /// One example. A template that refuses it is told in the view.
    ///
    /// # Errors
    /// When the base model's template or tokenizer cannot be used for this example at all.
    fn view(&self, messages: &[Message], options: &ViewOptions) -> Result<ExampleView, String>;

    /// Where examples come to lie, for all that are trained on, in the order of the file.
    fn place(&self, examples: &[PlacedExample], config: &TrainingConfig) -> Vec<ViewPlace>;
}

impl PlacedExample {
    /// An example whose view has `tokens` that stay.
    #[must_use]
    pub fn new(example: &Example, tokens: usize) -> Self {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        example.conversation_id.hash(&mut hasher);
        let held_out = example.split.map(|split| split == crate::Split::Validation);
        Self { conversation: hasher.finish(), held_out, tokens }
    }
}
