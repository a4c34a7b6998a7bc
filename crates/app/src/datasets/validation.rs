//! Validation of an uploaded file: one pass over its bytes, by a worker.

use super::{Dataset, key_of, make};
use crate::App;
use dataset::{DatasetError, TokenCounter, ValidateOptions, ValidationReport};
use db::datasets::Effects;
use db::notifications::Notification;
use domain::dataset::{DatasetStatus, Severity};
use domain::notification::{NotificationKind, NotificationPriority};
use domain::{DatasetId, Error, NotificationId, Result};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio_util::io::{StreamReader, SyncIoBridge};
use tokio_util::sync::CancellationToken;

/// How often progress is stored, and looked whether the data set is still wanted.
const TICK: Duration = Duration::from_secs(1);
/// Validations that were not heard of for this long are looked after.
const STALE_SECONDS: i64 = 10;
const RECONCILE_ROWS: u64 = 100;

/// What the reading thread and its watcher share.
#[derive(Debug)]
pub(super) struct Watch {
    pub(super) read: AtomicU64,
    pub(super) stop: AtomicBool,
    /// Where its progress begins in that of the whole, and how much of it it is, in percent.
    span: (f64, f64),
}

impl Watch {
    pub(super) fn over(span: (f64, f64)) -> Self {
        Self { read: AtomicU64::new(0), stop: AtomicBool::new(false), span }
    }
}

/// Stops the reading thread when nobody waits for it any more.
pub(super) struct StopOnDrop(pub(super) Arc<Watch>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stop.store(true, Ordering::Relaxed);
    }
}

/// Validates a data set's file and stores what was found. Does nothing where it is not waiting for that, or was deleted meanwhile.
///
/// # Errors
/// When the file cannot be read now, or `cancel` was called: then it can be done again from the beginning.
pub async fn run_validation(app: &App, id: DatasetId, cancel: &CancellationToken) -> Result<()> {
    let waiting = db::datasets::get(&app.db, id).await?.filter(|dataset| dataset.status == DatasetStatus::Validating);
    let Some(dataset) = waiting else { return Ok(()) };
    let Some(dataset) = make::made(app, dataset, cancel).await? else { return Ok(()) };
    let Some(report) = read(app, &dataset, cancel).await? else { return Ok(()) };
    let now = app.clock.now();
    db::datasets::update(&app.db, id, now, move |dataset, effects| {
        if dataset.status == DatasetStatus::Validating {
            store(dataset, report, now);
            tell(dataset, effects, now);
        }
    })
    .await?;
    Ok(())
}

/// Says that validation failed for a reason that is not in the file, after all retries.
///
/// # Errors
/// When the database does not answer.
pub async fn fail_validation(app: &App, id: DatasetId, reason: &str) -> Result<()> {
    let now = app.clock.now();
    let message = format!("Validation failed: {reason}");
    db::datasets::update(&app.db, id, now, move |dataset, effects| {
        if dataset.status == DatasetStatus::Validating {
            dataset.status = DatasetStatus::Error;
            dataset.error_message = Some(message);
            dataset.validation_progress = None;
            dataset.validated_at = Some(now);
            tell(dataset, effects, now);
        }
    })
    .await?;
    Ok(())
}

/// Queues validations that a crash left without a task.
///
/// # Errors
/// When the database does not answer.
pub async fn reconcile(app: &App) -> Result<()> {
    let now = app.clock.now();
    let before = now - chrono::Duration::seconds(STALE_SECONDS);
    for dataset in db::datasets::stale_validating(&app.db, before, RECONCILE_ROWS).await? {
        app.queue.push(&queue::Task::ValidateDataset { dataset_id: dataset.id }).await?;
    }
    Ok(())
}

