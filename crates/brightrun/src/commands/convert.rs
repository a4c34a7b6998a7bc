//! `brightrun convert FILE --to FORMAT`: a data set in another format, offline.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use dataset::convert::{ConvertOptions, TARGETS, convert};
use domain::dataset::DatasetFormat;

use crate::output::say;

/// Arguments of `convert`.
#[derive(Args, Debug)]
pub struct ConvertArgs {
    /// The file.
    file: PathBuf,
    /// The new format: brightrun-lora-v4, openai-chat, sharegpt, alpaca or prompt-completion.
    #[arg(long)]
    to: DatasetFormat,
    /// The new file; without it NAME.FORMAT.jsonl beside the old one.
    #[arg(long, short)]
    output: Option<PathBuf>,
}

/// Runs the command.
pub fn run(args: &ConvertArgs) -> Result<ExitCode> {
    if !TARGETS.contains(&args.to) {
        bail!("{} is only read; choose one of {}", args.to, TARGETS.map(DatasetFormat::as_str).join(", "));
    }
    let file = File::open(&args.file).with_context(|| format!("cannot read {}", args.file.display()))?;
    let output = args.output.clone().unwrap_or_else(|| beside(&args.file, args.to.as_str()));
    let options = ConvertOptions { to: args.to, hint: None, stop_after: None };
    let report = write_new(&output, |out| Ok(convert(&file, Some(out), options, &mut |_| ControlFlow::Continue(()))?))?;
    say(&format!("{}: {} examples, {} records of {}", output.display(), report.examples, report.records, args.to));
    for (loss, count) in &report.losses {
        say(&format!("{count:8} {}: {}", loss.as_str(), loss.description()));
    }
    Ok(ExitCode::SUCCESS)
}

/// `talks.json` as `talks.ENDING.jsonl`.
pub fn beside(file: &Path, ending: &str) -> PathBuf {
    let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    file.with_file_name(format!("{stem}.{ending}.jsonl"))
}

/// Writes a file that was not there, completely or not at all.
pub fn write_new<T>(path: &Path, write: impl FnOnce(&mut dyn Write) -> Result<T>) -> Result<T> {
    let file = File::create_new(path).with_context(|| format!("cannot make {}; name another with --output", path.display()))?;
    let mut out = BufWriter::with_capacity(1 << 20, file);
    let done = write(&mut out).and_then(|done| {
        out.flush().with_context(|| format!("cannot write {}", path.display()))?;
        Ok(done)
    });
    if done.is_err() {
        // The error says what happened; half a file would only confuse.
        let _ = std::fs::remove_file(path);
    }
    done
}
