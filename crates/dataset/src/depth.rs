//! How deeply JSON is nested, told without parsing it.

use crate::codes;
use crate::problem::{Problem, position};
use crate::source::Position;

/// Levels that are read; the JSON parser stops there too.
pub(crate) const LEVELS: usize = 127;

/// Names the place where `raw`, which begins at `start`, is nested too deeply.
pub(crate) fn too_deep(raw: &[u8], start: Position) -> Option<Problem> {
    let mut depth = 0usize;
    let mut at = 0;
    while at < raw.len() {
        match raw[at] {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => at = text_end(raw, at + 1),
            _ => {}
        }
        if depth > LEVELS {
            let what = format!("The JSON here is nested more than {LEVELS} levels deep.");
            return Some(Problem::file(codes::TOO_DEEP, what).at(position(at, raw, start)));
        }
        at += 1;
    }
    None
}

/// Index of the quote that ends the text which begins at `from`.
pub(crate) fn text_end(raw: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(found) = memchr::memchr2(b'"', b'\\', raw.get(at..).unwrap_or_default()) {
        if raw[at + found] == b'"' {
            return at + found;
        }
        at += found + 2;
    }
    raw.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_in_text_do_not_count() {
        let start = Position { line: 3, column: 5 };
        let at = |raw: &str| too_deep(raw.as_bytes(), start).map(|problem| (problem.line, problem.column));
        assert_eq!(at(&"[".repeat(LEVELS)), None);
        assert_eq!(at(&"[".repeat(LEVELS + 1)), Some((Some(3), Some(5 + LEVELS as u64))));
        assert_eq!(at(&"[]".repeat(1000)), None);
        assert_eq!(at(&format!("\"{}\\\"{}\"", "[".repeat(200), "{".repeat(200))), None);
    }
}
