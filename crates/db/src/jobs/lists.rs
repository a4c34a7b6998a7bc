//! Finding jobs.

use super::entity::{Column, Entity};
use super::record::Job;
use crate::connection::Db;
use crate::convert::{count, count_of, sum_of, text};
use crate::error::Result;
use crate::page::{Page, Paged};
use chrono::{DateTime, Utc};
use domain::job::JobStatus;
use domain::{DatasetId, JobId, MicroUsd, UserId};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use std::collections::{BTreeMap, HashMap};

/// The job with this id.
///
/// # Errors
/// When the query fails.
pub async fn get(db: &Db, id: JobId) -> Result<Option<Job>> {
    Entity::find_by_id(id.uuid()).one(db.read()).await?.map(Job::try_from).transpose()
}

/// The job that an account made under this idempotency key.
///
/// # Errors
/// When the query fails.
pub async fn by_idempotency_key(db: &Db, user_id: UserId, key: &str) -> Result<Option<Job>> {
    let query = Entity::find().filter(Column::UserId.eq(user_id.uuid())).filter(Column::IdempotencyKey.eq(key));
    query.one(db.read()).await?.map(Job::try_from).transpose()
}

/// Which jobs to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobFilter {
    /// Only of this account; none means everybody's.
    pub user_id: Option<UserId>,
    /// Any of these; empty means all.
    pub statuses: Vec<JobStatus>,
    /// Only on this data set.
    pub dataset_id: Option<DatasetId>,
}

/// Order of a list of jobs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum JobSort {
    /// Newest first.
    #[default]
    CreatedDesc,
    /// Oldest first.
    CreatedAsc,
    /// Highest cost so far first.
    CostDesc,
}

fn matching(filter: &JobFilter) -> Select<Entity> {
    let mut query = Entity::find();
    if let Some(user_id) = filter.user_id {
        query = query.filter(Column::UserId.eq(user_id.uuid()));
    }
    if let Some(dataset_id) = filter.dataset_id {
        query = query.filter(Column::DatasetId.eq(dataset_id.uuid()));
    }
    if !filter.statuses.is_empty() {
        query = query.filter(Column::Status.is_in(texts(&filter.statuses)));
    }
    query
}

fn texts(statuses: &[JobStatus]) -> Vec<&'static str> {
    statuses.iter().map(|s| s.as_str()).collect()
}

pub(crate) fn live() -> Vec<&'static str> {
    JobStatus::ALL.iter().filter(|s| !s.is_terminal()).map(|s| s.as_str()).collect()
}

/// A page of jobs.
///
/// # Errors
/// When a query fails.
pub async fn list(db: &Db, filter: &JobFilter, sort: JobSort, page: Page) -> Result<Paged<Job>> {
    let query = matching(filter);
    let total = query.clone().count(db.read()).await?;
    let query = match sort {
        JobSort::CreatedDesc => query.order_by_desc(Column::CreatedAt).order_by_desc(Column::Id),
        JobSort::CreatedAsc => query.order_by_asc(Column::CreatedAt).order_by_asc(Column::Id),
        JobSort::CostDesc => query.order_by_desc(Column::CurrentCostMicros).order_by_desc(Column::Id),
    };
    let rows = query.offset(page.offset()).limit(page.size).all(db.read()).await?;
    Ok(Paged { rows: rows.into_iter().map(Job::try_from).collect::<Result<_>>()?, total })
}

/// How many jobs are in each state; states without jobs are absent.
///
/// # Errors
/// When the query fails.
pub async fn counts(db: &Db, filter: &JobFilter) -> Result<BTreeMap<JobStatus, u64>> {
    let query = matching(filter).select_only().column(Column::Status).expr(count_of(Column::Id)).group_by(Column::Status);
    let rows: Vec<(String, i64)> = query.into_tuple().all(db.read()).await?;
    rows.into_iter().map(|(status, n)| Ok((text("training_jobs.status", &status)?, count(n)))).collect()
}

/// Everybody's jobs in one of these states, those that were queued first first.
///
/// # Errors
/// When the query fails.
pub async fn in_status(db: &Db, statuses: &[JobStatus], limit: u64) -> Result<Vec<Job>> {
    let query = Entity::find().filter(Column::Status.is_in(texts(statuses)));
    let rows = query.order_by_asc(Column::QueuedAt).order_by_asc(Column::Id).limit(limit).all(db.read()).await?;
    rows.into_iter().map(Job::try_from).collect()
}

/// Everybody's jobs that have not ended, those that were queued first first.
///
/// # Errors
/// When the query fails.
pub async fn active(db: &Db) -> Result<Vec<Job>> {
    let rows = Entity::find().filter(Column::Status.is_in(live())).order_by_asc(Column::QueuedAt).order_by_asc(Column::Id);
    rows.all(db.read()).await?.into_iter().map(Job::try_from).collect()
}

/// Place of a queued job among all queued jobs, from 1. None where it is not queued.
///
/// # Errors
/// When a query fails.
pub async fn queue_position(db: &Db, job: &Job) -> Result<Option<u64>> {
    if job.status != JobStatus::Queued {
        return Ok(None);
    }
    let earlier = Condition::any()
        .add(Column::QueuedAt.lt(job.queued_at))
        .add(Condition::all().add(Column::QueuedAt.eq(job.queued_at)).add(Column::Id.lt(job.id.uuid())));
    let query = Entity::find().filter(Column::Status.eq(JobStatus::Queued.as_str())).filter(earlier);
    Ok(Some(query.count(db.read()).await? + 1))
}

