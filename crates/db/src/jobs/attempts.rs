//! Attempts of a job.

use crate::connection::Db;
use crate::convert::{instant, instant_opt, small, small_count, text};
use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use domain::job::JobStatus;
use domain::{AttemptId, JobId};
use sea_orm::sea_query::{ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};
use serde_json::Value;

mod entity {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "job_attempts")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub job_id: Uuid,
        pub attempt: i32,
        pub status: String,
        pub handle: Option<Json>,
        pub version: Option<String>,
        pub billed_seconds: f64,
        pub error_code: Option<String>,
        pub error_message: Option<String>,
        pub created_at: DateTimeUtc,
        pub started_at: Option<DateTimeUtc>,
        pub ended_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
use entity::{Column, Entity, Model};

/// One attempt of a job.
#[derive(Debug, Clone, PartialEq)]
pub struct JobAttempt {
    /// Its id, which is also the submission's id at the cluster.
    pub id: AttemptId,
    /// Of which job.
    pub job_id: JobId,
    /// From 1.
    pub attempt: u32,
    /// How far it came.
    pub status: JobStatus,
    /// What the cluster gave to find it again.
    pub handle: Option<Value>,
    /// Version of the program that trains, once it said so.
    pub version: Option<String>,
    /// Seconds that are billed.
    pub billed_seconds: f64,
    /// Stable code of its failure.
    pub error_code: Option<String>,
    /// What happened.
    pub error_message: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When its trainer reported that it runs.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
}

impl TryFrom<Model> for JobAttempt {
    type Error = Error;
    fn try_from(m: Model) -> Result<Self> {
        Ok(Self {
            id: AttemptId(m.id),
            job_id: JobId(m.job_id),
            attempt: small_count(m.attempt),
            status: text("job_attempts.status", &m.status)?,
            handle: m.handle,
            version: m.version,
            billed_seconds: m.billed_seconds,
            error_code: m.error_code,
            error_message: m.error_message,
            created_at: m.created_at,
            started_at: m.started_at,
            ended_at: m.ended_at,
        })
    }
}

impl From<&JobAttempt> for Model {
    fn from(a: &JobAttempt) -> Self {
        Self {
            id: a.id.uuid(),
            job_id: a.job_id.uuid(),
            attempt: small(a.attempt),
            status: a.status.as_str().to_owned(),
            handle: a.handle.clone(),
            version: a.version.clone(),
            billed_seconds: a.billed_seconds,
            error_code: a.error_code.clone(),
            error_message: a.error_message.clone(),
            created_at: instant(a.created_at),
            started_at: instant_opt(a.started_at),
            ended_at: instant_opt(a.ended_at),
        }
    }
}

pub(super) async fn upsert_in<C: ConnectionTrait>(connection: &C, attempts: &[JobAttempt]) -> Result<()> {
    for attempt in attempts {
        let mut same = OnConflict::column(Column::Id);
        same.update_columns([
            Column::Status,
            Column::Handle,
            Column::Version,
            Column::BilledSeconds,
            Column::ErrorCode,
            Column::ErrorMessage,
            Column::StartedAt,
            Column::EndedAt,
        ]);
        Entity::insert(Model::from(attempt).into_active_model()).on_conflict(same).exec_without_returning(connection).await?;
    }
    Ok(())
}

/// The attempts of a job, first to last.
///
/// # Errors
/// When the query fails.
pub async fn attempts(db: &Db, job_id: JobId) -> Result<Vec<JobAttempt>> {
    let rows = Entity::find().filter(Column::JobId.eq(job_id.uuid())).order_by_asc(Column::Attempt).all(db.read()).await?;
    rows.into_iter().map(JobAttempt::try_from).collect()
}

/// Billed seconds of all attempts of a job.
///
/// # Errors
/// When the query fails.
pub async fn billed_seconds(db: &Db, job_id: JobId) -> Result<f64> {
    let query =
        Entity::find().filter(Column::JobId.eq(job_id.uuid())).select_only().expr(ExprTrait::sum(Column::BilledSeconds.into_expr()));
    let sum: Option<Option<f64>> = query.into_tuple().one(db.read()).await?;
    Ok(sum.flatten().unwrap_or(0.0))
}
