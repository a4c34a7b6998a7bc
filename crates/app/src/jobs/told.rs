//! What the owner of a job is told of it.

use chrono::{DateTime, Utc};
use db::jobs::Job;
use db::notifications::Notification;
use domain::job::CancelReason;
use domain::notification::{NotificationKind, NotificationPriority};
use domain::{MicroUsd, ModelId};
use serde_json::json;

use crate::notifications::Told;

fn of(
    job: &Job,
    kind: NotificationKind,
    title: &'static str,
    message: String,
    priority: NotificationPriority,
    now: DateTime<Utc>,
) -> Notification {
    let action_url = Some(format!("/training/jobs/{}", job.id));
    let metadata = Some(json!({ "jobId": job.id, "attempt": job.attempt }));
    Told { kind, title, message, priority, action_url, metadata }.to(job.user_id, now)
}

/// It was accepted, or retried by its owner.
pub fn queued(job: &Job, now: DateTime<Utc>) -> Notification {
    let message = match job.attempt {
        1 => format!("{} is accepted and waits for a place.", job.name),
        attempt => format!("{} waits for a place to go on, as attempt {attempt}.", job.name),
    };
    of(job, NotificationKind::JobQueued, "Training Queued", message, NotificationPriority::Low, now)
}

/// Its trainer runs.
pub fn started(job: &Job, now: DateTime<Utc>) -> Notification {
    let message = format!("{} has begun to train on {}.", job.name, job.gpu_config.instance_type);
    of(job, NotificationKind::JobStarted, "Training Started", message, NotificationPriority::Medium, now)
}

/// Its adapter is there.
pub fn completed(job: &Job, model_id: ModelId, cost: MicroUsd, now: DateTime<Utc>) -> Notification {
    let message = format!("{} is trained and has cost ${:.2}; the adapter is ready to download.", job.name, cost.usd());
    let mut told = of(job, NotificationKind::JobComplete, "Training Completed!", message, NotificationPriority::High, now);
    told.action_url = Some(format!("/models/{model_id}"));
    told.metadata = Some(json!({ "jobId": job.id, "modelId": model_id, "cost": cost.usd() }));
    told
}

/// It failed for good.
pub fn failed(job: &Job, why: &str, now: DateTime<Utc>) -> Notification {
    of(job, NotificationKind::JobFailed, "Training Failed", format!("{}: {why}", job.name), NotificationPriority::High, now)
}

/// It was cancelled, by its owner or because it may not go on.
pub fn cancelled(job: &Job, cost: MicroUsd, now: DateTime<Utc>) -> Notification {
    let (why, priority) = match job.cancel_reason {
        Some(CancelReason::Budget) => (
            "was stopped, as the monthly budget is used up. Its last checkpoint is kept; raise the budget to go on with it.",
            NotificationPriority::High,
        ),
        Some(CancelReason::MaxDuration) => {
            ("was stopped, as it ran for as long as it may. Its last checkpoint is kept.", NotificationPriority::High)
        }
        _ => ("was cancelled.", NotificationPriority::Medium),
    };
    let message = format!("{} {why} It has cost ${:.2}.", job.name, cost.usd());
    of(job, NotificationKind::JobCancelled, "Training Cancelled", message, priority, now)
}
