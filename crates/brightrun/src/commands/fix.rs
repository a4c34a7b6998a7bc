//! `brightrun fix FILE --fix NAME…`: a data set mended, offline.

use std::fs::File;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use dataset::{FixPlan, FixReport, TokenCounter};
use domain::dataset::DatasetFix;

use super::convert::write_new;
use crate::embedded;
use crate::output::say;

/// Arguments of `fix`.
#[derive(Args, Debug)]
pub struct FixArgs {
    /// The file.
    file: PathBuf,
    /// What to mend, such as drop_duplicates; may be given several times. `validate` names what can help.
    #[arg(long = "fix", required = true)]
    fixes: Vec<DatasetFix>,
    /// The new file; without it NAME.fixed with the old ending beside the old one.
    #[arg(long, short)]
    output: Option<PathBuf>,
    /// Only say what would change.
    #[arg(long)]
    preview: bool,
}

/// Runs the command. The file is read twice: once to count, once to write.
pub fn run(args: &FixArgs) -> Result<ExitCode> {
    let models = super::validate::models_folder()?;
    let model = embedded::built_in_model(&models)?;
    let tokenizer = trainer::tokenizer::ChatTokenizer::load(&model.path)?;
    let tokens: Option<&dyn TokenCounter> = Some(&tokenizer);
    let plan = FixPlan { fixes: args.fixes.clone(), max_tokens: Some(u64::from(model.context_length)), ..FixPlan::default() };
    let open = || File::open(&args.file).with_context(|| format!("cannot read {}", args.file.display()));
    let go = &mut |_| ControlFlow::Continue(());
    let preview = dataset::fix(open()?, None, &plan, None, tokens, go)?;
    if args.preview {
        print_report(&preview);
        return Ok(ExitCode::SUCCESS);
    }
    let output = args.output.clone().unwrap_or_else(|| fixed(args));
    let file = open()?;
    let report = write_new(&output, |out| Ok(dataset::fix(&file, Some(out), &plan, Some(&preview.totals), tokens, go)?))?;
    print_report(&report);
    say(&format!("{}: {} bytes", output.display(), report.bytes_written));
    Ok(ExitCode::SUCCESS)
}

/// `talks.json` as `talks.fixed.json`.
fn fixed(args: &FixArgs) -> PathBuf {
    let part = |part: Option<&std::ffi::OsStr>| part.map(|part| part.to_string_lossy().into_owned());
    let stem = part(args.file.file_stem()).unwrap_or_default();
    let ending = part(args.file.extension()).map(|ending| format!(".{ending}")).unwrap_or_default();
    args.file.with_file_name(format!("{stem}.fixed{ending}"))
}

fn print_report(report: &FixReport) {
    let figures = &report.figures;
    say(&format!(
        "{} records: {} left out, {} changed, {} added; {} examples before, {} after",
        figures.records, figures.dropped, figures.changed, figures.added, figures.examples_before, figures.examples_after
    ));
    for (fix, count) in &figures.by_fix {
        say(&format!("{count:8} {fix}: {}", fix.description()));
    }
    if figures.not_mended > 0 {
        say(&format!("{:8} could not be mended and stay as they are", figures.not_mended));
    }
}
