//! Changing jobs: one row lock, one synchronous decision, one transaction for everything that follows.

use super::attempts::{self, JobAttempt};
use super::entity::{Column, Entity, Model};
use super::events::{self, NewEvent, Place, Projection};
use super::lists;
use super::record::Job;
use super::runs::{self, LogLine};
use crate::connection::Db;
use crate::convert::instant;
use crate::costs::{self, CostFilter, CostRecord};
use crate::error::{Error, Result};
use crate::models::{self, ModelArtifact};
use crate::news::News;
use crate::notifications::{self, Notification};
use crate::tasks::{self, NewTask};
use crate::throughputs;
use crate::users;
use chrono::{DateTime, Utc};
use domain::{JobId, LogId, MicroUsd, UserId};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, Condition, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect};

/// What follows from a change of a job and is written in the same transaction.
#[derive(Debug, Default)]
pub struct JobEffects {
    /// Appended to the event log, with their projections. Those of a trainer whose number is at or below the job's `last_trainer_seq`
    /// were taken in before and are left out, with their projections.
    pub events: Vec<NewEvent>,
    /// Attempts that are new or have changed.
    pub attempts: Vec<JobAttempt>,
    /// Costs; one of the same job, attempt and type takes the place of an earlier one. The job's `current_cost` becomes their sum.
    pub costs: Vec<CostRecord>,
    /// What the job made.
    pub model: Option<ModelArtifact>,
    /// For the owner.
    pub notifications: Vec<Notification>,
    /// Background work.
    pub tasks: Vec<NewTask>,
    /// How fast the run goes, for later estimates.
    pub throughput: Option<throughputs::Run>,
    /// Forget the metrics after this step, because the run goes on from a checkpoint of it.
    pub forget_metrics_after: Option<u64>,
}

impl JobEffects {
    fn is_empty(&self) -> bool {
        self.events.is_empty()
            && self.attempts.is_empty()
            && self.costs.is_empty()
            && self.model.is_none()
            && self.notifications.is_empty()
            && self.tasks.is_empty()
            && self.throughput.is_none()
            && self.forget_metrics_after.is_none()
    }
}

/// How an account stands, read under a lock on it: two launches at once cannot both use the last of a budget.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Budget {
    /// Spent in the billing period.
    pub spent: MicroUsd,
    /// Held for its jobs that have not ended.
    pub held: MicroUsd,
}

async fn budget_of(tx: &DatabaseTransaction, user_id: UserId, period: DateTime<Utc>) -> Result<Budget> {
    if users::entity::Entity::find_by_id(user_id.uuid()).lock_exclusive().one(tx).await?.is_none() {
        return Err(Error::Reference(format!("account {user_id}")));
    }
    Ok(Budget { spent: costs::spent_in(tx, user_id, period).await?, held: lists::held_in(tx, user_id).await? })
}

/// Adds a job with what follows from it, unless `admit` refuses, given how the account stands in the billing period that starts at
/// `period`. The inner error is `admit`'s.
///
/// # Errors
/// [`Error::Duplicate`] when the account made a job under the same idempotency key already; see [`super::by_idempotency_key`].
pub async fn insert<E: Send>(
    db: &Db,
    job: &Job,
    effects: JobEffects,
    period: DateTime<Utc>,
    admit: impl FnOnce(Budget) -> Result<(), E> + Send,
) -> Result<Result<Job, E>> {
    let tx = db.begin().await?;
    if let Err(refusal) = admit(budget_of(&tx, job.user_id, period).await?) {
        return Ok(Err(refusal));
    }
    let row = Model::try_from(job)?;
    Entity::insert(row.clone().into_active_model()).exec_without_returning(&tx).await?;
    let job = write(&tx, row, job.clone(), &effects, job.created_at).await?;
    tx.commit().await?;
    announce(db, &job, &effects);
    Ok(Ok(job))
}

/// Locks the job, lets `change` decide, change it and say what follows, and writes all of it in one transaction. None where there is no
/// such job.
///
/// `change` is where a conditional transition is made: look at the status, the attempt id and `last_trainer_seq`, and leave everything as
/// it is where the change does not apply any more. Within an attempt progress never goes back: a lower value is not taken.
///
/// # Errors
/// When a query fails; nothing is written then.
pub async fn update<T: Send>(
    db: &Db,
    id: JobId,
    now: DateTime<Utc>,
    change: impl FnOnce(&mut Job, &mut JobEffects) -> T + Send,
) -> Result<Option<T>> {
    let tx = db.begin().await?;
    let Some(row) = locked(&tx, id).await? else { return Ok(None) };
    let mut job = Job::try_from(row.clone())?;
    let mut effects = JobEffects::default();
    let answer = change(&mut job, &mut effects);
    let job = write(&tx, row, job, &effects, now).await?;
    tx.commit().await?;
    announce(db, &job, &effects);
    Ok(Some(answer))
}

