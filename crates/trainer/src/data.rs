//! The data set in memory: tokens of all examples in one piece, split into training and validation by conversation.

use crate::error::TrainerError;
use crate::event::StopFlag;
use crate::example::{TokenisedExample, tokenise};
use crate::halt::Halt;
use crate::packing::{pack, single};
use crate::tokenizer::ChatTokenizer;
use domain::dataset::Message;
use domain::job::{LogLevel, OverlongExamples};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

/// Examples tokenised at a time.
const CHUNK: usize = 128;
/// Share of the examples above which a finding is a warning.
const WARN_ABOVE: f64 = 0.05;
/// Lines named in one message of the log.
const NAMED_LINES: usize = 20;
/// Stream of the random generator that the split uses; epochs have their own.
const SPLIT_STREAM: u64 = u64::MAX;

/// One example as the trainer needs it.
#[derive(Debug, Clone)]
pub(crate) struct SourceExample {
    pub conversation_id: String,
    pub line: u64,
    /// Whether the file puts it into validation; none where the file has no split.
    pub held_out: Option<bool>,
    pub messages: Vec<Message>,
}

/// Where an example's tokens lie, and what is known about it.
#[derive(Debug, Clone)]
struct Entry {
    tokens: Range<usize>,
    labels: Range<usize>,
    label_tokens: u32,
    line: u64,
    conversation: u32,
    held_out: bool,
}

/// All examples that can be trained on.
#[derive(Debug, Default)]
pub(crate) struct TokenSet {
    ids: Vec<u32>,
    labels: Vec<Range<u32>>,
    entries: Vec<Entry>,
}

impl TokenSet {
    fn push(&mut self, example: &TokenisedExample, line: u64, conversation: u32, held_out: bool) {
        let (tokens, labels) = (self.ids.len(), self.labels.len());
        self.ids.extend_from_slice(&example.ids);
        #[expect(clippy::cast_possible_truncation, reason = "positions are below the sequence length")]
        self.labels.extend(example.labels.iter().map(|r| r.start as u32..r.end as u32));
        #[expect(clippy::cast_possible_truncation, reason = "as above")]
        let label_tokens = example.label_tokens() as u32;
        let (tokens, labels) = (tokens..self.ids.len(), labels..self.labels.len());
        self.entries.push(Entry { tokens, labels, label_tokens, line, conversation, held_out });
    }

    /// Number of examples.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Tokens of an example.
    pub fn ids(&self, example: usize) -> &[u32] {
        &self.ids[self.entries[example].tokens.clone()]
    }

    /// Positions of an example's labels.
    pub fn labels(&self, example: usize) -> &[Range<u32>] {
        &self.labels[self.entries[example].labels.clone()]
    }

    /// Tokens of an example whose loss is counted.
    pub fn label_tokens(&self, example: usize) -> u64 {
        u64::from(self.entries[example].label_tokens)
    }

    /// Number of the conversation that an example belongs to.
    pub fn conversation(&self, example: usize) -> u32 {
        self.entries[example].conversation
    }

    /// Line of the data set that an example comes from.
    pub fn line(&self, example: usize) -> u64 {
        self.entries[example].line
    }
}

/// The data of a run.
#[derive(Debug)]
pub(crate) struct TrainingData {
    pub set: TokenSet,
    /// Examples to train on, in the file's order.
    pub train: Vec<usize>,
    /// The same as rows of a batch: one example each, or several with packing.
    pub rows: Vec<Vec<usize>>,
    /// Examples held out, in the file's order.
    pub validation: Vec<usize>,
    pub train_conversations: usize,
    pub validation_conversations: usize,
    pub truncated: u64,
    pub masked: u64,
    /// What the log has to say: examples cut, left out, conversations on both sides of the file's split.
    pub findings: Vec<(LogLevel, String)>,
}

impl TrainingData {
    /// Label tokens of an epoch.
    pub fn label_tokens(&self) -> u64 {
        self.train.iter().map(|&e| self.set.label_tokens(e)).sum()
    }
}

/// What the preparation depends on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DataOptions {
    pub max_length: usize,
    pub validation_ratio: f64,
    pub seed: u64,
    pub packing: bool,
    pub overlong: OverlongExamples,
}

