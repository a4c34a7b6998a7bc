//! What kind of file this is, from its first bytes.

use crate::codes;
use crate::depth::{self, text_end};
use crate::lenient::Lenient;
use crate::normalise::Form;
use crate::problem::{Problem, breaks_off};
use crate::record::Record;
use crate::source::Position;
use domain::dataset::DatasetFormat;
use serde::{Deserialize, Serialize};

/// How the records of a file are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Layout {
    /// One a line.
    Lines,
    /// A v3 or v4 document, or several, with pairs inside.
    Document,
    /// An array of records, or records one after another over several lines.
    Values,
}

/// Lines that are looked at for a record of a known form.
const LINES: usize = 50;
const START: Position = Position { line: 1, column: 1 };

/// Tells the layout, or why the file cannot be used. `whole` says that `head` is all there is. `hint` is believed only where the
/// content is JSON but tells nothing.
pub(crate) fn detect(head: &[u8], whole: bool, hint: Option<DatasetFormat>) -> Result<Layout, Problem> {
    if head.is_empty() {
        return Err(Problem::file(codes::EMPTY_FILE, "The file has no content.").fatal());
    }
    not_text(head)?;
    let blank = head.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let line = 1 + memchr::memchr_iter(b'\n', &head[..blank]).count() as u64;
    let unknown = |what: String| Problem::file(codes::UNKNOWN_FORMAT, what).on_line(line).fatal();
    let text = &head[blank..];
    match text.first() {
        None if whole => Err(Problem::file(codes::EMPTY_FILE, "The file holds nothing but blanks.").on_line(1).fatal()),
        None => Err(unknown("The file begins with many blanks and nothing else.".to_owned())),
        Some(b'{') => objects(text, whole, hint).map_err(|problem| shift(problem, line)),
        Some(b'[') => array(text, whole).map_err(|problem| shift(problem, line)),
        Some(_) if known_line(text, whole) => Ok(Layout::Lines),
        Some(_) => Err(unknown(looks_like(text))),
    }
}

/// Whether the beginning of a file is only too short to tell its format: it breaks off before a record of a known form, and before
/// anything in it is wrong.
pub(crate) fn is_cut_short(detected: &Result<Layout, Problem>, head: &[u8]) -> bool {
    let untold = match detected {
        Ok(layout) => *layout == Layout::Lines,
        Err(problem) => [codes::UNKNOWN_FORMAT, codes::INVALID_JSON].contains(&problem.code),
    };
    if head.is_empty() || !untold || known_line(head, false) {
        return false;
    }
    let text = head.trim_ascii_start();
    let mark = b"\xEF\xBB\xBF";
    text.is_empty() || mark.starts_with(text) || (matches!(text[0], b'{' | b'[') && breaks_off(text))
}

/// Positions are relative to the first byte that is not blank.
fn shift(mut problem: Problem, line: u64) -> Problem {
    problem.line = problem.line.map(|own| own + line - 1);
    problem.fatal()
}

