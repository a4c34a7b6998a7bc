//! A machine that trains what it is sent: the other end of the GPU cluster API.
//!
//! Needs no database. What it knows of its jobs are the folders of the local cluster, so it forgets nothing when it is killed. Whoever has
//! its key may do everything; nobody else may do anything.

mod devices;
mod reporter;
mod standing;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cluster::{ClusterError, EventBatch, LocalCluster, Messenger, RunHandle, RunName, RunState, Seen, TrainingCluster};
use domain::catalogue::BaseModel;
use domain::cluster_api::{ClusterJob, ClusterJobs, Device, ListedJob, NodeHealth, Submission, Submitted, node_job_id, parse_node_job_id};
use domain::job::{JobSettings, TrainingConfig};
use domain::run::{ARTIFACT_FILES, BaseModelSource, DatasetSource, OutputTarget, RunSpec, TrainerEvent};
use domain::{AttemptId, Clock, Error, ErrorKind, JobId, Result};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use reporter::Reporter;
use standing::Standing;

/// Longest wait for the next event.
const MAX_WAIT: Duration = Duration::from_secs(20);
/// Bytes of events in one answer, about.
const MAX_BATCH_BYTES: usize = 4 * 1024 * 1024;

/// Settings of a node.
pub struct NodeConfig {
    /// The key that opens it.
    pub key: String,
    /// Address under which it is reached, without a trailing slash.
    pub public_url: String,
    /// Runs at once at most.
    pub capacity: u32,
    /// Ids of the catalogue's instance types that it stands for.
    pub instance_types: Vec<String>,
    /// What it trains on besides its processors.
    pub devices: Vec<Device>,
    /// Base models that it has; the first is for those who name none.
    pub base_models: Vec<BaseModel>,
    /// Version of the program.
    pub version: String,
}

/// A machine that trains.
pub struct Node {
    cluster: Arc<LocalCluster>,
    clock: Arc<dyn Clock>,
    config: NodeConfig,
    standings: Mutex<HashMap<RunHandle, Standing>>,
    reporter: Reporter,
    leaving: AtomicBool,
}

/// Proof that a request came with the node's key.
#[derive(Debug, Clone, Copy)]
pub struct KeyHolder(());

impl Node {
    /// A node over a folder of runs; those that an earlier process left there are known.
    ///
    /// # Errors
    /// When it has no means to report to a platform.
    pub fn new(cluster: Arc<LocalCluster>, clock: Arc<dyn Clock>, config: NodeConfig) -> Result<Self> {
        let messenger = Messenger::new().map_err(outside)?;
        let reporter = Reporter::new(Arc::clone(&cluster), Arc::clone(&clock), messenger);
        Ok(Self { cluster, clock, config, standings: Mutex::default(), reporter, leaving: AtomicBool::new(false) })
    }

    /// Takes up what an earlier process was about to report. Once, at the start.
    ///
    /// # Errors
    /// When the folder of runs cannot be read.
    pub async fn resume(&self) -> Result<()> {
        for run in self.cluster.runs(false).await.map_err(outside)? {
            if let Some(spec) = self.cluster.specification(&run.handle) {
                self.reporter.report(run.handle, spec);
            }
        }
        Ok(())
    }

    /// Lets in who has the key. The comparison takes as long for every wrong key.
    ///
    /// # Errors
    /// `UNAUTHORIZED`.
    pub fn admit(&self, token: Option<&str>) -> Result<KeyHolder> {
        let (given, right) = (Sha256::digest(token.unwrap_or_default()), Sha256::digest(&self.config.key));
        let holds = token.is_some() && bool::from(given.ct_eq(&right));
        holds
            .then_some(KeyHolder(()))
            .ok_or_else(|| Error::new(ErrorKind::Unauthenticated, "UNAUTHORIZED", "Send the node's key as `Authorization: Bearer …`."))
    }

