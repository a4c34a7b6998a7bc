//! How long things are kept that nobody can see any more, and their removal: deleted data sets and models, uploads that never ended,
//! files without a row, checkpoints and folders of old runs, old tasks and answers.
//!
//! Costs, jobs and the rows of what they were made from are history and stay. Every step can be done again: the file goes first, then the
//! row says so, and what a crash left is found by the next run.

use std::collections::BTreeSet;

use blob::{Key, Listed};
use chrono::{DateTime, Duration, Utc};
use domain::{AttemptId, DatasetId, Error, JobId, ModelId, Result, UserId};
use futures::TryStreamExt;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::App;

/// How long what was deleted can be restored.
const RESTORE_DAYS: i64 = 30;
/// Files go this much later, so that a restore in the last moment and the removal never meet, whatever clocks say.
const SLACK_HOURS: i64 = 1;
/// Uploads that were not confirmed for this long are given up.
const UPLOAD_DAYS: i64 = 7;
/// Files without a row that are younger may belong to something that is being written.
const ORPHAN_DAYS: i64 = 2;
/// How long checkpoints and folders of ended runs are kept.
const RUN_DAYS: i64 = 30;
/// How long tasks that were given up, and answers to repeated requests, are kept.
const NOTE_DAYS: i64 = 30;
/// Rows or files that are looked at together.
const BATCH: usize = 200;

/// What was deleted after this instant can be restored.
pub fn restorable_since(now: DateTime<Utc>) -> DateTime<Utc> {
    now - Duration::days(RESTORE_DAYS)
}

/// Until when something that was deleted then can be restored.
pub fn restorable_until(deleted_at: DateTime<Utc>) -> DateTime<Utc> {
    deleted_at + Duration::days(RESTORE_DAYS)
}

/// What was removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Purged {
    /// Deleted data sets.
    pub datasets: u64,
    /// Deleted models.
    pub models: u64,
    /// Uploads that never ended.
    pub uploads: u64,
    /// Files that belonged to nothing.
    pub orphans: u64,
    /// Files of checkpoints of ended jobs.
    pub checkpoint_files: u64,
    /// Folders of ended runs.
    pub runs: u64,
    /// Tasks that were given up.
    pub tasks: u64,
    /// What could not be removed now.
    pub failures: u64,
}

/// Removes what is not needed any more. What fails is logged, counted and left to the next run.
///
/// # Errors
/// When the database does not answer, the files cannot be listed, or `stop` was called.
pub async fn purge(app: &App, stop: &CancellationToken) -> Result<Purged> {
    let mut sweep = Sweep { app, stop, now: app.clock.now(), purged: Purged::default() };
    sweep.datasets().await?;
    sweep.models().await?;
    sweep.uploads().await?;
    sweep.objects().await?;
    sweep.runs().await?;
    sweep.purged.tasks = app.queue.purge(Duration::days(NOTE_DAYS)).await?;
    db::idempotency::purge(&app.db, sweep.now - Duration::days(NOTE_DAYS)).await?;
    if sweep.purged != Purged::default() {
        tracing::info!(purged = ?sweep.purged, "what was not needed any more was removed");
    }
    Ok(sweep.purged)
}

/// Removes every file of an account, and what its runs left on this machine: before its rows go. Answers how many files there were. Can be
/// done again.
///
/// # Errors
/// When the database or the store does not answer; what was removed until then stays removed.
pub async fn remove_files_of(app: &App, user: UserId) -> Result<u64> {
    let mut prefixes = vec![format!("datasets/{user}")];
    prefixes.extend(db::models::ids_of(&app.db, user).await?.iter().map(|id| format!("models/{id}")));
    let jobs = db::jobs::ids_of(&app.db, user).await?;
    for job in &jobs {
        prefixes.push(format!("checkpoints/{job}"));
        // An attempt that made no model may have left files under its own id.
        let attempts = db::jobs::attempts(&app.db, *job).await?;
        prefixes.extend(attempts.iter().map(|attempt| format!("models/{}", attempt.id)));
    }
    let mut removed = 0;
    for prefix in prefixes {
        let mut listed = app.blob.list(&prefix);
        while let Some(object) = listed.try_next().await? {
            removed += u64::from(app.blob.delete(&object.key).await?);
        }
    }
    for job in jobs {
        app.cluster.remove(job).await.map_err(|e| Error::unavailable("The files of a run cannot be removed now.", e))?;
    }
    Ok(removed)
}

