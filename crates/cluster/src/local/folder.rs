//! Files of the local cluster: one folder a job, one folder an attempt in it, and who is alive by who holds which lock.
//!
//! `{runs}/{job}/attempt-{n}/`: `run.json` the specification, `events.jsonl` standard output, `stderr.log` error output, `process.json` who
//! runs, `exit.json` how it ended, `owner.lock` held by the process that started the run. The child holds a lock on `events.jsonl` through
//! the handle it inherits as standard output, so the kernel releases it with the last process of the run, whatever kills that, and a
//! process id that is used again can never be mistaken for a run.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use domain::{AttemptId, JobId};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use domain::cluster_api::ORIGIN;

use super::LocalRun;
use crate::{Exit, RunHandle, RunName, RunSpec};

/// Folder of one attempt.
#[derive(Debug, Clone)]
pub struct AttemptFolder {
    job: PathBuf,
    dir: PathBuf,
}

/// Who runs.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProcessRecord {
    /// Process id, which is also the id of its group.
    pub pid: i32,
    /// What it runs.
    pub attempt_id: AttemptId,
}

impl AttemptFolder {
    /// The folder of attempt number `attempt` of a job.
    pub fn new(runs: &Path, job: JobId, attempt: u32) -> Self {
        let job = runs.join(job.to_string());
        Self { dir: job.join(format!("attempt-{attempt}")), job }
    }

    /// The folder that a handle names; none where it is no handle of this cluster.
    pub fn of(runs: &Path, handle: &RunHandle) -> Option<Self> {
        let (job, attempt) = handle.0.split_once("/attempt-")?;
        Some(Self::new(runs, job.parse().ok()?, attempt.parse().ok()?))
    }

    /// The handle of a run.
    pub fn handle(job: JobId, attempt: u32) -> RunHandle {
        RunHandle(format!("{job}/attempt-{attempt}"))
    }

    /// Folder of the job.
    pub fn job(&self) -> &Path {
        &self.job
    }

    /// A file of the attempt.
    pub fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Where the events are.
    pub fn events(&self) -> PathBuf {
        self.file("events.jsonl")
    }

    /// Where the error output is.
    pub fn stderr(&self) -> PathBuf {
        self.file("stderr.log")
    }

    /// Makes the folder.
    pub fn create(&self) -> io::Result<()> {
        fs::create_dir_all(&self.dir)
    }

    /// Whether the run was started, by whomever.
    pub fn was_started(&self) -> bool {
        self.events().exists()
    }

    /// Whether a process of the run is alive.
    pub fn is_alive(&self) -> bool {
        is_locked(&self.events())
    }

    /// Whether the process that started the run is alive and has not yet recorded its end.
    pub fn is_owned(&self) -> bool {
        is_locked(&self.file("owner.lock"))
    }

    /// Takes the owner's lock for as long as the file is open.
    pub fn own(&self) -> io::Result<File> {
        locked(&self.file("owner.lock"))
    }

    /// Makes the file for the events; it is locked for as long as it, or a copy of it, is open.
    pub fn create_events(&self) -> io::Result<File> {
        locked(&self.events())
    }

    /// How the run ended, where its owner saw it.
    pub fn exit(&self) -> Option<Exit> {
        self.read_json("exit.json")
    }

    /// Records how the run ended.
    pub fn record_exit(&self, exit: Exit) -> io::Result<()> {
        self.write_json("exit.json", &exit)
    }

    /// Who runs.
    pub fn process(&self) -> Option<ProcessRecord> {
        self.read_json("process.json")
    }

    /// What was asked for, while that is kept.
    pub fn specification(&self) -> Option<RunSpec> {
        self.read_json("run.json")
    }

    /// The run of this folder, where it was started.
    pub fn run(&self, job_id: JobId, attempt: u32) -> Option<LocalRun> {
        let process = self.process()?;
        Some(LocalRun {
            handle: Self::handle(job_id, attempt),
            run: RunName { job_id, attempt_id: process.attempt_id, attempt },
            alive: self.is_alive() || self.is_owned(),
            origin: self.specification().and_then(|mut spec| spec.provenance.remove(ORIGIN)),
        })
    }

