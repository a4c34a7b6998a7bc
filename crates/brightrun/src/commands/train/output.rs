//! What a run writes: its events as JSON lines, and its checkpoints to the platform's storage.
//!
//! Checkpoints are uploaded while training goes on. Their files are linked aside first, so that the trainer may remove a checkpoint that
//! is still on its way; when uploads are slower than checkpoints come, training waits for them.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use domain::Clock;
use domain::clock::SystemClock;
use domain::job::LogLevel;
use domain::run::{
    ArtifactFile, CHECKPOINT_FILES, CallbackTarget, CheckpointGrant, RunSpec, SignedRequest, TrainerEvent, TrainerEventKind,
};
use serde::Deserialize;
use std::collections::BTreeMap;
use tokio::sync::mpsc;
use trainer::{EventSink, StopFlag, TrainerError};

use super::transfer;

/// Checkpoints that may wait for their upload.
const WAITING: usize = 2;
/// How long the end of a run waits for uploads: when it was asked to leave, and when it is done.
const LEAVING: Duration = Duration::from_secs(5);
const ENDING: Duration = Duration::from_secs(600);

/// Takes the events of a run. Clones write to the same output.
#[derive(Clone)]
pub struct Output {
    lines: Arc<Lines>,
    stop: StopFlag,
    uploads: Option<Arc<Uploads>>,
}

/// Numbers the lines, since two threads write them.
#[derive(Default)]
struct Lines(Mutex<Written>);

#[derive(Default)]
struct Written {
    seq: u64,
    elapsed_seconds: f64,
}

struct Uploads {
    queue: mpsc::Sender<Stored>,
    pending: Arc<Pending>,
    folder: PathBuf,
}

/// How many uploads are not done.
#[derive(Default)]
struct Pending {
    count: Mutex<usize>,
    changed: Condvar,
}

/// A checkpoint whose files are linked aside.
struct Stored {
    folder: PathBuf,
    step: u64,
    epoch: u32,
}

impl Output {
    /// An output for a run. `stop` is set when nobody reads any more, or the platform wants no more of this attempt.
    pub fn new(runtime: &tokio::runtime::Runtime, spec: &RunSpec, stop: &StopFlag) -> Self {
        let mut output = Self { lines: Arc::default(), stop: stop.clone(), uploads: None };
        if let Some(target) = &spec.callback {
            let (queue, waiting) = mpsc::channel(WAITING);
            let pending = Arc::new(Pending::default());
            let uploader = Uploader { output: output.clone(), target: target.clone(), spec: spec.clone(), pending: pending.clone() };
            runtime.spawn(uploader.run(waiting));
            output.uploads = Some(Arc::new(Uploads { queue, pending, folder: spec.output.dir.join(".uploading") }));
        }
        output
    }

    fn write(&self, event: TrainerEvent) -> io::Result<()> {
        let mut event = event.redacted();
        let mut written = lock(&self.lines.0);
        written.seq += 1;
        event.seq = written.seq;
        written.elapsed_seconds = written.elapsed_seconds.max(event.elapsed_seconds);
        event.elapsed_seconds = written.elapsed_seconds;
        let mut line = serde_json::to_vec(&event)?;
        line.push(b'\n');
        let mut out = io::stdout().lock();
        out.write_all(&line).and_then(|()| out.flush())
    }

    /// An event that is not the trainer's own.
    fn say(&self, kind: TrainerEventKind) {
        let event = TrainerEvent { seq: 0, at: SystemClock.now(), elapsed_seconds: 0.0, kind };
        if self.write(event).is_err() {
            self.stop.stop();
        }
    }

    fn warn(&self, message: String) {
        self.say(TrainerEventKind::Log { level: LogLevel::Warning, message });
    }

    fn store(&self, uploads: &Uploads, path: &Path, step: u64, epoch: u32) {
        let folder = uploads.folder.join(format!("step-{step}"));
        if let Err(error) = link(path, &folder) {
            self.warn(format!("The checkpoint of step {step} could not be set aside for storing ({error}); it stays with the trainer."));
            return;
        }
        *lock(&uploads.pending.count) += 1;
        // The uploader ends with the process only.
        if uploads.queue.blocking_send(Stored { folder, step, epoch }).is_err() {
            uploads.pending.done();
        }
    }
}

