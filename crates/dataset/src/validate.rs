//! Validation: one pass over a file, everything that is wrong with it, and what it measures.

use crate::codes;
use crate::error::{DatasetError, describe};
use crate::example::{Example, TokenCounter};
use crate::extract::{Extractor, Item, Reading};
use crate::findings::Findings;
use crate::header::Header;
use crate::judge::{GOOD_QUALITY, Judge, new_from};
use crate::normalise::{Body, Form};
use crate::problem::Problem;
use crate::repeats::{MOST, PairIds};
use crate::report::{ValidateOptions, ValidationReport};
use crate::statistics::Statistics;
use crate::tokens::Batch;
use crate::words::MOST_WORDS;
use domain::dataset::{DatasetFormat, Severity};
use std::io::Read;
use std::ops::ControlFlow;

/// Pairs below which more are recommended.
const RECOMMENDED_PAIRS: u64 = 500;

/// Reads a data set once, in constant memory, and says what is wrong with it and what it holds.
///
/// `reader` needs no buffer of its own. `size` is what the file is known to have: a stream that ends earlier is an error, not a
/// finding. Without `tokens` nothing is counted in tokens. `progress` is called with the bytes read so far; `Break` cancels.
///
/// # Errors
/// The stream cannot be read, ends early, or was cancelled. Whatever is wrong with the content is a finding of the report.
pub fn validate(
    reader: impl Read,
    size: Option<u64>,
    options: &ValidateOptions,
    tokens: Option<&dyn TokenCounter>,
    progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<ValidationReport, DatasetError> {
    let reading = Reading { hint: options.declared, partial: options.partial, hash: !options.partial };
    let mut extractor = Extractor::new(reader, reading, Some(progress))?;
    let mut validation = Validation::new(options, tokens);
    while let Some(item) = extractor.next()? {
        validation.item(item);
    }
    if let (Some(expected), Some(read), false) = (size, extractor.length(), options.partial)
        && read < expected
    {
        return Err(DatasetError::ShortRead { expected, read });
    }
    let sha256 = extractor.sha256();
    Ok(validation.finish(&extractor.header, sha256))
}

/// One pass, as far as it has come.
struct Validation<'o> {
    options: &'o ValidateOptions,
    tokenizer: &'o str,
    batch: Batch<'o>,
    findings: Findings,
    statistics: Statistics,
    judge: Judge,
    pair_ids: PairIds,
    form: Option<Form>,
    scaffolded: bool,
}

impl<'o> Validation<'o> {
    fn new(options: &'o ValidateOptions, tokens: Option<&'o dyn TokenCounter>) -> Self {
        Self {
            options,
            tokenizer: tokens.map_or("", TokenCounter::name),
            batch: Batch::new(tokens),
            findings: Findings::default(),
            statistics: Statistics::new(),
            judge: Judge::new(),
            pair_ids: PairIds::default(),
            form: None,
            scaffolded: false,
        }
    }

    fn item(&mut self, item: Item) {
        let Item { line, body, form, scaffolded, pair_id, conversation, problems, pointer } = item;
        for problem in problems {
            self.findings.add(problem);
        }
        self.scaffolded |= scaffolded;
        if let Some(form) = form {
            self.form(form, line);
        }
        if let Some(id) = conversation {
            if self.statistics.conversations.contains(&id) {
                let what = "This conversation has the id of an earlier one.";
                self.found(Problem::file(codes::DUPLICATE_CONVERSATION_ID, what), line, pointer.clone());
            }
            self.statistics.conversations.add(&id, 0);
        }
        match body {
            Some(Body::Example(example)) => {
                self.pair_id(pair_id, &example.conversation_id, line, pointer.as_deref());
                self.example(example, form, pointer);
            }
            Some(Body::Context { conversation_id, labels, messages }) => {
                self.pair_id(pair_id, &conversation_id, line, pointer.as_deref());
                let mut problems = Vec::new();
                self.judge.context(&messages, &mut problems);
                self.judged(problems, line, pointer.as_deref());
                self.statistics.context(&conversation_id, &labels, &messages);
            }
            Some(Body::Rejected { conversation_id }) => self.statistics.rejected(conversation_id.as_deref()),
            None => {}
        }
    }