/// Content that is no UTF-8 text at all, by its first bytes.
fn not_text(head: &[u8]) -> Result<(), Problem> {
    const MAGIC: [(&[u8], &str); 12] = [
        (b"PK\x03\x04", "a ZIP archive (or an Office document)"),
        (b"\x1f\x8b", "a gzip archive"),
        (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
        (b"BZh", "a bzip2 archive"),
        (b"\xfd7zXZ\0", "an xz archive"),
        (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
        (b"%PDF", "a PDF document"),
        (b"\x89PNG", "a PNG image"),
        (b"\xff\xd8\xff", "a JPEG image"),
        (b"PAR1", "a Parquet file"),
        (b"ARROW1", "an Arrow file"),
        (b"SQLite format 3", "an SQLite database"),
    ];
    if let Some((_, name)) = MAGIC.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Err(Problem::file(codes::BINARY_FILE, format!("The file is {name}, not text.")).fatal());
    }
    let wide = |name: &str| Err(Problem::file(codes::NOT_UTF8, format!("The file is encoded as {name}, not as UTF-8.")).fatal());
    if head.starts_with(b"\xff\xfe\0\0") || head.starts_with(b"\0\0\xfe\xff") {
        return wide("UTF-32");
    }
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return wide("UTF-16");
    }
    let sample = &head[..head.len().min(8192)];
    let zeros = memchr::memchr_iter(0, sample).count();
    // Western text in UTF-16 without its mark: every second byte is zero.
    let odd = sample.iter().skip(1).step_by(2).filter(|byte| **byte == 0).count();
    if zeros * 5 > sample.len() * 2 && (odd == 0 || odd == zeros) {
        return wide("UTF-16");
    }
    let control = sample.iter().filter(|byte| **byte < 0x20 && !byte.is_ascii_whitespace()).count();
    if zeros > 0 || control * 20 > sample.len() {
        return Err(Problem::file(codes::BINARY_FILE, "The file holds binary data, not text.").fatal());
    }
    Ok(())
}

/// A file that begins with an object.
fn objects(text: &[u8], whole: bool, hint: Option<DatasetFormat>) -> Result<Layout, Problem> {
    let keys = Keys::of(text);
    let mut lines = complete_lines(text, whole);
    let first = lines.next();
    let first = first.map(|(_, line)| serde_json::from_slice::<Lenient<Record>>(line));
    // A document's `conversations` look like ShareGPT's at first sight.
    let other = |form: Option<Form>| form.is_some_and(|form| form != Form::ShareGpt);
    if keys.is_document() && !matches!(&first, Some(Ok(Lenient::Is(record))) if other(Form::of(record))) {
        return Ok(Layout::Document);
    }
    if known_line(text, whole) {
        return Ok(Layout::Lines);
    }
    if !keys.is_record()
        && let Some(problem) = too_deep(text)
    {
        return Err(problem);
    }
    let error = match first {
        Some(Ok(Lenient::Is(record))) if !record.meta.is_missing() => return Ok(Layout::Lines),
        Some(Ok(_)) => None,
        Some(Err(error)) => Some(error),
        // A single line that is longer than the head.
        None => return if keys.is_record() { Ok(Layout::Lines) } else { Err(unknown_keys(&keys)) },
    };
    if let Some(error) = &error {
        let next_begins_object = lines.next().is_some_and(|(_, line)| line.first() == Some(&b'{'));
        if error.is_eof() && !next_begins_object && keys.is_record() {
            return Ok(Layout::Values);
        }
        if keys.is_record() {
            return Ok(Layout::Lines);
        }
        if !error.is_eof() {
            return Err(Problem::syntax(error, text, START));
        }
    }
    match hint {
        Some(_) if error.is_some() && keys.top.is_empty() => Ok(Layout::Lines),
        _ => Err(unknown_keys(&keys)),
    }
}

fn unknown_keys(keys: &Keys) -> Problem {
    let names: Vec<String> = keys.top.iter().take(5).map(|key| format!("`{}`", key.chars().take(40).collect::<String>())).collect();
    let what = if names.is_empty() {
        "The file holds JSON objects without the keys of a format that is known.".to_owned()
    } else {
        format!("The file holds JSON with the keys {}, which belong to no format that is known.", names.join(", "))
    };
    Problem::file(codes::UNKNOWN_FORMAT, what).on_line(1)
}

/// A file that begins with an array: its elements are the records, unless they cannot be.
fn array(text: &[u8], whole: bool) -> Result<Layout, Problem> {
    match text[1..].iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{' | b']') | None => return Ok(Layout::Values),
        Some(_) if known_line(text, whole) => return Ok(Layout::Lines),
        Some(_) => {}
    }
    let what = "The file holds a JSON array whose elements are not objects.";
    Err(too_deep(text).unwrap_or_else(|| Problem::file(codes::UNKNOWN_FORMAT, what).on_line(1)))
}

