//! The local cluster: a run is a child process of this machine.
//!
//! The child writes its events straight to a file, so none is lost when this process dies. It has a pipe on standard input: when this
//! process is killed the pipe closes, and the child saves a checkpoint and leaves. Whether a run is alive is told by the locks described in
//! [`folder`], across restarts and across several processes that share the folder.

mod folder;
mod tail;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use domain::JobId;
use rustix::process::{Pid, Signal, kill_process_group, setpriority_process};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};
use tokio_util::task::TaskTracker;

use crate::{AliveRun, ClusterError, ClusterHealth, EventBatch, Exit, RunHandle, RunName, RunSpec, RunState, Seen, TrainingCluster};
use folder::{AttemptFolder, ProcessRecord};
use tail::Cursors;

/// Lines of error output that are kept with the end of a run.
const LAST_LINES: usize = 50;
/// How often the event file is looked at while somebody waits.
const POLL: Duration = Duration::from_millis(100);
/// How long a killed process group may take to vanish.
const KILL_WAIT: Duration = Duration::from_secs(2);
/// Priority of the children, so that the page stays responsive while they use every core.
const NICENESS: i32 = 5;

/// Settings of the local cluster.
#[derive(Clone)]
pub struct LocalConfig {
    /// The executable that is started as `PROGRAM train --spec FILE --watch-stdin`.
    pub program: PathBuf,
    /// Folder of the runs.
    pub runs_dir: PathBuf,
    /// Runs at once.
    pub max_parallel: u32,
    /// How long a run may take to save its checkpoint and leave, before it is killed.
    pub grace: Duration,
    /// Folder in which the compiled kernels of a GPU are kept; none where they are not.
    pub kernel_cache: Option<PathBuf>,
    /// Environment of the child beside this process's own.
    pub environment: Vec<(String, String)>,
}

impl fmt::Debug for LocalConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The environment may hold secrets.
        let Self { program, runs_dir, max_parallel, grace, kernel_cache, environment: _ } = self;
        f.debug_struct("LocalConfig")
            .field("program", program)
            .field("runs_dir", runs_dir)
            .field("max_parallel", max_parallel)
            .field("grace", grace)
            .field("kernel_cache", kernel_cache)
            .finish_non_exhaustive()
    }
}

impl LocalConfig {
    /// Settings with 8 seconds of grace.
    pub fn new(program: PathBuf, runs_dir: PathBuf, max_parallel: u32) -> Self {
        let grace = Duration::from_secs(8);
        Self { program, runs_dir, max_parallel: max_parallel.max(1), grace, kernel_cache: None, environment: Vec::new() }
    }
}

/// A run that this machine has, or had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalRun {
    /// What the cluster calls it.
    pub handle: RunHandle,
    /// Which attempt of which job.
    pub run: RunName,
    /// Whether a process of it is alive.
    pub alive: bool,
    /// The platform that submitted it, where it said so and that is kept.
    pub origin: Option<String>,
}

/// Trains in child processes of this machine.
pub struct LocalCluster {
    config: LocalConfig,
    state: Arc<Mutex<State>>,
    submitting: tokio::sync::Mutex<()>,
    watchers: TaskTracker,
}

/// What this process knows beside the files; all of it can be lost.
#[derive(Default)]
struct State {
    /// Children of this process.
    children: HashMap<RunHandle, AttemptFolder>,
    /// How far each run's events were read, by those who read them.
    cursors: HashMap<RunHandle, Cursors>,
    /// When a run was first seen alive without the process that started it.
    orphans: HashMap<RunHandle, Instant>,
}

impl LocalCluster {
    /// A cluster over a folder; runs that an earlier process left there are known.
    pub fn new(mut config: LocalConfig) -> Self {
        if let Ok(absolute) = std::path::absolute(&config.runs_dir) {
            config.runs_dir = absolute;
        }
        Self { config, state: Arc::default(), submitting: tokio::sync::Mutex::new(()), watchers: TaskTracker::new() }
    }

    /// Every run that has a folder, or only those of which a process is alive; by job, then by attempt.
    ///
    /// # Errors
    /// When the folder of runs cannot be read.
    pub async fn runs(&self, alive_only: bool) -> Result<Vec<LocalRun>, ClusterError> {
        let runs_dir = self.config.runs_dir.clone();
        let listed = tokio::task::spawn_blocking(move || folder::runs(&runs_dir)).await;
        let listed = listed
            .map_err(io::Error::other)
            .and_then(|result| result)
            .map_err(|e| ClusterError::transient("the folder of runs could not be read", e))?;
        Ok(listed.into_iter().filter(|run| run.alive || !alive_only).collect())
    }