    /// Starts a job, once for each attempt or key of a submission.
    ///
    /// # Errors
    /// With the field at fault; `BUSY` when all places are taken; when it cannot be started.
    pub async fn submit(&self, _: KeyHolder, submission: Submission, key: Option<&str>) -> Result<Submitted> {
        if self.leaving.load(Ordering::SeqCst) {
            return Err(busy("The node is about to stop; submit the job to another."));
        }
        let spec = self.specification(submission, key)?;
        let known = self.cluster.run(spec.job_id, spec.attempt).await.map_err(outside)?.is_some();
        let handle = self.cluster.submit(&spec).await.map_err(outside)?;
        let job_id = node_job_id(spec.job_id, spec.attempt);
        if !known {
            tracing::info!(job = %spec.job_id, attempt = spec.attempt, "a job was submitted");
            self.reporter.report(handle, spec);
        }
        Ok(Submitted { job_id })
    }

    /// How a job stands, with its events after `since`; without that, with none. Waits up to `wait` for the first.
    ///
    /// # Errors
    /// `JOB_NOT_FOUND`.
    pub async fn job(&self, _: KeyHolder, id: &str, since: Option<u64>, wait: Duration) -> Result<ClusterJob> {
        let (handle, name) = self.find(id).await?;
        let from = since.unwrap_or_else(|| self.standing(&handle).seq());
        let wait = if since.is_some() { wait.min(MAX_WAIT) } else { Duration::ZERO };
        let mut batch = self.cluster.events(&handle, &Seen::up_to(from), wait).await.map_err(outside)?;
        self.note(&handle, &batch.events);
        if since.is_none() || (batch.state != RunState::Running && !self.standing(&handle).has_last_word()) {
            batch.state = self.catch_up(&handle, batch.state).await?;
        }
        let events = if since.is_some() { bounded(&mut batch, MAX_BATCH_BYTES) } else { Vec::new() };
        Ok(self.describe(id, name, &handle, events, batch.state))
    }

    /// What the node has.
    ///
    /// # Errors
    /// When its folder cannot be read.
    pub async fn jobs(&self, _: KeyHolder, active_only: bool) -> Result<ClusterJobs> {
        let runs = self.cluster.runs(active_only).await.map_err(outside)?;
        let listed = runs.into_iter().map(|run| ListedJob {
            job_id: node_job_id(run.run.job_id, run.run.attempt),
            running: run.alive,
            run: run.run,
            origin: run.origin,
        });
        Ok(ClusterJobs { jobs: listed.collect() })
    }

    /// Stops a job, with a checkpoint where it still can write one; returns when it is gone.
    ///
    /// # Errors
    /// `JOB_NOT_FOUND`; unavailable when it does not end.
    pub async fn cancel(&self, holder: KeyHolder, id: &str) -> Result<ClusterJob> {
        let (handle, _) = self.find(id).await?;
        self.cluster.cancel(&handle).await.map_err(outside)?;
        self.job(holder, id, None, Duration::ZERO).await
    }

    /// Drops what is kept of an ended job beside its events; stops it where it has not ended.
    ///
    /// # Errors
    /// `JOB_NOT_FOUND`.
    pub async fn forget(&self, _: KeyHolder, id: &str) -> Result<()> {
        let (handle, _) = self.find(id).await?;
        self.cluster.forget(&handle).await.map_err(outside)?;
        self.standings().remove(&handle);
        Ok(())
    }

    /// A file of a completed job that was not put to a signed address.
    ///
    /// # Errors
    /// `JOB_NOT_FOUND`, `ARTIFACT_NOT_FOUND`.
    pub async fn artifact(&self, _: KeyHolder, id: &str, name: &str) -> Result<tokio::fs::File> {
        let (handle, _) = self.find(id).await?;
        let known = ARTIFACT_FILES.contains(&name);
        let path = self.cluster.job_folder(&handle).filter(|_| known).map(|folder| folder.join("adapter").join(name));
        let absent = || Error::not_found("ARTIFACT_NOT_FOUND", "file of the job");
        tokio::fs::File::open(path.ok_or_else(absent)?).await.map_err(|_| absent())
    }

