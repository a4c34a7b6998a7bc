//! JSONL: one record a line.

use super::{Frame, MAX_RECORD, Place};
use crate::error::DatasetError;
use crate::source::Source;
use std::io::Read;

/// Reads the next line that is not blank into `raw`, without its end.
pub(crate) fn next<R: Read>(source: &mut Source<R>, raw: &mut Vec<u8>) -> Result<Frame, DatasetError> {
    loop {
        raw.clear();
        let at = source.position();
        let mut bytes = 0u64;
        let mut blank = true;
        let ended = loop {
            let data = source.data()?;
            if data.is_empty() {
                break false;
            }
            let (count, ended) = memchr::memchr(b'\n', data).map_or((data.len(), false), |end| (end + 1, true));
            let piece = &data[..count - usize::from(ended)];
            bytes += piece.len() as u64;
            blank = blank && piece.iter().all(u8::is_ascii_whitespace);
            if !blank && bytes <= MAX_RECORD as u64 {
                raw.extend_from_slice(piece);
            }
            source.consume(count);
            if ended {
                break true;
            }
        };
        if raw.last() == Some(&b'\r') {
            raw.pop();
        }
        match (blank, ended) {
            (true, true) => {}
            (true, false) => return Ok(Frame::End),
            (false, _) if bytes > MAX_RECORD as u64 => return Ok(Frame::TooLong { at, place: Place::Root, bytes }),
            (false, _) => return Ok(Frame::Record { at, place: Place::Root, ended }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(bytes: &[u8]) -> Vec<String> {
        let mut source = Source::new(bytes, false, None);
        let mut raw = Vec::new();
        let mut all = Vec::new();
        loop {
            match next(&mut source, &mut raw).unwrap() {
                Frame::Record { at, ended, .. } => all.push(format!("{} {ended} {}", at.line, String::from_utf8_lossy(&raw))),
                Frame::TooLong { at, bytes, .. } => all.push(format!("{} too long {bytes} {}", at.line, raw.len() <= MAX_RECORD)),
                _ => return all,
            }
        }
    }

    #[test]
    fn tolerates_blank_lines_and_either_line_end() {
        assert_eq!(frames(b"a\r\n\r\n  \nb\nc"), ["1 true a", "4 true b", "5 false c"]);
        assert_eq!(frames(b""), [""; 0]);
        assert_eq!(frames(b" \n\t"), [""; 0]);
    }

    #[test]
    fn passes_over_a_line_that_is_too_long() {
        let mut bytes = b"a\n".to_vec();
        bytes.resize(bytes.len() + MAX_RECORD + 1, b'x');
        bytes.extend_from_slice(b"\nb\n");
        assert_eq!(frames(&bytes), ["1 true a".to_owned(), format!("2 too long {} true", MAX_RECORD + 1), "3 true b".to_owned()]);
    }
}
