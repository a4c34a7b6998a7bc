//! Cost records. What a job costs is the sum of its records and nothing else.

use crate::connection::Db;
use crate::convert::{instant, small, small_count, sum_of, text};
use crate::error::{Error, Result};
use chrono::{DateTime, Months, Utc};
use domain::cost::CostType;
use domain::{CostRecordId, JobId, MicroUsd, UserId};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};
use serde_json::Value;
use std::collections::BTreeMap;

mod entity {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "cost_records")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub user_id: Uuid,
        pub job_id: Option<Uuid>,
        pub attempt: i32,
        pub cost_type: String,
        pub slice: i64,
        pub amount_micros: i64,
        pub details: Option<Json>,
        pub billing_period: DateTimeUtc,
        pub recorded_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
use entity::{Column, Entity, Model};

/// What something cost.
#[derive(Debug, Clone, PartialEq)]
pub struct CostRecord {
    /// Its id; an upsert keeps the first one's.
    pub id: CostRecordId,
    /// Who pays.
    pub user_id: UserId,
    /// For which job.
    pub job_id: Option<JobId>,
    /// For which attempt of it, from 1; 0 for the job as a whole.
    pub attempt: u32,
    /// What for.
    pub cost_type: CostType,
    /// Of computing: the hour that it is for, in hours since 1970; 0 for everything else.
    pub slice: i64,
    /// How much.
    pub amount: MicroUsd,
    /// Seconds, rate and the like.
    pub details: Option<Value>,
    /// First instant, UTC, of the day that it is billed in.
    pub billing_period: DateTime<Utc>,
    /// When it was recorded; an upsert keeps the first one's.
    pub recorded_at: DateTime<Utc>,
}

impl TryFrom<Model> for CostRecord {
    type Error = Error;
    fn try_from(m: Model) -> Result<Self> {
        Ok(Self {
            id: CostRecordId(m.id),
            user_id: UserId(m.user_id),
            job_id: m.job_id.map(JobId),
            attempt: small_count(m.attempt),
            cost_type: text("cost_records.cost_type", &m.cost_type)?,
            slice: m.slice,
            amount: MicroUsd(m.amount_micros),
            details: m.details,
            billing_period: m.billing_period,
            recorded_at: m.recorded_at,
        })
    }
}

impl From<&CostRecord> for Model {
    fn from(c: &CostRecord) -> Self {
        Self {
            id: c.id.uuid(),
            user_id: c.user_id.uuid(),
            job_id: c.job_id.map(JobId::uuid),
            attempt: small(c.attempt),
            cost_type: c.cost_type.as_str().to_owned(),
            slice: c.slice,
            amount_micros: c.amount.0,
            details: c.details.clone(),
            billing_period: instant(c.billing_period),
            recorded_at: instant(c.recorded_at),
        }
    }
}

/// Writes records. A second record of the same job, attempt, type and hour replaces the amount and details of the first, so a repeated
/// step never bills twice.
///
/// # Errors
/// When a query fails.
pub async fn upsert(db: &Db, records: &[CostRecord]) -> Result<()> {
    let tx = db.begin().await?;
    upsert_in(&tx, records).await?;
    Ok(tx.commit().await?)
}

pub(crate) async fn upsert_in<C: ConnectionTrait>(connection: &C, records: &[CostRecord]) -> Result<()> {
    for record in records {
        let mut same = OnConflict::columns([Column::JobId, Column::Attempt, Column::CostType, Column::Slice]);
        same.update_columns([Column::AmountMicros, Column::Details]);
        Entity::insert(Model::from(record).into_active_model()).on_conflict(same).exec_without_returning(connection).await?;
    }
    Ok(())
}

/// Which records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CostFilter {
    /// Only of this account; none means everybody's.
    pub user_id: Option<UserId>,
    /// Only of this job.
    pub job_id: Option<JobId>,
    /// Recorded at or after.
    pub from: Option<DateTime<Utc>>,
    /// Recorded before.
    pub until: Option<DateTime<Utc>>,
}

fn matching(filter: &CostFilter) -> sea_orm::Select<Entity> {
    let mut query = Entity::find();
    if let Some(user_id) = filter.user_id {
        query = query.filter(Column::UserId.eq(user_id.uuid()));
    }
    if let Some(job_id) = filter.job_id {
        query = query.filter(Column::JobId.eq(job_id.uuid()));
    }
    if let Some(from) = filter.from {
        query = query.filter(Column::RecordedAt.gte(from));
    }
    if let Some(until) = filter.until {
        query = query.filter(Column::RecordedAt.lt(until));
    }
    query
}

