//! Finding jobs.

use super::entity::{Column, Entity, Model};
use super::record::Job;
use crate::connection::Db;
use crate::convert::{count, count_of, sum_of, text};
use crate::datasets::entity as datasets;
use crate::error::Result;
use crate::page::{self, Page, Paged};
use chrono::{DateTime, Utc};
use domain::job::JobStatus;
use domain::{DatasetId, JobId, MicroUsd, UserId};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, JoinType, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    RelationDef, Select,
};
use std::collections::{BTreeMap, HashMap};

/// The job with this id.
///
/// # Errors
/// When the query fails.
pub async fn get(db: &Db, id: JobId) -> Result<Option<Job>> {
    Entity::find_by_id(id.uuid()).one(db.read()).await?.map(Job::try_from).transpose()
}

/// Whose the job with this id is.
///
/// # Errors
/// When the query fails.
pub async fn owner(db: &Db, id: JobId) -> Result<Option<UserId>> {
    let id: Option<uuid::Uuid> = Entity::find_by_id(id.uuid()).select_only().column(Column::UserId).into_tuple().one(db.read()).await?;
    Ok(id.map(UserId))
}

/// A job with what is shown of its data set, deleted or not.
#[derive(Debug, Clone, PartialEq)]
pub struct Named {
    /// The job.
    pub job: Job,
    /// Name of its data set.
    pub dataset_name: String,
    /// Trainable pairs of its data set.
    pub dataset_pairs: u64,
}

#[derive(FromQueryResult)]
struct NamedRow {
    #[sea_orm(nested)]
    job: Model,
    dataset_name: Option<String>,
    dataset_pairs: Option<i64>,
}

impl TryFrom<NamedRow> for Named {
    type Error = crate::Error;
    fn try_from(row: NamedRow) -> Result<Self> {
        let dataset_pairs = count(row.dataset_pairs.unwrap_or(0));
        Ok(Self { job: row.job.try_into()?, dataset_name: row.dataset_name.unwrap_or_default(), dataset_pairs })
    }
}

fn named(query: Select<Entity>) -> Select<Entity> {
    let dataset: RelationDef = Entity::belongs_to(datasets::Entity).from(Column::DatasetId).to(datasets::Column::Id).into();
    let query = query.join(JoinType::LeftJoin, dataset).column_as(datasets::Column::Name, "dataset_name");
    query.column_as(datasets::Column::TotalTrainingPairs, "dataset_pairs")
}

/// The job with this id and what is shown of its data set.
///
/// # Errors
/// When the query fails.
pub async fn get_named(db: &Db, id: JobId) -> Result<Option<Named>> {
    named(Entity::find_by_id(id.uuid())).into_model::<NamedRow>().one(db.read()).await?.map(Named::try_from).transpose()
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

/// A page of jobs, and how many match.
///
/// # Errors
/// When a query fails.
pub async fn list(db: &Db, filter: &JobFilter, sort: JobSort, page: Page) -> Result<Paged<Named>> {
    let rows = rows(db, filter, sort, page).await?;
    let total = page::total(db.read(), matching(filter), page, rows.len()).await?;
    Ok(Paged { rows, total })
}

/// A page of jobs, for who knows how many match.
///
/// # Errors
/// When the query fails.
pub async fn rows(db: &Db, filter: &JobFilter, sort: JobSort, page: Page) -> Result<Vec<Named>> {
    let query = matching(filter);
    let query = match sort {
        JobSort::CreatedDesc => query.order_by_desc(Column::CreatedAt).order_by_desc(Column::Id),
        JobSort::CreatedAsc => query.order_by_asc(Column::CreatedAt).order_by_asc(Column::Id),
        JobSort::CostDesc => query.order_by_desc(Column::CurrentCostMicros).order_by_desc(Column::Id),
    };
    let query = named(query.offset(page.offset()).limit(page.size)).into_model::<NamedRow>();
    query.all(db.read()).await?.into_iter().map(Named::try_from).collect()
}

/// When a job began and ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Course {
    /// Job.
    pub id: JobId,
    /// Its name.
    pub name: String,
    /// How it stands.
    pub status: JobStatus,
    /// When it began to run.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub completed_at: Option<DateTime<Utc>>,
}