/// As [`update`], and `change` is given how the account stands in the billing period that starts at `period`: for a retry, which holds
/// budget again.
///
/// # Errors
/// When a query fails; nothing is written then.
pub async fn update_within_budget<T: Send>(
    db: &Db,
    id: JobId,
    period: DateTime<Utc>,
    now: DateTime<Utc>,
    change: impl FnOnce(&mut Job, &mut JobEffects, Budget) -> T + Send,
) -> Result<Option<T>> {
    let tx = db.begin().await?;
    let Some(owner) = Entity::find_by_id(id.uuid()).one(&tx).await? else { return Ok(None) };
    // The account before the job, as in `insert`, so that the two never wait for each other.
    let budget = budget_of(&tx, UserId(owner.user_id), period).await?;
    let Some(row) = locked(&tx, id).await? else { return Ok(None) };
    let mut job = Job::try_from(row.clone())?;
    let mut effects = JobEffects::default();
    let answer = change(&mut job, &mut effects, budget);
    let job = write(&tx, row, job, &effects, now).await?;
    tx.commit().await?;
    announce(db, &job, &effects);
    Ok(Some(answer))
}

/// As [`update`], and `change` is given how many jobs of the account are under way: initializing or running. Two launches at once, of
/// different processes, see each other.
///
/// # Errors
/// When a query fails; nothing is written then.
pub async fn update_counting<T: Send>(
    db: &Db,
    id: JobId,
    now: DateTime<Utc>,
    change: impl FnOnce(&mut Job, &mut JobEffects, u64) -> T + Send,
) -> Result<Option<T>> {
    let tx = db.begin().await?;
    let Some(owner) = Entity::find_by_id(id.uuid()).one(&tx).await? else { return Ok(None) };
    let user_id = UserId(owner.user_id);
    // The account before the job, as in `insert`.
    if users::entity::Entity::find_by_id(user_id.uuid()).lock_exclusive().one(&tx).await?.is_none() {
        return Ok(None);
    }
    let under_way = lists::under_way_in(&tx, user_id).await?;
    let Some(row) = locked(&tx, id).await? else { return Ok(None) };
    let mut job = Job::try_from(row.clone())?;
    let mut effects = JobEffects::default();
    let answer = change(&mut job, &mut effects, under_way);
    let job = write(&tx, row, job, &effects, now).await?;
    tx.commit().await?;
    announce(db, &job, &effects);
    Ok(Some(answer))
}

async fn locked(tx: &DatabaseTransaction, id: JobId) -> Result<Option<Model>> {
    Ok(Entity::find_by_id(id.uuid()).lock_exclusive().one(tx).await?)
}

fn announce(db: &Db, job: &Job, effects: &JobEffects) {
    if !effects.events.is_empty() {
        db.announce(News::Events { job: job.id, owner: job.user_id });
    }
    db.announce_notifications(&effects.notifications);
}

/// Writes a changed job, whose stored row is `before`, with what follows.
async fn write(tx: &DatabaseTransaction, before: Model, mut job: Job, effects: &JobEffects, now: DateTime<Utc>) -> Result<Job> {
    let stored = Job::try_from(before.clone())?;
    job.id = stored.id;
    job.last_event_seq = stored.last_event_seq;
    job.current_cost = stored.current_cost;
    if job.attempt_id == stored.attempt_id {
        job.last_trainer_seq = stored.last_trainer_seq;
        job.progress = job.progress.max(stored.progress);
    }
    if let Some(step) = effects.forget_metrics_after {
        runs::cut_metrics(tx, job.id, step).await?;
    }
    attempts::upsert_in(tx, &effects.attempts).await?;
    if let Some(model) = &effects.model {
        models::insert_in(tx, model).await?;
    }
    if !effects.costs.is_empty() {
        costs::upsert_in(tx, &effects.costs).await?;
        job.current_cost = costs::sum_in(tx, &CostFilter { job_id: Some(job.id), ..CostFilter::default() }).await?;
    }
    if let Some(run) = &effects.throughput {
        throughputs::add_in(tx, run, now).await?;
    }
    notifications::insert_in(tx, &effects.notifications).await?;
    tasks::push_in(tx, &effects.tasks).await?;
    append_all(tx, &mut job, &effects.events, now).await?;
    let after = Model::try_from(&job)?;
    if after != before || !effects.is_empty() {
        job.updated_at = instant(now);
        Model { updated_at: job.updated_at, ..after }.into_active_model().reset_all().update(tx).await?;
    }
    Ok(job)
}

