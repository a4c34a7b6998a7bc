//! What validation is asked for and what it answers.

use crate::codes::Code;
use domain::dataset::{DatasetFormat, DatasetStatistics, FindingGroup, SampleConversation};

/// What a data set is checked against.
#[derive(Debug, Clone)]
pub struct ValidateOptions {
    /// The format that its owner declared.
    pub declared: Option<DatasetFormat>,
    /// The file's name, for messages.
    pub file_name: Option<String>,
    /// Trainable pairs below which the file cannot be used.
    pub min_trainable: u64,
    /// Tokens that the base model reads at a time; longer examples are named.
    pub max_seq_length_hint: Option<u64>,
    /// Only the beginning of the file is given: its cut end, its totals and its small size are no findings.
    pub partial: bool,
}

impl Default for ValidateOptions {
    fn default() -> Self {
        Self { declared: None, file_name: None, min_trainable: 10, max_seq_length_hint: None, partial: false }
    }
}

/// The result of validation.
#[derive(Debug, Clone, PartialEq)]
pub struct ValidationReport {
    /// The format that was found; none where it is not known.
    pub format: Option<DatasetFormat>,
    /// Findings by code, worst first. All are counted, the first hundred of each code are kept.
    pub groups: Vec<FindingGroup>,
    /// What was measured; up to the place of the fault where a fault ends the reading.
    pub statistics: DatasetStatistics,
    /// The first three conversations. Long texts in them are cut, with an ellipsis.
    pub sample: Vec<SampleConversation>,
    /// Ready to be trained on.
    pub trainable: bool,
    /// Trainable, but with findings that somebody should look at.
    pub review_recommended: bool,
    /// The file as a whole cannot be used.
    pub fatal: bool,
    /// SHA-256 of the file in hexadecimal; none where it was not read to its end.
    pub sha256: Option<String>,
    /// Where `fatal`, one line that says what, where, and what to do; empty otherwise.
    pub summary: String,
}

impl ValidationReport {
    /// How often a code was found.
    #[must_use]
    pub fn count(&self, code: &Code) -> u64 {
        self.groups.iter().find(|group| group.code == code.code).map_or(0, |group| group.count)
    }
}
