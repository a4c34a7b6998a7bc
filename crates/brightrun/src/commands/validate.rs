//! `brightrun validate FILE`: the data-set doctor, offline.

use std::fs::File;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use domain::dataset::DatasetFormat;

use crate::embedded;
use crate::output::say;

/// Arguments of `validate`.
#[derive(Args, Debug)]
pub struct ValidateArgs {
    /// The file.
    file: PathBuf,
    /// Format that it should have; what is found wins, with a warning when they differ.
    #[arg(long)]
    format: Option<DatasetFormat>,
    /// The whole report as JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command. Exit code 0: trainable; 1: not.
pub fn run(args: &ValidateArgs) -> Result<ExitCode> {
    let file = File::open(&args.file).with_context(|| format!("cannot read {}", args.file.display()))?;
    let size = file.metadata()?.len();
    let models = models_folder()?;
    let model = embedded::built_in_model(&models)?;
    let tokenizer = trainer::tokenizer::ChatTokenizer::load(&model.path)?;
    let options = dataset::ValidateOptions {
        declared: args.format,
        file_name: args.file.file_name().map(|n| n.to_string_lossy().into_owned()),
        max_seq_length_hint: Some(u64::from(model.context_length)),
        ..dataset::ValidateOptions::default()
    };
    let report = dataset::validate(file, Some(size), &options, Some(&tokenizer), &mut |_| ControlFlow::Continue(()))?;
    if args.json {
        say(&serde_json::to_string_pretty(&serde_json::json!({
            "format": report.format, "trainable": report.trainable, "reviewRecommended": report.review_recommended,
            "findings": report.groups, "statistics": report.statistics,
        }))?);
    } else {
        print_report(&report);
    }
    Ok(if report.trainable { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Where the built-in model is laid out for a command that has no data folder.
pub fn models_folder() -> Result<PathBuf> {
    let dir = std::env::temp_dir().join("brightrun-models");
    std::fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
    Ok(dir)
}

fn print_report(report: &dataset::ValidationReport) {
    let s = &report.statistics;
    let format = report.format.map_or("unknown format", DatasetFormat::as_str);
    say(&format!(
        "{format}: {} conversations, {} trainable pairs, {} tokens",
        s.total_conversations, s.total_training_pairs, s.total_tokens
    ));
    for group in &report.groups {
        let fixes = dataset::codes::ALL.iter().find(|code| code.code == group.code).map_or(&[][..], |code| code.fixes);
        let fixes: Vec<&str> = fixes.iter().map(|fix| fix.as_str()).collect();
        let help = if fixes.is_empty() { String::new() } else { format!("; brightrun fix --fix {}", fixes.join(" or ")) };
        say(&format!("{:8} {} ({}){help}", group.severity.as_str(), group.code, group.count));
        for finding in group.findings.iter().take(3) {
            let place = match (finding.line, &finding.pointer) {
                (Some(line), Some(pointer)) => format!("line {line} {pointer}: "),
                (Some(line), None) => format!("line {line}: "),
                (None, _) => String::new(),
            };
            say(&format!("         {place}{} {}", finding.message, finding.fix));
        }
    }
    say(match (report.trainable, report.review_recommended) {
        (true, false) => "Ready for training.",
        (true, true) => "Trainable; review recommended.",
        (false, _) => "Not trainable.",
    });
}
