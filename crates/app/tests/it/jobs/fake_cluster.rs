//! A cluster whose runs are played by the test.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

use chrono::{DateTime, Utc};
use cluster::{
    AliveRun, ClusterError, ClusterHealth, EventBatch, Exit, RunHandle, RunName, RunSpec, RunState, Seen, TrainerEvent, TrainerEventKind,
    TrainingCluster,
};
use domain::JobId;
use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::sync::watch;

/// A run as the cluster knows it.
#[derive(Debug, Clone)]
pub struct Run {
    pub spec: RunSpec,
    pub events: Vec<TrainerEvent>,
    pub state: RunState,
    pub cancelled: bool,
    pub forgotten: bool,
}

/// Plays runs. Says of itself how often it was asked to do what.
pub struct FakeCluster {
    runs: Mutex<BTreeMap<String, Run>>,
    refusals: Mutex<VecDeque<ClusterError>>,
    changed: watch::Sender<u64>,
    pub capacity: Mutex<Option<u32>>,
    pub submissions: Mutex<u32>,
    pub shut_down: Mutex<bool>,
    /// Nothing is heard of the cluster.
    pub unreachable: Mutex<bool>,
    /// What a run says when it is told to stop.
    pub last_word: Mutex<Option<TrainerEvent>>,
    /// Files that the cluster keeps, by address.
    pub files: Mutex<BTreeMap<String, Vec<u8>>>,
}

impl Default for FakeCluster {
    fn default() -> Self {
        Self {
            runs: Mutex::default(),
            refusals: Mutex::default(),
            changed: watch::Sender::new(0),
            capacity: Mutex::new(None),
            submissions: Mutex::new(0),
            shut_down: Mutex::new(false),
            unreachable: Mutex::new(false),
            last_word: Mutex::new(None),
            files: Mutex::default(),
        }
    }
}

pub fn ended(code: Option<i32>, signal: Option<i32>, last: &str) -> RunState {
    RunState::Ended { exit: Exit { code, signal }, last_lines: if last.is_empty() { Vec::new() } else { vec![last.to_owned()] } }
}

impl FakeCluster {
    fn change(&self, act: impl FnOnce(&mut BTreeMap<String, Run>)) {
        act(&mut self.runs.lock().expect("no panic"));
        self.changed.send_modify(|n| *n += 1);
    }

    /// The next submissions fail like this.
    pub fn refuse(&self, error: ClusterError) {
        self.refusals.lock().expect("no panic").push_back(error);
    }

    /// Waits until attempt `attempt` of a job was submitted.
    pub async fn submitted(&self, job: JobId, attempt: u32) -> RunSpec {
        let name = name(job, attempt);
        let mut changed = self.changed.subscribe();
        loop {
            changed.borrow_and_update();
            if let Some(run) = self.runs.lock().expect("no panic").get(&name) {
                return run.spec.clone();
            }
            let waited = tokio::time::timeout(Duration::from_secs(20), changed.changed()).await;
            waited.expect("the attempt is submitted in time").expect("the cluster lives");
        }
    }

    /// The run says something, `elapsed` seconds after it started.
    pub fn say(&self, job: JobId, attempt: u32, at: DateTime<Utc>, elapsed: f64, kind: TrainerEventKind) {
        self.change(|runs| {
            let run = runs.get_mut(&name(job, attempt)).expect("submitted");
            let seq = run.events.len() as u64 + 1;
            run.events.push(TrainerEvent { seq, at, elapsed_seconds: elapsed, kind });
        });
    }

    /// The run ends.
    pub fn end(&self, job: JobId, attempt: u32, state: RunState) {
        self.change(|runs| runs.get_mut(&name(job, attempt)).expect("submitted").state = state);
    }

    /// The cluster knows nothing of the run any more.
    pub fn lose(&self, job: JobId, attempt: u32) {
        self.change(|runs| drop(runs.remove(&name(job, attempt)).expect("submitted")));
    }

    pub fn run(&self, job: JobId, attempt: u32) -> Run {
        self.runs.lock().expect("no panic").get(&name(job, attempt)).expect("submitted").clone()
    }

    fn artifact_urls(&self) -> BTreeMap<String, String> {
        let name = |url: &String| url.rsplit('/').next().unwrap_or_default().to_owned();
        self.files.lock().expect("no panic").keys().map(|url| (name(url), url.clone())).collect()
    }

