//! What a cluster reports by itself.

use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use uuid::Uuid;

/// Events of a run. They are read by the use case, after their signature was checked.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CallbackReport {
    /// The job.
    pub job_id: Uuid,
    /// The attempt.
    pub attempt_id: Uuid,
    /// Events as a trainer writes them, in order, at most 5,000. One of an unknown type becomes a warning in the job's log.
    #[schema(max_items = 5000)]
    pub events: Vec<TrainerEvent>,
}

/// An event of a run; what else it has depends on its type.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TrainerEvent {
    /// From 1, without gaps, within the attempt.
    pub seq: u64,
    /// When the trainer wrote it.
    pub at: chrono::DateTime<chrono::Utc>,
    /// Seconds since the trainer reported that it runs.
    pub elapsed_seconds: f64,
    /// Such as `progress`.
    pub r#type: String,
}

/// How far the events of the run are taken in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CallbackAnswer {
    /// Number of the last event; the next to send is the one after it.
    pub last_seq: u64,
}

/// A checkpoint that is to be stored.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CheckpointWish {
    /// The job.
    pub job_id: Uuid,
    /// The attempt.
    pub attempt_id: Uuid,
    /// Optimiser steps done.
    pub step: u64,
    /// From 1.
    pub epoch: u32,
    /// All of its files.
    pub files: Vec<WishedFile>,
}

/// A file that is to be stored.
#[derive(Debug, Serialize, ToSchema)]
pub struct WishedFile {
    /// Name.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 in hex.
    pub sha256: String,
}

/// Signed requests by file name.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckpointUploads {
    /// One for each file.
    pub uploads: BTreeMap<String, SignedRequest>,
}

/// A request that needs no further credentials.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignedRequest {
    /// HTTP method.
    pub method: String,
    /// Address with its signature.
    pub url: String,
    /// Headers that must be sent as they are.
    pub headers: BTreeMap<String, String>,
}
