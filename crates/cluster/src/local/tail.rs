//! Reads the events of a run from the file that its standard output goes to.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use domain::run::TrainerEvent;

/// Longest line that is taken for an event, in bytes; longer ones are skipped.
pub const MAX_LINE: usize = 1024 * 1024;
/// Events handed over at once at most.
pub const MAX_BATCH: usize = 500;

/// How far a file was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cursor {
    /// Bytes read; always behind a line's end, unless `skipping`.
    offset: u64,
    /// Number of the last event before `offset`.
    seq: u64,
    /// `offset` is within a line that is too long.
    skipping: bool,
}

/// The last places at which a file was read, since several may follow it, one further than the other.
#[derive(Debug, Clone, Default)]
pub struct Cursors(Vec<Cursor>);

impl Cursors {
    /// Where to go on from for events after `seq`: the furthest place that is not behind it, or the beginning.
    pub fn nearest(&self, seq: u64) -> Cursor {
        self.0.iter().filter(|cursor| cursor.seq <= seq).max_by_key(|cursor| cursor.offset).copied().unwrap_or_default()
    }

    /// Keeps a place, and forgets one that was kept for long.
    pub fn keep(&mut self, cursor: Cursor) {
        const KEPT: usize = 8;
        if self.0.last() == Some(&cursor) {
            return;
        }
        self.0.push(cursor);
        if self.0.len() > KEPT {
            self.0.remove(0);
        }
    }
}

/// What was read.
#[derive(Debug, Default)]
pub struct Tail {
    /// Events after the number asked for, in order, each once.
    pub events: Vec<TrainerEvent>,
    /// Where to go on from.
    pub cursor: Cursor,
    /// Lines that are no event: not JSON, of an unknown type, or too long.
    pub skipped: u64,
    /// Whether the end of the file was reached.
    pub drained: bool,
}

/// Reads events after number `after_seq` from `cursor` on. A last line without its end is left for the next time.
pub fn read(path: &Path, cursor: Cursor, after_seq: u64) -> io::Result<Tail> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(cursor.offset))?;
    let mut reader = BufReader::with_capacity(64 * 1024, file);
    let mut out = Tail { cursor, ..Tail::default() };
    let mut line = Vec::new();
    while out.events.len() < MAX_BATCH {
        line.clear();
        let read = (&mut reader).take(MAX_LINE as u64).read_until(b'\n', &mut line)?;
        let ended = line.last() == Some(&b'\n');
        if !ended && read < MAX_LINE {
            if out.cursor.skipping {
                out.cursor.offset += read as u64;
            }
            out.drained = true;
            break;
        }
        out.cursor.offset += read as u64;
        let was_skipping = out.cursor.skipping;
        out.cursor.skipping = !ended;
        if !ended {
            out.skipped += u64::from(!was_skipping);
        } else if !was_skipping {
            out.take_line(&line, after_seq);
        }
    }
    Ok(out)
}

impl Tail {
    fn take_line(&mut self, line: &[u8], after_seq: u64) {
        if line.iter().all(u8::is_ascii_whitespace) {
            return;
        }
        let Ok(event) = serde_json::from_slice::<TrainerEvent>(line) else {
            self.skipped += 1;
            return;
        };
        // A line that comes twice, or a number that goes back, is dropped.
        if event.seq > self.cursor.seq {
            self.cursor.seq = event.seq;
            if event.seq > after_seq {
                self.events.push(event);
            }
        }
    }
}

/// The last `lines` lines of a text file, reading at most its last 64 KiB. Bytes that are no UTF-8 are replaced.
pub fn last_lines(path: &Path, lines: usize) -> Vec<String> {
    const WINDOW: u64 = 64 * 1024;
    let tail = || -> io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(WINDOW)))?;
        let mut bytes = Vec::new();
        file.take(WINDOW).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = tail().unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let mut last: Vec<String> = text.lines().rev().take(lines).map(|l| l.chars().take(1000).collect()).collect();
    last.reverse();
    last
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn event(seq: u64) -> String {
        format!(r#"{{"seq":{seq},"at":"2025-01-01T00:00:00Z","elapsedSeconds":1.0,"type":"log","level":"info","message":"m{seq}"}}"#)
    }

    fn seqs(read: &Tail) -> Vec<u64> {
        read.events.iter().map(|e| e.seq).collect()
    }

    #[test]
    fn skips_what_is_no_event_and_hands_each_over_once() {
        let dir = tempfile::tempdir().expect("folder");
        let path = dir.path().join("events.jsonl");
        let long = "x".repeat(MAX_LINE + MAX_LINE / 2);
        let text = format!("{}\nnot json\n{}\n{}\n\n{long}\n{}\n{}", event(1), event(1), event(2), event(3), &event(4)[..20]);
        std::fs::write(&path, text).expect("written");
        let first = read(&path, Cursor::default(), 0).expect("read");
        assert_eq!((seqs(&first), first.skipped, first.drained), (vec![1, 2, 3], 2, true));
        let mut file = std::fs::OpenOptions::new().append(true).open(&path).expect("opens");
        writeln!(file, "{}", &event(4)[20..]).expect("written");
        let second = read(&path, first.cursor, 3).expect("read");
        assert_eq!((seqs(&second), second.skipped), (vec![4], 0));
        let mut cursors = Cursors::default();
        cursors.keep(first.cursor);
        cursors.keep(second.cursor);
        assert_eq!((cursors.nearest(9), cursors.nearest(4), cursors.nearest(3)), (second.cursor, second.cursor, first.cursor));
        let again = read(&path, cursors.nearest(1), 1).expect("read");
        assert_eq!(seqs(&again), vec![2, 3, 4]);
    }

    #[test]
    fn a_line_that_never_ends_is_not_read_again_and_again() {
        let dir = tempfile::tempdir().expect("folder");
        let path = dir.path().join("events.jsonl");
        std::fs::write(&path, "y".repeat(MAX_LINE + 10)).expect("written");
        let first = read(&path, Cursor::default(), 0).expect("read");
        assert!(first.cursor.skipping && first.cursor.offset == (MAX_LINE + 10) as u64 && first.skipped == 1);
        let mut file = std::fs::OpenOptions::new().append(true).open(&path).expect("opens");
        write!(file, "end\n{}\n", event(1)).expect("written");
        let second = read(&path, first.cursor, 0).expect("read");
        assert_eq!((seqs(&second), second.skipped), (vec![1], 0));
    }

    #[test]
    fn a_large_backlog_comes_in_batches() {
        let dir = tempfile::tempdir().expect("folder");
        let path = dir.path().join("events.jsonl");
        std::fs::write(&path, (1..=MAX_BATCH as u64 + 3).map(|i| event(i) + "\n").collect::<String>()).expect("written");
        let first = read(&path, Cursor::default(), 0).expect("read");
        assert!(first.events.len() == MAX_BATCH && !first.drained);
        let second = read(&path, first.cursor, MAX_BATCH as u64).expect("read");
        assert!(second.events.len() == 3 && second.drained);
    }

    #[test]
    fn keeps_the_last_lines() {
        let dir = tempfile::tempdir().expect("folder");
        let path = dir.path().join("stderr.log");
        std::fs::write(&path, (0..100).map(|i| format!("line {i}\n")).collect::<String>()).expect("written");
        assert_eq!(last_lines(&path, 2), vec!["line 98", "line 99"]);
        assert!(last_lines(&dir.path().join("absent"), 2).is_empty());
    }
}
