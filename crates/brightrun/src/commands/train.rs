//! `brightrun train`: one run from a spec file. No server, no database: this is the child process that every cluster starts.
//!
//! Writes one event in JSON a line to standard output. SIGTERM, SIGINT and, with `--watch-stdin`, the end of standard input make it save
//! a checkpoint and leave.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use domain::clock::SystemClock;
use domain::run::{ArtifactFile, RunSpec, SignedRequest, TrainerEvent, TrainerEventKind};
use futures::StreamExt;
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;
use trainer::{Emitter, EventSink, RunOutcome, StopFlag, TrainerError};

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

/// Events as JSON lines on standard output. When nobody reads any more the run is stopped.
struct Lines {
    stop: StopFlag,
}

impl EventSink for Lines {
    fn emit(&mut self, event: TrainerEvent) -> Result<(), TrainerError> {
        let written = serde_json::to_vec(&event).map_err(io::Error::from).and_then(|mut line| {
            line.push(b'\n');
            let mut out = io::stdout().lock();
            out.write_all(&line).and_then(|()| out.flush())
        });
        if written.is_err() {
            self.stop.stop();
        }
        Ok(())
    }
}

/// Runs the command.
pub fn run(args: &TrainArgs) -> Result<ExitCode> {
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
    let mut lines = Lines { stop: stop.clone() };
    let clock = SystemClock;
    let mut emitter = Emitter::new(&mut lines, &clock);
    match attempt(&runtime, &spec, &mut emitter, &stop) {
        Ok(code) => Ok(code),
        Err(failure) => {
            let (code, transient) =
                failure.downcast_ref::<TrainerError>().map_or(("run_failed".to_owned(), false), |e| (e.code().to_owned(), e.transient()));
            let transient = transient || failure.downcast_ref::<reqwest::Error>().is_some();
            emitter.emit(TrainerEventKind::Error { code, message: format!("{failure:#}"), transient })?;
            Ok(ExitCode::FAILURE)
        }
    }
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

fn attempt(runtime: &tokio::runtime::Runtime, spec: &RunSpec, emitter: &mut Emitter<'_>, stop: &StopFlag) -> Result<ExitCode> {
    let dataset = runtime.block_on(fetch_dataset(spec))?;
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
async fn fetch_dataset(spec: &RunSpec) -> Result<PathBuf> {
    let source = &spec.dataset;
    if let Some(path) = &source.path {
        return Ok(path.clone());
    }
    let Some(url) = &source.url else { bail!("the run's spec names neither a path nor a URL for the data set") };
    tokio::fs::create_dir_all(&spec.output.dir).await.with_context(|| format!("cannot make {}", spec.output.dir.display()))?;
    let path = spec.output.dir.join("dataset");
    if let (Some(expected), true) = (&source.sha256, path.is_file())
        && &sha256_of(&path).await? == expected
    {
        return Ok(path);
    }
    let temporary = spec.output.dir.join("dataset.part");
    let mut last = None;
    for attempt in 0..5u32 {
        if attempt > 0 {
            tokio::time::sleep(Duration::from_secs(1 << attempt.min(4))).await;
        }
        match download(url, &temporary).await {
            Ok(found) => {
                if let Some(expected) = source.sha256.as_ref().filter(|e| **e != found) {
                    bail!("the data set that arrived has SHA-256 {found}, not {expected}: the file changed or was damaged on the way");
                }
                tokio::fs::rename(&temporary, &path).await?;
                return Ok(path);
            }
            Err(e) if is_refusal(&e) => return Err(e).context("the data set cannot be fetched"),
            Err(e) => last = Some(e),
        }
    }
    Err(last.unwrap_or_else(|| anyhow::anyhow!("no attempt was made"))).context("the data set cannot be fetched after 5 attempts")
}

/// Whether the other side answered and will not change its mind.
fn is_refusal(error: &anyhow::Error) -> bool {
    error.downcast_ref::<reqwest::Error>().and_then(reqwest::Error::status).is_some_and(|s| s.is_client_error() && s != 429)
}

async fn download(url: &str, to: &Path) -> Result<String> {
    let response = reqwest::get(url).await?.error_for_status()?;
    let mut file = tokio::fs::File::create(to).await.with_context(|| format!("cannot write {}", to.display()))?;
    let mut hash = Sha256::new();
    let mut body = response.bytes_stream();
    while let Some(chunk) = body.next().await {
        let chunk = chunk?;
        hash.update(&chunk);
        file.write_all(&chunk).await.with_context(|| format!("cannot write {}", to.display()))?;
    }
    file.sync_all().await.with_context(|| format!("cannot write {}", to.display()))?;
    Ok(hex::encode(hash.finalize()))
}

async fn sha256_of(path: &Path) -> Result<String> {
    let path = path.to_owned();
    Ok(tokio::task::spawn_blocking(move || trainer::hash_file(&path)).await??.0)
}

/// Puts every artifact to its signed URL; a second put of the same bytes changes nothing, so each is retried.
async fn upload(spec: &RunSpec, folder: &Path, artifacts: &[ArtifactFile]) -> Result<()> {
    if spec.output.uploads.is_empty() {
        return Ok(());
    }
    let client = reqwest::Client::new();
    for artifact in artifacts {
        let Some(request) = spec.output.uploads.get(&artifact.name) else {
            bail!("the run's spec has no upload address for {}", artifact.name);
        };
        let mut last = None;
        for attempt in 0..5u32 {
            if attempt > 0 {
                tokio::time::sleep(Duration::from_secs(1 << attempt.min(4))).await;
            }
            match put(&client, request, &folder.join(&artifact.name), artifact.size).await {
                Ok(()) => {
                    last = None;
                    break;
                }
                Err(e) if is_refusal(&e) => return Err(e).with_context(|| format!("{} was refused by the storage", artifact.name)),
                Err(e) => last = Some(e),
            }
        }
        if let Some(e) = last {
            return Err(e).with_context(|| format!("{} cannot be uploaded after 5 attempts", artifact.name));
        }
    }
    Ok(())
}

async fn put(client: &reqwest::Client, request: &SignedRequest, path: &Path, size: u64) -> Result<()> {
    let file = tokio::fs::File::open(path).await.with_context(|| format!("cannot read {}", path.display()))?;
    let method = reqwest::Method::from_bytes(request.method.as_bytes())?;
    let mut call = client.request(method, &request.url).header("content-length", size);
    for (name, value) in request.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("content-length")) {
        call = call.header(name, value);
    }
    let body = reqwest::Body::wrap_stream(tokio_util::io::ReaderStream::new(file));
    call.body(body).send().await?.error_for_status()?;
    Ok(())
}
