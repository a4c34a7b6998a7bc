//! What is asked of a pass of fixes, and what it did.

use crate::normalise::Body;
use domain::dataset::{DatasetFix, DatasetFormat, FixFigures, Message};

/// What to mend.
#[derive(Debug, Clone, Default)]
pub struct FixPlan {
    /// The fixes.
    pub fixes: Vec<DatasetFix>,
    /// The format that validation found.
    pub hint: Option<DatasetFormat>,
    /// Tokens that the base model reads at a time.
    pub max_tokens: Option<u64>,
    /// Changes that are kept to be shown.
    pub samples: usize,
    /// Bytes after which a preview ends.
    pub stop_after: Option<u64>,
}

impl FixPlan {
    pub(super) fn has(&self, fix: DatasetFix) -> bool {
        self.fixes.contains(&fix)
    }
}

/// The numbers of a file, for where it declares them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    /// Pairs that are kept, in lines or outside of documents.
    pub pairs: u64,
    /// `_meta` lines.
    pub metas: u64,
    /// Pairs and conversations of each document.
    pub documents: Vec<(u64, u64)>,
}

/// One change, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixSample {
    /// Where the record is in the file.
    pub line: u64,
    /// What changed it.
    pub fixes: Vec<DatasetFix>,
    /// Its messages before; none of a record that cannot be read. Long texts are cut.
    pub before: Vec<Message>,
    /// The conversations that take its place; none where it is dropped.
    pub after: Vec<Vec<Message>>,
}

/// What a pass did, or would do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FixReport {
    /// The numbers.
    pub figures: FixFigures,
    /// The first changes.
    pub samples: Vec<FixSample>,
    /// A preview ended before the file.
    pub stopped: bool,
    /// Bytes that were read.
    pub bytes_read: u64,
    /// Bytes that were written, or would be.
    pub bytes_written: u64,
    /// The numbers of the new file.
    pub totals: Totals,
}

impl FixReport {
    /// Whether the new file would be another than the old one.
    #[must_use]
    pub fn changes_anything(&self) -> bool {
        self.figures.by_fix.values().any(|count| *count > 0)
    }

    pub(super) fn note(&mut self, fix: DatasetFix, count: u64) {
        if count > 0 {
            *self.figures.by_fix.entry(fix).or_default() += count;
        }
    }

    pub(super) fn drop(&mut self, fix: DatasetFix, body: Option<&Body>) {
        self.figures.dropped += 1;
        self.figures.examples_before += u64::from(matches!(body, Some(Body::Example(_))));
        self.note(fix, 1);
    }

    pub(super) fn keep(&mut self, fixes: &[DatasetFix], body: Option<&Body>, records: u64) {
        self.figures.changed += u64::from(!fixes.is_empty());
        self.figures.added += records - 1;
        for fix in fixes {
            self.note(*fix, 1);
        }
        if matches!(body, Some(Body::Example(_))) {
            self.figures.examples_before += 1;
            self.figures.examples_after += records;
        }
        match self.totals.documents.last_mut() {
            Some((pairs, _)) => *pairs += records,
            None => self.totals.pairs += records,
        }
    }

    pub(super) fn conversation(&mut self, kept: bool) {
        if let Some((_, conversations)) = self.totals.documents.last_mut() {
            *conversations += u64::from(kept);
        }
    }
}
