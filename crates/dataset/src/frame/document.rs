//! JSON documents: walks to the pairs of a v3 or v4 document, or to the elements of an array, and hands them out one by one.
//!
//! Only the brackets around the records are read here. Each value is cut out whole and left to the JSON parser, which makes sure
//! that nothing invalid passes.

use super::cut::Cut;
use super::{Container, Frame, MAX_RECORD, Part, Place};
use crate::codes;
use crate::error::DatasetError;
use crate::problem::{Problem, breaks_off};
use crate::source::{Position, Source};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use std::io::Read;

/// Where the walk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum State {
    /// Between the values at the top.
    Root,
    /// In the document; `first` until its first key was read.
    Document {
        first: bool,
    },
    Conversations {
        next: usize,
    },
    Conversation {
        index: usize,
        first: bool,
    },
    Pairs {
        conversation: Option<usize>,
        next: usize,
    },
    Array {
        next: usize,
    },
}

/// A walk through one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Walker {
    state: State,
    /// Objects at the top are documents with records inside, not records.
    documents: bool,
    /// Values at the top that were read.
    seen: usize,
}

/// Why a walk cannot go on.
enum Stop {
    Failed(DatasetError),
    Broken(Problem),
}

impl From<DatasetError> for Stop {
    fn from(error: DatasetError) -> Self {
        Self::Failed(error)
    }
}

type Walk<T> = Result<T, Stop>;

impl Walker {
    pub(crate) fn new(documents: bool) -> Self {
        Self { state: State::Root, documents, seen: 0 }
    }

    /// Whether its numbers can be those of a walk through a file, for one that was written down.
    pub(crate) fn is_possible(&self) -> bool {
        const MOST: usize = 1 << 48;
        let within = match self.state {
            State::Root | State::Document { .. } => true,
            State::Conversations { next } | State::Array { next } => next < MOST,
            State::Conversation { index, .. } => index < MOST,
            State::Pairs { conversation, next } => next < MOST && conversation.is_none_or(|index| index < MOST),
        };
        within && self.seen < MOST
    }

    /// The next piece; the bytes of records and parts are in `raw`.
    pub(crate) fn next<R: Read>(&mut self, source: &mut Source<R>, raw: &mut Vec<u8>) -> Result<Frame, DatasetError> {
        match self.advance(source, raw) {
            Ok(frame) => Ok(frame),
            Err(Stop::Broken(problem)) => Ok(Frame::Broken(problem.fatal())),
            Err(Stop::Failed(error)) => Err(error),
        }
    }

    fn advance<R: Read>(&mut self, source: &mut Source<R>, raw: &mut Vec<u8>) -> Walk<Frame> {
        loop {
            let frame = match self.state {
                State::Root => return self.root(source, raw),
                State::Document { first } => self.document(first, source, raw)?,
                State::Conversation { index, first } => self.conversation(index, first, source, raw)?,
                State::Conversations { next } => self.conversations(next, source, raw)?,
                State::Pairs { conversation, next } => {
                    let above = conversation.map_or(State::Document { first: false }, |index| State::Conversation { index, first: false });
                    self.state = State::Pairs { conversation, next: next + 1 };
                    self.element(next, above, Place::Pair { conversation, index: next }, source, raw)?
                }
                State::Array { next } => {
                    self.state = State::Array { next: next + 1 };
                    self.element(next, State::Root, Place::Item(next), source, raw)?
                }
            };
            if let Some(frame) = frame {
                return Ok(frame);
            }
        }
    }

    /// `Root` is the one state that always yields a frame.
    fn root<R: Read>(&mut self, source: &mut Source<R>, raw: &mut Vec<u8>) -> Walk<Frame> {
        let Some(byte) = skip_blanks(source)? else { return Ok(Frame::End) };
        let at = source.position();
        let container = match byte {
            b'[' if self.seen == 0 => {
                self.state = State::Array { next: 0 };
                Container::Array
            }
            b'{' if self.documents => {
                self.state = State::Document { first: true };
                Container::Document
            }
            b'{' => {
                self.seen += 1;
                return record(source, raw, at, Place::Root);
            }
            _ if self.seen > 0 => {
                let what = "The JSON document has ended, but something follows it.";
                return Err(Stop::Broken(Problem::file(codes::TRAILING_DATA, what).at(at)));
            }
            _ => return Err(unexpected(at, "an object or an array")),
        };
        source.consume(1);
        self.seen += 1;
        Ok(Frame::Open(container, 0))
    }

