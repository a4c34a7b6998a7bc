//! Mending a data set: its records are read as validation reads them, dropped, changed or cut where a fix asks for it, and written again.
//! Everything that no fix touches is written byte for byte. One pass, in constant memory.

mod edit;
mod plan;
mod recode;
mod split;
mod write;

pub use plan::{FixPlan, FixReport, FixSample, Totals};

use crate::encoding;
use crate::error::DatasetError;
use crate::example::{Example, TokenCounter};
use crate::extract::{Extractor, Item, Piece, Reading};
use crate::frame::{Container, Part};
use crate::judge::{Judge, low_quality};
use crate::normalise::Body;
use crate::private::{self, Kind};
use crate::problem::Problem;
use domain::dataset::{DatasetFix, Message};
use recode::Recode;
use std::cell::Cell;
use std::io::{Read, Write};
use std::ops::ControlFlow;
use std::rc::Rc;
use write::Writer;

/// Applies the fixes of `plan` to the file that `reader` gives.
///
/// Without `out` nothing is written: the report is a preview. `totals`, from the report of such a pass, are what is written where the
/// file declares totals. `tokens` is needed by the fixes of over-long examples.
///
/// # Errors
/// The stream cannot be read or written, was cancelled, or has a fault after which nothing can be read.
pub fn fix(
    reader: impl Read,
    mut out: Option<&mut dyn Write>,
    plan: &FixPlan,
    totals: Option<&Totals>,
    tokens: Option<&dyn TokenCounter>,
    progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<FixReport, DatasetError> {
    let repaired = Rc::new(Cell::new(0));
    let reading = Reading { hint: plan.hint, ..Reading::default() };
    let reader: Box<dyn Read + '_> =
        if plan.has(DatasetFix::RepairEncoding) { Box::new(Recode::new(reader, repaired.clone())) } else { Box::new(reader) };
    let edits = Rc::new(Cell::new([0; EDITS.len()]));
    let mut extractor = Extractor::new(reader, reading, Some(progress))?.edited_by(editor(plan, edits.clone()));
    let writer = Writer::new(extractor.layout());
    let mut pass = Pass { plan, totals, tokens, judge: Judge::new(), writer, report: FixReport::default(), edits, documents: 0, metas: 0 };
    while let Some(item) = extractor.next()? {
        pass.item(item, &mut extractor)?;
        pass.writer.drain(&mut out)?;
        if plan.stop_after.is_some_and(|limit| extractor.offset() >= limit) {
            pass.report.stopped = true;
            break;
        }
    }
    pass.writer.finish();
    pass.writer.drain(&mut out)?;
    let mut report = pass.report;
    report.note(DatasetFix::RepairEncoding, repaired.get());
    report.bytes_read = extractor.offset();
    report.bytes_written = pass.writer.written();
    Ok(report)
}

/// Edits of texts, in the order of their counters.
const EDITS: [DatasetFix; 4] = [DatasetFix::RepairEncoding, DatasetFix::MaskPersonalData, DatasetFix::MaskSecrets, DatasetFix::MergeTurns];

/// Changes records before they are judged. The counters tell which edits touched the last record.
fn editor<'p>(plan: &'p FixPlan, edits: Rc<Cell<[u64; EDITS.len()]>>) -> crate::extract::Editor<'p> {
    let wanted = EDITS.map(|fix| plan.has(fix));
    Box::new(move |raw| {
        let mut touched = [0; EDITS.len()];
        let mut new: Option<String> = None;
        if let Ok(raw) = std::str::from_utf8(raw)
            && wanted.contains(&true)
            && serde_json::from_str::<serde::de::IgnoredAny>(raw).is_ok()
        {
            new = edit::texts(raw, |text| edited_text(text, &wanted, &mut touched));
            if wanted[3]
                && let Some(merged) = split::merged(new.as_deref().unwrap_or(raw))
            {
                touched[3] = 1;
                new = Some(merged);
            }
        }
        edits.set(touched);
        new.map(String::into_bytes)
    })
}