struct Sweep<'a> {
    app: &'a App,
    stop: &'a CancellationToken,
    now: DateTime<Utc>,
    purged: Purged,
}

impl Sweep<'_> {
    fn go_on(&self) -> Result<()> {
        if self.stop.is_cancelled() {
            return Err(Error::unavailable("The removal was interrupted; it goes on later.", std::io::Error::other("stopped")));
        }
        Ok(())
    }

    /// Removes a file. False, with a line in the log, where that fails now.
    async fn remove(&mut self, key: &str) -> bool {
        let removed = match Key::parse(key) {
            Ok(key) => self.app.blob.delete(&key).await.map(drop).map_err(|e| Box::new(e) as Box<dyn std::error::Error + Send + Sync>),
            Err(error) => Err(error.into()),
        };
        if let Err(error) = &removed {
            self.purged.failures += 1;
            tracing::warn!(key, error = &**error as &dyn std::error::Error, "a file could not be removed; it is tried again");
        }
        removed.is_ok()
    }

    fn purge_before(&self) -> DateTime<Utc> {
        restorable_since(self.now) - Duration::hours(SLACK_HOURS)
    }

    async fn datasets(&mut self) -> Result<()> {
        let (before, mut after) = (self.purge_before(), None);
        loop {
            self.go_on()?;
            let batch = db::datasets::to_purge(&self.app.db, before, after, BATCH as u64).await?;
            let Some(last) = batch.last() else { return Ok(()) };
            after = Some(last.id);
            for dataset in batch {
                if self.remove(&dataset.s3_key).await {
                    db::datasets::purge(&self.app.db, dataset.id, self.now).await?;
                    self.purged.datasets += 1;
                }
            }
        }
    }

    async fn models(&mut self) -> Result<()> {
        let (before, mut after) = (self.purge_before(), None);
        loop {
            self.go_on()?;
            let batch = db::models::to_purge(&self.app.db, before, after, BATCH as u64).await?;
            let Some(last) = batch.last() else { return Ok(()) };
            after = Some(last.id);
            for model in batch {
                let mut whole = true;
                for file in &model.artifacts {
                    whole &= self.remove(&file.key).await;
                }
                if whole {
                    db::models::purge(&self.app.db, model.id, self.now).await?;
                    self.purged.models += 1;
                }
            }
        }
    }

    async fn uploads(&mut self) -> Result<()> {
        let (before, mut after) = (self.now - Duration::days(UPLOAD_DAYS), None);
        loop {
            self.go_on()?;
            let batch = db::datasets::abandoned(&self.app.db, before, after, BATCH as u64).await?;
            let Some(last) = batch.last() else { return Ok(()) };
            after = Some(last.id);
            for dataset in batch {
                // From here on it cannot be confirmed any more.
                let given_up = db::datasets::abandon(&self.app.db, dataset.id, self.now).await?;
                if given_up && self.remove(&dataset.s3_key).await {
                    db::datasets::remove_abandoned(&self.app.db, dataset.id).await?;
                    self.purged.uploads += 1;
                }
            }
        }
    }

    /// Looks at every file that is old enough, and removes those that nothing needs.
    async fn objects(&mut self) -> Result<()> {
        let before = self.now - Duration::days(ORPHAN_DAYS);
        for root in ["datasets", "models", "checkpoints"] {
            let mut listed = self.app.blob.list(root);
            let mut batch = Vec::new();
            while let Some(object) = listed.try_next().await? {
                if object.modified < before {
                    batch.push(object);
                }
                if batch.len() == BATCH {
                    self.batch(root, std::mem::take(&mut batch)).await?;
                }
            }
            self.batch(root, batch).await?;
        }
        Ok(())
    }

    async fn batch(&mut self, root: &str, objects: Vec<Listed>) -> Result<()> {
        self.go_on()?;
        // A key that names no id is not one of ours.
        let segment = if root == "datasets" { 2 } else { 1 };
        let id = |object: &Listed| object.key.as_str().split('/').nth(segment).and_then(|id| id.parse::<Uuid>().ok());
        let objects: Vec<(Uuid, Key)> = objects.into_iter().filter_map(|o| id(&o).map(|id| (id, o.key))).collect();
        let ids: Vec<Uuid> = objects.iter().map(|(id, _)| *id).collect::<BTreeSet<_>>().into_iter().collect();
        if ids.is_empty() {
            return Ok(());
        }
        if root == "checkpoints" {
            return self.checkpoints(&ids, &objects).await;
        }
        let needed = if root == "datasets" { self.datasets_with_files(&ids).await? } else { self.models_with_files(&ids).await? };
        for (_, key) in objects.iter().filter(|(id, _)| !needed.contains(id)) {
            if self.remove(key.as_str()).await {
                self.purged.orphans += 1;
            }
        }
        Ok(())
    }

    async fn datasets_with_files(&self, ids: &[Uuid]) -> Result<BTreeSet<Uuid>> {
        let ids: Vec<DatasetId> = ids.iter().copied().map(DatasetId).collect();
        Ok(db::datasets::with_files(&self.app.db, &ids).await?.into_iter().map(DatasetId::uuid).collect())
    }

    /// Models are named after the attempt that makes them, whose files come before the model's row.
    async fn models_with_files(&self, ids: &[Uuid]) -> Result<BTreeSet<Uuid>> {
        let models: Vec<ModelId> = ids.iter().copied().map(ModelId).collect();
        let attempts: Vec<AttemptId> = ids.iter().copied().map(AttemptId).collect();
        // The attempts first: one that completes in between is found among the models.
        let live = db::jobs::live_attempts(&self.app.db, &attempts).await?;
        let models = db::models::with_files(&self.app.db, &models).await?;
        Ok(models.into_iter().map(ModelId::uuid).chain(live.into_iter().map(AttemptId::uuid)).collect())
    }

    /// Those of the jobs that are gone, or ended so long ago that nothing of their runs is kept.
    async fn over(&self, jobs: &[JobId]) -> Result<BTreeSet<JobId>> {
        let before = self.now - Duration::days(RUN_DAYS);
        let ends = db::jobs::ends(&self.app.db, jobs).await?;
        let over = |job: &&JobId| ends.get(job).is_none_or(|end| end.is_some_and(|end| end < before));
        Ok(jobs.iter().filter(over).copied().collect())
    }

    async fn checkpoints(&mut self, ids: &[Uuid], objects: &[(Uuid, Key)]) -> Result<()> {
        let jobs: Vec<JobId> = ids.iter().copied().map(JobId).collect();
        for job in self.over(&jobs).await? {
            let mut whole = true;
            for (_, key) in objects.iter().filter(|(id, _)| *id == job.uuid()) {
                let removed = self.remove(key.as_str()).await;
                self.purged.checkpoint_files += u64::from(removed);
                whole &= removed;
            }
            if whole {
                db::jobs::forget_checkpoints(&self.app.db, job).await?;
            }
        }
        Ok(())
    }

    async fn runs(&mut self) -> Result<()> {
        let kept = self.app.cluster.kept().await.map_err(|e| Error::unavailable("The folders of runs cannot be read now.", e))?;
        for jobs in kept.chunks(BATCH) {
            self.go_on()?;
            for job in self.over(jobs).await? {
                match self.app.cluster.remove(job).await {
                    Ok(()) => self.purged.runs += 1,
                    Err(error) => {
                        self.purged.failures += 1;
                        tracing::warn!(%job, error = &error as &dyn std::error::Error, "the folder of a job could not be removed");
                    }
                }
            }
        }
        Ok(())
    }
}