/// The courses of an account's newest jobs, newest first, at most `limit`.
///
/// # Errors
/// When the query fails.
pub async fn courses(db: &Db, user_id: UserId, limit: u64) -> Result<Vec<Course>> {
    type Row = (uuid::Uuid, String, String, Option<DateTime<Utc>>, Option<DateTime<Utc>>);
    let columns = [Column::Id, Column::Name, Column::Status, Column::StartedAt, Column::CompletedAt];
    let query = Entity::find().filter(Column::UserId.eq(user_id.uuid())).select_only().columns(columns);
    let query = query.order_by_desc(Column::CreatedAt).order_by_desc(Column::Id).limit(limit);
    let rows: Vec<Row> = query.into_tuple().all(db.read()).await?;
    let course = |(id, name, status, started_at, completed_at): Row| {
        Ok(Course { id: JobId(id), name, status: text("training_jobs.status", &status)?, started_at, completed_at })
    };
    rows.into_iter().map(course).collect()
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

/// Places of queued jobs among all queued jobs, from 1; those that are not queued have none.
///
/// # Errors
/// When the query fails.
pub async fn queue_positions<'a>(db: &Db, jobs: impl Iterator<Item = &'a Job> + Send) -> Result<HashMap<JobId, u64>> {
    let queued = JobStatus::Queued.as_str();
    let ids: Vec<_> = jobs.filter(|job| job.status == JobStatus::Queued).map(|job| job.id.uuid()).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let (other, own) = (Alias::new("other"), Alias::new("own"));
    let of_other = |column: Column| Expr::col((other.clone(), column));
    let of_own = |column: Column| Expr::col((own.clone(), column));
    let same =
        Condition::all().add(of_other(Column::QueuedAt).eq(of_own(Column::QueuedAt))).add(of_other(Column::Id).lt(of_own(Column::Id)));
    let earlier = Condition::any().add(of_other(Column::QueuedAt).lt(of_own(Column::QueuedAt))).add(same);
    let before: SelectStatement = Query::select()
        .expr(of_other(Column::Id).count())
        .from_as(Entity, other.clone())
        .and_where(of_other(Column::Status).eq(queued))
        .cond_where(earlier)
        .to_owned();
    let query = Query::select()
        .expr_as(of_own(Column::Id), "id")
        .expr_as(Expr::SubQuery(None, Box::new(before.into())), "earlier")
        .from_as(Entity, own.clone())
        .and_where(of_own(Column::Id).is_in(ids))
        .and_where(of_own(Column::Status).eq(queued))
        .to_owned();
    let row = |row: sea_orm::QueryResult| Ok((JobId(row.try_get("", "id")?), count(row.try_get("", "earlier")?) + 1));
    db.read().query_all(&query).await?.into_iter().map(row).collect()
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
    /// What is held against the budget for it.
    pub held: MicroUsd,
}

/// What each of an account's jobs that have not ended costs.
///
/// # Errors
/// When the query fails.
pub async fn live_costs(db: &Db, user_id: UserId) -> Result<Vec<LiveCost>> {
    let query = Entity::find().filter(Column::UserId.eq(user_id.uuid())).filter(Column::Status.is_in(live()));
    let columns = [Column::EstimatedTotalCostMicros, Column::CurrentCostMicros, Column::BudgetHoldMicros];
    let rows: Vec<(i64, i64, i64)> = query.select_only().columns(columns).into_tuple().all(db.read()).await?;
    let cost = |(estimated, so_far, held)| LiveCost { estimated: MicroUsd(estimated), so_far: MicroUsd(so_far), held: MicroUsd(held) };
    Ok(rows.into_iter().map(cost).collect())
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