/// The fault of a first value that is nested more deeply than any format is.
fn too_deep(text: &[u8]) -> Option<Problem> {
    depth::too_deep(text, START)
}

/// Whether one of the first lines is a record of a known form, or the `_meta` line before them.
fn known_line(text: &[u8], whole: bool) -> bool {
    complete_lines(text, whole).take(LINES).any(|(_, line)| {
        line.first() == Some(&b'{')
            && matches!(serde_json::from_slice::<Lenient<Record>>(line), Ok(Lenient::Is(record)) if Form::of(&record).is_some())
    })
}

/// The lines that are there in full and not blank, with their numbers.
fn complete_lines(text: &[u8], whole: bool) -> impl Iterator<Item = (u64, &[u8])> {
    let end = if whole { text.len() } else { memchr::memrchr(b'\n', text).unwrap_or(0) };
    text[..end].split(|byte| *byte == b'\n').zip(1..).map(|(line, number)| (number, line.trim_ascii())).filter(|(_, line)| !line.is_empty())
}

/// What a file that is no JSON may be, for the message.
fn looks_like(text: &[u8]) -> String {
    let mut lines = complete_lines(text, true).map(|(_, line)| line);
    let first = lines.next().unwrap_or_default();
    let second = lines.next().unwrap_or_default();
    let columns = |line: &[u8], separator: u8| line.iter().filter(|byte| **byte == separator).count();
    let table = [(b',', "CSV"), (b';', "CSV"), (b'\t', "TSV")]
        .into_iter()
        .find(|(separator, _)| columns(first, *separator) > 0 && columns(second, *separator) >= columns(first, *separator));
    if serde_json::from_slice::<serde::de::IgnoredAny>(first).is_ok() {
        return "The file holds JSON values that are not objects.".to_owned();
    }
    match (table, first.first()) {
        (_, Some(b'<')) => "The file looks like XML or HTML, not like JSON.".to_owned(),
        (Some((_, name)), _) => format!("The file looks like {name}, which is not read."),
        (None, Some(b'-')) if first.starts_with(b"---") => "The file looks like YAML, not like JSON.".to_owned(),
        _ => "The file is text, but not JSON.".to_owned(),
    }
}

/// Keys of the first object, found without believing in the rest of the JSON.
#[derive(Debug, Default)]
struct Keys {
    /// Of the object itself.
    top: Vec<String>,
    /// Of the first object in its `conversations`.
    conversation: Vec<String>,
}

impl Keys {
    fn of(text: &[u8]) -> Self {
        let mut keys = Self::default();
        let mut depth = 0usize;
        let mut at = 0;
        while at < text.len() && keys.top.len() < 64 {
            match text[at] {
                b'{' | b'[' => depth += 1,
                b'}' | b']' if depth <= 1 => break,
                b'}' | b']' => depth -= 1,
                b'"' => {
                    let end = text_end(text, at + 1);
                    let after = text[end..].iter().skip(1).find(|byte| !byte.is_ascii_whitespace());
                    if after == Some(&b':') {
                        let name = String::from_utf8_lossy(&text[at + 1..end]).into_owned();
                        match depth {
                            1 => keys.top.push(name),
                            3 if keys.conversation.len() < 64 && keys.top.last().is_some_and(|key| key == "conversations") => {
                                keys.conversation.push(name);
                            }
                            _ => {}
                        }
                    }
                    at = end;
                }
                _ => {}
            }
            at += 1;
        }
        keys
    }

    fn has(&self, key: &str) -> bool {
        self.top.iter().any(|own| own == key)
    }

    fn is_document(&self) -> bool {
        let nested = ["training_pairs", "conversation_metadata"];
        ["training_file_metadata", "dataset_metadata", "training_pairs"].iter().any(|key| self.has(key))
            || self.conversation.iter().any(|key| nested.contains(&key.as_str()))
    }

