//! What happened lately to the caller's things, told from their rows.

use crate::App;
use crate::accounts::SignedIn;
use chrono::{DateTime, Utc};
use domain::Result;
use domain::job::JobStatus;
use uuid::Uuid;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActivityKind {
    /// A data set's file was confirmed.
    DatasetUploaded,
    /// A job began.
    TrainingStarted,
    /// A job completed.
    TrainingCompleted,
    /// A job failed.
    TrainingFailed,
    /// A job was cancelled.
    TrainingCancelled,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivityView {
    /// What.
    pub kind: ActivityKind,
    /// In words.
    pub message: String,
    /// To what.
    pub subject_id: Uuid,
    /// Its name.
    pub subject_name: String,
    /// Page of it.
    pub action_url: String,
    /// Who did it.
    pub user_name: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// Rows that are looked at: what happened lately, happened to things made lately.
const ROWS: u64 = 100;

/// The last `limit` things that happened, newest first.
///
/// # Errors
/// When the database does not answer.
pub async fn recent(app: &App, who: &SignedIn, limit: u64) -> Result<Vec<ActivityView>> {
    let user_name = &who.account.name;
    let datasets = db::datasets::uploads(&app.db, who.caller.user_id, ROWS).await?;
    let jobs = db::jobs::courses(&app.db, who.caller.user_id, ROWS).await?;
    let uploads = datasets.into_iter().map(|(id, name, at)| ActivityView {
        kind: ActivityKind::DatasetUploaded,
        message: format!("Uploaded data set “{name}”"),
        subject_id: id.uuid(),
        subject_name: name,
        action_url: format!("/datasets/{id}"),
        user_name: user_name.clone(),
        at,
    });
    let runs = jobs.iter().flat_map(|job| job_entries(job, user_name));
    let mut all: Vec<ActivityView> = uploads.chain(runs).collect();
    all.sort_by_key(|entry| std::cmp::Reverse(entry.at));
    all.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(all)
}

fn job_entries(job: &db::jobs::Course, user_name: &str) -> Vec<ActivityView> {
    let entry = |kind, text: &str, at| ActivityView {
        kind,
        message: format!("{text} “{}”", job.name),
        subject_id: job.id.uuid(),
        subject_name: job.name.clone(),
        action_url: format!("/training/jobs/{}", job.id),
        user_name: user_name.to_owned(),
        at,
    };
    let started = job.started_at.map(|at| entry(ActivityKind::TrainingStarted, "Started training", at));
    let ended = job.completed_at.and_then(|at| match job.status {
        JobStatus::Completed => Some(entry(ActivityKind::TrainingCompleted, "Completed training", at)),
        JobStatus::Failed => Some(entry(ActivityKind::TrainingFailed, "Training failed:", at)),
        JobStatus::Cancelled => Some(entry(ActivityKind::TrainingCancelled, "Cancelled training", at)),
        JobStatus::Queued | JobStatus::Initializing | JobStatus::Running => None,
    });
    started.into_iter().chain(ended).collect()
}
