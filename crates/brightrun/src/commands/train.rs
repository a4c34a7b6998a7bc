//! `brightrun train`: one run from a spec file. No server, no database: this is the child process that every cluster starts.
//!
//! Writes one event in JSON a line to standard output. SIGTERM, SIGINT and, with `--watch-stdin`, the end of standard input make it save
//! a checkpoint and leave. The exit code says how it ended: 0 completed, 3 stopped with a checkpoint, otherwise the kind of failure; see
//! [`TrainerError::exit_code`] and `docs/cluster-api.md`.

mod output;
mod transfer;
mod weights;

use std::io::{self, Read};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use domain::clock::SystemClock;
use domain::job::LogLevel;
use domain::run::{ADAPTER_FILES, ArtifactFile, CHECKPOINT_FILES, CheckpointSource, ParentAdapter, RunSpec, TrainerEventKind};
use hub::HubError;
use output::Output;
use trainer::{Emitter, RunOutcome, StopFlag, TrainerError};

use crate::config::ModelOptions;

/// Exit code of a run that was stopped on request, with a checkpoint.
const STOPPED: u8 = 3;

/// Arguments of `train`.
#[derive(Args, Debug)]
pub struct TrainArgs {
    /// The run, as JSON.
    #[arg(long)]
    spec: PathBuf,
    /// Save a checkpoint and leave when standard input ends: so the run never outlives the program that started it.
    #[arg(long)]
    watch_stdin: bool,
}

/// Runs the command.
pub fn run(args: &TrainArgs, models: &ModelOptions) -> Result<ExitCode> {
    trainer::keep_to_small_pages();
    let text = std::fs::read_to_string(&args.spec).with_context(|| format!("cannot read the run's spec {}", args.spec.display()))?;
    let spec: RunSpec = serde_json::from_str(&text).with_context(|| format!("{} is not a valid run spec", args.spec.display()))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let stop = StopFlag::new();
    watch_signals(&runtime, &stop)?;
    if args.watch_stdin {
        let stop = stop.clone();
        std::thread::spawn(move || {
            let mut buffer = [0; 64];
            while matches!(io::stdin().read(&mut buffer), Ok(n) if n > 0) {}
            stop.stop();
        });
    }
    let mut output = Output::new(&runtime, &spec, &stop);
    let clock = SystemClock;
    let mut emitter = Emitter::new(&mut output, &clock);
    match attempt(&runtime, &spec, models, &mut emitter, &stop) {
        Ok(code) => Ok(code),
        Err(failure) => {
            let (code, transient) = kind(&failure);
            emitter.emit(TrainerEventKind::Error { code: code.to_owned(), message: format!("{failure:#}"), transient })?;
            Ok(ExitCode::from(failure.downcast_ref::<TrainerError>().map_or(1, TrainerError::exit_code)))
        }
    }
}

/// There is no data set to train on; says what was looked for.
#[derive(Debug)]
struct DatasetMissing(String);

impl std::fmt::Display for DatasetMissing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Code of a failure, and whether the same attempt could succeed later.
fn kind(failure: &anyhow::Error) -> (&'static str, bool) {
    if let Some(error) = failure.downcast_ref::<TrainerError>() {
        return (error.code(), error.transient());
    }
    if let Some(error) = failure.downcast_ref::<HubError>() {
        return (error.code(), error.is_transient());
    }
    if failure.downcast_ref::<DatasetMissing>().is_some() {
        return ("dataset_missing", false);
    }
    ("run_failed", failure.downcast_ref::<reqwest::Error>().is_some_and(|_| !transfer::is_gone(failure)))
}

fn watch_signals(runtime: &tokio::runtime::Runtime, stop: &StopFlag) -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let _guard = runtime.enter();
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = stop.clone();
    runtime.spawn(async move {
        tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
        stop.stop();
    });
    Ok(())
}

