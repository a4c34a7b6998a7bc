//! Runs that nobody wants any more: attempts that were given up while their machine was silent, and jobs that are gone.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Duration, Utc};
use cluster::{AliveRun, RunHandle};
use db::jobs::Job;
use domain::Result;

use super::launch::handle_of_value;
use crate::App;

/// How long a run must have been unwanted: one that has just said its last word still needs a moment to end by itself.
const PATIENCE: Duration = Duration::seconds(10);

/// Finds and stops runs that nobody wants. Remembers since when they are not wanted.
#[derive(Default)]
pub struct Orphans {
    since: Mutex<HashMap<RunHandle, DateTime<Utc>>>,
}

impl Orphans {
    /// Compares what is alive at the cluster with what is wanted, and stops the rest.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn stop(&self, app: &App) -> Result<()> {
        let alive = match app.cluster.alive().await {
            Ok(alive) => alive,
            Err(error) => {
                tracing::debug!(error = &error as &dyn std::error::Error, "the cluster does not say what is alive");
                return Ok(());
            }
        };
        let now = app.clock.now();
        let mut unwanted = HashMap::new();
        for run in alive {
            let job = db::jobs::get(&app.db, run.run.job_id).await?;
            if !is_wanted(job.as_ref(), &run, &app.config.public_url) {
                unwanted.insert(run.handle, now);
            }
        }
        let due = {
            let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
            since.retain(|handle, _| unwanted.contains_key(handle));
            for (handle, at) in unwanted {
                since.entry(handle).or_insert(at);
            }
            since.iter().filter(|(_, at)| now - **at >= PATIENCE).map(|(handle, _)| handle.clone()).collect::<Vec<_>>()
        };
        for handle in due {
            tracing::info!(%handle, "a run that nobody wants any more is stopped");
            if let Err(error) = app.cluster.cancel(&handle).await {
                tracing::warn!(%handle, error = &error as &dyn std::error::Error, "it could not be stopped; will try again");
            }
        }
        Ok(())
    }
}

/// A job that is not known may be another platform's, unless the run says that it is ours.
fn is_wanted(job: Option<&Job>, run: &AliveRun, public_url: &str) -> bool {
    match job {
        Some(job) => job.attempt_id == Some(run.run.attempt_id) && !job.status.is_terminal(),
        None => run.origin.as_deref() != Some(public_url),
    }
}

/// Tells the runs of a job's earlier attempts once more to stop: a cluster that was silent when they were given up may still have them.
pub async fn stop_earlier(app: &App, job: &Job) -> Result<()> {
    for attempt in db::jobs::attempts(&app.db, job.id).await? {
        let given_up = attempt.attempt < job.attempt && attempt.error_code.as_deref() == Some("run_lost");
        let Some(handle) = attempt.handle.as_ref().filter(|_| given_up).and_then(handle_of_value) else { continue };
        if let Err(error) = app.cluster.cancel(&handle).await {
            tracing::warn!(%handle, error = &error as &dyn std::error::Error, "an earlier attempt could not be told to stop");
        }
    }
    Ok(())
}