    fn document<R: Read>(&mut self, first: bool, source: &mut Source<R>, raw: &mut Vec<u8>) -> Walk<Option<Frame>> {
        let Some(key) = next_key(first, source, raw)? else {
            self.state = State::Root;
            return Ok(Some(Frame::Close(Container::Document)));
        };
        self.state = State::Document { first: false };
        let array = peek(source)? == b'[';
        let container = match key.as_str() {
            "conversations" if array => {
                self.state = State::Conversations { next: 0 };
                Container::Conversations
            }
            "training_pairs" if array => {
                self.state = State::Pairs { conversation: None, next: 0 };
                Container::Pairs
            }
            "training_file_metadata" => return part(Part::File { individual: false }, source, raw),
            "dataset_metadata" => return part(Part::File { individual: true }, source, raw),
            "consultant_profile" => return part(Part::Profile, source, raw),
            _ => return pass_over(key, source, raw).map(Some),
        };
        source.consume(1);
        Ok(Some(Frame::Open(container, 0)))
    }

    fn conversation<R: Read>(&mut self, index: usize, first: bool, source: &mut Source<R>, raw: &mut Vec<u8>) -> Walk<Option<Frame>> {
        let Some(key) = next_key(first, source, raw)? else {
            self.state = State::Conversations { next: index + 1 };
            return Ok(Some(Frame::Close(Container::Conversation)));
        };
        self.state = State::Conversation { index, first: false };
        match key.as_str() {
            "conversation_metadata" => part(Part::Conversation, source, raw),
            "training_pairs" if peek(source)? == b'[' => {
                source.consume(1);
                self.state = State::Pairs { conversation: Some(index), next: 0 };
                Ok(Some(Frame::Open(Container::Pairs, 0)))
            }
            _ => pass_over(key, source, raw).map(Some),
        }
    }

    fn conversations<R: Read>(&mut self, next: usize, source: &mut Source<R>, raw: &mut Vec<u8>) -> Walk<Option<Frame>> {
        if !has_element(next, source)? {
            self.state = State::Document { first: false };
            return Ok(Some(Frame::Close(Container::Conversations)));
        }
        if peek(source)? == b'{' {
            source.consume(1);
            self.state = State::Conversation { index: next, first: true };
            return Ok(Some(Frame::Open(Container::Conversation, next)));
        }
        self.state = State::Conversations { next: next + 1 };
        let at = source.position();
        record(source, raw, at, Place::Conversation(next)).map(Some)
    }

    /// The next element of a list of records, or none at the list's end.
    fn element<R: Read>(
        &mut self,
        next: usize,
        above: State,
        place: Place,
        source: &mut Source<R>,
        raw: &mut Vec<u8>,
    ) -> Walk<Option<Frame>> {
        if !has_element(next, source)? {
            self.state = above;
            let container = if matches!(above, State::Root) { Container::Array } else { Container::Pairs };
            return Ok(Some(Frame::Close(container)));
        }
        let at = source.position();
        record(source, raw, at, place).map(Some)
    }
}

/// Cuts out the value that begins here as a record.
fn record<R: Read>(source: &mut Source<R>, raw: &mut Vec<u8>, at: Position, place: Place) -> Walk<Frame> {
    let bytes = cut(source, raw)?;
    Ok(if bytes > MAX_RECORD as u64 { Frame::TooLong { at, place, bytes } } else { Frame::Record { at, place, ended: true } })
}

/// Cuts out the value that begins here as a part; one that is too long is passed over.
fn part<R: Read>(part: Part, source: &mut Source<R>, raw: &mut Vec<u8>) -> Walk<Option<Frame>> {
    let at = source.position();
    Ok(if cut(source, raw)? > MAX_RECORD as u64 { None } else { Some(Frame::Part(part, at)) })
}

/// Reads a value that nobody asks for, to be sure that it is JSON; one that is too long is passed over.
fn pass_over<R: Read>(key: String, source: &mut Source<R>, raw: &mut Vec<u8>) -> Walk<Frame> {
    let at = source.position();
    if cut(source, raw)? <= MAX_RECORD as u64 {
        check(raw, at)?;
    } else {
        raw.clear();
    }
    Ok(Frame::Entry(key))
}

fn check(raw: &[u8], at: Position) -> Walk<()> {
    serde_json::from_slice::<IgnoredAny>(raw).map(|_| ()).map_err(|error| Stop::Broken(Problem::syntax(&error, raw, at)))
}

