//! The bytes of a data set, read once: counts lines, hashes, reports progress and mends what is not UTF-8 so that parsing can go on.

use crate::error::DatasetError;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::VecDeque;
use std::io::{ErrorKind, Read};
use std::ops::ControlFlow;

/// Bytes that are read at a time; the first of these chunks is also what the format is detected from.
pub(crate) const CHUNK: usize = 256 * 1024;
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// Where something is in the file. Lines and columns count from 1, columns in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Position {
    pub(crate) line: u64,
    pub(crate) column: u64,
}

/// Bytes that are not UTF-8.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BadBytes {
    pub(crate) at: Position,
    /// Bytes from the beginning of the file.
    pub(crate) offset: u64,
}

/// Called with the number of bytes read so far; `Break` stops the reading.
pub(crate) type Progress<'p> = &'p mut dyn FnMut(u64) -> ControlFlow<()>;

/// A buffered reader that knows where it is. Everything it hands out is valid UTF-8 but for sequences cut at the end of a slice.
pub(crate) struct Source<'p, R> {
    reader: R,
    progress: Option<Progress<'p>>,
    hasher: Option<Sha256>,
    buffer: Vec<u8>,
    /// Next byte to hand out, end of what is known to be UTF-8, end of what was read.
    start: usize,
    checked: usize,
    end: usize,
    eof: bool,
    /// Bytes consumed, lines before this one, and where this line began.
    offset: u64,
    line: u64,
    line_start: u64,
    bytes_read: u64,
    bad: VecDeque<BadBytes>,
    head_done: bool,
    /// The file begins with a byte order mark; its lines end as those of Windows do.
    pub(crate) marked: bool,
    pub(crate) crlf: bool,
    /// More follows in the file than is given: a sequence that the end cuts is left out.
    pub(crate) cut_end: bool,
}

impl<'p, R: Read> Source<'p, R> {
    pub(crate) fn new(reader: R, hash: bool, progress: Option<Progress<'p>>) -> Self {
        Self {
            reader,
            progress,
            hasher: hash.then(Sha256::new),
            buffer: vec![0; CHUNK],
            start: 0,
            checked: 0,
            end: 0,
            eof: false,
            offset: 0,
            line: 1,
            line_start: 0,
            bytes_read: 0,
            bad: VecDeque::new(),
            head_done: false,
            marked: false,
            crlf: false,
            cut_end: false,
        }
    }

    /// A reader that begins in the middle of a file, at the first byte of a line or record.
    pub(crate) fn resume(reader: R, offset: u64, at: Position, progress: Option<Progress<'p>>) -> Self {
        let mut source = Self::new(reader, false, progress);
        (source.head_done, source.offset, source.line) = (true, offset, at.line);
        source.line_start = offset.saturating_sub(at.column.saturating_sub(1));
        source
    }

    /// The first bytes as they are, and whether they are the whole file. To be called before anything is consumed.
    pub(crate) fn head(&mut self) -> Result<(&[u8], bool), DatasetError> {
        if !self.head_done {
            while !self.eof && self.end < CHUNK {
                self.read_some()?;
            }
            self.head_done = true;
            self.crlf = memchr::memchr(b'\n', &self.buffer[..self.end]).is_some_and(|end| end > 0 && self.buffer[end - 1] == b'\r');
            if self.buffer[..self.end].starts_with(BOM) {
                self.marked = true;
                self.start = BOM.len();
                self.checked = BOM.len();
                self.offset = BOM.len() as u64;
                self.line_start = self.offset;
            }
        }
        Ok((&self.buffer[self.start..self.end], self.eof))
    }

    /// Bytes that are ready; empty only at the end of the file.
    pub(crate) fn data(&mut self) -> Result<&[u8], DatasetError> {
        while self.start == self.checked {
            if self.start == self.end && self.eof {
                return Ok(&[]);
            }
            if self.check() {
                continue;
            }
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
            self.checked = 0;
            self.read_some()?;
        }
        Ok(&self.buffer[self.start..self.checked])
    }

    /// Moves on by `count` bytes of what [`Self::data`] showed.
    pub(crate) fn consume(&mut self, count: usize) {
        let slice = &self.buffer[self.start..self.start + count];
        if let Some(last) = memchr::memrchr(b'\n', slice) {
            self.line += memchr::memchr_iter(b'\n', slice).count() as u64;
            self.line_start = self.offset + last as u64 + 1;
        }
        self.offset += count as u64;
        self.start += count;
    }

    /// Bytes before the next one.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// The position of the next byte.
    pub(crate) fn position(&self) -> Position {
        Position { line: self.line, column: self.offset - self.line_start + 1 }
    }

    /// The next place, in lines before `line`, where bytes were not UTF-8. All of them with none.
    pub(crate) fn take_bad(&mut self, before: Option<u64>) -> Option<BadBytes> {
        let first = self.bad.front()?;
        if before.is_some_and(|line| first.at.line >= line) { None } else { self.bad.pop_front() }
    }