impl EventSink for Output {
    fn emit(&mut self, event: TrainerEvent) -> Result<(), TrainerError> {
        if let Some(uploads) = &self.uploads {
            match &event.kind {
                TrainerEventKind::Stopped { .. } | TrainerEventKind::Error { .. } => uploads.pending.wait(LEAVING),
                TrainerEventKind::Complete { .. } => uploads.pending.wait(ENDING),
                _ => {}
            }
        }
        let checkpoint = match &event.kind {
            TrainerEventKind::Checkpoint { path, step, epoch, .. } => Some((path.clone(), *step, *epoch)),
            _ => None,
        };
        if self.write(event).is_err() {
            self.stop.stop();
        }
        if let (Some(uploads), Some((path, step, epoch))) = (&self.uploads, checkpoint) {
            self.store(uploads, &path, step, epoch);
        }
        Ok(())
    }
}

impl Pending {
    fn done(&self) {
        *lock(&self.count) -= 1;
        self.changed.notify_all();
    }

    fn wait(&self, limit: Duration) {
        let waited = self.changed.wait_timeout_while(lock(&self.count), limit, |count| *count > 0);
        drop(waited);
    }
}

/// Hard links, so that nothing is copied; copies where the file system has none.
fn link(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::create_dir_all(to)?;
    for name in CHECKPOINT_FILES {
        let target = to.join(name);
        let _ = std::fs::remove_file(&target);
        if std::fs::hard_link(from.join(name), &target).is_err() {
            std::fs::copy(from.join(name), &target)?;
        }
    }
    Ok(())
}

/// Stores checkpoints, one after the other.
struct Uploader {
    output: Output,
    target: CallbackTarget,
    spec: RunSpec,
    pending: Arc<Pending>,
}

impl Uploader {
    async fn run(self, mut waiting: mpsc::Receiver<Stored>) {
        let client = reqwest::Client::new();
        while let Some(stored) = waiting.recv().await {
            match self.upload(&client, &stored).await {
                Ok(files) => {
                    let kind = TrainerEventKind::CheckpointStored { step: stored.step, epoch: stored.epoch, files };
                    self.output.say(kind);
                }
                Err(error) => {
                    let step = stored.step;
                    self.output.warn(format!("The checkpoint of step {step} could not be stored ({error:#}); it stays with the trainer."));
                }
            }
            // What stays is in the way of space only, and goes with the run's folder.
            let _ = tokio::fs::remove_dir_all(&stored.folder).await;
            self.pending.done();
        }
    }

    async fn upload(&self, client: &reqwest::Client, stored: &Stored) -> Result<Vec<ArtifactFile>> {
        let mut files = Vec::new();
        for name in CHECKPOINT_FILES {
            let path = stored.folder.join(name);
            let (sha256, size) = tokio::task::spawn_blocking(move || trainer::hash_file(&path)).await??;
            files.push(ArtifactFile { name: name.to_owned(), size, sha256 });
        }
        let grant = CheckpointGrant {
            job_id: self.spec.job_id,
            attempt_id: self.spec.attempt_id,
            step: stored.step,
            epoch: stored.epoch,
            files: files.clone(),
        };
        let requests = transfer::retried(|| self.ask(client, &grant)).await?;
        for file in &files {
            let request = requests.get(&file.name).with_context(|| format!("there is no address for {}", file.name))?;
            let path = stored.folder.join(&file.name);
            transfer::retried(|| transfer::put(client, request, &path, file.size)).await?;
        }
        Ok(files)
    }

    /// Asks the platform where the files may go.
    async fn ask(&self, client: &reqwest::Client, grant: &CheckpointGrant) -> Result<BTreeMap<String, SignedRequest>> {
        #[derive(Deserialize)]
        struct Envelope {
            data: Granted,
        }
        #[derive(Deserialize)]
        struct Granted {
            uploads: BTreeMap<String, SignedRequest>,
        }
        let body = serde_json::to_vec(grant)?;
        let (timestamp, signature) = cluster::callback::sign(&self.target.secret, SystemClock.now(), &body);
        let request = client.post(&self.target.checkpoints_url).header("content-type", "application/json");
        let request = request.header(cluster::callback::TIMESTAMP_HEADER, timestamp).header(cluster::callback::SIGNATURE_HEADER, signature);
        let response = request.body(body).send().await?;
        if matches!(response.status().as_u16(), 404 | 409) {
            // Another attempt has taken this one's place, or the job is gone: nobody wants what this run makes.
            self.output.stop.stop();
        }
        let answer: Envelope = response.error_for_status()?.json().await?;
        Ok(answer.data.uploads)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Each holds plain numbers, which are whole even after a panic.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