/// Moves into an object's next entry, to its value, and returns the key; none at the object's end.
fn next_key<R: Read>(first: bool, source: &mut Source<R>, raw: &mut Vec<u8>) -> Walk<Option<String>> {
    let mut byte = skip_blanks_inside(source)?;
    if byte == b'}' {
        source.consume(1);
        return Ok(None);
    }
    if !first {
        expect(byte, b',', "`,` or `}`", source)?;
        byte = skip_blanks_inside(source)?;
    }
    let at = source.position();
    if byte != b'"' {
        return Err(unexpected(at, "a key in quotes"));
    }
    if cut(source, raw)? > MAX_RECORD as u64 {
        return Err(unexpected(at, "a shorter key"));
    }
    let key = serde_json::from_slice(raw).map_err(|error| Stop::Broken(Problem::syntax(&error, raw, at)))?;
    let byte = skip_blanks_inside(source)?;
    expect(byte, b':', "`:`", source)?;
    skip_blanks_inside(source)?;
    Ok(Some(key))
}

/// Moves to an array's next element; false at the array's end.
fn has_element<R: Read>(next: usize, source: &mut Source<R>) -> Walk<bool> {
    let byte = skip_blanks_inside(source)?;
    if byte == b']' {
        source.consume(1);
        return Ok(false);
    }
    if next > 0 {
        expect(byte, b',', "`,` or `]`", source)?;
        if skip_blanks_inside(source)? == b']' {
            return Err(unexpected(source.position(), "a value after `,`"));
        }
    }
    Ok(true)
}

fn expect<R: Read>(found: u8, expected: u8, name: &str, source: &mut Source<R>) -> Walk<()> {
    if found != expected {
        return Err(unexpected(source.position(), name));
    }
    source.consume(1);
    Ok(())
}

fn unexpected(at: Position, expected: &str) -> Stop {
    Stop::Broken(Problem::file(codes::INVALID_JSON, format!("This is not valid JSON: {expected} is expected here.")).at(at))
}

fn truncated(at: Position) -> Stop {
    Stop::Broken(Problem::file(codes::TRUNCATED_FILE, "The file ends in the middle of the JSON document.").at(at))
}

/// The next byte that is not blank, which stays to be read; none at the end of the file.
fn skip_blanks<R: Read>(source: &mut Source<R>) -> Walk<Option<u8>> {
    loop {
        let data = source.data()?;
        if data.is_empty() {
            return Ok(None);
        }
        let blank = data.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count();
        let found = data.get(blank).copied();
        source.consume(blank);
        if found.is_some() {
            return Ok(found);
        }
    }
}

fn skip_blanks_inside<R: Read>(source: &mut Source<R>) -> Walk<u8> {
    skip_blanks(source)?.ok_or_else(|| truncated(source.position()))
}

fn peek<R: Read>(source: &mut Source<R>) -> Walk<u8> {
    skip_blanks_inside(source)
}

/// Cuts the value that begins at the next byte into `raw` and returns its length, also of one that is too long to be kept.
fn cut<R: Read>(source: &mut Source<R>, raw: &mut Vec<u8>) -> Walk<u64> {
    raw.clear();
    let at = source.position();
    let mut state = match peek(source)? {
        b'{' => Cut::brackets(b'{', b'}'),
        b'[' => Cut::brackets(b'[', b']'),
        b'"' => {
            raw.push(b'"');
            source.consume(1);
            Cut::text()
        }
        _ => return scalar(source, raw, at),
    };
    let mut length = raw.len() as u64;
    loop {
        let data = source.data()?;
        if data.is_empty() {
            // A stray quote or backslash makes the rest of the file look like one text: the fault is there, not at the end.
            return Err(fault(raw, at).unwrap_or_else(|| truncated(source.position())));
        }
        let (count, done) = state.scan(data);
        let kept = length <= MAX_RECORD as u64;
        length += count as u64;
        if length <= MAX_RECORD as u64 {
            raw.extend_from_slice(&data[..count]);
        }
        source.consume(count);
        if kept
            && length > MAX_RECORD as u64
            && let Some(stop) = fault(raw, at)
        {
            return Err(stop);
        }
        if done {
            return Ok(length);
        }
    }
}

/// What is wrong with the beginning of a value, other than that its end is missing.
fn fault(raw: &[u8], at: Position) -> Option<Stop> {
    match serde_json::from_slice::<IgnoredAny>(raw) {
        Err(error) if !breaks_off(raw) => Some(Stop::Broken(Problem::syntax(&error, raw, at))),
        _ => None,
    }
}