    fn is_record(&self) -> bool {
        const KEYS: [&str; 7] =
            ["_meta", "current_user_input", "target_response", "conversation_history", "messages", "turns", "conversations"];
        KEYS.iter().any(|key| self.has(key))
            || (self.has("instruction") && self.has("output"))
            || (self.has("prompt") && self.has("completion"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(text: &str) -> Layout {
        detect(text.as_bytes(), true, None).unwrap()
    }

    fn refusal(bytes: &[u8]) -> (&'static str, Option<u64>) {
        let problem = detect(bytes, true, None).unwrap_err();
        assert!(problem.fatal);
        (problem.code.code, problem.line)
    }

    const PAIR: &str = r#"{"current_user_input":"u","target_response":"t"}"#;

    #[test]
    fn tells_layouts() {
        assert_eq!(layout(PAIR), Layout::Lines);
        assert_eq!(layout(&format!("{{\"_meta\":{{}}}}\n{PAIR}\n")), Layout::Lines);
        assert_eq!(layout(r#"{"_meta":{"total_pairs":3}}"#), Layout::Lines);
        assert_eq!(layout(&format!("{{\"broken\": \n{PAIR}\n")), Layout::Lines);
        assert_eq!(layout(&format!("oops\n{PAIR}\n")), Layout::Lines);
        assert_eq!(layout("{\n \"messages\": [\n {\"role\":\"user\"}]}"), Layout::Values);
        assert_eq!(layout(r#"[ {"instruction":"i","output":"o"}]"#), Layout::Values);
        assert_eq!(layout(r#"{"conversations":[{"from":"human","value":"x"}]}"#), Layout::Lines);
        assert_eq!(layout(r#"{"training_file_metadata":{},"conversations":[{"training_pairs":[]}]}"#), Layout::Document);
        assert_eq!(layout(r#"{"conversations":[{"conversation_metadata":{},"training_pairs":[]}]}"#), Layout::Document);
        assert_eq!(layout("{\n\"dataset_metadata\": {},\n\"training_pairs\": [ oops"), Layout::Document);
    }

    #[test]
    fn refuses_what_is_no_data_set() {
        assert_eq!(refusal(b""), ("empty_file", None));
        assert_eq!(refusal(b" \n\t\n"), ("empty_file", Some(1)));
        assert_eq!(refusal(b"PK\x03\x04rest"), ("binary_file", None));
        assert_eq!(refusal(b"{\"a\0\": 1}"), ("binary_file", None));
        assert_eq!(refusal(b"\xff\xfe{\0"), ("not_utf8", None));
        assert_eq!(refusal(b"{\0\"\0a\0\"\0:\0"), ("not_utf8", None));
        assert_eq!(refusal(b"a,b\n1,2\n"), ("unknown_format", Some(1)));
        assert_eq!(refusal(b"\n\n{\"rows\": []}"), ("unknown_format", Some(3)));
        assert_eq!(refusal(b"[1,2]\n3"), ("unknown_format", Some(1)));
        assert_eq!(refusal(b"[[1]]"), ("unknown_format", Some(1)));
        assert_eq!(refusal("[".repeat(5000).as_bytes()), ("too_deep", Some(1)));
        assert_eq!(refusal("{\"a\":".repeat(5000).as_bytes()), ("too_deep", Some(1)));
        assert_eq!(refusal(b"{\"a\" oops}"), ("invalid_json", Some(1)));
        for (text, word) in [("a,b\n1,2", "CSV"), ("<a/>", "XML"), ("plain words", "text"), ("17\n18", "values")] {
            assert!(looks_like(text.as_bytes()).contains(word), "{text}");
        }
    }

    #[test]
    fn names_keys_but_no_content() {
        let problem = detect(br#"{"question": "SECRET", "answer": 1}"#, true, None).unwrap_err();
        assert!(problem.message.contains("`question`, `answer`") && !problem.message.contains("SECRET"), "{}", problem.message);
    }
}