    /// Records who runs.
    pub fn record_process(&self, record: ProcessRecord) -> io::Result<()> {
        self.write_json("process.json", &record)
    }

    /// Writes a file that only this account can read, all or nothing.
    pub fn write_json(&self, name: &str, value: &impl Serialize) -> io::Result<()> {
        let temporary = self.file(&format!("{name}.new"));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        file.write_all(&serde_json::to_vec_pretty(value)?)?;
        file.sync_all()?;
        fs::rename(temporary, self.file(name))
    }

    fn read_json<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_slice(&fs::read(self.file(name)).ok()?).ok()
    }

    /// Every attempt of the same job that has a folder.
    pub fn siblings(&self) -> Vec<Self> {
        let Ok(entries) = fs::read_dir(&self.job) else { return Vec::new() };
        let is_attempt = |name: &str| name.strip_prefix("attempt-").is_some_and(|n| n.parse::<u32>().is_ok());
        entries
            .flatten()
            .filter(|e| e.file_name().to_str().is_some_and(is_attempt))
            .map(|e| Self { job: self.job.clone(), dir: e.path() })
            .collect()
    }

    /// Removes what is only of use while the job may go on, and the signed addresses in the specifications: all but the attempts' records.
    pub fn remove_bulk(&self) -> io::Result<()> {
        let attempts = self.siblings();
        for entry in fs::read_dir(&self.job)? {
            let path = entry?.path();
            if attempts.iter().all(|attempt| attempt.dir != path) {
                ignore_absent(if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) })?;
            }
        }
        attempts.iter().try_for_each(|attempt| ignore_absent(fs::remove_file(attempt.file("run.json"))))
    }
}

/// The runs below a folder, by job, then by attempt. What is not the folder of a run is passed over.
pub fn runs(runs: &Path) -> io::Result<Vec<LocalRun>> {
    let mut found = Vec::new();
    let entries = match fs::read_dir(runs) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        Err(error) => return Err(error),
    };
    for job_id in entries.flatten().filter_map(|e| e.file_name().to_str()?.parse::<JobId>().ok()) {
        for folder in AttemptFolder::new(runs, job_id, 1).siblings() {
            let number = folder.dir.file_name().and_then(|n| n.to_str()?.strip_prefix("attempt-")?.parse::<u32>().ok());
            found.extend(number.and_then(|attempt| folder.run(job_id, attempt)));
        }
    }
    found.sort_by_key(|run| (run.run.job_id, run.run.attempt));
    Ok(found)
}

/// Jobs that have a folder.
pub fn jobs(runs: &Path) -> io::Result<Vec<JobId>> {
    let entries = match fs::read_dir(runs) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(e),
    };
    entries.filter_map(|entry| entry.map(|e| e.file_name().to_str()?.parse().ok()).transpose()).collect()
}

fn ignore_absent(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn locked(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(io::Error::new(io::ErrorKind::ResourceBusy, format!("{} is in use", path.display()))),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Asks with a shared lock, so that two who ask at once do not see each other.
fn is_locked(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_names_a_folder_below_the_runs_and_nothing_else() {
        let runs = Path::new("/runs");
        let job = JobId(uuid::Uuid::from_u128(7));
        let handle = AttemptFolder::handle(job, 3);
        let folder = AttemptFolder::of(runs, &handle).expect("a handle");
        assert_eq!(folder.events(), runs.join(job.to_string()).join("attempt-3/events.jsonl"));
        for text in ["", "x", "../../etc/attempt-1", "x/attempt-1", "00000000-0000-0000-0000-000000000007/attempt-../1"] {
            assert!(AttemptFolder::of(runs, &RunHandle(text.to_owned())).is_none(), "{text}");
        }
    }

    #[test]
    fn a_lock_is_seen_while_it_is_held() {
        let runs = tempfile::tempdir().expect("folder");
        let folder = AttemptFolder::new(runs.path(), JobId(uuid::Uuid::from_u128(1)), 1);
        folder.create().expect("made");
        assert!(!folder.was_started() && !folder.is_alive());
        let file = folder.create_events().expect("made");
        assert!(folder.was_started() && folder.is_alive() && folder.create_events().is_err());
        drop(file);
        assert!(!folder.is_alive());
    }
}
