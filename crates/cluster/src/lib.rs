//! Where training runs: one trait, one adapter a kind of cluster.
//!
//! Owns how a run is submitted, followed, cancelled and forgotten. A cluster gets a [`RunSpec`] and answers with [`TrainerEvent`]s; it sees
//! neither the database nor a storage credential. Imports domain; never app, db or the numerics.

pub mod callback;
mod error;
mod http;
mod local;

pub use domain::cluster_api::RunName;
pub use domain::run::{Exit, RunSpec, TrainerEvent, TrainerEventKind};
pub use error::ClusterError;
pub use http::{Delivered, HttpCluster, HttpConfig, Messenger, Timing};
pub use local::{LocalCluster, LocalConfig, LocalRun};

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use domain::JobId;
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};

/// A place that trains.
#[async_trait]
pub trait TrainingCluster: Send + Sync {
    /// Starts a run. Idempotent by the attempt id: a second submission of the same attempt returns the same handle and starts nothing, and
    /// no two attempts of one job ever run at once where the cluster can be reached. `output.dir` of the specification is the cluster's to
    /// choose.
    ///
    /// # Errors
    /// [`ClusterError::Busy`] when all places are taken; otherwise when the run could not be started.
    async fn submit(&self, spec: &RunSpec) -> Result<RunHandle, ClusterError>;

    /// The events after those seen, in order, each once. Waits up to `wait` for the first when the run goes on and has none.
    /// [`RunState`] is only other than running once every event has been handed over.
    ///
    /// # Errors
    /// When the cluster cannot be asked, or does not know the run.
    async fn events(&self, handle: &RunHandle, seen: &Seen, wait: Duration) -> Result<EventBatch, ClusterError>;

    /// Stops a run with a checkpoint where it still can write one. Returns once the run is gone; to cancel what has ended, or what the
    /// cluster does not know, is no error.
    ///
    /// # Errors
    /// When the run could not be stopped.
    async fn cancel(&self, handle: &RunHandle) -> Result<(), ClusterError>;

    /// Drops what the cluster keeps of an ended run's job beside its events: checkpoints, adapter, specification.
    ///
    /// # Errors
    /// When it could not be removed.
    async fn forget(&self, handle: &RunHandle) -> Result<(), ClusterError>;

    /// The jobs of which files are kept on this machine.
    ///
    /// # Errors
    /// When it cannot be told.
    async fn kept(&self) -> Result<Vec<JobId>, ClusterError> {
        Ok(Vec::new())
    }

    /// Removes all that is kept of a job on this machine, unless a run of it is alive.
    ///
    /// # Errors
    /// When it could not be removed.
    async fn remove(&self, _job: JobId) -> Result<(), ClusterError> {
        Ok(())
    }

    /// Whether runs can be submitted, and what there is to run them on.
    async fn health(&self) -> ClusterHealth;

    /// The runs that are alive, as far as the cluster can tell: so that one that nobody wants any more is found.
    ///
    /// # Errors
    /// When the cluster cannot be asked.
    async fn alive(&self) -> Result<Vec<AliveRun>, ClusterError>;

    /// Reads a file of a finished run from an address of [`EventBatch::artifact_urls`].
    ///
    /// # Errors
    /// When it cannot be read.
    async fn fetch(&self, url: &str) -> Result<BoxStream<'static, std::io::Result<Bytes>>, ClusterError> {
        Err(ClusterError::Permanent { message: format!("this cluster keeps no files; {url} cannot be read"), source: None })
    }

    /// This process is about to leave: stops, with a checkpoint, the runs that cannot outlive it.
    async fn shutdown(&self) {}
}

/// What a cluster calls a run. Opaque to everybody else; stored with the attempt.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunHandle(pub String);

impl fmt::Display for RunHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the caller has taken in of a run. A cluster that only tells how a run stands now needs it to say what is new.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Seen {
    /// Number of the last event.
    pub seq: u64,
    /// When the run reported that it runs.
    pub started_at: Option<DateTime<Utc>>,
    /// Seconds since then, at the last event.
    pub elapsed_seconds: f64,
    /// 0 to 100.
    pub progress: f64,
    /// From 1.
    pub epoch: Option<u32>,
    /// Optimiser steps done.
    pub step: Option<u64>,
    /// Step of the newest figures.
    pub metrics_step: Option<u64>,
    /// Learning rate of the newest figures.
    pub learning_rate: Option<f64>,
    /// What it was last said to be doing.
    pub stage_message: Option<String>,
}

impl Seen {
    /// The events up to this number.
    pub fn up_to(seq: u64) -> Self {
        Self { seq, ..Self::default() }
    }
}

/// Events of a run and how the run stands after them.
#[derive(Debug, Clone, PartialEq)]
pub struct EventBatch {
    /// In order, each number once.
    pub events: Vec<TrainerEvent>,
    /// How the run stands.
    pub state: RunState,
    /// Where the files of a finished run can be read, by name, when the cluster keeps them instead of putting them to the signed addresses.
    pub artifact_urls: BTreeMap<String, String>,
}

/// How a run stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunState {
    /// It goes on, or has more events to hand over.
    Running,
    /// It has ended.
    Ended {
        /// How.
        exit: Exit,
        /// The last lines of its error output, at most 50.
        last_lines: Vec<String>,
    },
    /// It is gone, and nobody saw how it ended.
    Lost {
        /// The last lines of its error output, at most 50.
        last_lines: Vec<String>,
    },
}

/// A run that is alive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AliveRun {
    /// What the cluster calls it.
    pub handle: RunHandle,
    /// Which attempt of which job.
    pub run: RunName,
    /// The platform that submitted it, where it said so.
    pub origin: Option<String>,
}

/// Which instance types a cluster has; within it, none means that it does not say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offer {
    /// Those that can be used now.
    pub now: Option<Vec<String>>,
    /// Those that were seen, also where their machine is silent now.
    pub ever: Option<Vec<String>>,
}

/// Whether a cluster takes runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClusterHealth {
    /// Whether runs can be submitted.
    pub ok: bool,
    /// What is wrong, or what the cluster is.
    pub message: String,
    /// Runs in progress.
    pub running: u32,
    /// Runs at once at most; none means the cluster queues by itself.
    pub capacity: Option<u32>,
    /// Instance types that it has; none means those that the catalogue says.
    pub instance_types: Option<Offer>,
    /// Its machines, where it has several.
    pub nodes: Vec<NodeState>,
}

/// One machine of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeState {
    /// Host and port.
    pub name: String,
    /// Whether it takes runs.
    pub ok: bool,
    /// What is wrong, or what it is.
    pub message: String,
    /// Version of its program, where it said so.
    pub version: Option<String>,
    /// Runs in progress.
    pub running: u32,
    /// Runs at once at most.
    pub capacity: Option<u32>,
}
