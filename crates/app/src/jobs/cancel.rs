//! Cancelling a job at its owner's request.

use std::time::Duration;

use db::jobs::{Job, JobEffects};
use domain::job::{CancelReason, JobStatus};
use domain::{Caller, Error, ErrorKind, JobId, MicroUsd, Result};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::follow::follow;
use super::stored::StoredEstimate;
use super::types::Cancelled;
use super::{find, finish};
use crate::App;

/// How long a run may take to be gone.
const LIMIT: Duration = Duration::from_secs(12);
/// How often it is looked whether the job's follower has cancelled it.
const POLL: Duration = Duration::from_millis(100);

/// Cancels a job that has not ended, and returns when it is cancelled: at once while it is queued, else when its run is gone, which takes
/// 10 seconds at most.
///
/// # Errors
/// `JOB_NOT_FOUND`; `JOB_NOT_CANCELLABLE` when it has ended; unavailable when the run does not end in time, which is then still being
/// cancelled.
pub async fn cancel(app: &App, caller: &Caller, id: JobId, reason: Option<CancelReason>) -> Result<Cancelled> {
    let job = find(app, caller, id).await?;
    let reason = reason.unwrap_or(CancelReason::Other);
    if matches!(reason, CancelReason::Budget | CancelReason::MaxDuration) {
        return Err(Error::invalid("reason", format!("'{reason}' is a reason of the platform's; choose another.")));
    }
    request_cancel(app, &job, reason).await?;
    match tokio::time::timeout(LIMIT, until_ended(app, id)).await {
        Ok(ended) => answer(app, &ended?).await,
        Err(_) => Err(Error::new(
            ErrorKind::Unavailable,
            "CANCEL_PENDING",
            "The training process does not answer; the job is being cancelled and will be as soon as it does.",
        )),
    }
}

/// Asks for the end of a job, and returns at once. One that is queued has ended then.
pub(crate) async fn request_cancel(app: &App, job: &Job, reason: CancelReason) -> Result<()> {
    let now = app.clock.now();
    let estimate = StoredEstimate::of(job).map_err(Error::internal)?;
    let change = |job: &mut Job, effects: &mut JobEffects| -> Result<()> {
        if !job.status.can_cancel() {
            let why = format!("The job is {} and cannot be cancelled any more.", job.status);
            return Err(Error::conflict("JOB_NOT_CANCELLABLE", why));
        }
        if job.cancel_requested_at.is_none() {
            job.cancel_requested_at = Some(now);
            job.cancel_reason = Some(reason);
        }
        if job.status == JobStatus::Queued {
            finish::cancel(job, effects, &estimate, now);
        }
        Ok(())
    };
    db::jobs::update(&app.db, job.id, now, change).await?.ok_or_else(|| Error::not_found("JOB_NOT_FOUND", "job"))??;
    app.hub.notify(job.id, job.user_id);
    Ok(())
}

/// Ends the run here where nobody follows it; otherwise its follower has seen the request and does it.
async fn until_ended(app: &App, id: JobId) -> Result<Job> {
    let owner = format!("cancel-{}", Uuid::new_v4());
    loop {
        let job = db::jobs::get(&app.db, id).await?.ok_or_else(|| Error::not_found("JOB_NOT_FOUND", "job"))?;
        if job.status.is_terminal() {
            return Ok(job);
        }
        follow(app, id, &owner, &CancellationToken::new()).await?;
        tokio::time::sleep(POLL).await;
    }
}

async fn answer(app: &App, job: &Job) -> Result<Cancelled> {
    if job.status != JobStatus::Cancelled {
        let why = format!("The job was {} before it could be cancelled.", job.status);
        return Err(Error::conflict("JOB_NOT_CANCELLABLE", why));
    }
    let last = db::jobs::events_after(&app.db, job.id, job.last_event_seq.saturating_sub(1), 1).await?;
    let refund = last.first().and_then(|e| e.data["refundAmount"].as_f64()).map_or(MicroUsd::ZERO, MicroUsd::from_usd);
    let cost = job.final_cost.unwrap_or(job.current_cost);
    let message = if cost == MicroUsd::ZERO {
        "The job was cancelled before it cost anything.".to_owned()
    } else {
        format!("The job was cancelled. What ran cost ${:.4}; the last checkpoint is kept for a retry.", cost.usd())
    };
    Ok(Cancelled { job_id: job.id, cost, refund, message })
}
