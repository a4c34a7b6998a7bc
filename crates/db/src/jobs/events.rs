//! The event log of a job: the truth of its run.

use super::record::StepMetrics;
use super::runs::Checkpoint;
use crate::connection::Db;
use crate::convert::{big, count, instant};
use crate::error::Result;
use chrono::{DateTime, Utc};
use domain::job::LogLevel;
use domain::{AttemptId, JobId};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};
use serde_json::Value;

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

/// Appends `event` as number `seq`.
pub(super) async fn append_in<C: ConnectionTrait>(
    connection: &C,
    job_id: JobId,
    attempt_id: Option<AttemptId>,
    seq: u64,
    event: &NewEvent,
) -> Result<()> {
    let row = Model {
        job_id: job_id.uuid(),
        seq: big(seq),
        attempt_id: attempt_id.map(AttemptId::uuid),
        trainer_seq: event.trainer_seq.map(big),
        at: instant(event.at),
        event: event.event.clone(),
        data: event.data.clone(),
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
