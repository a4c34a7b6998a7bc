//! What must hold whatever a file holds: the entry points of the data set parsers, each with its promises checked. The fuzz targets call
//! these, and so do the ordinary tests, with the fixtures and mutations of them.

use dataset::browse::{Place, conversations};
use dataset::convert::{ConvertOptions, TARGETS, convert as convert_file};
use dataset::{DatasetError, FixPlan, TokenCounter, ValidateOptions, ValidationReport, validate as validate_file};
use domain::dataset::{DatasetFix, Message};
use std::io::Write;
use std::ops::ControlFlow;

/// Counts blanks, which is quick.
struct Blanks;

impl TokenCounter for Blanks {
    fn count_example(&self, messages: &[Message]) -> usize {
        messages.iter().map(|message| 1 + self.count_text(&message.content)).sum()
    }
    fn count_text(&self, text: &str) -> usize {
        text.bytes().filter(|byte| *byte == b' ').count()
    }
    fn name(&self) -> &'static str {
        "blanks"
    }
}

fn go(_: u64) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn report(bytes: &[u8], partial: bool) -> ValidationReport {
    let options = ValidateOptions { partial, min_trainable: 1, max_seq_length_hint: Some(50), ..ValidateOptions::default() };
    let report = validate_file(bytes, None, &options, Some(&Blanks), &mut go).expect("what is in a file is no error");
    assert!(report.fatal != report.summary.is_empty(), "{report:?}");
    assert!(!(report.fatal && report.trainable));
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
    for group in &report.groups {
        assert!(group.count >= group.findings.len() as u64 && group.findings.len() <= 100);
        for finding in &group.findings {
            assert!((1..=lines).contains(&finding.line.unwrap_or(1)) && finding.column != Some(0), "{finding:?} in {lines} lines");
        }
    }
    report
}

/// A whole file.
pub fn validate(bytes: &[u8]) {
    let found = report(bytes, false);
    assert!(found.sha256.is_some() || found.fatal);
}

/// The beginning of a file.
pub fn head(bytes: &[u8]) {
    let found = report(bytes, true);
    assert_eq!(found.sha256, None);
}

/// A file, mended by every fix alone and by all together.
pub fn fix(bytes: &[u8]) {
    let alone = DatasetFix::ALL.iter().map(|fix| vec![*fix]);
    let all = DatasetFix::ALL.iter().copied().filter(|fix| *fix != DatasetFix::DropOverLong).collect();
    for fixes in alone.chain([all]) {
        let drops_rejected = fixes.contains(&DatasetFix::DropRejected);
        let plan = FixPlan { fixes, max_tokens: Some(50), samples: 3, ..FixPlan::default() };
        let Some(preview) = readable(dataset::fix(bytes, None, &plan, None, Some(&Blanks), &mut go)) else { continue };
        let mut out = Vec::new();
        let written = dataset::fix(bytes, Some(&mut out as &mut dyn Write), &plan, Some(&preview.totals), Some(&Blanks), &mut go);
        let written = readable(written).expect("it was readable a moment ago");
        assert_eq!(written.bytes_written, out.len() as u64);
        assert_eq!((&written.totals, written.figures.examples_after), (&preview.totals, preview.figures.examples_after));
        let found = report(&out, false);
        if written.figures.examples_after > 0 {
            assert!(found.trainable, "{:?}: {}", plan.fixes, found.summary);
            assert!(!drops_rejected || found.statistics.rejected_pairs == 0, "{:?}: {:?}", plan.fixes, found.groups);
        }
    }
}

/// None for a file that cannot be read to its end, which is a finding.
fn readable<T>(result: Result<T, DatasetError>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(DatasetError::Unusable(_)) => None,
        Err(error) => unreachable!("bytes in memory can be read: {error}"),
    }
}

/// A file in every format that can be written.
pub fn convert(bytes: &[u8]) {
    for to in TARGETS {
        let mut out = Vec::new();
        let options = ConvertOptions { to, hint: None, stop_after: None };
        let done = readable(convert_file(bytes, Some(&mut out as &mut dyn Write), options, &mut go));
        if done.is_none_or(|done| done.records == 0) {
            continue;
        }
        let found = report(&out, false);
        assert!(found.trainable && found.format == Some(to), "{to}: {:?} {}", found.format, found.summary);
        assert_eq!(found.statistics.rejected_pairs, 0, "{to}: {:?}", found.groups);
    }
}

/// A file page by page, and a cursor that anybody may have made.
pub fn browse(bytes: &[u8]) {
    if let Some(place) = Place::from_text(&hex(bytes)) {
        let from = usize::try_from(place.offset()).unwrap_or(usize::MAX).min(bytes.len());
        drop(conversations(&bytes[from..], Some(place), None, 2, None));
    }
    let Some(whole) = readable(conversations(bytes, None, None, usize::MAX, None)) else { return };
    assert!(whole.next.is_none() || bytes.len() > 1_000_000);
    let (mut parts, mut place, mut rejected) = (Vec::new(), None, 0);
    loop {
        let from = place.as_ref().map_or(0, Place::offset);
        let rest = &bytes[usize::try_from(from).expect("an offset in memory")..];
        let page = readable(conversations(rest, place, None, 3, None)).expect("it was readable a moment ago");
        rejected += page.rejected;
        parts.extend(page.conversations);
        match page.next {
            Some(next) => place = Some(Place::from_text(&next.to_text()).expect("a place of ours")),
            None => break,
        }
    }
    assert_eq!((parts.len(), rejected), (whole.conversations.len(), whole.rejected));
    assert!(parts == whole.conversations);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
