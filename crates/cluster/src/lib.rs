//! Where training runs: one trait, one adapter a kind of cluster.
//!
//! Owns how a run is submitted, followed, cancelled and forgotten. A cluster gets a [`RunSpec`] and answers with [`TrainerEvent`]s; it sees
//! neither the database nor a storage credential. Imports domain; never app, db or the numerics.

mod error;
mod local;

pub use domain::run::{RunSpec, TrainerEvent, TrainerEventKind};
pub use error::ClusterError;
pub use local::{LocalCluster, LocalConfig};

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// A place that trains.
#[async_trait]
pub trait TrainingCluster: Send + Sync {
    /// Starts a run. Idempotent by the attempt id: a second submission of the same attempt returns the same handle and starts nothing, and
    /// no two attempts of one job ever run at once. `output.dir` of the specification is the cluster's to choose.
    ///
    /// # Errors
    /// [`ClusterError::Busy`] when all places are taken; otherwise when the run could not be started.
    async fn submit(&self, spec: &RunSpec) -> Result<RunHandle, ClusterError>;

    /// The events after number `after_seq`, in order, each once. Waits up to `wait` for the first when the run goes on and has none.
    /// [`RunState`] is only other than running once every event has been handed over.
    ///
    /// # Errors
    /// When the cluster cannot be asked, or does not know the run.
    async fn events(&self, handle: &RunHandle, after_seq: u64, wait: Duration) -> Result<EventBatch, ClusterError>;

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

    /// Whether runs can be submitted.
    async fn health(&self) -> ClusterHealth;

    /// This process is about to leave: stops, with a checkpoint, the runs that cannot outlive it.
    async fn shutdown(&self) {}
}

/// What a cluster calls a run. Opaque to everybody else; stored with the attempt.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunHandle(pub String);

impl fmt::Display for RunHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Events of a run and how the run stands after them.
#[derive(Debug, Clone, PartialEq)]
pub struct EventBatch {
    /// In order, each number once.
    pub events: Vec<TrainerEvent>,
    /// How the run stands.
    pub state: RunState,
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

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    /// Exit code, where it left by itself.
    pub code: Option<i32>,
    /// Signal that killed it.
    pub signal: Option<i32>,
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.code, self.signal) {
            (_, Some(9)) => f.write_str("killed by signal 9 (often: out of memory)"),
            (_, Some(signal)) => write!(f, "killed by signal {signal}"),
            (Some(code), None) => write!(f, "exit code {code}"),
            (None, None) => f.write_str("ended in an unknown way"),
        }
    }
}

/// Whether a cluster takes runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterHealth {
    /// Whether runs can be submitted.
    pub ok: bool,
    /// What is wrong, or what the cluster is.
    pub message: String,
    /// Runs in progress.
    pub running: u32,
    /// Runs at once at most; none means the cluster queues by itself.
    pub capacity: Option<u32>,
}