    /// How the node is, and what it has.
    pub async fn health(&self, _: KeyHolder) -> NodeHealth {
        let health = self.cluster.health().await;
        let leaving = self.leaving.load(Ordering::SeqCst);
        let running = self.cluster.runs(true).await;
        let message = match &running {
            Err(error) => error.to_string(),
            Ok(_) if leaving => "about to stop".to_owned(),
            Ok(_) => health.message,
        };
        NodeHealth {
            ok: health.ok && !leaving && running.is_ok(),
            message,
            version: self.config.version.clone(),
            devices: devices::present(&self.config.devices).await,
            instance_types: self.config.instance_types.clone(),
            base_models: self.config.base_models.iter().map(|m| format!("{}@{}", m.id, m.revision)).collect(),
            capacity: self.config.capacity,
            running_jobs: running.unwrap_or_default().iter().map(|r| node_job_id(r.run.job_id, r.run.attempt)).collect(),
            free_disk_bytes: self.cluster.free_disk_bytes(),
        }
    }

    /// Takes no more jobs, and stops those that run, each with a checkpoint. Whether there were any.
    pub async fn leave(&self) -> bool {
        self.leaving.store(true, Ordering::SeqCst);
        let had_jobs = self.cluster.health().await.running > 0;
        self.cluster.shutdown().await;
        self.reporter.leave().await;
        had_jobs
    }

    async fn find(&self, id: &str) -> Result<(RunHandle, RunName)> {
        let absent = || Error::not_found("JOB_NOT_FOUND", "job");
        let (job_id, attempt) = parse_node_job_id(id).ok_or_else(absent)?;
        let run = self.cluster.run(job_id, attempt).await.map_err(outside)?.ok_or_else(absent)?;
        Ok((run.handle, run.run))
    }

    /// What the trainer is asked to do. What it needs from this machine comes from this machine.
    fn specification(&self, submission: Submission, key: Option<&str>) -> Result<RunSpec> {
        let gpu = submission.gpu_config.clone();
        if !self.config.instance_types.contains(&gpu.instance_type) {
            let has = self.config.instance_types.join(", ");
            return Err(Error::invalid("gpu_config.instanceType", format!("This node is no '{}'; it is: {has}.", gpu.instance_type)));
        }
        let mut spec = match submission.run {
            Some(run) => *run,
            None => self.plain(&submission, key)?,
        };
        // A folder of this machine is not for others to name.
        if let Some(parent) = &mut spec.parent {
            parent.path = None;
        }
        spec.config.hyperparameters.validate()?;
        spec.config.settings.validate()?;
        let url = spec.dataset.url.as_deref().unwrap_or_default();
        if spec.dataset.path.is_some() || !(url.starts_with("https://") || url.starts_with("http://")) {
            return Err(Error::invalid("dataset_url", "The data set must be named by a signed http or https address."));
        }
        let BaseModelSource { id, revision, .. } = &spec.base_model;
        let found = self.config.base_models.iter().find(|m| m.id == *id && m.revision == *revision);
        let Some(model) = found else {
            let has: Vec<String> = self.config.base_models.iter().map(|m| format!("{} ({})", m.id, m.revision)).collect();
            let why = format!("This node has no base model {id} of revision {revision}; it has: {}.", has.join(", "));
            return Err(Error::invalid("run.baseModel", why));
        };
        spec.base_model = BaseModelSource::of(model);
        Ok(spec)
    }

