//! Checkpoints in the store: which are kept, how they are read, from which a run goes on.

use std::collections::{BTreeMap, BTreeSet};

use blob::Key;
use chrono::{DateTime, Duration, Utc};
use db::jobs::{Checkpoint, Job};
use domain::run::{CheckpointSource, SignedFile};
use domain::{Caller, Error, JobId, Result};

use super::find;
use super::types::{CheckpointFileView, CheckpointView};
use crate::App;

/// Checkpoints whose files are kept beside the best one.
const KEPT: usize = 3;
/// How long signed addresses are good, in hours.
const URL_HOURS: i64 = 1;

/// The folder of a checkpoint in the store.
pub fn folder(job: JobId, epoch: u32, step: u64) -> String {
    // The name of the folder is the blob store's to say; a file in it is only needed to ask.
    let file = Key::checkpoint(job, epoch, step, "state.json").map(|key| key.to_string()).unwrap_or_default();
    file.trim_end_matches("/state.json").to_owned()
}

fn key(checkpoint: &Checkpoint, file: &str) -> Result<Key> {
    Key::parse(&format!("{}/{file}", checkpoint.s3_key)).map_err(Error::internal)
}

/// The checkpoints of a job, oldest first, with signed addresses for the files of those that are kept.
///
/// # Errors
/// `JOB_NOT_FOUND`.
pub async fn list(app: &App, caller: &Caller, id: JobId) -> Result<Vec<CheckpointView>> {
    find(app, caller, id).await?;
    let expires_at = app.clock.now() + Duration::hours(URL_HOURS);
    let all = db::jobs::checkpoints(&app.db, id).await?;
    let mut shown = Vec::new();
    for (checkpoint, view) in all.iter().zip(views(&all)) {
        let mut files = Vec::new();
        for file in &checkpoint.files {
            let name = format!("step-{}-{}", checkpoint.step, file.name);
            let url = app.blob.signed_download(&key(checkpoint, &file.name)?, &name, expires_at).await?;
            files.push(CheckpointFileView { name: file.name.clone(), size: file.size, sha256: file.sha256.clone(), url });
        }
        let expires_at = (!files.is_empty()).then_some(expires_at);
        shown.push(CheckpointView { files, expires_at, ..view });
    }
    Ok(shown)
}

/// Checkpoints of one job as shown, without addresses.
pub fn views(all: &[Checkpoint]) -> Vec<CheckpointView> {
    let best = best(all.iter()).map(|c| c.step);
    let view = |c: &Checkpoint| CheckpointView {
        id: c.id,
        step: c.step,
        epoch: c.epoch,
        loss: c.loss,
        best: best == Some(c.step),
        key: c.s3_key.clone(),
        size: c.file_size,
        created_at: c.created_at,
        files: Vec::new(),
        expires_at: None,
    };
    all.iter().map(view).collect()
}

/// The best of those that were the best so far when they were made: the earlier of two that are equal.
fn best<'a>(of: impl Iterator<Item = &'a Checkpoint>) -> Option<&'a Checkpoint> {
    of.filter(|c| c.best).min_by(|a, b| a.loss.total_cmp(&b.loss).then(a.step.cmp(&b.step)))
}

/// The newest checkpoint of a job that is in the store, for a run to go on from.
pub async fn newest(app: &App, job: &Job, expires_at: DateTime<Utc>) -> Result<Option<CheckpointSource>> {
    let all = db::jobs::checkpoints(&app.db, job.id).await?;
    let Some(newest) = all.iter().rev().find(|checkpoint| !checkpoint.files.is_empty()) else { return Ok(None) };
    let mut files = BTreeMap::new();
    for file in &newest.files {
        let url = app.blob.signed_download(&key(newest, &file.name)?, &file.name, expires_at).await?;
        files.insert(file.name.clone(), SignedFile { url, size: file.size, sha256: file.sha256.clone() });
    }
    Ok(Some(CheckpointSource { step: newest.step, files }))
}

/// Removes the files of the checkpoints that are no longer kept: all but the newest and the best. The rows stay.
pub async fn prune(app: &App, id: JobId) -> Result<()> {
    let all = db::jobs::checkpoints(&app.db, id).await?;
    let kept = kept(&all);
    for checkpoint in all.iter().filter(|c| !c.files.is_empty() && !kept.contains(&c.step)) {
        for file in &checkpoint.files {
            app.blob.delete(&key(checkpoint, &file.name)?).await?;
        }
        db::jobs::forget_checkpoint_files(&app.db, checkpoint.id).await?;
    }
    Ok(())
}

/// Steps of the checkpoints to keep, of those in order that are in the store.
fn kept(all: &[Checkpoint]) -> BTreeSet<u64> {
    let stored = || all.iter().rev().filter(|c| !c.files.is_empty());
    stored().take(KEPT).chain(best(stored())).map(|c| c.step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::CheckpointId;
    use domain::run::ArtifactFile;

    fn checkpoint(step: u64, loss: f64, best: bool, stored: bool) -> Checkpoint {
        let file = ArtifactFile { name: "state.json".into(), size: 1, sha256: String::new() };
        Checkpoint {
            id: CheckpointId(uuid::Uuid::from_u128(u128::from(step))),
            attempt: 1,
            epoch: 1,
            step,
            loss,
            best,
            s3_bucket: "local".into(),
            s3_key: folder(JobId(uuid::Uuid::from_u128(1)), 1, step),
            file_size: 1,
            created_at: DateTime::UNIX_EPOCH,
            files: if stored { vec![file] } else { Vec::new() },
        }
    }

    #[test]
    fn one_checkpoint_is_shown_as_the_best() {
        let all = [checkpoint(1, 3.0, true, false), checkpoint(2, 1.0, true, true), checkpoint(3, 1.0, false, true)];
        assert_eq!(views(&all).iter().map(|view| view.best).collect::<Vec<_>>(), [false, true, false]);
        assert!(views(&[checkpoint(1, 3.0, false, true)]).iter().all(|view| !view.best), "one made within an epoch has no loss to go by");
    }

    #[test]
    fn the_newest_three_and_the_best_are_kept() {
        let all: Vec<_> = [(1, 3.0, true), (2, 1.0, true), (3, 2.0, false), (4, 2.0, false), (5, 2.0, false)]
            .map(|(step, loss, best)| checkpoint(step, loss, best, true))
            .into();
        assert_eq!(kept(&all), BTreeSet::from([2, 3, 4, 5]));
        let gone = [checkpoint(1, 1.0, true, false), checkpoint(2, 2.0, false, true)];
        assert_eq!(kept(&gone), BTreeSet::from([2]));
        assert!(all[0].s3_key.starts_with("checkpoints/00000000-0000-0000-0000-000000000001/checkpoint-epoch-1-step-1"));
    }
}