    /// A run, where there is one.
    ///
    /// # Errors
    /// When its folder cannot be read.
    pub async fn run(&self, job_id: JobId, attempt: u32) -> Result<Option<LocalRun>, ClusterError> {
        let folder = AttemptFolder::new(&self.config.runs_dir, job_id, attempt);
        Ok(tokio::task::spawn_blocking(move || folder.run(job_id, attempt)).await.unwrap_or(None))
    }

    /// Free bytes where the runs are kept.
    pub fn free_disk_bytes(&self) -> Option<u64> {
        let stat = rustix::fs::statvfs(&self.config.runs_dir).ok()?;
        stat.f_bavail.checked_mul(stat.f_frsize)
    }

    /// The specification of a run, while it is kept.
    pub fn specification(&self, handle: &RunHandle) -> Option<RunSpec> {
        AttemptFolder::of(&self.config.runs_dir, handle)?.specification()
    }

    /// The folder of a run's job: `adapter/` below it holds the files of one that has completed.
    pub fn job_folder(&self, handle: &RunHandle) -> Option<PathBuf> {
        Some(AttemptFolder::of(&self.config.runs_dir, handle)?.job().to_owned())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    fn folder(&self, handle: &RunHandle) -> Result<AttemptFolder, ClusterError> {
        AttemptFolder::of(&self.config.runs_dir, handle)
            .filter(AttemptFolder::was_started)
            .ok_or_else(|| ClusterError::Unknown { handle: handle.clone() })
    }

    /// Starts the child of a run whose folder is fresh.
    fn start(&self, spec: &RunSpec, folder: &AttemptFolder, handle: &RunHandle) -> Result<(), ClusterError> {
        let mut spec = spec.clone();
        spec.output.dir = folder.job().to_owned();
        spec.kernel_cache.clone_from(&self.config.kernel_cache);
        let files = |e| start_error("the run's folder could not be prepared", e);
        folder.create().map_err(files)?;
        folder.write_json("run.json", &spec).map_err(files)?;
        let owner = folder.own().map_err(files)?;
        let stderr = OpenOptions::new().append(true).create(true).open(folder.stderr()).map_err(files)?;
        let stdout = folder.create_events().map_err(files)?;
        let spawned = self.command(folder, stdout, stderr).spawn();
        let child = spawned.map_err(|error| {
            // Nothing ran: the same attempt may be submitted again.
            let _ = std::fs::remove_file(folder.events());
            start_error(&format!("the trainer {} could not be started", self.config.program.display()), error)
        })?;
        if let Some(pid) = child.id().and_then(|id| i32::try_from(id).ok()) {
            if let Err(error) = folder.record_process(ProcessRecord { pid, attempt_id: spec.attempt_id }) {
                tracing::warn!(%handle, %error, "the process id of a run could not be written");
            }
            let _ = setpriority_process(Pid::from_raw(pid), NICENESS);
        }
        self.state().children.insert(handle.clone(), folder.clone());
        self.watchers.spawn(watch(child, owner, folder.clone(), handle.clone(), Arc::clone(&self.state)));
        Ok(())
    }

    fn command(&self, folder: &AttemptFolder, stdout: std::fs::File, stderr: std::fs::File) -> Command {
        let mut command = Command::new(&self.config.program);
        command
            .args(["train", "--watch-stdin", "--spec"])
            .arg(folder.file("run.json"))
            .envs(self.config.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(stdout)
            .stderr(stderr)
            .process_group(0);
        command
    }

    /// Makes sure that no process of a run is alive: asks, waits, kills.
    async fn stop(&self, folder: &AttemptFolder) -> Result<(), ClusterError> {
        if gone(folder) {
            return Ok(());
        }
        signal(folder, Signal::TERM);
        if wait_until_gone(folder, self.config.grace).await {
            return Ok(());
        }
        signal(folder, Signal::KILL);
        if wait_until_gone(folder, KILL_WAIT).await {
            return Ok(());
        }
        Err(ClusterError::Transient { message: format!("a run in {} does not end", folder.job().display()), source: None })
    }

    /// How a run stands, and whether to wait for it to change.
    fn look(&self, handle: &RunHandle, folder: &AttemptFolder) -> RunState {
        if let Some(exit) = folder.exit() {
            return RunState::Ended { exit, last_lines: tail::last_lines(&folder.stderr(), LAST_LINES) };
        }
        let (owned, alive) = (folder.is_owned(), folder.is_alive());
        if alive && !owned {
            self.end_orphan(handle, folder);
        }
        if owned || alive {
            return RunState::Running;
        }
        // Its owner may have recorded the end since the first look.
        match folder.exit() {
            Some(exit) => RunState::Ended { exit, last_lines: tail::last_lines(&folder.stderr(), LAST_LINES) },
            None => RunState::Lost { last_lines: tail::last_lines(&folder.stderr(), LAST_LINES) },
        }
    }

    /// A run whose owner died has seen its standard input close and is leaving; it is killed when it takes too long.
    fn end_orphan(&self, handle: &RunHandle, folder: &AttemptFolder) {
        let since = *self.state().orphans.entry(handle.clone()).or_insert_with(Instant::now);
        if since.elapsed() > self.config.grace {
            tracing::warn!(%handle, "a run outlived the process that started it and is killed");
            signal(folder, Signal::KILL);
        }
    }

    async fn read(&self, handle: &RunHandle, folder: &AttemptFolder, after_seq: u64) -> Result<tail::Tail, ClusterError> {
        let path = folder.events();
        let cursor = self.state().cursors.get(handle).map(|cursors| cursors.nearest(after_seq)).unwrap_or_default();
        let read = tokio::task::spawn_blocking(move || tail::read(&path, cursor, after_seq)).await;
        let tail = read
            .map_err(io::Error::other)
            .and_then(|result| result)
            .map_err(|e| ClusterError::transient(format!("the events of run {handle} could not be read"), e))?;
        if tail.skipped > 0 {
            tracing::warn!(%handle, lines = tail.skipped, "the trainer wrote lines that are no events; they are skipped");
        }
        self.state().cursors.entry(handle.clone()).or_default().keep(tail.cursor);
        Ok(tail)
    }
}

#[async_trait]
impl TrainingCluster for LocalCluster {
    async fn submit(&self, spec: &RunSpec) -> Result<RunHandle, ClusterError> {
        let handle = AttemptFolder::handle(spec.job_id, spec.attempt);
        let folder = AttemptFolder::new(&self.config.runs_dir, spec.job_id, spec.attempt);
        let _one_at_a_time = self.submitting.lock().await;
        if folder.was_started() {
            return match folder.process() {
                Some(process) if process.attempt_id != spec.attempt_id => Err(ClusterError::Permanent {
                    message: format!("run {handle} belongs to another attempt; empty the folder of runs or retry the job"),
                    source: None,
                }),
                _ => Ok(handle),
            };
        }
        let running = u32::try_from(self.state().children.len()).unwrap_or(u32::MAX);
        if running >= self.config.max_parallel {
            return Err(ClusterError::Busy { capacity: self.config.max_parallel });
        }
        for attempt in folder.siblings() {
            self.stop(&attempt).await?;
        }
        self.start(spec, &folder, &handle)?;
        Ok(handle)
    }

    async fn events(&self, handle: &RunHandle, seen: &Seen, wait: Duration) -> Result<EventBatch, ClusterError> {
        let folder = self.folder(handle)?;
        let until = Instant::now() + wait;
        loop {
            // First the state, then the events: all that was written before the end is then in the batch.
            let state = self.look(handle, &folder);
            let tail = self.read(handle, &folder, seen.seq).await?;
            let state = if tail.drained { state } else { RunState::Running };
            if !tail.events.is_empty() || state != RunState::Running || Instant::now() >= until {
                return Ok(EventBatch { events: tail.events, state, artifact_urls: BTreeMap::new() });
            }
            sleep(POLL.min(until.saturating_duration_since(Instant::now()))).await;
        }
    }

    async fn cancel(&self, handle: &RunHandle) -> Result<(), ClusterError> {
        match self.folder(handle) {
            Ok(folder) => self.stop(&folder).await,
            Err(ClusterError::Unknown { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn forget(&self, handle: &RunHandle) -> Result<(), ClusterError> {
        let Ok(folder) = self.folder(handle) else { return Ok(()) };
        self.stop(&folder).await?;
        {
            let mut state = self.state();
            state.cursors.remove(handle);
            state.orphans.remove(handle);
        }
        let removed = tokio::task::spawn_blocking(move || folder.remove_bulk()).await;
        removed
            .map_err(io::Error::other)
            .and_then(|result| result)
            .map_err(|e| ClusterError::transient(format!("the files of run {handle} could not be removed"), e))
    }

    async fn kept(&self) -> Result<Vec<JobId>, ClusterError> {
        let runs_dir = self.config.runs_dir.clone();
        let listed = tokio::task::spawn_blocking(move || folder::jobs(&runs_dir)).await;
        let listed = listed.map_err(io::Error::other).and_then(|result| result);
        listed.map_err(|e| ClusterError::transient("the folder of runs could not be read", e))
    }

    async fn remove(&self, job: JobId) -> Result<(), ClusterError> {
        let folder = AttemptFolder::new(&self.config.runs_dir, job, 0);
        let attempts = folder.siblings();
        if !attempts.iter().all(gone) {
            return Ok(());
        }
        let ours = |handle: &RunHandle| handle.0.starts_with(&format!("{job}/"));
        {
            let mut state = self.state();
            state.cursors.retain(|handle, _| !ours(handle));
            state.orphans.retain(|handle, _| !ours(handle));
        }
        let removed = tokio::task::spawn_blocking(move || std::fs::remove_dir_all(folder.job())).await;
        match removed.map_err(io::Error::other).and_then(|result| result) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => {
                Err(ClusterError::transient(format!("the files of job {job} could not be removed"), e))
            }
            _ => Ok(()),
        }
    }

    async fn health(&self) -> ClusterHealth {
        let problem = if let Err(error) = std::fs::create_dir_all(&self.config.runs_dir) {
            Some(format!("the folder of runs {} cannot be used: {error}", self.config.runs_dir.display()))
        } else {
            (!self.config.program.exists()).then(|| format!("there is no trainer at {}", self.config.program.display()))
        };
        ClusterHealth {
            ok: problem.is_none(),
            message: problem.unwrap_or_else(|| "child processes of this machine".to_owned()),
            running: u32::try_from(self.state().children.len()).unwrap_or(u32::MAX),
            capacity: Some(self.config.max_parallel),
            instance_types: None,
            nodes: Vec::new(),
        }
    }

    async fn alive(&self) -> Result<Vec<AliveRun>, ClusterError> {
        Ok(self.runs(true).await?.into_iter().map(|run| AliveRun { handle: run.handle, run: run.run, origin: run.origin }).collect())
    }

    async fn shutdown(&self) {
        let children: Vec<AttemptFolder> = self.state().children.values().cloned().collect();
        for folder in &children {
            signal(folder, Signal::TERM);
        }
        for folder in &children {
            if let Err(error) = self.stop(folder).await {
                tracing::warn!(%error, "a run could not be stopped");
            }
        }
        self.watchers.close();
        let _ = tokio::time::timeout(KILL_WAIT, self.watchers.wait()).await;
    }
}

/// Waits for a child and records how it ended. Holds its standard input open, and the owner's lock until the end is recorded.
async fn watch(mut child: Child, owner: std::fs::File, folder: AttemptFolder, handle: RunHandle, state: Arc<Mutex<State>>) {
    let stdin = child.stdin.take();
    let exit = match child.wait().await {
        Ok(status) => describe(status),
        Err(error) => {
            tracing::error!(%handle, %error, "the end of a run could not be observed");
            Exit { code: None, signal: None }
        }
    };
    if let Err(error) = folder.record_exit(exit) {
        tracing::error!(%handle, %error, "the end of a run could not be written");
    }
    tracing::debug!(%handle, %exit, "run ended");
    lock(&state).children.remove(&handle);
    drop((stdin, owner));
}

fn describe(status: ExitStatus) -> Exit {
    Exit { code: status.code(), signal: status.signal() }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    // Every change of the state is one call on a map, so it is whole even after a panic.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn gone(folder: &AttemptFolder) -> bool {
    !folder.is_alive() && !folder.is_owned()
}

async fn wait_until_gone(folder: &AttemptFolder, limit: Duration) -> bool {
    let until = Instant::now() + limit;
    while !gone(folder) {
        if Instant::now() >= until {
            return false;
        }
        sleep(POLL / 2).await;
    }
    true
}

/// Signals a run's process group, which exists for as long as the run holds its lock.
fn signal(folder: &AttemptFolder, signal: Signal) {
    if !folder.is_alive() {
        return;
    }
    if let Some(group) = folder.process().and_then(|process| Pid::from_raw(process.pid)) {
        let _ = kill_process_group(group, signal);
    }
}

fn start_error(message: &str, error: io::Error) -> ClusterError {
    use io::ErrorKind::{InvalidInput, NotADirectory, NotFound, PermissionDenied, ReadOnlyFilesystem, StorageFull};
    match error.kind() {
        StorageFull => ClusterError::transient(format!("{message}: the disk is full; free some space"), error),
        NotFound | PermissionDenied | NotADirectory | ReadOnlyFilesystem | InvalidInput => {
            ClusterError::permanent(format!("{message}; check the settings of the server"), error)
        }
        _ => ClusterError::transient(message, error),
    }
}