/// Last of all, because of the lock that the numbers are under.
async fn append_all(tx: &DatabaseTransaction, job: &mut Job, events: &[NewEvent], now: DateTime<Utc>) -> Result<()> {
    let mut new = Vec::new();
    for event in events {
        match event.trainer_seq {
            Some(seq) if seq <= job.last_trainer_seq => continue,
            Some(seq) => job.last_trainer_seq = seq,
            None => {}
        }
        new.push(event);
    }
    if new.is_empty() {
        return Ok(());
    }
    let mut user_seq = events::reserve_numbers(tx, job.user_id, new.len()).await?;
    for event in new {
        user_seq += 1;
        append(tx, job, event, user_seq, now).await?;
    }
    Ok(())
}

async fn append(tx: &DatabaseTransaction, job: &mut Job, event: &NewEvent, user_seq: i64, now: DateTime<Utc>) -> Result<()> {
    job.last_event_seq += 1;
    job.last_event_at = Some(instant(now));
    let seq = job.last_event_seq;
    let place = Place { job_id: job.id, attempt_id: job.attempt_id, seq, user_id: job.user_id, user_seq };
    events::append_in(tx, place, event).await?;
    for projection in &event.projections {
        match projection {
            Projection::Metrics(metrics) => runs::put_metrics(tx, job.id, job.attempt, metrics, now).await?,
            Projection::Checkpoint(checkpoint) => runs::put_checkpoint(tx, job.id, checkpoint).await?,
            Projection::CheckpointFiles { step, bucket, key, files } => {
                runs::put_checkpoint_files(tx, job.id, *step, bucket, key, files).await?;
            }
            Projection::Log { level, message, metadata } => {
                let (level, message, metadata) = (*level, message.clone(), metadata.clone());
                runs::put_log(tx, job.id, &LogLine { id: LogId::new(event.at), seq, timestamp: event.at, level, message, metadata })
                    .await?;
            }
        }
    }
    Ok(())
}

/// Takes the job for `owner` until `until`, where nobody else holds it at `now`. False where somebody does.
///
/// # Errors
/// When the query fails.
pub async fn acquire_lease(db: &Db, id: JobId, owner: &str, now: DateTime<Utc>, until: DateTime<Utc>) -> Result<bool> {
    let free = Condition::any()
        .add(Column::LeaseOwner.is_null())
        .add(Column::LeaseUntil.is_null())
        .add(Column::LeaseUntil.lte(instant(now)))
        .add(Column::LeaseOwner.eq(owner));
    let query = Entity::update_many()
        .col_expr(Column::LeaseOwner, Expr::value(owner))
        .col_expr(Column::LeaseUntil, Expr::value(instant(until)))
        .filter(Column::Id.eq(id.uuid()))
        .filter(free);
    Ok(query.exec(db.write()).await?.rows_affected > 0)
}

/// Extends the lease. False where `owner` does not hold it any more: then it must stop working on the job.
///
/// # Errors
/// When the query fails.
pub async fn renew_lease(db: &Db, id: JobId, owner: &str, until: DateTime<Utc>) -> Result<bool> {
    let query = Entity::update_many().col_expr(Column::LeaseUntil, Expr::value(instant(until)));
    Ok(query.filter(Column::Id.eq(id.uuid())).filter(Column::LeaseOwner.eq(owner)).exec(db.write()).await?.rows_affected > 0)
}

/// Lets go of the job, where `owner` holds it.
///
/// # Errors
/// When the query fails.
pub async fn release_lease(db: &Db, id: JobId, owner: &str) -> Result<()> {
    let query = Entity::update_many()
        .col_expr(Column::LeaseOwner, Expr::value(None::<String>))
        .col_expr(Column::LeaseUntil, Expr::value(None::<DateTime<Utc>>));
    query.filter(Column::Id.eq(id.uuid())).filter(Column::LeaseOwner.eq(owner)).exec(db.write()).await?;
    Ok(())
}