/// Reads the file. None where the data set was deleted meanwhile.
async fn read(app: &App, dataset: &Dataset, cancel: &CancellationToken) -> Result<Option<ValidationReport>> {
    let derived = db::datasets::versions::get(&app.db, dataset.id).await?.is_some();
    // Writing a version's file came first.
    let span = if derived { (66.0, 34.0) } else { (0.0, 100.0) };
    let key = key_of(dataset)?;
    let object = app.blob.get(&key, None).await?;
    let base_model = app.config.base_models.first();
    let tokens = base_model.and_then(|model| app.tokens.get(&model.id)).cloned();
    let options = ValidateOptions {
        declared: Some(dataset.format),
        file_name: Some(dataset.file_name.clone()),
        min_trainable: app.config.min_trainable_examples,
        max_seq_length_hint: base_model.map(|model| u64::from(model.context_length)),
        partial: false,
    };
    let watch = Arc::new(Watch::over(span));
    let _stop = StopOnDrop(watch.clone());
    let shared = watch.clone();
    let content = SyncIoBridge::new(StreamReader::new(object.content));
    let mut reading = tokio::task::spawn_blocking(move || {
        let mut progress = |read: u64| {
            shared.read.store(read, Ordering::Relaxed);
            if shared.stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        dataset::validate(
            content,
            Some(object.size),
            &options,
            tokens.as_deref().map(|counter| counter as &dyn TokenCounter),
            &mut progress,
        )
    });
    let result = loop {
        tokio::select! {
            result = &mut reading => break result.map_err(Error::internal)?,
            () = cancel.cancelled() => return Err(interrupted()),
            () = tokio::time::sleep(TICK) => if !still_wanted(app, dataset, &watch).await? { return Ok(None) },
        }
    };
    match result {
        Ok(report) => Ok(Some(report)),
        Err(DatasetError::Cancelled) => Err(interrupted()),
        Err(error) => Err(Error::unavailable("The file could not be read to its end; it is tried again.", error)),
    }
}

pub(super) fn interrupted() -> Error {
    Error::unavailable("Validation was interrupted; it is done again.", DatasetError::Cancelled)
}

pub(super) async fn still_wanted(app: &App, dataset: &Dataset, watch: &Watch) -> Result<bool> {
    let (from, share) = watch.span;
    let percent = from + percent(watch.read.load(Ordering::Relaxed), dataset.file_size) * share / 100.0;
    db::datasets::set_progress(&app.db, dataset.id, percent, app.clock.now()).await?;
    let row = db::datasets::get(&app.db, dataset.id).await?;
    Ok(row.is_some_and(|row| row.status == DatasetStatus::Validating))
}

#[expect(clippy::cast_precision_loss, reason = "a percentage")]
fn percent(read: u64, size: u64) -> f64 {
    if size == 0 { 100.0 } else { (read as f64 / size as f64 * 100.0).min(100.0) }
}

fn store(dataset: &mut Dataset, report: ValidationReport, now: chrono::DateTime<chrono::Utc>) {
    dataset.status = if report.fatal { DatasetStatus::Error } else { DatasetStatus::Ready };
    dataset.training_ready = report.trainable;
    dataset.review_recommended = report.review_recommended;
    dataset.error_message = report.fatal.then_some(report.summary);
    dataset.format = report.format.unwrap_or(dataset.format);
    dataset.sha256 = report.sha256;
    dataset.statistics = Some(report.statistics);
    dataset.findings = report.groups;
    dataset.sample = report.sample;
    dataset.validation_progress = None;
    dataset.validated_at = Some(now);
    dataset.processed_at = (!report.fatal).then_some(now);
}

/// Tells the owner the result.
fn tell(dataset: &Dataset, effects: &mut Effects, now: chrono::DateTime<chrono::Utc>) {
    let count = |severity| dataset.findings.iter().filter(|group| group.severity == severity).map(|group| group.count).sum::<u64>();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let pairs = dataset.statistics.as_ref().map_or(0, |statistics| statistics.total_training_pairs);
    let (title, message, priority) = match dataset.status {
        DatasetStatus::Ready if dataset.training_ready => (
            "Dataset ready",
            format!("“{}” has {pairs} trainable pairs; {errors} errors and {warnings} warnings were found.", dataset.name),
            NotificationPriority::Medium,
        ),
        DatasetStatus::Ready => (
            "Dataset needs review",
            format!("“{}” cannot be trained on yet: {errors} errors and {warnings} warnings were found.", dataset.name),
            NotificationPriority::High,
        ),
        _ => (
            "Dataset cannot be used",
            format!("“{}”: {}", dataset.name, dataset.error_message.as_deref().unwrap_or("see its findings.")),
            NotificationPriority::High,
        ),
    };
    effects.notifications.push(Notification {
        id: NotificationId::new(now),
        user_id: dataset.user_id,
        kind: match dataset.status {
            DatasetStatus::Ready => NotificationKind::DatasetReady,
            _ => NotificationKind::DatasetFailed,
        },
        title: title.to_owned(),
        message,
        priority,
        read: false,
        action_url: Some(format!("/datasets/{}", dataset.id)),
        metadata: Some(serde_json::json!({ "datasetId": dataset.id })),
        created_at: now,
        dismissed_at: None,
        seq: 0,
    });
}
