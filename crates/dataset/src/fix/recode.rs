//! Bytes in another encoding as UTF-8: UTF-16 by its mark or its zeros, and single bytes that are not UTF-8 as Windows-1252.

use crate::encoding::character_of;
use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

const PIECE: usize = 64 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Utf16 { little: bool },
}

/// Reads UTF-8 whatever the encoding of the reader within.
pub(super) struct Recode<R> {
    reader: R,
    encoding: Option<Encoding>,
    /// Bytes that are not converted yet; text that is not handed out yet, and from where.
    waiting: Vec<u8>,
    ready: Vec<u8>,
    start: usize,
    eof: bool,
    /// Characters that were put right.
    repaired: Rc<Cell<u64>>,
}

impl<R: Read> Recode<R> {
    pub(super) fn new(reader: R, repaired: Rc<Cell<u64>>) -> Self {
        Self { reader, encoding: None, waiting: Vec::new(), ready: Vec::new(), start: 0, eof: false, repaired }
    }

    fn refill(&mut self) -> io::Result<()> {
        let before = self.waiting.len();
        self.waiting.resize(before + PIECE, 0);
        let read = loop {
            match self.reader.read(&mut self.waiting[before..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        self.waiting.truncate(before + *read.as_ref().unwrap_or(&0));
        self.eof = read? == 0;
        if self.encoding.is_none() {
            // A few bytes tell the encoding; more are read first where there are fewer.
            if self.waiting.len() < 4 && !self.eof {
                return Ok(());
            }
            let (encoding, mark) = encoding_of(&self.waiting);
            self.encoding = Some(encoding);
            self.waiting.drain(..mark);
            if encoding != Encoding::Utf8 {
                self.repaired.set(self.repaired.get() + 1);
            }
        }
        self.ready.clear();
        self.start = 0;
        match self.encoding {
            Some(Encoding::Utf16 { little }) => self.take_utf16(little),
            _ => self.take_utf8(),
        }
        Ok(())
    }

    fn take_utf8(&mut self) {
        let mut at = 0;
        while at < self.waiting.len() {
            let Err(error) = std::str::from_utf8(&self.waiting[at..]) else {
                self.ready.extend_from_slice(&self.waiting[at..]);
                at = self.waiting.len();
                break;
            };
            let good = at + error.valid_up_to();
            self.ready.extend_from_slice(&self.waiting[at..good]);
            at = good;
            if error.error_len().is_none() && !self.eof {
                break;
            }
            push(&mut self.ready, character_of(self.waiting[at]));
            self.repaired.set(self.repaired.get() + 1);
            at += 1;
        }
        self.waiting.drain(..at);
    }

    fn take_utf16(&mut self, little: bool) {
        let (units, _) = self.waiting.as_chunks::<2>();
        let mut units: Vec<u16> =
            units.iter().map(|unit| if little { u16::from_le_bytes(*unit) } else { u16::from_be_bytes(*unit) }).collect();
        // The second half of a pair may still be on its way.
        if !self.eof && units.last().is_some_and(|unit| (0xd800..0xdc00).contains(unit)) {
            units.pop();
        }
        for character in char::decode_utf16(units.iter().copied()) {
            push(&mut self.ready, character.unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        self.waiting.drain(..units.len() * 2);
        if self.eof {
            self.waiting.clear();
        }
    }
}

fn push(ready: &mut Vec<u8>, character: char) {
    ready.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
}

/// The encoding, and the length of its mark.
fn encoding_of(head: &[u8]) -> (Encoding, usize) {
    match head {
        [0xff, 0xfe, ..] => (Encoding::Utf16 { little: true }, 2),
        [0xfe, 0xff, ..] => (Encoding::Utf16 { little: false }, 2),
        [first, 0, second, 0, ..] if *first != 0 && *second != 0 => (Encoding::Utf16 { little: true }, 0),
        [0, first, 0, second, ..] if *first != 0 && *second != 0 => (Encoding::Utf16 { little: false }, 0),
        _ => (Encoding::Utf8, 0),
    }
}

impl<R: Read> Read for Recode<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.start == self.ready.len() {
            if self.eof && self.encoding.is_some() {
                return Ok(0);
            }
            self.refill()?;
        }
        let count = buffer.len().min(self.ready.len() - self.start);
        buffer[..count].copy_from_slice(&self.ready[self.start..self.start + count]);
        self.start += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Drip<'a>(&'a [u8]);
    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(buffer.len()).min(1);
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn read(bytes: &[u8]) -> (String, u64) {
        let repaired = Rc::new(Cell::new(0));
        let mut text = String::new();
        Recode::new(Drip(bytes), repaired.clone()).read_to_string(&mut text).unwrap();
        let mut at_once = String::new();
        Recode::new(bytes, Rc::default()).read_to_string(&mut at_once).unwrap();
        assert_eq!(text, at_once);
        (text, repaired.get())
    }

    #[test]
    fn every_encoding_becomes_utf8() {
        let text = "{\"a\": \"é😀\"}";
        assert_eq!(read(text.as_bytes()), (text.to_owned(), 0));
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(read(&little).0, text);
        assert_eq!(read(&big).0, text);
        assert_eq!(read(&[b"\xff\xfe".as_slice(), &little].concat()).0, text);
        assert_eq!(read(&[b"\xfe\xff".as_slice(), &big].concat()).0, text);
        assert_eq!(read(b"caf\xe9, \x93ok\x94 \xc3"), ("café, “ok” Ã".to_owned(), 4));
        assert_eq!(read(b""), (String::new(), 0));
        assert_eq!(read(b"x"), ("x".to_owned(), 0));
    }
}