    /// Bytes that the file has, once its end was reached.
    pub(crate) fn length(&self) -> Option<u64> {
        self.eof.then_some(self.bytes_read)
    }

    /// The hash of the whole file; none when it was not read to its end or no hash was asked for.
    pub(crate) fn sha256(&mut self) -> Option<String> {
        if !self.eof {
            return None;
        }
        self.hasher.take().map(|hasher| hex::encode(hasher.finalize()))
    }

    /// Reads once into the free end of the buffer.
    fn read_some(&mut self) -> Result<(), DatasetError> {
        let read = loop {
            match self.reader.read(&mut self.buffer[self.end..]) {
                Ok(read) => break read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(source) => return Err(DatasetError::Io { offset: self.bytes_read, source }),
            }
        };
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&self.buffer[self.end..self.end + read]);
        }
        self.eof = read == 0;
        self.end += read;
        self.bytes_read += read as u64;
        let stop = self.progress.as_mut().is_some_and(|progress| progress(self.bytes_read).is_break());
        if stop { Err(DatasetError::Cancelled) } else { Ok(()) }
    }

    /// Extends `checked` over what is UTF-8, mending what is not. False when only a sequence cut by the end of the buffer is left.
    fn check(&mut self) -> bool {
        let begin = self.checked;
        while self.checked < self.end {
            let Err(error) = std::str::from_utf8(&self.buffer[self.checked..self.end]) else {
                self.checked = self.end;
                break;
            };
            self.checked += error.valid_up_to();
            let length = match error.error_len() {
                Some(length) => length,
                None if self.eof && self.cut_end => {
                    self.end = self.checked;
                    break;
                }
                None if self.eof => self.end - self.checked,
                None => break,
            };
            self.note_bad();
            self.buffer[self.checked..self.checked + length].fill(b'?');
            self.checked += length;
        }
        self.checked > begin
    }

    fn note_bad(&mut self) {
        let before = &self.buffer[self.start..self.checked];
        let offset = self.offset + before.len() as u64;
        let lines = memchr::memchr_iter(b'\n', before).count() as u64;
        let line_start = memchr::memrchr(b'\n', before).map_or(self.line_start, |last| self.offset + last as u64 + 1);
        let at = Position { line: self.line + lines, column: offset - line_start + 1 };
        // One a line is enough to act on, and the bound keeps hostile input from growing the queue.
        if self.bad.len() < CHUNK && self.bad.back().is_none_or(|last| last.at.line < at.line) {
            self.bad.push_back(BadBytes { at, offset });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out few bytes at a time, so that every sequence is cut somewhere.
    struct Drip<'a>(&'a [u8], usize);
    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let count = self.0.len().min(self.1).min(buffer.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn drain<R: Read>(source: &mut Source<R>) -> String {
        let mut all = Vec::new();
        loop {
            let data = source.data().unwrap();
            if data.is_empty() {
                break;
            }
            let count = data.len();
            all.extend_from_slice(data);
            source.consume(count);
        }
        String::from_utf8(all).unwrap()
    }

    #[test]
    fn passes_utf8_through_at_any_cut() {
        let text = "\u{FEFF}äöü → 😀\nzwei\r\n";
        for step in 1..8 {
            let mut source = Source::new(Drip(text.as_bytes(), step), true, None);
            assert_eq!(drain(&mut source), text, "without head the mark stays");
            assert!(source.take_bad(None).is_none());
            assert_eq!(source.position(), Position { line: 3, column: 1 });
            let mut source = Source::new(Drip(text.as_bytes(), step), false, None);
            source.head().unwrap();
            assert_eq!(drain(&mut source), &text[3..]);
        }
    }

    #[test]
    fn mends_and_names_bad_bytes() {
        for step in 1..8 {
            let mut source = Source::new(Drip(b"ab\ncd\xFFe\xE2\x82\nz\xC3", step), false, None);
            assert_eq!(drain(&mut source), "ab\ncd?e??\nz?");
            let bad: Vec<_> = std::iter::from_fn(|| source.take_bad(None)).map(|b| (b.at.line, b.at.column, b.offset)).collect();
            assert_eq!(bad, [(2, 3, 5), (3, 2, 11)], "one a line");
        }
    }

    #[test]
    fn hashes_only_what_was_read_to_the_end() {
        let mut source = Source::new(&b"abc"[..], true, None);
        assert_eq!(source.sha256(), None);
        drain(&mut source);
        assert_eq!(source.sha256().unwrap(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn stops_when_asked() {
        let mut seen = 0;
        let mut progress = |bytes| {
            seen = bytes;
            ControlFlow::Break(())
        };
        let mut source = Source::new(&b"abc"[..], false, Some(&mut progress));
        assert!(matches!(source.data(), Err(DatasetError::Cancelled)));
        assert_eq!(seen, 3);
    }
}
