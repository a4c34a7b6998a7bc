//! Counting findings: all are counted, the first of each code are kept.

use crate::codes::Code;
use crate::problem::Problem;
use domain::dataset::{Finding, FindingGroup, Severity};
use std::collections::HashMap;

/// Findings kept of each code.
pub(crate) const KEPT: usize = 100;

/// Findings by code, in the order of their first occurrence.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    groups: Vec<FindingGroup>,
    index: HashMap<&'static str, usize>,
    fatal: Option<Finding>,
}

impl Findings {
    pub(crate) fn add(&mut self, problem: Problem) {
        let code = problem.code;
        let index = *self.index.entry(code.code).or_insert_with(|| {
            self.groups.push(FindingGroup { code: code.code.to_owned(), severity: code.severity, count: 0, findings: Vec::new() });
            self.groups.len() - 1
        });
        let group = &mut self.groups[index];
        group.count += 1;
        let fatal = problem.fatal && self.fatal.is_none();
        if group.findings.len() < KEPT || fatal {
            let finding = problem.into_finding();
            if fatal {
                self.fatal = Some(finding.clone());
            }
            if group.findings.len() < KEPT {
                group.findings.push(finding);
            }
        }
    }

    pub(crate) fn count(&self, code: &Code) -> u64 {
        self.index.get(code.code).map_or(0, |index| self.groups[*index].count)
    }

    /// The first line that was rejected.
    pub(crate) fn first_error_line(&self) -> Option<u64> {
        let errors = self.groups.iter().filter(|group| group.severity == Severity::Error);
        errors.flat_map(|group| &group.findings).filter_map(|finding| finding.line).min()
    }

    /// The first finding because of which the file cannot be used.
    pub(crate) fn fatal(&self) -> Option<&Finding> {
        self.fatal.as_ref()
    }

    /// Worst first; within one severity by first occurrence.
    pub(crate) fn into_groups(mut self) -> Vec<FindingGroup> {
        let rank = |severity| match severity {
            Severity::Error => 0,
            Severity::Warning => 1,
            Severity::Info => 2,
        };
        self.groups.sort_by_key(|group| rank(group.severity));
        self.groups
    }
}