/// A number, `true`, `false` or `null`; what is none of them is named at once.
fn scalar<R: Read>(source: &mut Source<R>, raw: &mut Vec<u8>, at: Position) -> Walk<u64> {
    loop {
        let data = source.data()?;
        let count = data.iter().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')).count();
        raw.extend_from_slice(&data[..count]);
        let more = count > 0 && count == data.len();
        source.consume(count);
        if !more || raw.len() > 1024 {
            break;
        }
    }
    if raw.is_empty() {
        return Err(unexpected(at, "a value"));
    }
    match serde_json::from_slice::<IgnoredAny>(raw) {
        Ok(_) => Ok(raw.len() as u64),
        Err(_) if source.data()?.is_empty() && breaks_off(raw) => Err(truncated(source.position())),
        Err(error) => Err(Stop::Broken(Problem::syntax(&error, raw, at))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(json: &str, documents: bool) -> Vec<String> {
        let mut source = Source::new(json.as_bytes(), false, None);
        let mut raw = Vec::new();
        let mut walker = Walker::new(documents);
        let mut all = Vec::new();
        loop {
            all.push(match walker.next(&mut source, &mut raw).unwrap() {
                Frame::Record { at, place, .. } => {
                    format!("{}:{} {} {}", at.line, at.column, place.pointer(None).unwrap_or_default(), String::from_utf8_lossy(&raw))
                }
                Frame::TooLong { bytes, .. } => format!("too long {bytes}"),
                Frame::Part(part, _) => format!("{part:?} {}", String::from_utf8_lossy(&raw)),
                Frame::Open(Container::Conversation, index) => format!("conversation {index}"),
                Frame::Open(..) | Frame::Close(_) => continue,
                Frame::Entry(key) => format!("entry {key}"),
                Frame::Broken(problem) => {
                    all.push(format!("{} {}:{}", problem.code.code, problem.line.unwrap(), problem.column.unwrap()));
                    return all;
                }
                Frame::End => return all,
            });
        }
    }

    #[test]
    fn walks_documents_and_arrays() {
        let document = r#"{"x": [{"training_pairs": [1]}, "]"], "training_file_metadata": {"a": 1},
 "conversations": [{"conversation_metadata": {"b": "}"}, "training_pairs": [{"c": "\"}"}, {}], "y": null}, 7]}"#;
        assert_eq!(
            walk(document, true),
            [
                "entry x",
                "File { individual: false } {\"a\": 1}",
                "conversation 0",
                "Conversation {\"b\": \"}\"}",
                "2:77 /conversations/0/training_pairs/0 {\"c\": \"\\\"}\"}",
                "2:91 /conversations/0/training_pairs/1 {}",
                "entry y",
                "2:108 /conversations/1 7",
            ]
        );
        assert_eq!(walk("[{\"a\":1},\n2]", false), ["1:2 /0 {\"a\":1}", "2:1 /1 2"]);
        assert_eq!(walk("[]", false), [""; 0]);
        assert_eq!(walk("{\"a\":1}\n{\"b\":[2]}", false), ["1:1  {\"a\":1}", "2:1  {\"b\":[2]}"]);
        assert_eq!(walk(r#"{"dataset_metadata":{},"training_pairs":[{}]}"#, true).len(), 2);
    }

    #[test]
    fn names_the_place_of_a_fault() {
        for (json, said) in [
            ("[{}, {\"a\" 1}", "truncated_file 1:13"),
            ("[{},]", "invalid_json 1:5"),
            ("[{} {}]", "invalid_json 1:5"),
            ("[{}", "truncated_file 1:4"),
            ("[tru", "truncated_file 1:5"),
            ("[trx]", "invalid_json 1:4"),
            ("[{}]\nx", "trailing_data 2:1"),
            ("[\n{\"a\": \"b\\w\"", "invalid_json 2:9"),
        ] {
            assert_eq!(walk(json, false).last().unwrap(), said, "{json}");
        }
        for (json, said) in [
            ("{\"x\": {\"a\": tru}}", "invalid_json 1:16"),
            ("{\"x\": 01}", "invalid_json 1:8"),
            ("{\"x\" 1}", "invalid_json 1:6"),
            ("{\"x\": 1,}", "invalid_json 1:9"),
            ("{x: 1}", "invalid_json 1:2"),
            ("{\"x\": }", "invalid_json 1:7"),
            ("{\"conversations\": [{\"training_pairs\": [{\"a\":", "truncated_file 1:45"),
        ] {
            assert_eq!(walk(json, true).last().unwrap(), said, "{json}");
        }
    }

    #[test]
    fn passes_over_what_is_too_long() {
        let long = "x".repeat(MAX_RECORD);
        assert_eq!(walk(&format!("[\"{long}\",1]"), false), [format!("too long {}", MAX_RECORD + 2), format!("1:{} /1 1", MAX_RECORD + 5)]);
        // A missing quote makes everything after it look like text; the place of the fault is still found.
        let flipped = format!("[{{\"a\": \"b\\\", \"c\": \"d\"}},\n{{\"e\": \"{long}\"}}]");
        assert_eq!(walk(&flipped, false), ["invalid_json 1:15"]);
    }
}