/// The records that match, oldest first. For the records of one job; see [`after`] for lists without bounds.
///
/// # Errors
/// When the query fails.
pub async fn list(db: &Db, filter: &CostFilter) -> Result<Vec<CostRecord>> {
    let rows = matching(filter).order_by_asc(Column::RecordedAt).order_by_asc(Column::Id).all(db.read()).await?;
    rows.into_iter().map(CostRecord::try_from).collect()
}

/// A place in the records: when one was recorded, and its id.
pub type Place = (DateTime<Utc>, CostRecordId);

/// The next records that match, at most `limit`, oldest first, after the one at `place`.
///
/// # Errors
/// When the query fails.
pub async fn after(db: &Db, filter: &CostFilter, place: Option<Place>, limit: u64) -> Result<Vec<CostRecord>> {
    let mut query = matching(filter);
    if let Some((at, id)) = place {
        let same = Condition::all().add(Column::RecordedAt.eq(instant(at))).add(Column::Id.gt(id.uuid()));
        query = query.filter(Condition::any().add(Column::RecordedAt.gt(instant(at))).add(same));
        // Said twice, so that the index is entered at the place.
        query = query.filter(Column::RecordedAt.gte(instant(at)));
    }
    let rows = query.order_by_asc(Column::RecordedAt).order_by_asc(Column::Id).limit(limit).all(db.read()).await?;
    rows.into_iter().map(CostRecord::try_from).collect()
}

/// The sum of the records that match.
///
/// # Errors
/// When the query fails.
pub async fn sum(db: &Db, filter: &CostFilter) -> Result<MicroUsd> {
    sum_in(db.read(), filter).await
}

pub(crate) async fn sum_in<C: ConnectionTrait>(connection: &C, filter: &CostFilter) -> Result<MicroUsd> {
    let sum: Option<Option<i64>> = matching(filter).select_only().expr(sum_of(Column::AmountMicros)).into_tuple().one(connection).await?;
    Ok(MicroUsd(sum.flatten().unwrap_or(0)))
}

/// An account's spending in a month and in the one before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TwoMonths {
    /// In the month, by what it is for.
    pub month: BTreeMap<CostType, MicroUsd>,
    /// In the whole month before.
    pub before: MicroUsd,
    /// In the month before up to some time of it.
    pub before_to_date: MicroUsd,
}

/// What an account spent from `start_before` to before `start`, also only to before `date`, and from `start` to before `until`.
///
/// # Errors
/// When the query fails.
pub async fn two_months(
    db: &Db,
    user_id: UserId,
    (start_before, date, start, until): (DateTime<Utc>, DateTime<Utc>, DateTime<Utc>, DateTime<Utc>),
) -> Result<TwoMonths> {
    let amount_where = |condition: Expr| {
        let amount: Expr = Expr::case(condition, Expr::col(Column::AmountMicros)).finally(0_i64).into();
        amount.sum().cast_as("bigint")
    };
    let filter = CostFilter { user_id: Some(user_id), job_id: None, from: Some(start_before), until: Some(until) };
    let query = matching(&filter).select_only().column(Column::CostType).group_by(Column::CostType);
    let query = query
        .expr(amount_where(Column::RecordedAt.gte(start)))
        .expr(amount_where(Column::RecordedAt.lt(start)))
        .expr(amount_where(Column::RecordedAt.lt(date)));
    let rows: Vec<(String, i64, i64, i64)> = query.into_tuple().all(db.read()).await?;
    let mut sums = TwoMonths::default();
    for (kind, month, before, before_to_date) in rows {
        sums.month.insert(text("cost_records.cost_type", &kind)?, MicroUsd(month));
        sums.before += MicroUsd(before);
        sums.before_to_date += MicroUsd(before_to_date);
    }
    Ok(sums)
}

/// An account's spending in the month that starts at `month`.
///
/// # Errors
/// When the query fails.
pub async fn spent_in_month(db: &Db, user_id: UserId, month: DateTime<Utc>) -> Result<MicroUsd> {
    spent_in(db.read(), user_id, month).await
}

pub(crate) async fn spent_in<C: ConnectionTrait>(connection: &C, user_id: UserId, month: DateTime<Utc>) -> Result<MicroUsd> {
    let next = month.checked_add_months(Months::new(1)).unwrap_or(month);
    let query = Entity::find().filter(Column::UserId.eq(user_id.uuid())).filter(Column::BillingPeriod.gte(instant(month)));
    let query = query.filter(Column::BillingPeriod.lt(instant(next)));
    let sum: Option<Option<i64>> = query.select_only().expr(sum_of(Column::AmountMicros)).into_tuple().one(connection).await?;
    Ok(MicroUsd(sum.flatten().unwrap_or(0)))
}
