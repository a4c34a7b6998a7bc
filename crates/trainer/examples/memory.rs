//! Measures what trainings of the benchmark's sizes take, with their evaluation, against what is estimated beforehand, each in a process of its
//! own with the program's allocator: `cargo run --release -p trainer --example memory`. The table is in `docs/memory.md`.
#![expect(clippy::print_stdout, reason = "an example that prints")]

#[path = "bench_trainer/input.rs"]
#[expect(dead_code, reason = "the benchmark uses the rest")]
mod input;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use domain::clock::SystemClock;
use domain::job::{GradientCheckpointing, Hyperparameters, JobSettings, PresetId, TrainingConfig, preset};
use domain::run::{BaseModelSource, DatasetSource, OutputTarget, RunSpec, TrainerEvent, TrainerEventKind};
use domain::{AttemptId, JobId};
use input::Size;
use serde_json::json;
use trainer::{Emitter, EventSink, RunOutcome, StopFlag, TrainerError};

type Failure = Box<dyn Error>;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const LENGTHS: [u32; 2] = [256, 512];
const BATCH: u32 = 4;
/// Of an evaluation, in minutes: long enough for its buffers.
const EVALUATION: f64 = 0.25;

fn main() -> Result<(), Failure> {
    trainer::keep_to_small_pages();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [mode, size, folder] = arguments.as_slice()
        && mode == "write"
    {
        let size = Size::ALL.into_iter().find(|s| s.name() == size).ok_or("no such size")?;
        return input::write(size, &PathBuf::from(folder));
    }
    if let [size, precision, length, recompute] = arguments.as_slice() {
        return measure(size, precision, length.parse()?, recompute == "on");
    }
    println!("| model | weights | length | recompute | estimated MiB | measured MiB | difference | while loading |");
    println!("|---|---|---|---|---|---|---|---|");
    let sizes = Size::ALL.map(Size::name).into_iter().filter(|size| arguments.is_empty() || arguments.iter().any(|a| a == size));
    for size in sizes {
        for (precision, length) in ["f32", "bf16"].into_iter().flat_map(|precision| LENGTHS.map(|length| (precision, length))) {
            for recompute in ["off", "on"] {
                let mut one = Command::new(std::env::current_exe()?);
                one.args([size, precision, &length.to_string(), recompute]).env("MIMALLOC_PURGE_DELAY", "10");
                let output = one.output()?;
                print!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            }
        }
    }
    Ok(())
}

/// The estimate of the plan, and what was resident, most and at last, when the model had been loaded.
#[derive(Default)]
struct Planned {
    estimate: Option<u64>,
    loading: Option<(f64, f64)>,
}

/// A line of the process's status in bytes.
fn status(field: &str) -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok()).map_or(f64::NAN, |kib| kib * 1024.0)
}

impl EventSink for Planned {
    fn emit(&mut self, event: TrainerEvent) -> Result<(), TrainerError> {
        match event.kind {
            TrainerEventKind::Plan { memory_bytes, .. } => self.estimate = memory_bytes,
            // The first word after loading.
            TrainerEventKind::Stage { message, .. } if message.starts_with("Rehearsal") => {
                self.loading = Some((status("VmHWM:"), status("VmRSS:")));
            }
            _ => {}
        }
        Ok(())
    }
}

fn measure(size: &str, precision: &str, length: u32, recompute: bool) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let base = folder.path().join("base");
    fs::create_dir_all(&base)?;
    let size = Size::ALL.into_iter().find(|s| s.name() == size).ok_or("no such size")?;
    write_model(size, &base)?;
    let dataset = folder.path().join("data.jsonl");
    let line = json!({"messages": [
        {"role": "user", "content": "my brake is loose ".repeat(length as usize / 8)},
        {"role": "assistant", "content": "tighten the cable a little ".repeat(length as usize / 4)},
    ]});
    fs::write(&dataset, format!("{line}\n").repeat(3 * BATCH as usize))?;
    let mut spec = spec(&base, &dataset, folder.path(), length, recompute);
    spec.config.settings.precision = precision.parse()?;
    let (mut planned, stop) = (Planned::default(), StopFlag::new());
    let outcome = trainer::run(&spec, &dataset, &mut Emitter::new(&mut planned, &SystemClock), &stop)?;
    let RunOutcome::Completed { summary, .. } = outcome else { return Err("it was stopped".into()) };
    let (estimated, measured) = (planned.estimate.unwrap_or(0) as f64, summary.peak_memory_bytes.unwrap_or(0) as f64);
    let mib = f64::from(1 << 20);
    let (difference, shown) = (100.0 * (estimated / measured - 1.0), if recompute { "on" } else { "off" });
    let loading = planned.loading.map_or(f64::NAN, |(peak, now)| peak / now);
    println!(
        "| {} | {precision} | {length} | {shown} | {:.0} | {:.0} | {difference:+.1} % | {loading:.2} |",
        size.name(),
        estimated / mib,
        measured / mib
    );
    Ok(())
}

/// In a process of its own, since making the weights takes more memory than training them.
fn write_model(size: Size, base: &Path) -> Result<(), Failure> {
    let built_in = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/tiny-chat");
    for name in ["tokenizer.json", "tokenizer_config.json"] {
        fs::copy(built_in.join(name), base.join(name))?;
    }
    let written = Command::new(std::env::current_exe()?).arg("write").arg(size.name()).arg(base).status()?;
    if written.success() { Ok(()) } else { Err("the model could not be written".into()) }
}

fn spec(base: &Path, dataset: &Path, folder: &Path, length: u32, recompute: bool) -> RunSpec {
    let hyperparameters =
        Hyperparameters { num_epochs: 1, max_seq_length: length, batch_size: BATCH, ..preset(PresetId::Balanced, length) };
    let gradient_checkpointing = if recompute { GradientCheckpointing::On } else { GradientCheckpointing::Off };
    let settings =
        JobSettings { validation_split_ratio: 0.3, evaluation_minutes: EVALUATION, gradient_checkpointing, ..JobSettings::default() };
    RunSpec {
        job_id: JobId::new(chrono::DateTime::UNIX_EPOCH),
        attempt_id: AttemptId::new(chrono::DateTime::UNIX_EPOCH),
        attempt: 1,
        base_model: BaseModelSource { id: "measured".into(), revision: "1".into(), path: base.to_owned(), repo: None },
        dataset: DatasetSource { url: None, path: Some(dataset.to_owned()), format: None, sha256: None, size: None },
        config: TrainingConfig { hyperparameters, settings },
        output: OutputTarget { dir: folder.join("run"), uploads: Default::default() },
        gpu: None,
        callback: None,
        resume_from: None,
        parent: None,
        threads: None,
        memory_limit: None,
        kernel_cache: None,
        provenance: Default::default(),
    }
}
