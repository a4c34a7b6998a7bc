//! Writing the file of a version: its parent's file is streamed through the fixes, twice: once to count, once to write. Done again after a
//! crash it writes the same.

use super::pipe::pipe;
use super::validation::{StopOnDrop, Watch, interrupted, still_wanted};
use super::{Dataset, counter, file_of, fixes, key_of, unusable};
use crate::App;
use blob::SizeLimit;
use dataset::{DatasetError, FixPlan, FixReport, TokenCounter, Totals};
use db::datasets::versions::{self, Version};
use domain::{Error, ErrorKind, Result};
use std::io::Write;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::io::{StreamReader, SyncIoBridge};
use tokio_util::sync::CancellationToken;

/// How often progress is stored.
const TICK: Duration = Duration::from_secs(1);
/// Bytes by which a file may grow beyond twice its size.
const GROWTH: u64 = 64 * 1024 * 1024;

/// The data set with its file there: written now where it is a version whose file is not. None where it was deleted meanwhile.
///
/// # Errors
/// When the parent's file cannot be read or mended, or the new one cannot be written.
pub(super) async fn made(app: &App, dataset: Dataset, cancel: &CancellationToken) -> Result<Option<Dataset>> {
    let Some(version) = versions::get(&app.db, dataset.id).await?.filter(|version| version.made_at.is_none()) else {
        return Ok(Some(dataset));
    };
    let parent = db::datasets::get_even_deleted(&app.db, version.parent_id).await?;
    let parent = parent.ok_or_else(|| Error::new(ErrorKind::Invalid, "PARENT_GONE", "The data set that it is made from is gone."))?;
    let plan = fixes::plan(app, &parent, &version.fixes);
    let Some(counted) = pass(app, &dataset, &parent, &plan, None, (0.0, 33.0), cancel).await? else { return Ok(None) };
    let totals = counted.totals;
    let Some(report) = pass(app, &dataset, &parent, &plan, Some(totals), (33.0, 33.0), cancel).await? else { return Ok(None) };
    finish(app, &dataset, &version, &report).await?;
    db::datasets::get(&app.db, dataset.id).await.map_err(Error::from)
}

async fn finish(app: &App, dataset: &Dataset, version: &Version, report: &FixReport) -> Result<()> {
    let size = app.blob.head(&key_of(dataset)?).await?.map_or(report.bytes_written, |meta| meta.size);
    versions::made(&app.db, version.dataset_id, size, &report.figures, app.clock.now()).await?;
    Ok(())
}

/// One pass over the parent's file; with `totals` it writes the new one. None where the data set is not wanted any more.
async fn pass(
    app: &App,
    dataset: &Dataset,
    parent: &Dataset,
    plan: &FixPlan,
    totals: Option<Totals>,
    span: (f64, f64),
    cancel: &CancellationToken,
) -> Result<Option<FixReport>> {
    let object = file_of(app, parent, None).await?;
    let watch = Arc::new(Watch::over(span));
    let _stop = StopOnDrop(watch.clone());
    let content = SyncIoBridge::new(StreamReader::new(object.content));
    let (writer, stream) = pipe();
    let (plan, tokens, shared) = (plan.clone(), counter(app), watch.clone());
    let writing = totals.is_some();
    let reading: JoinHandle<Result<FixReport, DatasetError>> = tokio::task::spawn_blocking(move || {
        let mut progress = |read: u64| {
            shared.read.store(read, Ordering::Relaxed);
            if shared.stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let tokens = tokens.as_deref().map(|counter| counter as &dyn TokenCounter);
        let mut writer = writer;
        let out = totals.is_some().then_some(&mut writer as &mut dyn Write);
        let report = dataset::fix(content, out, &plan, totals.as_ref(), tokens, &mut progress)?;
        let offset = report.bytes_written;
        writer.end().map_err(|source| DatasetError::Write { offset, source })?;
        Ok(report)
    });
    let stored = async {
        if writing {
            let limit = SizeLimit::AtMost(parent.file_size.saturating_mul(2).saturating_add(GROWTH));
            app.blob.put(&key_of(dataset)?, stream, limit).await?;
        }
        Ok::<(), Error>(())
    };
    let both = async {
        let (stored, report) = tokio::join!(stored, reading);
        (stored, report.map_err(Error::internal))
    };
    tokio::pin!(both);
    let (stored, report) = loop {
        tokio::select! {
            both = &mut both => break both,
            () = cancel.cancelled() => return Err(interrupted()),
            () = tokio::time::sleep(TICK) => if !still_wanted(app, dataset, &watch).await? { return Ok(None) },
        }
    };
    match report? {
        Ok(report) => stored.map(|()| Some(report)),
        Err(DatasetError::Cancelled) => Err(interrupted()),
        // Why storage did not take it says more than that it did not.
        Err(DatasetError::Write { .. }) if stored.is_err() => stored.map(|()| None),
        Err(error) => Err(unusable(error)),
    }
}