fn edited_text(text: &str, wanted: &[bool; EDITS.len()], touched: &mut [u64; EDITS.len()]) -> Option<String> {
    let mut new = None;
    if wanted[0]
        && let Some(repaired) = encoding::repair(text)
    {
        touched[0] = 1;
        new = Some(repaired);
    }
    if wanted[1]
        && let Some(masked) = private::mask(new.as_deref().unwrap_or(text), |kind| kind != Kind::Secret)
    {
        touched[1] = 1;
        new = Some(masked);
    }
    if wanted[2]
        && let Some(masked) = private::mask(new.as_deref().unwrap_or(text), |kind| kind == Kind::Secret)
    {
        touched[2] = 1;
        new = Some(masked);
    }
    new
}

/// What becomes of a record.
enum Verdict {
    Keep,
    Drop(DatasetFix),
    Replace(Vec<String>),
}

struct Pass<'p> {
    plan: &'p FixPlan,
    totals: Option<&'p Totals>,
    tokens: Option<&'p dyn TokenCounter>,
    judge: Judge,
    writer: Writer,
    report: FixReport,
    edits: Rc<Cell<[u64; EDITS.len()]>>,
    documents: usize,
    metas: usize,
}

impl Pass<'_> {
    fn item<R: Read>(&mut self, mut item: Item, extractor: &mut Extractor<R>) -> Result<(), DatasetError> {
        let piece = std::mem::take(&mut extractor.piece);
        if let Some(fatal) = item.problems.iter().position(|problem| problem.fatal) {
            let cut_off = piece == Piece::CutOff && self.plan.has(DatasetFix::DropRejected);
            if !cut_off {
                return Err(DatasetError::Unusable(Box::new(item.problems.swap_remove(fatal).into_finding())));
            }
            self.report.figures.records += 1;
            self.report.drop(DatasetFix::DropRejected, None);
            return Ok(());
        }
        match piece {
            Piece::None | Piece::CutOff => {}
            Piece::Open(container) => {
                if container == Container::Document {
                    self.documents += 1;
                    self.report.totals.documents.push((0, 0));
                }
                self.writer.open(container);
            }
            Piece::Close(container) => {
                let kept = self.writer.close(container);
                if container == Container::Conversation {
                    self.report.conversation(kept);
                }
            }
            Piece::Entry(key) => self.writer.entry(&key, extractor.raw()),
            Piece::Part(part) => self.part(part, extractor.raw()),
            Piece::Meta => {
                self.metas += 1;
                let totals = self.totals.filter(|totals| totals.metas == 1).map(|totals| (totals.pairs, None));
                self.report.totals.metas += 1;
                let new = self.with_totals(extractor.raw(), totals);
                self.writer.record(new.as_deref().map_or(extractor.raw(), str::as_bytes));
            }
            Piece::TooLong => {
                self.report.figures.records += 1;
                // Its bytes were not kept, so it cannot be written again.
                self.report.drop(DatasetFix::DropRejected, None);
            }
            Piece::Record => self.record(item, extractor),
        }
        Ok(())
    }

    fn part(&mut self, part: Part, raw: &[u8]) {
        let (key, totals) = match part {
            Part::File { individual } => {
                let totals = self.totals.and_then(|totals| totals.documents.get(self.documents.wrapping_sub(1)));
                let totals = totals.map(|(pairs, conversations)| (*pairs, Some(*conversations)));
                (if individual { "dataset_metadata" } else { "training_file_metadata" }, totals)
            }
            Part::Profile => ("consultant_profile", None),
            Part::Conversation => ("conversation_metadata", None),
        };
        let new = if matches!(part, Part::File { .. }) { self.with_totals(raw, totals) } else { None };
        self.writer.entry(key, new.as_deref().map_or(raw, str::as_bytes));
    }

    /// The metadata with the totals that the new file has.
    fn with_totals(&mut self, raw: &[u8], totals: Option<(u64, Option<u64>)>) -> Option<String> {
        let (pairs, conversations) = totals?;
        let new = edit::numbers(std::str::from_utf8(raw).ok()?, |key| match key {
            "total_pairs" | "total_training_pairs" => Some(pairs),
            "total_conversations" => conversations,
            _ => None,
        })?;
        self.report.note(DatasetFix::CorrectTotals, 1);
        Some(new)
    }

    fn record<R: Read>(&mut self, item: Item, extractor: &mut Extractor<R>) {
        self.report.figures.records += 1;
        let line = item.line;
        let touched: Vec<DatasetFix> =
            EDITS.iter().zip(self.edits.get()).filter(|(_, touched)| *touched > 0).map(|(fix, _)| *fix).collect();
        let verdict = self.verdict(&item, extractor.raw());
        let mut fixes = touched.clone();
        match &verdict {
            Verdict::Keep => {}
            Verdict::Drop(fix) => fixes = vec![*fix],
            Verdict::Replace(_) => fixes.push(DatasetFix::SplitOverLong),
        }
        if !fixes.is_empty() {
            self.sample(line, &fixes, &verdict, item.body.as_ref(), extractor);
        }
        match verdict {
            Verdict::Drop(fix) => self.report.drop(fix, item.body.as_ref()),
            Verdict::Keep => {
                self.report.keep(&touched, item.body.as_ref(), 1);
                self.writer.record(extractor.raw());
            }
            Verdict::Replace(records) => {
                self.report.keep(&fixes, item.body.as_ref(), records.len() as u64);
                for record in records {
                    self.writer.record(record.as_bytes());
                }
            }
        }
    }

    fn verdict(&mut self, item: &Item, raw: &[u8]) -> Verdict {
        let example = match &item.body {
            Some(Body::Example(example)) => example,
            Some(Body::Rejected { .. }) if self.plan.has(DatasetFix::DropRejected) => return Verdict::Drop(DatasetFix::DropRejected),
            _ => return Verdict::Keep,
        };
        let own: Vec<Problem> = item.problems.iter().cloned().chain(low_quality(example)).collect();
        if let Some(fix) = dropped_for(self.plan, &own) {
            return Verdict::Drop(fix);
        }
        let mut replaced = None;
        if let Some(limit) = self.plan.max_tokens
            && let Some(tokens) =
                self.tokens.filter(|_| self.plan.has(DatasetFix::DropOverLong) || self.plan.has(DatasetFix::SplitOverLong))
            && tokens.count_example(&example.messages) as u64 > limit
        {
            if self.plan.has(DatasetFix::DropOverLong) {
                return Verdict::Drop(DatasetFix::DropOverLong);
            }
            replaced = std::str::from_utf8(raw).ok().and_then(|raw| split::over_long(raw, example, limit, tokens));
            self.report.figures.not_mended += u64::from(replaced.is_none());
        }
        // Only what is kept so far is compared with what comes later.
        let mut compared = Vec::new();
        self.compare(example, item, &mut compared);
        if let Some(fix) = dropped_for(self.plan, &compared) {
            return Verdict::Drop(fix);
        }
        replaced.map_or(Verdict::Keep, Verdict::Replace)
    }

    fn compare(&mut self, example: &Example, item: &Item, problems: &mut Vec<Problem>) {
        let wanted = [DatasetFix::DropDuplicates, DatasetFix::DropNearDuplicates, DatasetFix::DropSplitOverlap];
        if wanted.iter().any(|fix| self.plan.has(*fix)) {
            self.judge.example(example, item.form, problems);
        }
    }

    /// Keeps the first changes to be shown.
    fn sample<R: Read>(&mut self, line: u64, fixes: &[DatasetFix], verdict: &Verdict, body: Option<&Body>, extractor: &mut Extractor<R>) {
        if self.report.samples.len() >= self.plan.samples {
            return;
        }
        let original = extractor.original().map(<[u8]>::to_vec);
        let now = body.map(messages_of).unwrap_or_default();
        let before = match original {
            Some(raw) => extractor.read_again(&raw, line).as_ref().map(messages_of).unwrap_or_default(),
            None => now.clone(),
        };
        let after = match verdict {
            Verdict::Drop(_) => Vec::new(),
            Verdict::Keep => vec![now],
            Verdict::Replace(records) => {
                let read = |record: &String| extractor.read_again(record.as_bytes(), line).as_ref().map(messages_of).unwrap_or_default();
                records.iter().take(8).map(read).collect()
            }
        };
        self.report.samples.push(FixSample { line, fixes: fixes.to_vec(), before, after });
    }
}

/// The fix of the plan that leaves out an example with these problems.
fn dropped_for(plan: &FixPlan, problems: &[Problem]) -> Option<DatasetFix> {
    let mut fixes = problems.iter().flat_map(|problem| problem.code.fixes);
    fixes.find(|fix| fix.drops() && plan.has(**fix)).copied()
}

fn messages_of(body: &Body) -> Vec<Message> {
    match body {
        Body::Example(Example { messages, .. }) | Body::Context { messages, .. } => crate::statistics::sample_messages(messages),
        Body::Rejected { .. } => Vec::new(),
    }
}