/// What is held against an account's budget for its jobs that have not ended.
///
/// # Errors
/// When the query fails.
pub async fn held_budget(db: &Db, user_id: UserId) -> Result<MicroUsd> {
    held_in(db.read(), user_id).await
}

pub(super) async fn held_in<C: ConnectionTrait>(connection: &C, user_id: UserId) -> Result<MicroUsd> {
    let query = Entity::find().filter(Column::UserId.eq(user_id.uuid())).filter(Column::Status.is_in(live()));
    let sum: Option<Option<i64>> = query.select_only().expr(sum_of(Column::BudgetHoldMicros)).into_tuple().one(connection).await?;
    Ok(MicroUsd(sum.flatten().unwrap_or(0)))
}

/// What a job that has not ended costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiveCost {
    /// The estimate at launch.
    pub estimated: MicroUsd,
    /// The sum of its records.
    pub so_far: MicroUsd,
}

/// What each of an account's jobs that have not ended costs.
///
/// # Errors
/// When the query fails.
pub async fn live_costs(db: &Db, user_id: UserId) -> Result<Vec<LiveCost>> {
    let query = Entity::find().filter(Column::UserId.eq(user_id.uuid())).filter(Column::Status.is_in(live()));
    let query = query.select_only().column(Column::EstimatedTotalCostMicros).column(Column::CurrentCostMicros);
    let rows: Vec<(i64, i64)> = query.into_tuple().all(db.read()).await?;
    Ok(rows.into_iter().map(|(estimated, so_far)| LiveCost { estimated: MicroUsd(estimated), so_far: MicroUsd(so_far) }).collect())
}

/// How many of an account's jobs ended from `from` to before `until`, by how they did.
///
/// # Errors
/// When the query fails.
pub async fn ended_between(db: &Db, user_id: UserId, from: DateTime<Utc>, until: DateTime<Utc>) -> Result<BTreeMap<JobStatus, u64>> {
    let ended = JobStatus::ALL.iter().filter(|s| s.is_terminal()).map(|s| s.as_str());
    let query = Entity::find().filter(Column::UserId.eq(user_id.uuid())).filter(Column::Status.is_in(ended));
    let query = query.filter(Column::CompletedAt.gte(from)).filter(Column::CompletedAt.lt(until));
    let query = query.select_only().column(Column::Status).expr(count_of(Column::Id)).group_by(Column::Status);
    let rows: Vec<(String, i64)> = query.into_tuple().all(db.read()).await?;
    rows.into_iter().map(|(status, n)| Ok((text("training_jobs.status", &status)?, count(n)))).collect()
}

/// The names of these jobs; those that are not there are absent.
///
/// # Errors
/// When the query fails.
pub async fn names(db: &Db, ids: &[JobId]) -> Result<BTreeMap<JobId, String>> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let query = Entity::find().filter(Column::Id.is_in(ids.iter().map(|id| id.uuid())));
    let rows: Vec<(uuid::Uuid, String)> = query.select_only().column(Column::Id).column(Column::Name).into_tuple().all(db.read()).await?;
    Ok(rows.into_iter().map(|(id, name)| (JobId(id), name)).collect())
}

pub(super) async fn under_way_in<C: ConnectionTrait>(connection: &C, user_id: UserId) -> Result<u64> {
    let under_way = texts(&[JobStatus::Initializing, JobStatus::Running]);
    let query = Entity::find().filter(Column::UserId.eq(user_id.uuid())).filter(Column::Status.is_in(under_way));
    Ok(query.count(connection).await?)
}

/// The number of the last event of each of these jobs.
///
/// # Errors
/// When the query fails.
pub async fn last_event_seqs(db: &Db, jobs: &[JobId]) -> Result<HashMap<JobId, u64>> {
    if jobs.is_empty() {
        return Ok(HashMap::new());
    }
    let query = Entity::find().filter(Column::Id.is_in(jobs.iter().map(|id| id.uuid())));
    let query = query.select_only().column(Column::Id).column(Column::LastEventSeq);
    let rows: Vec<(uuid::Uuid, i64)> = query.into_tuple().all(db.read()).await?;
    Ok(rows.into_iter().map(|(id, seq)| (JobId(id), count(seq))).collect())
}

/// Mean throughput, in tokens a second, of the last `runs` completed jobs on this base model and instance type. None where there are none.
///
/// # Errors
/// When the query fails.
pub async fn measured_throughput(db: &Db, base_model: &str, instance_type: &str, runs: u64) -> Result<Option<f64>> {
    let query = Entity::find()
        .filter(Column::Status.eq(JobStatus::Completed.as_str()))
        .filter(Column::BaseModel.eq(base_model))
        .filter(Column::InstanceType.eq(instance_type))
        .filter(Column::TokensPerSecond.is_not_null())
        .order_by_desc(Column::CompletedAt)
        .limit(runs);
    let values: Vec<Option<f64>> = query.select_only().column(Column::TokensPerSecond).into_tuple().all(db.read()).await?;
    let values: Vec<f64> = values.into_iter().flatten().filter(|v| *v > 0.0).collect();
    let number = u32::try_from(values.len()).unwrap_or(u32::MAX);
    Ok((number > 0).then(|| values.iter().sum::<f64>() / f64::from(number)))
}