    fn found(&mut self, problem: Problem, line: u64, pointer: Option<String>) {
        self.findings.add(Problem { pointer, ..problem.on_line(line) });
    }

    /// The first record decides the format of the file.
    fn form(&mut self, form: Form, line: u64) {
        let first = *self.form.get_or_insert(form);
        if first.format() != form.format() {
            let what = format!("This record is {}, where the first was {}.", form.format(), first.format());
            self.found(Problem::file(codes::MIXED_FORMATS, what), line, None);
        }
        if form == Form::Turns && self.findings.count(codes::TURNS_FORM) == 0 {
            let what = "The records hold `turns`, which are read like OpenAI's `messages`.";
            self.found(Problem::file(codes::TURNS_FORM, what), line, None);
        }
    }

    fn pair_id(&mut self, id: Option<String>, conversation: &str, line: u64, pointer: Option<&str>) {
        if id.is_some_and(|id| self.pair_ids.repeated(conversation, &id)) {
            let what = "The pair has the id of an earlier pair of its conversation.";
            self.found(Problem::file(codes::DUPLICATE_PAIR_ID, what), line, pointer.map(str::to_owned));
        }
    }

    fn example(&mut self, example: Example, form: Option<Form>, pointer: Option<String>) {
        let mut problems = Vec::new();
        self.judge.example(&example, form, &mut problems);
        self.judged(problems, example.line, pointer.as_deref());
        self.statistics.example(&example);
        let new_from = new_from(form, &example.messages);
        if self.batch.push(example.messages, new_from, example.line, pointer) {
            self.count_tokens();
        }
    }

    /// Adds what the judge said about the record at `pointer`.
    fn judged(&mut self, problems: Vec<Problem>, line: u64, pointer: Option<&str>) {
        for mut problem in problems {
            let inner = problem.pointer.take();
            let pointer = match (pointer, inner) {
                (None, None) => None,
                (outer, inner) => Some(format!("{}{}", outer.unwrap_or_default(), inner.unwrap_or_default())),
            };
            self.found(problem, line, pointer);
        }
    }

    fn count_tokens(&mut self) {
        for counted in self.batch.count() {
            self.statistics.counted(&counted);
            if let Some(limit) = self.options.max_seq_length_hint.filter(|limit| counted.tokens > *limit) {
                let what = format!("The example has {} tokens, and the base model reads {limit} at a time.", counted.tokens);
                self.found(Problem::file(codes::OVER_LONG, what), counted.line, counted.pointer);
            }
        }
    }

    /// The format, when all is read: only then it is known whether any pair has what v3 lacks.
    fn format(&self, header: &Header) -> Option<DatasetFormat> {
        match self.form {
            Some(Form::Pair) => Some(header.declared_format().unwrap_or(if header.individual && !self.scaffolded {
                DatasetFormat::BrightrunLoraV3
            } else {
                DatasetFormat::BrightrunLoraV4
            })),
            Some(form) => Some(form.format()),
            // A header without records.
            None => header.declared_format(),
        }
    }

    fn finish(mut self, header: &Header, sha256: Option<String>) -> ValidationReport {
        self.count_tokens();
        let format = self.format(header);
        if let (Some(declared), Some(found)) = (self.options.declared, format)
            && declared != found
        {
            let what = format!("The file was declared as {declared}, but its content is {found}.");
            self.findings.add(Problem::file(codes::FORMAT_MISMATCH, what));
        }
        if format == Some(DatasetFormat::BrightrunLoraV3) {
            self.findings.add(Problem::file(codes::LEGACY_V3, "The file is in the legacy format v3."));
        }
        if header.newer() {
            self.findings.add(Problem::file(codes::NEWER_VERSION, "The file says that it is newer than v4."));
        }
        self.capped();
        // With only the beginning at hand, or after a fault that ended the reading, nothing can be said about the whole.
        if !self.options.partial && self.findings.fatal().is_none() {
            self.whole(header);
        }
        let fatal = self.findings.fatal().is_some();
        let summary = self.findings.fatal().map(describe).unwrap_or_default();
        let summary = match &self.options.file_name {
            Some(name) if fatal => format!("{name}: {summary}"),
            _ => summary,
        };
        let trainable = !fatal && self.statistics.pairs > 0;
        let groups = self.findings.into_groups();
        let review_recommended = trainable && groups.iter().any(|group| group.severity != Severity::Info);
        let (statistics, sample) = self.statistics.finish(header, self.tokenizer, self.judge.vocabulary.count());
        ValidationReport { format, groups, statistics, sample, trainable, review_recommended, fatal, sha256, summary }
    }

