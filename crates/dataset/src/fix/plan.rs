//! What is asked of a pass of fixes, and what it did.

use crate::normalise::Body;
use domain::dataset::{DatasetFix, DatasetFormat, Message};
use std::collections::BTreeMap;

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixReport {
    /// Records of the file.
    pub records: u64,
    /// Records that are dropped, changed, and added by cutting.
    pub dropped: u64,
    /// Records that are kept and changed.
    pub changed: u64,
    /// Records that come of cutting others, beyond the first of each.
    pub added: u64,
    /// Records that a fix was meant for and could not mend.
    pub not_mended: u64,
    /// Trainable examples before and after.
    pub examples_before: u64,
    /// After.
    pub examples_after: u64,
    /// How many records, or other places, each fix touches.
    pub by_fix: BTreeMap<DatasetFix, u64>,
    /// The first changes.
    pub samples: Vec<FixSample>,
    /// False where a preview ended before the file.
    pub complete: bool,
    /// Bytes that were read.
    pub bytes_read: u64,
    /// Bytes that were written.
    pub bytes_written: u64,
    /// The numbers of the new file.
    pub totals: Totals,
}

impl Default for FixReport {
    fn default() -> Self {
        Self {
            records: 0,
            dropped: 0,
            changed: 0,
            added: 0,
            not_mended: 0,
            examples_before: 0,
            examples_after: 0,
            by_fix: BTreeMap::new(),
            samples: Vec::new(),
            complete: true,
            bytes_read: 0,
            bytes_written: 0,
            totals: Totals::default(),
        }
    }
}

impl FixReport {
    /// Whether the new file would be another than the old one.
    #[must_use]
    pub fn changes_anything(&self) -> bool {
        self.by_fix.values().any(|count| *count > 0)
    }

    pub(super) fn note(&mut self, fix: DatasetFix, count: u64) {
        if count > 0 {
            *self.by_fix.entry(fix).or_default() += count;
        }
    }

    pub(super) fn drop(&mut self, fix: DatasetFix, body: Option<&Body>) {
        self.dropped += 1;
        self.examples_before += u64::from(matches!(body, Some(Body::Example(_))));
        self.note(fix, 1);
    }

    pub(super) fn keep(&mut self, fixes: &[DatasetFix], body: Option<&Body>, records: u64) {
        self.changed += u64::from(!fixes.is_empty());
        self.added += records - 1;
        for fix in fixes {
            self.note(*fix, 1);
        }
        if matches!(body, Some(Body::Example(_))) {
            self.examples_before += 1;
            self.examples_after += records;
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
