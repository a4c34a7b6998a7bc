//! A look at the beginning of a file, before it is uploaded.

use crate::App;
use dataset::{DatasetError, ValidateOptions, ValidationReport};
use domain::dataset::{DatasetFormat, Finding, SampleConversation, Severity};
use domain::{Caller, Error, ErrorKind, Result};
use std::ops::ControlFlow;

/// What is looked at: 100 KiB. Counted in characters, as many clients cut texts and not files.
const MAX_CHARACTERS: usize = 102_400;

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct HeadReport {
    /// Whether nothing keeps the file from being used, as far as can be told.
    pub is_valid: bool,
    /// Format as detected.
    pub format: Option<DatasetFormat>,
    /// Errors.
    pub errors: Vec<Finding>,
    /// Warnings.
    pub warnings: Vec<Finding>,
    /// Trainable pairs in what was given.
    pub pairs: u64,
    /// The first conversation.
    pub sample: Option<SampleConversation>,
}

/// Validates the beginning of a file. That it breaks off is no error.
///
/// # Errors
/// When it is longer than allowed.
pub async fn validate_head(app: &App, _caller: &Caller, content: String, format: DatasetFormat) -> Result<HeadReport> {
    let length = content.chars().count();
    if length > MAX_CHARACTERS {
        let message = format!("content has {length} characters; send the first {MAX_CHARACTERS} at most.");
        return Err(Error::new(ErrorKind::Invalid, "VALIDATION_ERROR", message).with_field("content"));
    }
    let options = ValidateOptions {
        declared: Some(format),
        min_trainable: app.config.min_trainable_examples,
        partial: true,
        ..ValidateOptions::default()
    };
    let read = move || dataset::validate(content.as_bytes(), None, &options, None, &mut |_| ControlFlow::Continue(()));
    let report: Result<ValidationReport, DatasetError> = tokio::task::spawn_blocking(read).await.map_err(Error::internal)?;
    Ok(summarise(report.map_err(Error::internal)?))
}

fn summarise(report: ValidationReport) -> HeadReport {
    let of = |severity: Severity| {
        let groups = report.groups.iter().filter(move |group| group.severity == severity);
        groups.flat_map(|group| group.findings.iter().cloned()).collect::<Vec<Finding>>()
    };
    let pairs = report.statistics.total_training_pairs;
    let errors = of(Severity::Error);
    HeadReport {
        is_valid: !report.fatal && (errors.is_empty() || pairs > 0),
        format: report.format,
        warnings: of(Severity::Warning),
        errors,
        pairs,
        sample: report.sample.into_iter().next(),
    }
}