    fn capped(&mut self) {
        if self.judge.examples.capped() {
            let what = format!("Only the first {MOST} different examples were searched for repetitions.");
            self.findings.add(Problem::file(codes::COUNTS_CAPPED, what));
        }
        if self.judge.vocabulary.count() >= MOST_WORDS as u64 {
            let what = format!("There are more than {MOST_WORDS} different words; counting stopped there.");
            self.findings.add(Problem::file(codes::COUNTS_CAPPED, what));
        }
    }

    /// What can be said of a file only when all of it was read.
    fn whole(&mut self, header: &Header) {
        self.totals(header);
        let Statistics { pairs, .. } = self.statistics;
        let minimum = self.options.min_trainable;
        if pairs == 0 {
            self.findings.add(self.nothing().fatal());
        } else if pairs < minimum {
            let what = format!("Only {pairs} of at least {minimum} pairs can be trained on{}.", self.left_out());
            self.findings.add(Problem::file(codes::TOO_FEW_EXAMPLES, what).fatal());
        } else if pairs < RECOMMENDED_PAIRS {
            let what = format!("The file has {pairs} trainable pairs; at least {RECOMMENDED_PAIRS} are recommended.");
            self.findings.add(Problem::file(codes::FEW_PAIRS, what));
        }
        if let Some(quality) = self.statistics.quality(header).filter(|quality| *quality < GOOD_QUALITY) {
            let what = format!("The mean quality score is {quality:.1}; at least {GOOD_QUALITY:.1} is recommended.");
            self.findings.add(Problem::file(codes::LOW_QUALITY, what));
        }
    }

    /// Why there is nothing to train on.
    fn nothing(&self) -> Problem {
        let Statistics { context, rejected, .. } = self.statistics;
        if context == 0 && rejected > 0 && rejected == self.findings.count(codes::UNKNOWN_RECORD) {
            let what = format!("None of the {rejected} records has the keys of a format that is known.");
            return Problem::file(codes::UNKNOWN_FORMAT, what);
        }
        let what = match (context, rejected) {
            (0, 0) => "The file has no pairs and no conversations.".to_owned(),
            _ => format!("Nothing in the file can be trained on{}.", self.left_out()),
        };
        Problem::file(codes::NO_TRAINABLE_EXAMPLES, what)
    }

    /// “: 3 without an answer, 2 rejected (the first on line 7)”.
    fn left_out(&self) -> String {
        let Statistics { context, rejected, .. } = self.statistics;
        let first = self.findings.first_error_line().map(|line| format!(" (the first on line {line})")).unwrap_or_default();
        let context = (context > 0).then(|| format!("{context} without an answer"));
        let rejected = (rejected > 0).then(|| format!("{rejected} rejected{first}"));
        let parts: Vec<String> = context.into_iter().chain(rejected).collect();
        if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) }
    }

    /// Compares what the file claims with what it has.
    fn totals(&mut self, header: &Header) {
        let Statistics { examples, context, rejected, .. } = self.statistics;
        let pairs = examples + context + rejected;
        if let Some(declared) = header.declared_pairs.filter(|declared| *declared != pairs) {
            if header.from_meta_line && declared > pairs {
                let what = format!("`_meta` says {declared} pairs, and the file has {pairs}.");
                self.findings.add(Problem::field(codes::META_TOTAL_DIFFERS, "/_meta/total_pairs", what));
            } else {
                let what = format!("The file says that it has {declared} pairs, and it has {pairs}.");
                self.findings.add(Problem::file(codes::TOTALS_DIFFER, what));
            }
        }
        let conversations = self.statistics.conversations.count();
        if let Some(declared) = header.declared_conversations.filter(|declared| *declared != conversations) {
            let what = format!("The file says that it has {declared} conversations, and it has {conversations}.");
            self.findings.add(Problem::file(codes::TOTALS_DIFFER, what));
        }
    }
}
