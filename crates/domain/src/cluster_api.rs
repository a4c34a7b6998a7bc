//! The GPU cluster API: what the platform and a machine that trains say to each other over HTTP.
//!
//! The fields of the specification are in snake case. What both ends add to it when both are BrightRun is optional: the whole run, its
//! events by number, and how it ended. A cluster of somebody else's knows none of that and still works.

use crate::id::{AttemptId, JobId};
use crate::job::{GpuConfig, Hyperparameters};
use crate::run::{Exit, RunSpec, TrainerEvent};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Name in a run's provenance of the address of the platform that submitted it.
pub const ORIGIN: &str = "platform";

/// `POST /jobs`: trains.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Submission {
    /// Signed address of the data set.
    pub dataset_url: String,
    /// Hyperparameters, named as in the platform's API.
    pub hyperparameters: Hyperparameters,
    /// The machine asked for.
    pub gpu_config: GpuConfig,
    /// Where the cluster may tell about the job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback_url: Option<String>,
    /// The whole run, for a cluster that is BrightRun; it wins over the fields above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Box<RunSpec>>,
}

/// Answer to a submission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submitted {
    /// What the cluster calls the job.
    pub job_id: String,
}

/// How a job stands at a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClusterJobStatus {
    /// Accepted; its trainer does not run yet.
    Queued,
    /// Its trainer runs.
    Running,
    /// It has finished, and its artifacts are complete.
    Completed,
    /// It has ended without a result.
    Failed,
    /// It was stopped, with a checkpoint where one could be written.
    Cancelled,
}

/// Figures of the newest step.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ClusterMetrics {
    /// Nats a label token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub training_loss: Option<f64>,
    /// Nats a label token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_loss: Option<f64>,
    /// Of the step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learning_rate: Option<f64>,
    /// Before clipping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gradient_norm: Option<f64>,
    /// Tokens a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throughput: Option<f64>,
    /// Percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu_utilization: Option<f64>,
}

/// `GET /jobs/{id}`, as a node of ours answers it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClusterJob {
    /// What the cluster calls the job.
    pub job_id: String,
    /// How it stands.
    pub status: ClusterJobStatus,
    /// 0 to 100.
    pub progress: f64,
    /// What it is doing, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// From 1, once it trains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_epoch: Option<u32>,
    /// Optimiser steps done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_step: Option<u64>,
    /// Optimiser steps of the whole run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_steps: Option<u64>,
    /// Figures of the newest step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<ClusterMetrics>,
    /// Seconds since the trainer reported that it runs.
    pub elapsed_seconds: f64,
    /// Version of the program that trains, once it said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker_version: Option<String>,
    /// Where the files of a completed job can be read, by name, with the cluster's key; empty where they were put to signed addresses.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub artifact_urls: BTreeMap<String, String>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// The platform's job and attempt, where the submission named them.
    pub run: RunName,
    /// The node's time, so that its clock need not be right.
    pub now: DateTime<Utc>,
    /// Events after the number that was asked for.
    pub events: Vec<TrainerEvent>,
    /// Whether the run goes on, or has more events to hand over.
    pub going_on: bool,
    /// How the process ended, where its end was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<Exit>,
    /// The last lines of its error output, once it has ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub last_lines: Vec<String>,
}

/// Which attempt of which job a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RunName {
    /// The job.
    pub job_id: JobId,
    /// The attempt.
    pub attempt_id: AttemptId,
    /// From 1.
    pub attempt: u32,
}

/// `GET /jobs`: what a node has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterJobs {
    /// The jobs, newest last.
    pub jobs: Vec<ListedJob>,
}

/// One job of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedJob {
    /// What the cluster calls the job.
    pub job_id: String,
    /// Whether a process of it is alive.
    pub running: bool,
    /// The platform's job and attempt.
    pub run: RunName,
    /// The platform that submitted it, where it said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
}

/// `GET /health`: how a node is, and what it has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NodeHealth {
    /// Whether jobs can be submitted.
    pub ok: bool,
    /// What is wrong, or what the node is.
    pub message: String,
    /// Version of the program.
    pub version: String,
    /// What it trains on.
    pub devices: Vec<Device>,
    /// Ids of the catalogue's instance types that it stands for.
    pub instance_types: Vec<String>,
    /// Base models that it has, as `id@revision`.
    pub base_models: Vec<String>,
    /// Jobs at once at most.
    pub capacity: u32,
    /// Jobs that run.
    pub running_jobs: Vec<String>,
    /// Free bytes where it keeps its jobs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_disk_bytes: Option<u64>,
}

/// Something to train on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// `cpu` or `cuda`.
    pub kind: String,
    /// As its maker calls it, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Cores, where it is a processor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cores: Option<u32>,
    /// Memory in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Free memory in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_memory_bytes: Option<u64>,
}

/// What a node calls a run: the job's id and the attempt's number, so that both ends can tell it without asking.
pub fn node_job_id(job_id: JobId, attempt: u32) -> String {
    format!("{job_id}-{attempt}")
}

/// The job and the attempt's number in a node's id of a run.
pub fn parse_node_job_id(text: &str) -> Option<(JobId, u32)> {
    let (job, attempt) = text.rsplit_once('-')?;
    let plain = attempt.bytes().all(|b| b.is_ascii_digit()) && !attempt.starts_with('0');
    Some((job.parse().ok().filter(|_| plain)?, attempt.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nodes_id_of_a_run_is_read_back_and_nothing_else_is() {
        let job = JobId(uuid::Uuid::from_u128(5));
        assert_eq!(parse_node_job_id(&node_job_id(job, 12)), Some((job, 12)));
        for text in ["", "x", "x-1", "../x-1", "00000000-0000-0000-0000-000000000005", "00000000-0000-0000-0000-000000000005-+1"] {
            assert!(parse_node_job_id(text).is_none(), "{text}");
        }
    }
}
