//! Counting tokens in batches on all cores: tokenising costs far more than everything else.

use crate::example::TokenCounter;
use domain::dataset::Message;
use rayon::prelude::*;

/// A batch is counted when it has this many examples or bytes of text.
const EXAMPLES: usize = 256;
const BYTES: usize = 2 * 1024 * 1024;

/// An example that waits to be counted.
struct Waiting {
    messages: Vec<Message>,
    /// Turns before this one occur in other examples as well.
    new_from: usize,
    line: u64,
    pointer: Option<String>,
}

/// What was counted for one example.
pub(crate) struct Counted {
    pub(crate) line: u64,
    pub(crate) pointer: Option<String>,
    /// Tokens of the whole example.
    pub(crate) tokens: u64,
    /// Tokens and number of its new turns.
    pub(crate) turn_tokens: u64,
    pub(crate) turns: u64,
}

/// Gathers examples and counts them together.
pub(crate) struct Batch<'t> {
    counter: Option<&'t dyn TokenCounter>,
    waiting: Vec<Waiting>,
    bytes: usize,
}

impl<'t> Batch<'t> {
    pub(crate) fn new(counter: Option<&'t dyn TokenCounter>) -> Self {
        Self { counter, waiting: Vec::new(), bytes: 0 }
    }

    /// Takes an example; true when the batch is full. Without a counter nothing is kept.
    pub(crate) fn push(&mut self, messages: Vec<Message>, new_from: usize, line: u64, pointer: Option<String>) -> bool {
        if self.counter.is_none() {
            return false;
        }
        self.bytes += messages.iter().map(|message| message.content.len()).sum::<usize>();
        self.waiting.push(Waiting { messages, new_from, line, pointer });
        self.waiting.len() >= EXAMPLES || self.bytes >= BYTES
    }

    /// Counts what waits, in the order in which it came.
    pub(crate) fn count(&mut self) -> Vec<Counted> {
        self.bytes = 0;
        let Some(counter) = self.counter else { return Vec::new() };
        let waiting = std::mem::take(&mut self.waiting);
        waiting.into_par_iter().map(|example| count(counter, example)).collect()
    }
}

fn count(counter: &dyn TokenCounter, example: Waiting) -> Counted {
    let Waiting { messages, new_from, line, pointer } = example;
    let new = messages[new_from..].iter().filter(|message| message.role != "system");
    let (turns, turn_tokens) =
        new.fold((0, 0), |(turns, tokens), message| (turns + 1, tokens + counter.count_text(&message.content) as u64));
    Counted { line, pointer, tokens: counter.count_example(&messages) as u64, turn_tokens, turns }
}