    /// A run for those who only know the fields of the specification.
    fn plain(&self, submission: &Submission, key: Option<&str>) -> Result<RunSpec> {
        let model = self.config.base_models.first().ok_or_else(|| Error::conflict("NO_BASE_MODEL", "This node has no base model."))?;
        // The same key names the same job, so that a submission that is repeated starts nothing.
        let id = key.map_or_else(Uuid::now_v7, |key| {
            let hash = Sha256::digest(key);
            let mut bytes = [0; 16];
            bytes.copy_from_slice(&hash[..16]);
            uuid::Builder::from_custom_bytes(bytes).into_uuid()
        });
        Ok(RunSpec {
            job_id: JobId(id),
            attempt_id: AttemptId(id),
            attempt: 1,
            base_model: BaseModelSource::of(model),
            dataset: DatasetSource { url: Some(submission.dataset_url.clone()), path: None, format: None, sha256: None, size: None },
            config: TrainingConfig { hyperparameters: submission.hyperparameters.clone(), settings: JobSettings::default() },
            output: OutputTarget { dir: PathBuf::from(id.to_string()), uploads: BTreeMap::new() },
            gpu: Some(submission.gpu_config.clone()),
            callback: None,
            resume_from: None,
            parent: None,
            memory_limit: None,
            threads: None,
            kernel_cache: None,
            provenance: BTreeMap::new(),
        })
    }

    /// Reads every event that was not looked at yet.
    async fn catch_up(&self, handle: &RunHandle, mut state: RunState) -> Result<RunState> {
        loop {
            let from = self.standing(handle).seq();
            let batch = self.cluster.events(handle, &Seen::up_to(from), Duration::ZERO).await.map_err(outside)?;
            self.note(handle, &batch.events);
            state = if batch.events.is_empty() { state } else { batch.state };
            if self.standing(handle).seq() == from {
                return Ok(state);
            }
        }
    }

    fn describe(&self, id: &str, run: RunName, handle: &RunHandle, events: Vec<TrainerEvent>, state: RunState) -> ClusterJob {
        let uploaded = self.cluster.specification(handle).is_none_or(|spec| !spec.output.uploads.is_empty());
        let standing = self.standing(handle);
        let urls = standing
            .artifacts()
            .filter(|_| !uploaded)
            .map(|name| (name.clone(), format!("{}/jobs/{id}/artifacts/{name}", self.config.public_url)));
        let artifact_urls: BTreeMap<String, String> = urls.collect();
        standing.describe(id, run, events, artifact_urls, state, self.clock.now())
    }

    fn note(&self, handle: &RunHandle, events: &[TrainerEvent]) {
        self.standings().entry(handle.clone()).or_default().take_in(events);
    }

    fn standing(&self, handle: &RunHandle) -> Standing {
        self.standings().get(handle).cloned().unwrap_or_default()
    }

    fn standings(&self) -> MutexGuard<'_, HashMap<RunHandle, Standing>> {
        // Every change is whole after one call, and all of it can be read again from the events.
        self.standings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The events of a batch, as many as an answer may hold; the rest comes with the next.
fn bounded(batch: &mut EventBatch, most: usize) -> Vec<TrainerEvent> {
    let mut events = std::mem::take(&mut batch.events);
    let mut bytes = 0;
    let fit = events.iter().take_while(|event| {
        bytes += serde_json::to_string(event).map_or(0, |text| text.len());
        bytes <= most
    });
    let fit = fit.count().max(1).min(events.len());
    if fit < events.len() {
        events.truncate(fit);
        batch.state = RunState::Running;
    }
    events
}

fn busy(message: &str) -> Error {
    Error::new(ErrorKind::Unavailable, "BUSY", message)
}

/// A failure of the local cluster, for whoever asked.
fn outside(error: ClusterError) -> Error {
    match error {
        ClusterError::Busy { capacity } => busy(&format!("All {capacity} places of this node are taken; submit the job again later.")),
        ClusterError::Unknown { .. } => Error::not_found("JOB_NOT_FOUND", "job"),
        ClusterError::Transient { .. } => Error::unavailable("The node cannot do this now; try again.", error),
        ClusterError::Permanent { .. } => Error::internal(error),
    }
}
