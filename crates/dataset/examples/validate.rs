//! Validates a data set and prints what was found, with the speed and the peak memory:
//! `cargo run --release -p dataset --example validate -- FILE`. Words stand in for tokens when `--words` is given.
#![expect(clippy::print_stdout, reason = "an example that prints")]

use dataset::{TokenCounter, ValidateOptions, validate};
use domain::dataset::Message;
use std::fs::File;
use std::io::Read;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Counts words, to try the statistics without a base model.
struct Words;

impl TokenCounter for Words {
    fn count_example(&self, messages: &[Message]) -> usize {
        messages.iter().map(|message| 4 + self.count_text(&message.content)).sum()
    }
    fn count_text(&self, text: &str) -> usize {
        text.split_whitespace().count()
    }
    fn name(&self) -> &'static str {
        "words"
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let words = arguments.iter().any(|argument| argument == "--words");
    arguments.retain(|argument| argument != "--words");
    let path = arguments.first().ok_or("usage: validate FILE [--words]")?;
    let file = File::open(path)?;
    // What comes through a pipe says its size only at its end.
    let known = Some(file.metadata()?).filter(std::fs::Metadata::is_file).map(|metadata| metadata.len());
    let read = AtomicU64::new(0);
    let options = ValidateOptions { max_seq_length_hint: Some(1024), ..ValidateOptions::default() };
    let start = Instant::now();
    let counter: Option<&dyn TokenCounter> = if words { Some(&Words) } else { None };
    let report = validate(Counted(file, &read), known, &options, counter, &mut |_| ControlFlow::Continue(()))?;
    let seconds = start.elapsed().as_secs_f64();
    println!("format {:?}, trainable {}, review {}", report.format, report.trainable, report.review_recommended);
    println!("{:#?}", report.statistics);
    for sample in &report.sample {
        println!("sample {}: {:?}, {} messages", sample.conversation_id, sample.persona, sample.messages.len());
    }
    for group in &report.groups {
        println!("{:?} {} x{}", group.severity, group.code, group.count);
        for finding in group.findings.iter().take(3) {
            println!("    {:?}:{:?} {} {}", finding.line, finding.column, finding.pointer.as_deref().unwrap_or("-"), finding.message);
        }
    }
    println!("summary: {}", report.summary);
    println!("sha256: {:?}", report.sha256);
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    let megabytes = read.load(Ordering::Relaxed) as f64 / 1e6;
    println!("{megabytes:.1} MB in {seconds:.2} s, {:.0} MB/s, peak memory {}", megabytes / seconds, peak_memory());
    Ok(())
}

/// Counts what is read.
struct Counted<'a>(File, &'a AtomicU64);

impl Read for Counted<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.0.read(into)?;
        self.1.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// The process's largest resident set, where the system tells it.
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or_else(|| "unknown".to_owned(), |rest| rest.trim().to_owned())
}
