//! The event log of a job: the truth of its run.

use super::record::StepMetrics;
use super::runs::Checkpoint;
use crate::connection::Db;
use crate::convert::{big, count, instant};
use crate::error::Result;
use chrono::{DateTime, Utc};
use domain::job::LogLevel;
use domain::run::ArtifactFile;
use domain::{AttemptId, JobId, UserId};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};
use serde_json::Value;
use std::collections::HashMap;

mod entity {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "job_events")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub job_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub seq: i64,
        pub attempt_id: Option<Uuid>,
        pub trainer_seq: Option<i64>,
        pub at: DateTimeUtc,
        pub event: String,
        pub data: Json,
        pub user_id: Option<Uuid>,
        pub user_seq: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The number of the last event of each account.
mod counter {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "event_counters")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub user_id: Uuid,
        pub last_seq: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
use entity::{Column, Entity, Model};

/// An event of a job's log.
#[derive(Debug, Clone, PartialEq)]
pub struct JobEvent {
    /// Of which job.
    pub job_id: JobId,
    /// From 1, without gaps.
    pub seq: u64,
    /// Number among the events of all jobs of the account, from 1, without gaps, in the order in which they became visible. 0 for events
    /// from before such numbers were given.
    pub user_seq: u64,
    /// The attempt that it is about.
    pub attempt_id: Option<AttemptId>,
    /// The trainer's own number, where a trainer reported it.
    pub trainer_seq: Option<u64>,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// Name, such as `progress`.
    pub event: String,
    /// Payload as sent to clients.
    pub data: Value,
}

impl From<Model> for JobEvent {
    fn from(m: Model) -> Self {
        Self {
            job_id: JobId(m.job_id),
            seq: count(m.seq),
            user_seq: m.user_seq.map_or(0, count),
            attempt_id: m.attempt_id.map(AttemptId),
            trainer_seq: m.trainer_seq.map(count),
            at: m.at,
            event: m.event,
            data: m.data,
        }
    }
}

/// A row that an event is also shown as.
#[derive(Debug, Clone, PartialEq)]
pub enum Projection {
    /// A point of the curves. A later one of the same step takes its place.
    Metrics(StepMetrics),
    /// A checkpoint. A later one of the same step takes its place.
    Checkpoint(Checkpoint),
    /// The files of the checkpoint of this step are in the store.
    CheckpointFiles {
        /// Optimiser steps done.
        step: u64,
        /// In which bucket.
        bucket: String,
        /// Key of their folder.
        key: String,
        /// The files.
        files: Vec<ArtifactFile>,
    },
    /// A line of the log.
    Log {
        /// Level.
        level: LogLevel,
        /// Text.
        message: String,
        /// What goes with it.
        metadata: Option<Value>,
    },
}

/// An event to be appended. One trainer event may become several; the first carries its number.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    /// When it happened.
    pub at: DateTime<Utc>,
    /// Name.
    pub event: String,
    /// Payload.
    pub data: Value,
    /// The trainer's own number.
    pub trainer_seq: Option<u64>,
    /// What else it is shown as.
    pub projections: Vec<Projection>,
}

impl NewEvent {
    /// An event of the platform's own.
    pub fn new(event: impl Into<String>, data: Value, at: DateTime<Utc>) -> Self {
        Self { at, event: event.into(), data, trainer_seq: None, projections: Vec::new() }
    }

    /// With the trainer's number.
    #[must_use]
    pub fn from_trainer(mut self, seq: u64) -> Self {
        self.trainer_seq = Some(seq);
        self
    }

    /// Also shown as `projection`.
    #[must_use]
    pub fn shown_as(mut self, projection: Projection) -> Self {
        self.projections.push(projection);
        self
    }
}

/// Numbers for `wanted` more events of an account: answers the last one given before.
///
/// The counter's row stays locked until the transaction ends. So the events of an account become visible in the order of their numbers,
/// and who has read up to a number has missed none before it. It must be the last row that a transaction comes to lock.
pub(super) async fn reserve_numbers(tx: &DatabaseTransaction, user_id: UserId, wanted: usize) -> Result<i64> {
    use counter::{Column, Entity, Model};
    let wanted = i64::try_from(wanted).unwrap_or(i64::MAX);
    let mut add = OnConflict::column(Column::UserId);
    add.value(Column::LastSeq, Expr::col((Entity, Column::LastSeq)).add(wanted));
    let row = Model { user_id: user_id.uuid(), last_seq: wanted };
    Entity::insert(row.into_active_model()).on_conflict(add).exec_without_returning(tx).await?;
    let last = Entity::find_by_id(user_id.uuid()).one(tx).await?.map_or(0, |row| row.last_seq);
    Ok(last - wanted)
}

/// Where an event goes.
pub(super) struct Place {
    pub job_id: JobId,
    pub attempt_id: Option<AttemptId>,
    pub seq: u64,
    pub user_id: UserId,
    pub user_seq: i64,
}

/// Appends `event` at its place.
pub(super) async fn append_in<C: ConnectionTrait>(connection: &C, place: Place, event: &NewEvent) -> Result<()> {
    let row = Model {
        job_id: place.job_id.uuid(),
        seq: big(place.seq),
        attempt_id: place.attempt_id.map(AttemptId::uuid),
        trainer_seq: event.trainer_seq.map(big),
        at: instant(event.at),
        event: event.event.clone(),
        data: event.data.clone(),
        user_id: Some(place.user_id.uuid()),
        user_seq: Some(place.user_seq),
    };
    Entity::insert(row.into_active_model()).exec_without_returning(connection).await?;
    Ok(())
}

/// The events of a job after number `after`, in order, at most `limit`.
///
/// # Errors
/// When the query fails.
pub async fn events_after(db: &Db, job_id: JobId, after: u64, limit: u64) -> Result<Vec<JobEvent>> {
    let query = Entity::find().filter(Column::JobId.eq(job_id.uuid())).filter(Column::Seq.gt(big(after)));
    let rows = query.order_by_asc(Column::Seq).limit(limit).all(db.read()).await?;
    Ok(rows.into_iter().map(JobEvent::from).collect())
}

/// The events of all jobs of an account after number `after` of the account, in order, at most `limit`.
///
/// # Errors
/// When the query fails.
pub async fn user_events_after(db: &Db, user_id: UserId, after: u64, limit: u64) -> Result<Vec<JobEvent>> {
    let query = Entity::find().filter(Column::UserId.eq(user_id.uuid())).filter(Column::UserSeq.gt(big(after)));
    let rows = query.order_by_asc(Column::UserSeq).limit(limit).all(db.read()).await?;
    Ok(rows.into_iter().map(JobEvent::from).collect())
}

/// The number of the last event of each of these accounts; those without events are absent.
///
/// # Errors
/// When the query fails.
pub async fn last_user_seqs(db: &Db, users: &[UserId]) -> Result<HashMap<UserId, u64>> {
    if users.is_empty() {
        return Ok(HashMap::new());
    }
    let ids = users.iter().map(|id| id.uuid());
    let rows = counter::Entity::find().filter(counter::Column::UserId.is_in(ids)).all(db.read()).await?;
    Ok(rows.into_iter().map(|row| (UserId(row.user_id), count(row.last_seq))).collect())
}