/// Tokenises all examples and splits them.
pub(crate) fn prepare(
    examples: impl Iterator<Item = Result<SourceExample, TrainerError>>,
    tokenizer: &ChatTokenizer,
    options: DataOptions,
    stop: &StopFlag,
) -> Result<TrainingData, Halt> {
    let mut reading = Reading::default();
    let mut examples = examples.peekable();
    while examples.peek().is_some() {
        if stop.is_set() {
            return Err(Halt::Stopped);
        }
        let chunk = examples.by_ref().take(CHUNK).collect::<Result<Vec<_>, _>>()?;
        let tokenised: Vec<_> = chunk.par_iter().map(|e| tokenise(tokenizer, &e.messages, options.max_length)).collect();
        for (source, example) in chunk.iter().zip(tokenised) {
            reading.take(source, example, options.overlong)?;
        }
    }
    Ok(reading.finish(options)?)
}

#[derive(Default)]
struct Reading {
    set: TokenSet,
    conversations: HashMap<String, u32>,
    own_split: bool,
    examples: u64,
    truncated: Vec<u64>,
    dropped: Vec<u64>,
    cut_answers: Vec<u64>,
    open_answers: Vec<u64>,
    rewritten: Vec<u64>,
    masked: Vec<u64>,
    refused: Option<String>,
}

impl Reading {
    fn take(
        &mut self,
        source: &SourceExample,
        example: Result<TokenisedExample, TrainerError>,
        overlong: OverlongExamples,
    ) -> Result<(), TrainerError> {
        self.examples += 1;
        let example = match example {
            Ok(example) => example,
            Err(e @ TrainerError::ChatTemplate { .. }) => {
                self.masked.push(source.line);
                self.refused.get_or_insert_with(|| format!("line {}: {e}", source.line));
                return Ok(());
            }
            Err(e) => return Err(e),
        };
        if example.is_truncated() && overlong == OverlongExamples::Drop {
            self.dropped.push(source.line);
            return Ok(());
        }
        if example.label_tokens() == 0 {
            self.masked.push(source.line);
            return Ok(());
        }
        let line = source.line;
        let noted = [
            (example.is_truncated(), &mut self.truncated),
            (example.lost_labels > 0, &mut self.cut_answers),
            (example.open_answers > 0, &mut self.open_answers),
            (example.rewritten, &mut self.rewritten),
        ];
        noted.into_iter().filter(|(is_so, _)| *is_so).for_each(|(_, lines)| lines.push(line));
        self.own_split |= source.held_out == Some(true);
        #[expect(clippy::cast_possible_truncation, reason = "far fewer than 2^32 conversations fit into memory")]
        let next = self.conversations.len() as u32;
        let conversation = *self.conversations.entry(source.conversation_id.clone()).or_insert(next);
        self.set.push(&example, source.line, conversation, source.held_out == Some(true));
        Ok(())
    }

