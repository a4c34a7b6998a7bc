//! A finding before it is counted.

use crate::codes::{self, Code};
use crate::source::Position;
use domain::dataset::{Finding, Severity};

/// Something found in one record or in the file.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) code: Code,
    pub(crate) line: Option<u64>,
    pub(crate) column: Option<u64>,
    /// JSON pointer within the record; the record's own place is put before it.
    pub(crate) pointer: Option<String>,
    pub(crate) message: String,
    /// The file as a whole cannot be used.
    pub(crate) fatal: bool,
}

impl Problem {
    /// About the whole file.
    pub(crate) fn file(code: Code, message: impl Into<String>) -> Self {
        Self { code, line: None, column: None, pointer: None, message: message.into(), fatal: false }
    }

    /// About a place within the record that is being read, whose line is filled in later.
    pub(crate) fn field(code: Code, pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { pointer: Some(pointer.into()), ..Self::file(code, message) }
    }

    pub(crate) fn at(mut self, at: Position) -> Self {
        self.line = Some(at.line);
        self.column = Some(at.column);
        self
    }

    pub(crate) fn on_line(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }

    pub(crate) fn fatal(mut self) -> Self {
        self.fatal = true;
        self
    }

    pub(crate) fn rejects(&self) -> bool {
        self.code.severity == Severity::Error
    }

    /// What the JSON parser said about `bytes`, which begin at `start`; the message names the fault and the place, never the data.
    pub(crate) fn syntax(error: &serde_json::Error, start: Position) -> Self {
        let line = error.line().max(1) as u64;
        let column = error.column().max(1) as u64;
        let at = if line == 1 {
            Position { line: start.line, column: start.column + column - 1 }
        } else {
            Position { line: start.line + line - 1, column }
        };
        let text = error.to_string();
        let said = text.rsplit_once(" at line ").map_or(text.as_str(), |(said, _)| said);
        if said.contains("recursion limit") {
            return Self::file(codes::TOO_DEEP, "The JSON here is nested too deeply to be read.").at(at);
        }
        Self::file(codes::INVALID_JSON, format!("This is not valid JSON: {said}.")).at(at)
    }

    pub(crate) fn into_finding(self) -> Finding {
        Finding {
            code: self.code.code.to_owned(),
            severity: self.code.severity,
            line: self.line,
            column: self.column,
            pointer: self.pointer,
            message: self.message,
            fix: self.code.fix.to_owned(),
        }
    }
}
