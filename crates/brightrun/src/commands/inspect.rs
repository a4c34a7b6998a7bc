//! `brightrun inspect --spec run.json`: what the trainer would make of the data set, token by token, without a server and without training.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use dataset::view::{ExampleView, ExampleViewer, PlacedExample, ViewOptions, ViewTotals};
use domain::Clock;
use domain::clock::SystemClock;
use domain::dataset::TokenPart;
use domain::run::RunSpec;
use serde::Serialize;
use trainer::tokenizer::ChatTokenizer;

use super::train::fetch_dataset;
use crate::output::say;

/// Arguments of `inspect`.
#[derive(Args, Debug)]
pub struct InspectArgs {
    /// The run, as JSON.
    #[arg(long)]
    spec: PathBuf,
    /// The example to show, from 1.
    #[arg(long, default_value_t = 1)]
    example: u64,
    /// Everything as JSON.
    #[arg(long)]
    json: bool,
}

/// What is shown.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Inspection {
    base_model: String,
    max_seq_length: usize,
    totals: ViewTotals,
    #[serde(skip_serializing_if = "Option::is_none")]
    example: Option<Shown>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    number: u64,
    line: u64,
    conversation_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    split: Option<&'static str>,
    #[serde(flatten)]
    view: ExampleView,
}

/// Runs the command.
pub fn run(args: &InspectArgs) -> Result<ExitCode> {
    let text = std::fs::read_to_string(&args.spec).with_context(|| format!("cannot read the run's spec {}", args.spec.display()))?;
    let spec: RunSpec = serde_json::from_str(&text).with_context(|| format!("{} is not a valid run spec", args.spec.display()))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let file = runtime.block_on(fetch_dataset(&spec))?;
    let inspection = inspect(&spec, &file, args.example)?;
    if args.json {
        say(&serde_json::to_string_pretty(&inspection)?);
    } else {
        print_totals(&inspection);
        if let Some(example) = &inspection.example {
            print_example(example, std::io::stdout().is_terminal());
        }
    }
    if inspection.example.is_none() {
        bail!("there is no example {}; the data set has {}, numbered from 1", args.example, inspection.totals.examples);
    }
    Ok(ExitCode::SUCCESS)
}

fn inspect(spec: &RunSpec, file: &std::path::Path, wanted: u64) -> Result<Inspection> {
    let tokenizer = ChatTokenizer::load(&spec.base_model.path)?;
    let config_file = spec.base_model.path.join("config.json");
    let geometry = std::fs::read(&config_file).with_context(|| format!("cannot read {}", config_file.display()))?;
    let context = model::DecoderConfig::from_json(&geometry)?.context();
    let mut config = spec.config.clone();
    let max_seq_length = (config.hyperparameters.max_seq_length as usize).min(context);
    config.hyperparameters.max_seq_length = u32::try_from(max_seq_length)?;
    let options = ViewOptions { max_seq_length, overlong: config.settings.overlong_examples, today: SystemClock.now() };
    let (mut totals, mut placed, mut example, mut place) = (ViewTotals::default(), Vec::new(), None, None);
    for source in dataset::read_examples(file, spec.dataset.format)? {
        let source = source?;
        let view = tokenizer.view(&source.messages, &options).map_err(anyhow::Error::msg)?;
        totals.add(&view);
        let shown = totals.examples == wanted;
        if view.trains() {
            place = place.or(shown.then_some(placed.len()));
            placed.push(PlacedExample::new(&source, view.kept()));
        }
        if shown {
            let split = source.split.map(dataset::Split::as_str);
            example = Some(Shown { number: wanted, line: source.line, conversation_id: source.conversation_id, split, view });
        }
    }
    let places = tokenizer.place(&placed, &config);
    totals.place(&places);
    if let (Some(example), Some(place)) = (&mut example, place.and_then(|at| places.get(at))) {
        example.view.pad(place.padding);
        example.split = Some(if place.validation { "validation" } else { "train" });
    }
    Ok(Inspection { base_model: spec.base_model.id.clone(), max_seq_length, totals, example })
}

fn print_totals(inspection: &Inspection) {
    let t = &inspection.totals;
    say(&format!("{} at {} tokens: {} examples", inspection.base_model, inspection.max_seq_length, t.examples));
    let parts =
        [("trained", t.trained_tokens), ("context", t.context_tokens), ("padding", t.padding_tokens.unwrap_or(0)), ("cut", t.cut_tokens)];
    say(&format!("tokens: {}", parts.map(|(name, count)| format!("{count} {name}")).join(", ")));
    say(&format!("held out for validation: {}", t.validation_examples.unwrap_or(0)));
    for (count, what) in [
        (t.without_label, "are left out: nothing of them is trained on"),
        (t.refused, "of those are refused by the chat template"),
        (t.dropped, "are left out for their length"),
        (t.overlong, "are cut to the sequence length"),
        (t.cut_answers, "lose the end of an answer"),
        (t.open_answers, "have an answer without an end-of-turn token behind it"),
    ] {
        if count > 0 {
            say(&format!("{count} examples {what}"));
        }
    }
}

/// One block a segment: what becomes of it, its tokens, its text.
fn print_example(example: &Shown, colour: bool) {
    let split = example.split.map(|split| format!(", {split}")).unwrap_or_default();
    say(&format!("\nexample {} (line {}, {}{split})", example.number, example.line, example.conversation_id));
    if let Some(refused) = &example.view.refused {
        say(&format!("refused by the chat template: {refused}"));
    }
    for segment in &example.view.segments {
        let (begin, end) = match (colour, segment.part) {
            (false, _) => ("", ""),
            (true, TokenPart::Trained) => ("\x1b[32m", "\x1b[0m"),
            (true, TokenPart::Context) => ("", ""),
            (true, TokenPart::Padding) => ("\x1b[2m", "\x1b[0m"),
            (true, TokenPart::Cut) => ("\x1b[31;9m", "\x1b[0m"),
        };
        say(&format!("{:8} {:5} tokens  {begin}{:?}{end}", segment.part, segment.tokens.len(), segment.text));
    }
}
