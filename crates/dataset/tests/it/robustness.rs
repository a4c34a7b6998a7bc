//! Hostile and damaged input: never a panic, never much memory.

use crate::support::{Words, check, document, jsonl, pair, pairs};
use dataset::{ValidateOptions, validate};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::Path;

/// Every good fixture and the data made here.
fn good_files() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/datasets");
    let mut files: Vec<Vec<u8>> = vec![jsonl(&pairs()), document().to_string().into_bytes(), json!(pairs()).to_string().into_bytes()];
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            files.push(std::fs::read(path).unwrap());
        }
    }
    files
}

fn damage(bytes: &mut Vec<u8>, random: &mut ChaCha8Rng) {
    const TELLING: &[u8] = b"{}[]\",:\\\n\r\0\xff u0e-";
    for _ in 0..random.random_range(0..4) {
        let at = random.random_range(0..bytes.len());
        match random.random_range(0..4) {
            0 => bytes[at] = random.random(),
            1 => bytes[at] = TELLING[random.random_range(0..TELLING.len())],
            2 => drop(bytes.remove(at)),
            _ => bytes.insert(at, TELLING[random.random_range(0..TELLING.len())]),
        }
    }
    if random.random_bool(0.5) {
        bytes.truncate(random.random_range(0..=bytes.len()));
    }
}

#[test]
fn damaged_files_are_reported_on() {
    let mut random = ChaCha8Rng::seed_from_u64(20_260_117);
    for file in good_files() {
        for round in 0..60 {
            let mut bytes = file.clone();
            damage(&mut bytes, &mut random);
            let options = ValidateOptions { partial: round % 5 == 0, ..ValidateOptions::default() };
            let report = validate(bytes.as_slice(), None, &options, None, &mut |_| ControlFlow::Continue(())).unwrap();
            assert!(report.fatal != report.summary.is_empty());
            assert!(!(report.fatal && report.trainable));
            for finding in report.groups.iter().flat_map(|group| &group.findings) {
                assert!(finding.line != Some(0) && finding.column != Some(0), "{finding:?}");
                let lines = bytes.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
                assert!(finding.line.unwrap_or(1) <= lines, "{finding:?} in {lines} lines");
            }
        }
    }
}

/// What the fuzz targets check, with every fixture, damaged and whole.
#[test]
fn promises_hold_for_damaged_files() {
    use crate::trial;
    let entries: [fn(&[u8]); 5] = [trial::validate, trial::head, trial::fix, trial::convert, trial::browse];
    let mut random = ChaCha8Rng::seed_from_u64(20_261_125);
    let start = std::time::Instant::now();
    for round in 0..30 {
        for file in good_files().iter().filter(|file| file.len() < 60_000) {
            let mut bytes = file.clone();
            if round > 0 {
                damage(&mut bytes, &mut random);
            }
            entries[round % entries.len()](&bytes);
            if round == 0 {
                entries.iter().for_each(|entry| entry(&bytes));
            }
        }
        // A slow machine tries fewer; the first rounds are always done.
        if round >= 5 && start.elapsed() > std::time::Duration::from_secs(20) {
            break;
        }
    }
}

#[test]
fn noise_is_refused() {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    for length in [1, 2, 3, 10, 100, 10_000] {
        for _ in 0..50 {
            let bytes: Vec<u8> = (0..length).map(|_| random.random()).collect();
            assert!(check(&bytes).fatal);
        }
    }
}

/// Yields lines without holding them.
struct Lines {
    line: Vec<u8>,
    number: u64,
    at: usize,
    left: u64,
}

impl Read for Lines {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.at == self.line.len() {
            if self.left == 0 {
                return Ok(0);
            }
            self.number += 1;
            self.left = self.left.saturating_sub(self.line.len() as u64);
            self.at = 0;
            // The number stands between the first quotes after the key, so that no two lines are the same.
            let place = self.line.windows(9).position(|window| window == b"number: #").unwrap() + 9;
            let digits = format!("{:012}", self.number);
            self.line[place..place + 12].copy_from_slice(digits.as_bytes());
        }
        let count = (self.line.len() - self.at).min(buffer.len());
        buffer[..count].copy_from_slice(&self.line[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

#[test]
fn memory_does_not_grow_with_the_file() {
    let mut record = pair("c", 3);
    record["target_response"] = json!(format!("The number: #{:012} is the one, and nothing else is. {}", 0, "More text. ".repeat(150)));
    let line = jsonl(&[record]);
    let at = line.len();
    let source = Lines { line, number: 0, at, left: 64 * 1024 * 1024 };
    let report = validate(source, None, &ValidateOptions::default(), Some(&Words), &mut |_| ControlFlow::Continue(())).unwrap();
    assert!(report.trainable && report.statistics.total_training_pairs > 20_000);
    assert_eq!(report.count(dataset::codes::DUPLICATE), 0);
    // The other tests of this process count in, some of which hold files of 10 MB.
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        let kilobytes: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
        assert!(kilobytes < 200 * 1024, "{kilobytes} kB");
    }
}
