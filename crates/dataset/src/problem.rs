//! A finding before it is counted.

use crate::codes::{self, Code};
use crate::source::Position;
use domain::dataset::{Finding, Severity};

/// Something found in one record or in the file.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) code: &'static Code,
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
    pub(crate) fn file(code: &'static Code, message: impl Into<String>) -> Self {
        Self { code, line: None, column: None, pointer: None, message: message.into(), fatal: false }
    }

    /// About a place within the record that is being read, whose line is filled in later.
    pub(crate) fn field(code: &'static Code, pointer: impl Into<String>, message: impl Into<String>) -> Self {
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

    /// What the JSON parser said about `raw`, which begins at `start`; the message names the fault and the place, never the data.
    pub(crate) fn syntax(error: &serde_json::Error, raw: &[u8], start: Position) -> Self {
        let text = error.to_string();
        let said = text.rsplit_once(" at line ").map_or(text.as_str(), |(said, _)| said);
        let at = position(fault_index(error, said, raw), raw, start);
        let said = match said {
            "EOF while parsing a string" => "it ends in the middle of a text",
            "EOF while parsing an object" => "it ends in the middle of an object",
            "EOF while parsing a list" => "it ends in the middle of an array",
            "EOF while parsing a value" => "it ends where a value is expected",
            said if said.contains("recursion limit") => {
                return Self::file(codes::TOO_DEEP, "The JSON here is nested too deeply to be read.").at(at);
            }
            said => said,
        };
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

/// Whether `raw` is the beginning of valid JSON that breaks off. A number may break off where none can end.
pub(crate) fn breaks_off(raw: &[u8]) -> bool {
    let cut = |raw: &[u8]| matches!(serde_json::from_slice::<serde::de::IgnoredAny>(raw), Err(error) if error.is_eof());
    cut(raw) || (matches!(raw.last(), Some(b'-' | b'+' | b'.' | b'e' | b'E')) && cut(&[raw, b"0"].concat()))
}

/// Index in `raw` of the character at fault. The parser names the place up to which it has read, which may be one further.
fn fault_index(error: &serde_json::Error, said: &str, raw: &[u8]) -> usize {
    if error.is_eof() {
        return raw.len();
    }
    let line_start = match error.line() {
        0 | 1 => 0,
        line => memchr::memchr_iter(b'\n', raw).nth(line - 2).map_or(raw.len(), |end| end + 1),
    };
    let index = (line_start + error.column()).saturating_sub(1).min(raw.len());
    if said.contains("escape") {
        return memchr::memrchr(b'\\', &raw[..raw.len().min(index + 1)]).unwrap_or(index);
    }
    if said.contains("control character") {
        let from = index.saturating_sub(1);
        return raw[from..].iter().position(|byte| *byte < 0x20).map_or(index, |found| from + found);
    }
    index
}

/// The position of `raw[index]`.
pub(crate) fn position(index: usize, raw: &[u8], start: Position) -> Position {
    let before = &raw[..index];
    match memchr::memrchr(b'\n', before) {
        None => Position { line: start.line, column: start.column + index as u64 },
        Some(end) => {
            let lines = memchr::memchr_iter(b'\n', before).count() as u64;
            Position { line: start.line + lines, column: (index - end) as u64 }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_break_off_too() {
        for raw in ["{\"a\": -", "[1.", "[1e", "[1e-", "{", "[tru", "{\"a\": \"b"] {
            assert!(breaks_off(raw.as_bytes()), "{raw}");
        }
        for raw in ["{}", "[1..", "{\"a\" -", "[trx"] {
            assert!(!breaks_off(raw.as_bytes()), "{raw}");
        }
    }

    #[test]
    fn names_the_character_at_fault() {
        for (raw, column) in [
            (r#"{"a": "b\w"}"#, (5, 18)),
            (r#"{"a": "b\u12"}"#, (5, 18)),
            ("{\"a\": \"b\nc\"}", (5, 18)),
            ("{\"a\": \"b\tc\"}", (5, 18)),
            ("{\n \"a\" 1}", (6, 6)),
            ("{\n\"a\": \"b\nc\"}", (6, 8)),
        ] {
            let error = serde_json::from_str::<serde::de::IgnoredAny>(raw).unwrap_err();
            let problem = Problem::syntax(&error, raw.as_bytes(), Position { line: 5, column: 10 });
            assert_eq!((problem.line.unwrap(), problem.column.unwrap()), column, "{raw}: {error}");
        }
    }
}