    pub fn runs(&self) -> usize {
        self.runs.lock().expect("no panic").len()
    }
}

fn name(job: JobId, attempt: u32) -> String {
    format!("{job}/attempt-{attempt}")
}

#[async_trait::async_trait]
impl TrainingCluster for FakeCluster {
    async fn submit(&self, spec: &RunSpec) -> Result<RunHandle, ClusterError> {
        *self.submissions.lock().expect("no panic") += 1;
        if let Some(error) = self.refusals.lock().expect("no panic").pop_front() {
            return Err(error);
        }
        let name = name(spec.job_id, spec.attempt);
        self.change(|runs| {
            let run = Run { spec: spec.clone(), events: Vec::new(), state: RunState::Running, cancelled: false, forgotten: false };
            runs.entry(name.clone()).or_insert(run);
        });
        Ok(RunHandle(name))
    }

    async fn events(&self, handle: &RunHandle, seen: &Seen, wait: Duration) -> Result<EventBatch, ClusterError> {
        let mut changed = self.changed.subscribe();
        let deadline = tokio::time::Instant::now() + wait;
        loop {
            if *self.unreachable.lock().expect("no panic") {
                return Err(ClusterError::Transient { message: "nobody answers".to_owned(), source: None });
            }
            changed.borrow_and_update();
            let run = self.runs.lock().expect("no panic").get(&handle.0).cloned();
            let run = run.ok_or_else(|| ClusterError::Unknown { handle: handle.clone() })?;
            let events: Vec<_> = run.events.into_iter().filter(|e| e.seq > seen.seq).collect();
            let late = tokio::time::timeout_at(deadline, async {
                if events.is_empty() && run.state == RunState::Running {
                    let _ = changed.changed().await;
                    return true;
                }
                false
            });
            if late.await != Ok(true) {
                return Ok(EventBatch { events, state: run.state, artifact_urls: self.artifact_urls() });
            }
        }
    }

    async fn cancel(&self, handle: &RunHandle) -> Result<(), ClusterError> {
        self.change(|runs| {
            if let Some(run) = runs.get_mut(&handle.0) {
                run.cancelled = true;
                let word = self.last_word.lock().expect("no panic").take();
                run.events.extend(word.map(|word| TrainerEvent { seq: run.events.len() as u64 + 1, ..word }));
                if run.state == RunState::Running {
                    run.state = ended(Some(0), None, "");
                }
            }
        });
        Ok(())
    }

    async fn forget(&self, handle: &RunHandle) -> Result<(), ClusterError> {
        self.change(|runs| {
            if let Some(run) = runs.get_mut(&handle.0) {
                run.forgotten = true;
            }
        });
        Ok(())
    }

    async fn health(&self) -> ClusterHealth {
        let running = self.runs.lock().expect("no panic").values().filter(|r| r.state == RunState::Running).count();
        let running = u32::try_from(running).expect("few");
        let capacity = *self.capacity.lock().expect("no panic");
        ClusterHealth { ok: true, message: "played".into(), running, capacity, ..ClusterHealth::default() }
    }

    async fn alive(&self) -> Result<Vec<AliveRun>, ClusterError> {
        let runs = self.runs.lock().expect("no panic");
        let alive = runs.iter().filter(|(_, run)| run.state == RunState::Running).map(|(name, run)| AliveRun {
            handle: RunHandle(name.clone()),
            run: RunName { job_id: run.spec.job_id, attempt_id: run.spec.attempt_id, attempt: run.spec.attempt },
            origin: run.spec.provenance.get("platform").cloned(),
        });
        Ok(alive.collect())
    }

    async fn fetch(&self, url: &str) -> Result<BoxStream<'static, std::io::Result<bytes::Bytes>>, ClusterError> {
        let content = self.files.lock().expect("no panic").get(url).cloned();
        let absent = || ClusterError::Permanent { message: format!("{url} is not there"), source: None };
        let content = content.ok_or_else(absent)?;
        Ok(futures::stream::once(async move { Ok(content.into()) }).boxed())
    }

    async fn shutdown(&self) {
        *self.shut_down.lock().expect("no panic") = true;
    }
}