    /// What was cut and what was left out, for the log, each with a name and its lines. A warning where it concerns many examples.
    fn findings(&self, max_length: usize) -> Vec<(LogLevel, String)> {
        let refused = self.refused.as_ref().map(|r| format!(" ({r})")).unwrap_or_default();
        let kinds = [
            (
                &self.truncated,
                "overlong_example",
                format!("examples are longer than {max_length} tokens and were cut, oldest context first"),
            ),
            (&self.dropped, "overlong_example_dropped", format!("examples are longer than {max_length} tokens and were left out")),
            (&self.cut_answers, "answer_cut", "examples lost the end of an answer".to_owned()),
            (&self.masked, "nothing_to_train_on", format!("examples have nothing to train on and were left out{refused}")),
            (&self.open_answers, "end_of_turn_not_trained", "examples have an answer without an end-of-turn token behind it".to_owned()),
            (
                &self.rewritten,
                "template_rewrites_turns",
                "examples have turns that the chat template prints differently once more turns follow; they are trained on as the whole \
                 conversation shows them"
                    .to_owned(),
            ),
        ];
        let found = kinds.into_iter().filter(|(lines, ..)| !lines.is_empty());
        found
            .map(|(lines, name, what)| (self.level(lines.len()), format!("{name}: {} {what}: lines {}.", lines.len(), name_lines(lines))))
            .collect()
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of examples are far below 2^53")]
    fn level(&self, examples: usize) -> LogLevel {
        if examples as f64 > WARN_ABOVE * self.examples as f64 { LogLevel::Warning } else { LogLevel::Info }
    }

    fn finish(self, options: DataOptions) -> Result<TrainingData, TrainerError> {
        if self.set.len() == 0 {
            let detail = self.refused.unwrap_or_else(|| match (self.masked.is_empty(), self.dropped.is_empty()) {
                (true, true) => "the file holds no example with an answer".to_owned(),
                (true, false) => format!("all are longer than {} tokens: lines {}", options.max_length, name_lines(&self.dropped)),
                (false, _) => format!("nothing to learn in lines {}", name_lines(&self.masked)),
            });
            return Err(TrainerError::NoTrainableExamples { examples: self.examples, detail });
        }
        let mut findings = self.findings(options.max_length);
        let held_out = if self.own_split {
            let straddling = straddling_conversations(&self.set);
            if straddling > 0 {
                let message =
                    format!("{straddling} conversations are on both sides of the file's own split, so its validation loss is too good.");
                findings.push((LogLevel::Warning, message));
            }
            None
        } else {
            Some(choose_held_out(self.conversations.len(), options.validation_ratio, options.seed))
        };
        let is_held_out = |e: &Entry| held_out.as_ref().map_or(e.held_out, |set| set.contains(&e.conversation));
        let (validation, train): (Vec<_>, Vec<_>) = (0..self.set.len()).partition(|&i| is_held_out(&self.set.entries[i]));
        if train.is_empty() {
            let detail = "the file puts all of its examples into validation".to_owned();
            return Err(TrainerError::NoTrainableExamples { examples: self.examples, detail });
        }
        let rows = if options.packing { pack(&train, |e| self.set.ids(e).len(), options.max_length) } else { single(&train) };
        if options.packing {
            let message = format!("Packed {} examples into {} rows of at most {} tokens.", train.len(), rows.len(), options.max_length);
            findings.push((LogLevel::Info, message));
        }
        let conversations = |of: &[usize]| of.iter().map(|&i| self.set.entries[i].conversation).collect::<BTreeSet<_>>().len();
        Ok(TrainingData {
            train_conversations: conversations(&train),
            validation_conversations: conversations(&validation),
            train,
            rows,
            validation,
            truncated: self.truncated.len() as u64,
            masked: (self.masked.len() + self.dropped.len()) as u64,
            findings,
            set: self.set,
        })
    }
}

/// Numbers of the conversations to hold out: `ratio` of them, at least one and not all, where there are two or more.
pub(crate) fn choose_held_out(conversations: usize, ratio: f64, seed: u64) -> BTreeSet<u32> {
    if ratio <= 0.0 || conversations < 2 {
        return BTreeSet::new();
    }
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count")]
    let count = ((conversations as f64 * ratio).round() as usize).clamp(1, conversations - 1);
    #[expect(clippy::cast_possible_truncation, reason = "numbered as u32 above")]
    let mut order: Vec<u32> = (0..conversations as u32).collect();
    order.shuffle(&mut generator(seed, SPLIT_STREAM));
    order.truncate(count);
    order.into_iter().collect()
}

/// A generator of its own for each purpose: `stream` is the epoch, or [`SPLIT_STREAM`].
pub(crate) fn generator(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream(stream);
    generator
}

fn straddling_conversations(set: &TokenSet) -> usize {
    let side = |held_out: bool| set.entries.iter().filter(move |e| e.held_out == held_out).map(|e| e.conversation).collect::<BTreeSet<_>>();
    side(true).intersection(&side(false)).count()
}

/// The first lines, and how many more there are.
pub(crate) fn name_lines(lines: &[u64]) -> String {
    let named = lines.iter().take(NAMED_LINES).map(u64::to_string).collect::<Vec<_>>().join(", ");
    match lines.len().saturating_sub(NAMED_LINES) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEEP: OverlongExamples = OverlongExamples::Truncate;

    fn source(conversation: &str, line: u64, held_out: Option<bool>) -> SourceExample {
        SourceExample { conversation_id: conversation.into(), line, held_out, messages: Vec::new() }
    }

    fn tokens(labels: Vec<Range<usize>>) -> Result<TokenisedExample, TrainerError> {
        Ok(TokenisedExample { ids: (0..6).collect(), labels, full_length: 6, lost_labels: 0, open_answers: 0, rewritten: false })
    }

    fn options(validation_ratio: f64, seed: u64) -> DataOptions {
        DataOptions { max_length: 64, validation_ratio, seed, packing: false, overlong: OverlongExamples::Truncate }
    }

    fn read(conversations: usize, pairs: usize, held_out: impl Fn(usize, usize) -> Option<bool>) -> Reading {
        let mut reading = Reading::default();
        for c in 0..conversations {
            for p in 0..pairs {
                let line = (c * pairs + p + 1) as u64;
                reading
                    .take(&source(&format!("c{c}"), line, held_out(c, p)), tokens(std::iter::once(3..6).collect()), KEEP)
                    .expect("taken");
            }
        }
        reading
    }

    #[test]
    fn the_split_is_by_conversation_and_by_seed() {
        let split = |seed| read(20, 3, |_, _| None).finish(options(0.1, seed)).expect("split");
        let data = split(7);
        assert_eq!((data.train.len(), data.validation.len()), (54, 6));
        assert_eq!((data.train_conversations, data.validation_conversations), (18, 2));
        assert_eq!(split(7).validation, data.validation);
        assert!((0..20).any(|seed| split(seed).validation != data.validation));
    }

    #[test]
    fn at_least_one_conversation_is_held_out_and_one_is_left() {
        let split = |n, ratio| read(n, 2, |_, _| None).finish(options(ratio, 1)).expect("split").validation.len();
        assert_eq!((split(2, 0.01), split(1, 0.1), split(4, 0.0), split(2, 0.5)), (2, 0, 0, 2));
    }

    #[test]
    fn the_files_own_split_wins() {
        let data = read(4, 2, |c, p| Some(c == 3 || (c == 0 && p == 1))).finish(options(0.5, 1)).expect("split");
        assert_eq!(data.validation.iter().map(|&i| data.set.line(i)).collect::<Vec<_>>(), [2, 7, 8]);
        assert!(data.findings[0].1.contains("1 conversations are on both sides"), "{:?}", data.findings);
    }

    #[test]
    fn examples_without_labels_are_counted_and_named() {
        let mut reading = read(2, 1, |_, _| None);
        reading.take(&source("x", 9, None), tokens(Vec::new()), KEEP).expect("counted");
        let refused = TrainerError::ChatTemplate { reason: "no system role".into() };
        reading.take(&source("y", 10, None), Err(refused), KEEP).expect("counted");
        let data = reading.finish(options(0.0, 1)).expect("some are left");
        assert_eq!((data.masked, data.train.len()), (2, 2));
        let (level, message) = &data.findings[0];
        assert!(message.contains("lines 9, 10") && message.contains("no system role"), "{message}");
        assert_eq!(*level, LogLevel::Warning);
    }

    #[test]
    fn what_concerns_few_is_said_and_what_concerns_many_is_a_warning() {
        let long = || Ok(TokenisedExample { full_length: 9, lost_labels: 1, ..tokens(std::iter::once(3..6).collect()).expect("made") });
        let mut reading = read(30, 1, |_, _| None);
        reading.take(&source("x", 31, None), long(), KEEP).expect("cut");
        reading.take(&source("y", 32, None), long(), OverlongExamples::Drop).expect("dropped");
        let data = reading.finish(options(0.0, 1)).expect("some are left");
        assert_eq!((data.truncated, data.masked, data.train.len()), (1, 1, 31));
        let named = |name: &str| data.findings.iter().find(|(_, m)| m.starts_with(name)).expect(name);
        assert_eq!(named("answer_cut: 1 ").0, LogLevel::Info);
        assert!(named("overlong_example_dropped").1.contains("lines 32"));
        let mut many = read(3, 1, |_, _| None);
        many.take(&source("x", 4, None), long(), KEEP).expect("cut");
        let found = many.finish(options(0.0, 1)).expect("some are left").findings;
        assert!(found.iter().any(|(level, m)| *level == LogLevel::Warning && m.starts_with("answer_cut")), "{found:?}");
        let mut none = Reading::default();
        none.take(&source("x", 4, None), long(), OverlongExamples::Drop).expect("dropped");
        assert!(none.finish(options(0.0, 1)).expect_err("nothing").to_string().contains("longer than 64 tokens: lines 4"));
    }

    #[test]
    fn nothing_to_train_on_is_an_error() {
        let mut reading = Reading::default();
        reading.take(&source("x", 3, None), tokens(Vec::new()), KEEP).expect("counted");
        let error = reading.finish(options(0.1, 1)).expect_err("nothing");
        assert_eq!(error.code(), "no_trainable_examples");
        assert!(error.to_string().contains("lines 3"), "{error}");
        assert_eq!(Reading::default().finish(options(0.1, 1)).expect_err("empty").code(), "no_trainable_examples");
    }
}
