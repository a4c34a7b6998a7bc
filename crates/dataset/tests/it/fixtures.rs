//! The fixtures of the repository end as their table says.

use crate::support::Words;
use dataset::{DatasetError, ValidateOptions, ValidationReport, read_examples, validate};
use domain::dataset::{Finding, Severity};
use serde::Deserialize;
use std::fs::File;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Expected {
    path: String,
    outcome: String,
    format: Option<String>,
    conversations: Option<u64>,
    pairs: Option<u64>,
    trainable_pairs: Option<u64>,
    assistant_turns: Option<u64>,
    zero_weight_turns: Option<u64>,
    line: Option<u64>,
    column: Option<u64>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/datasets")
}

fn findings(report: &ValidationReport) -> impl Iterator<Item = &Finding> {
    report.groups.iter().flat_map(|group| &group.findings).filter(|finding| finding.code != "few_pairs")
}

fn check(expected: &Expected) {
    let name = &expected.path;
    let path = folder().join(name);
    let file = File::open(&path).unwrap();
    let size = file.metadata().unwrap().len();
    let options = ValidateOptions { file_name: Some(name.clone()), ..ValidateOptions::default() };
    let report = validate(file, Some(size), &options, Some(&Words), &mut |_| ControlFlow::Continue(())).unwrap();
    let severity = findings(&report).map(|finding| finding.severity).max_by_key(|severity| *severity == Severity::Error);
    match expected.outcome.as_str() {
        "ready" => {
            assert!(report.trainable, "{name}: {}", report.summary);
            assert!(findings(&report).all(|finding| finding.severity == Severity::Info), "{name}: {:?}", report.groups);
        }
        "warning" => assert!(report.trainable && severity.is_some(), "{name}: {:?} {}", report.groups, report.summary),
        _ => assert!(report.fatal && !report.trainable && report.summary.starts_with(name.as_str()), "{name}: {:?}", report.groups),
    }
    if let Some(line) = expected.line {
        let at = |finding: &Finding| finding.line == Some(line) && expected.column.is_none_or(|column| finding.column == Some(column));
        assert!(findings(&report).any(at), "{name}: nothing on line {line}: {:?}", report.groups);
    }
    if let Some(format) = &expected.format {
        let format = format.replace("openai-messages", "openai-chat");
        assert_eq!(report.format.unwrap().as_str(), format, "{name}");
    }
    figures(expected, &report);
    same_examples(&path, &report);
}

fn figures(expected: &Expected, report: &ValidationReport) {
    let name = &expected.path;
    let figures = &report.statistics;
    if report.fatal && figures.total_training_pairs == 0 && figures.context_pairs == 0 {
        return;
    }
    if let Some(conversations) = expected.conversations {
        assert_eq!(figures.total_conversations, conversations, "{name}");
    }
    if let Some(pairs) = expected.pairs {
        assert_eq!(figures.total_training_pairs + figures.context_pairs + figures.rejected_pairs, pairs, "{name}");
    }
    if let Some(trainable) = expected.trainable_pairs {
        assert_eq!(figures.total_training_pairs, trainable, "{name}");
    }
    if let Some(turns) = expected.assistant_turns {
        assert_eq!(figures.total_training_pairs + expected.zero_weight_turns.unwrap_or(0), turns, "{name}");
    }
}

/// The trainer sees what validation counted.
fn same_examples(path: &Path, report: &ValidationReport) {
    let mut reader = read_examples(path, report.format).unwrap();
    let mut pairs = 0;
    for example in &mut reader {
        match example {
            Ok(example) => pairs += example.trained_messages() as u64,
            Err(DatasetError::Unusable(finding)) => {
                assert!(report.fatal && report.summary.contains(&finding.message), "{}", path.display());
                return;
            }
            Err(error) => panic!("{}: {error}", path.display()),
        }
    }
    assert_eq!(pairs, report.statistics.total_training_pairs, "{}", path.display());
    assert_eq!(reader.counts().context, report.statistics.context_pairs);
    assert_eq!(reader.counts().rejected, report.statistics.rejected_pairs);
}

#[test]
fn every_fixture_ends_as_its_table_says() {
    let table = std::fs::read_to_string(folder().join("expected.json")).unwrap();
    let table: Vec<Expected> = serde_json::from_str(&table).unwrap();
    assert!(table.len() >= 30, "the table is there");
    table.iter().for_each(check);
}
