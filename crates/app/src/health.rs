//! How the server is.

use crate::App;
pub use db::Figures as DatabaseFigures;
use domain::Result;
use domain::job::JobStatus;
use std::collections::BTreeMap;
use std::time::Duration;

/// An answer that takes longer is none.
const PATIENCE: Duration = Duration::from_secs(3);

/// Figures of the whole server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// Accounts.
    pub users: u64,
    /// Data sets that were not deleted.
    pub datasets: u64,
    /// Bytes of their files.
    pub dataset_bytes: u64,
    /// Models that were not deleted.
    pub models: u64,
    /// Bytes of their files.
    pub model_bytes: u64,
    /// Jobs by status.
    pub jobs: BTreeMap<JobStatus, u64>,
    /// Tasks that wait, run, and were given up.
    pub tasks: (u64, u64, u64),
    /// Seconds since when the longest waiting task is due.
    pub oldest_task_seconds: u64,
    /// Seconds that the job which waits longest for a place has been waiting.
    pub oldest_queued_seconds: u64,
    /// Topics with live streams, and streams.
    pub streams: (usize, usize),
    /// The database's connections and statements of this process.
    pub database: DatabaseFigures,
}

/// What does not answer, and why; empty where the server can do its work.
pub async fn problems(app: &App) -> Vec<String> {
    let database = tokio::time::timeout(PATIENCE, app.db.ping());
    let storage = tokio::time::timeout(PATIENCE, app.blob.check());
    let (database, storage) = futures::future::join(database, storage).await;
    let database = match database {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(format!("database: {error}")),
        Err(_) => Some("database: no answer within 3 s".to_owned()),
    };
    let storage = match storage {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(format!("storage: {error}")),
        Err(_) => Some("storage: no answer within 3 s".to_owned()),
    };
    database.into_iter().chain(storage).collect()
}

/// What does not answer and can be done without, and why.
pub fn degraded(app: &App) -> Vec<String> {
    let redis = app.relay.as_ref().and_then(crate::relay::Relay::problem);
    redis
        .map(|problem| format!("redis: {problem}; limits are counted by each process, and others' events arrive later"))
        .into_iter()
        .collect()
}

/// Counts everything.
///
/// # Errors
/// When the database does not answer.
pub async fn figures(app: &App) -> Result<Figures> {
    let now = app.clock.now();
    let datasets = db::datasets::totals(&app.db, None).await?;
    let (models, model_bytes) = db::models::totals(&app.db, None).await?;
    let tasks = db::tasks::counts(&app.db, now).await?;
    let waited = tasks.oldest_due.map_or(0, |due| (now - due).num_seconds());
    Ok(Figures {
        users: db::users::count(&app.db).await?,
        datasets: datasets.datasets,
        dataset_bytes: datasets.bytes,
        models,
        model_bytes,
        jobs: db::jobs::counts(&app.db, &db::jobs::JobFilter::default()).await?,
        tasks: (tasks.pending, tasks.running, tasks.failed),
        oldest_task_seconds: u64::try_from(waited).unwrap_or(0),
        oldest_queued_seconds: oldest_queued(app).await?,
        streams: app.hub.waiting(),
        database: app.db.figures(),
    })
}

async fn oldest_queued(app: &App) -> Result<u64> {
    let oldest = db::jobs::in_status(&app.db, &[JobStatus::Queued], 1).await?;
    Ok(oldest.first().map_or(0, |job| u64::try_from((app.clock.now() - job.queued_at).num_seconds()).unwrap_or(0)))
}