fn attempt(
    runtime: &tokio::runtime::Runtime,
    spec: &RunSpec,
    models: &ModelOptions,
    emitter: &mut Emitter<'_>,
    stop: &StopFlag,
) -> Result<ExitCode> {
    let dataset = runtime.block_on(fetch_dataset(spec))?;
    if let Err(error) = runtime.block_on(weights::fetch(models, spec, emitter, stop)) {
        if weights::was_stopped(&error) {
            emitter.emit(TrainerEventKind::Stopped { step: 0, checkpoint_saved: false })?;
            return Ok(ExitCode::from(STOPPED));
        }
        return Err(error);
    }
    if let Some(source) = &spec.resume_from
        && let Some(problem) = runtime.block_on(fetch_checkpoint(spec, source))?
    {
        let step = source.step;
        let message = format!("The stored checkpoint of step {step} cannot be used ({problem}); the run goes on from what is here.");
        emitter.log(LogLevel::Warning, message)?;
    }
    let mut spec = spec.clone();
    if let Some(parent) = &mut spec.parent
        && parent.path.is_none()
    {
        parent.path = Some(runtime.block_on(fetch_parent(&spec.output.dir, parent))?);
    }
    let spec = &spec;
    match trainer::run(spec, &dataset, emitter, stop)? {
        RunOutcome::Stopped { .. } => Ok(ExitCode::from(STOPPED)),
        RunOutcome::Completed { artifacts, path, summary } => {
            runtime.block_on(upload(spec, &path, &artifacts))?;
            emitter.emit(TrainerEventKind::Complete { artifacts, path, summary })?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// The data set as a file: the one named, or the signed URL's content, kept in the job's folder for later attempts.
pub(super) async fn fetch_dataset(spec: &RunSpec) -> Result<PathBuf> {
    let source = &spec.dataset;
    if let Some(path) = &source.path {
        if !path.is_file() {
            let missing = DatasetMissing(format!("there is no data set at {}", path.display()));
            return Err(anyhow::Error::msg("it is not a file").context(missing));
        }
        return Ok(path.clone());
    }
    let Some(url) = &source.url else { bail!("the run's spec names neither a path nor a URL for the data set") };
    tokio::fs::create_dir_all(&spec.output.dir).await.with_context(|| format!("cannot make {}", spec.output.dir.display()))?;
    let path = spec.output.dir.join("dataset");
    if let (Some(expected), true) = (&source.sha256, path.is_file()) {
        let path = path.clone();
        let (found, _) = tokio::task::spawn_blocking(move || trainer::hash_file(&path)).await??;
        if &found == expected {
            return Ok(spec.output.dir.join("dataset"));
        }
    }
    let temporary = spec.output.dir.join("dataset.part");
    let found = transfer::download(url, &temporary).await.map_err(|error| {
        if transfer::is_gone(&error) {
            let missing = "the data set is not in storage any more: restore it if it was deleted, or upload it again and make a new job";
            return error.context(DatasetMissing(missing.to_owned()));
        }
        error.context("the data set cannot be fetched")
    })?;
    if let Some(expected) = source.sha256.clone().filter(|e| *e != found) {
        return Err(TrainerError::DatasetChanged { path: None, expected, found }.into());
    }
    tokio::fs::rename(&temporary, &path).await?;
    Ok(path)
}

/// Brings the checkpoint that an earlier attempt has stored, unless one as new is here. Answers why it cannot be used, where it cannot;
/// a storage that does not answer fails the attempt, which is worth another.
async fn fetch_checkpoint(spec: &RunSpec, source: &CheckpointSource) -> Result<Option<String>> {
    let target = trainer::checkpoint_folder(&spec.output.dir, source.step);
    if trainer::newest_checkpoint(&spec.output.dir).is_some_and(|step| step >= source.step) {
        return Ok(None);
    }
    let temporary = spec.output.dir.join("checkpoint.part");
    let _ = tokio::fs::remove_dir_all(&temporary).await;
    tokio::fs::create_dir_all(&temporary).await.with_context(|| format!("cannot make {}", temporary.display()))?;
    for name in CHECKPOINT_FILES {
        let Some(file) = source.files.get(name) else { return Ok(Some(format!("{name} is missing"))) };
        let path = temporary.join(name);
        match transfer::download(&file.url, &path).await {
            Ok(found) if found == file.sha256 => {}
            Ok(_) => return Ok(Some(format!("{name} is not what was stored"))),
            Err(error) if transfer::is_refusal(&error) => return Ok(Some(format!("{name}: {error:#}"))),
            Err(error) => return Err(error).context("the stored checkpoint cannot be fetched"),
        }
    }
    if let Some(parent) = target.parent() {
        tokio::fs::create_dir_all(parent).await.with_context(|| format!("cannot make {}", parent.display()))?;
    }
    tokio::fs::rename(&temporary, &target).await.with_context(|| format!("cannot make {}", target.display()))?;
    Ok(None)
}

/// Brings the adapter to go on from; every file must be what was promised.
async fn fetch_parent(output: &std::path::Path, parent: &ParentAdapter) -> Result<PathBuf> {
    let folder = output.join("parent");
    tokio::fs::create_dir_all(&folder).await.with_context(|| format!("cannot make {}", folder.display()))?;
    for name in ADAPTER_FILES {
        let file = parent.files.get(name).with_context(|| format!("parent.files of the run's spec has no {name}"))?;
        let (path, temporary) = (folder.join(name), folder.join(format!("{name}.part")));
        if path.is_file() {
            let there = path.clone();
            let (found, _) = tokio::task::spawn_blocking(move || trainer::hash_file(&there)).await??;
            if found == file.sha256 {
                continue;
            }
        }
        let found = transfer::retried(|| transfer::download(&file.url, &temporary)).await;
        let found = found.with_context(|| format!("the parent adapter's {name} cannot be fetched"))?;
        if found != file.sha256 {
            bail!("the parent adapter's {name} has SHA-256 {found}, not {}: it changed or was damaged on the way", file.sha256);
        }
        tokio::fs::rename(&temporary, &path).await.with_context(|| format!("cannot make {}", path.display()))?;
    }
    Ok(folder)
}

/// Puts every artifact to its signed URL.
async fn upload(spec: &RunSpec, folder: &std::path::Path, artifacts: &[ArtifactFile]) -> Result<()> {
    if spec.output.uploads.is_empty() {
        return Ok(());
    }
    let client = reqwest::Client::new();
    for artifact in artifacts {
        let Some(request) = spec.output.uploads.get(&artifact.name) else {
            bail!("the run's spec has no upload address for {}", artifact.name);
        };
        let path = folder.join(&artifact.name);
        let sent = transfer::retried(|| transfer::put(&client, request, &path, artifact.size)).await;
        sent.with_context(|| format!("{} cannot be uploaded", artifact.name))?;
    }
    Ok(())
}
