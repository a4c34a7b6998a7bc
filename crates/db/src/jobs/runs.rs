//! Projections of the event log: metrics, checkpoints, log lines.

use super::record::StepMetrics;
use crate::connection::Db;
use crate::convert::{big, count, from_json_opt, instant, small, small_count, text, to_json, unless_there};
use crate::datasets::contains;
use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use domain::job::LogLevel;
use domain::run::ArtifactFile;
use domain::{CheckpointId, JobId, LogId, MetricsPointId};
use sea_orm::sea_query::{Expr, Func, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::Value;
use std::collections::HashMap;

mod points {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "metrics_points")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub job_id: Uuid,
        pub attempt: i32,
        pub epoch: i32,
        pub step: i64,
        pub timestamp: DateTimeUtc,
        pub training_loss: Option<f64>,
        pub validation_loss: Option<f64>,
        pub learning_rate: f64,
        pub gradient_norm: Option<f64>,
        pub throughput: Option<f64>,
        pub gpu_utilization: Option<f64>,
        pub memory_bytes: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod checkpoint {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "checkpoints")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub job_id: Uuid,
        pub attempt: i32,
        pub epoch: i32,
        pub step: i64,
        pub loss: f64,
        pub best: bool,
        pub s3_bucket: String,
        pub s3_key: String,
        pub file_size: i64,
        pub created_at: DateTimeUtc,
        pub files: Option<Json>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod line {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "job_logs")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub job_id: Uuid,
        pub seq: i64,
        pub timestamp: DateTimeUtc,
        pub level: String,
        pub message: String,
        pub metadata: Option<Json>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A point of a job's curves.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricsPoint {
    /// Its id.
    pub id: MetricsPointId,
    /// The attempt that measured it.
    pub attempt: u32,
    /// The figures.
    pub metrics: StepMetrics,
}

impl From<points::Model> for MetricsPoint {
    fn from(m: points::Model) -> Self {
        let metrics = StepMetrics {
            timestamp: m.timestamp,
            epoch: small_count(m.epoch),
            step: count(m.step),
            training_loss: m.training_loss,
            validation_loss: m.validation_loss,
            learning_rate: m.learning_rate,
            gradient_norm: m.gradient_norm,
            throughput: m.throughput,
            gpu_utilization: m.gpu_utilization,
            memory_bytes: m.memory_bytes.map(count),
        };
        Self { id: MetricsPointId(m.id), attempt: small_count(m.attempt), metrics }
    }
}

pub(super) async fn put_metrics<C: ConnectionTrait>(
    connection: &C,
    job_id: JobId,
    attempt: u32,
    m: &StepMetrics,
    now: DateTime<Utc>,
) -> Result<()> {
    use points::Column as C;
    let row = points::Model {
        id: MetricsPointId::new(now).uuid(),
        job_id: job_id.uuid(),
        attempt: small(attempt),
        epoch: small(m.epoch),
        step: big(m.step),
        timestamp: instant(m.timestamp),
        training_loss: m.training_loss,
        validation_loss: m.validation_loss,
        learning_rate: m.learning_rate,
        gradient_norm: m.gradient_norm,
        throughput: m.throughput,
        gpu_utilization: m.gpu_utilization,
        memory_bytes: m.memory_bytes.map(big),
    };
    let mut same = OnConflict::columns([C::JobId, C::Step]);
    same.update_columns([C::Attempt, C::Epoch, C::Timestamp, C::LearningRate]);
    // A step's validation loss may come as an event of its own: what the later event does not say stays.
    for column in [C::TrainingLoss, C::ValidationLoss, C::GradientNorm, C::Throughput, C::GpuUtilization, C::MemoryBytes] {
        let new = Expr::col(("excluded", column));
        same.value(column, Func::coalesce([new, Expr::col((points::Entity, column))]));
    }
    points::Entity::insert(row.into_active_model()).on_conflict(same).exec_without_returning(connection).await?;
    Ok(())
}

/// Removes the points after `step`: a run that goes on from an earlier checkpoint will measure them again.
pub(super) async fn cut_metrics<C: ConnectionTrait>(connection: &C, job_id: JobId, step: u64) -> Result<()> {
    let query = points::Entity::delete_many().filter(points::Column::JobId.eq(job_id.uuid()));
    query.filter(points::Column::Step.gt(big(step))).exec(connection).await?;
    Ok(())
}

/// The points of a job after a step, in order, at most `limit`; from the start where `after_step` is none.
///
/// # Errors
/// When the query fails.
pub async fn metrics_after(db: &Db, job_id: JobId, after_step: Option<u64>, limit: u64) -> Result<Vec<MetricsPoint>> {
    let mut query = points::Entity::find().filter(points::Column::JobId.eq(job_id.uuid()));
    if let Some(step) = after_step {
        query = query.filter(points::Column::Step.gt(big(step)));
    }
    let rows = query.order_by_asc(points::Column::Step).limit(limit).all(db.read()).await?;
    Ok(rows.into_iter().map(MetricsPoint::from).collect())
}

/// All points of a job, in order.
///
/// # Errors
/// When the query fails.
pub async fn all_metrics(db: &Db, job_id: JobId) -> Result<Vec<MetricsPoint>> {
    metrics_after(db, job_id, None, i64::MAX.unsigned_abs()).await
}

/// Number of points of a job.
///
/// # Errors
/// When the query fails.
pub async fn count_metrics(db: &Db, job_id: JobId) -> Result<u64> {
    Ok(points::Entity::find().filter(points::Column::JobId.eq(job_id.uuid())).count(db.read()).await?)
}

/// A checkpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// Its id.
    pub id: CheckpointId,
    /// The attempt that wrote it.
    pub attempt: u32,
    /// From 1.
    pub epoch: u32,
    /// Optimiser steps done.
    pub step: u64,
    /// Validation loss where known, else training loss.
    pub loss: f64,
    /// Whether it had the best loss so far.
    pub best: bool,
    /// Where it is.
    pub s3_bucket: String,
    /// Under which key, or folder.
    pub s3_key: String,
    /// Bytes.
    pub file_size: u64,
    /// When it was complete.
    pub created_at: DateTime<Utc>,
    /// Its files in the store, while they are there.
    pub files: Vec<ArtifactFile>,
}

impl TryFrom<checkpoint::Model> for Checkpoint {
    type Error = Error;
    fn try_from(m: checkpoint::Model) -> Result<Self> {
        Ok(Self {
            id: CheckpointId(m.id),
            attempt: small_count(m.attempt),
            epoch: small_count(m.epoch),
            step: count(m.step),
            loss: m.loss,
            best: m.best,
            s3_bucket: m.s3_bucket,
            s3_key: m.s3_key,
            file_size: count(m.file_size),
            created_at: m.created_at,
            files: from_json_opt("checkpoints.files", m.files)?.unwrap_or_default(),
        })
    }
}

pub(super) async fn put_checkpoint<C: ConnectionTrait>(connection: &C, job_id: JobId, c: &Checkpoint) -> Result<()> {
    use checkpoint::Column as C;
    let row = checkpoint::Model {
        id: c.id.uuid(),
        job_id: job_id.uuid(),
        attempt: small(c.attempt),
        epoch: small(c.epoch),
        step: big(c.step),
        loss: c.loss,
        best: c.best,
        s3_bucket: c.s3_bucket.clone(),
        s3_key: c.s3_key.clone(),
        file_size: big(c.file_size),
        created_at: instant(c.created_at),
        files: if c.files.is_empty() { None } else { Some(to_json("checkpoints.files", &c.files)?) },
    };
    let mut same = OnConflict::columns([C::JobId, C::Step]);
    same.update_columns([C::Attempt, C::Epoch, C::Loss, C::Best, C::S3Bucket, C::S3Key, C::FileSize, C::CreatedAt, C::Files]);
    checkpoint::Entity::insert(row.into_active_model()).on_conflict(same).exec_without_returning(connection).await?;
    Ok(())
}

/// Notes where the files of a checkpoint are. One that was not reported is not there to note it at.
pub(super) async fn put_checkpoint_files<C: ConnectionTrait>(
    connection: &C,
    job_id: JobId,
    step: u64,
    bucket: &str,
    key: &str,
    files: &[ArtifactFile],
) -> Result<()> {
    use checkpoint::Column as C;
    let query = checkpoint::Entity::update_many()
        .col_expr(C::S3Bucket, Expr::value(bucket))
        .col_expr(C::S3Key, Expr::value(key))
        .col_expr(C::Files, Expr::value(Some(to_json("checkpoints.files", &files)?)));
    query.filter(C::JobId.eq(job_id.uuid())).filter(C::Step.eq(big(step))).exec(connection).await?;
    Ok(())
}

/// Notes that the files of a checkpoint are not in the store any more.
///
/// # Errors
/// When the query fails.
pub async fn forget_checkpoint_files(db: &Db, id: CheckpointId) -> Result<()> {
    let query = checkpoint::Entity::update_many().col_expr(checkpoint::Column::Files, Expr::value(None::<Value>));
    query.filter(checkpoint::Column::Id.eq(id.uuid())).exec(db.write()).await?;
    Ok(())
}

/// The checkpoints of a job, in order.
///
/// # Errors
/// When the query fails.
pub async fn checkpoints(db: &Db, job_id: JobId) -> Result<Vec<Checkpoint>> {
    use checkpoint::Column as C;
    let rows = checkpoint::Entity::find().filter(C::JobId.eq(job_id.uuid())).order_by_asc(C::Step).all(db.read()).await?;
    rows.into_iter().map(Checkpoint::try_from).collect()
}

/// The checkpoints of these jobs whose files are in the store, in order; jobs without any are absent.
///
/// # Errors
/// When the query fails.
pub async fn stored_checkpoints(db: &Db, jobs: &[JobId]) -> Result<HashMap<JobId, Vec<Checkpoint>>> {
    use checkpoint::Column as C;
    let mut all = HashMap::<JobId, Vec<Checkpoint>>::new();
    if jobs.is_empty() {
        return Ok(all);
    }
    let query = checkpoint::Entity::find().filter(C::JobId.is_in(jobs.iter().map(|id| id.uuid()))).filter(C::Files.is_not_null());
    for row in query.order_by_asc(C::JobId).order_by_asc(C::Step).all(db.read()).await? {
        all.entry(JobId(row.job_id)).or_default().push(row.try_into()?);
    }
    Ok(all)
}

/// A line of a job's log.
#[derive(Debug, Clone, PartialEq)]
pub struct LogLine {
    /// Its id.
    pub id: LogId,
    /// Number of its event; the cursor.
    pub seq: u64,
    /// When it was written.
    pub timestamp: DateTime<Utc>,
    /// Level.
    pub level: LogLevel,
    /// Text.
    pub message: String,
    /// What goes with it.
    pub metadata: Option<Value>,
}

impl TryFrom<line::Model> for LogLine {
    type Error = Error;
    fn try_from(m: line::Model) -> Result<Self> {
        Ok(Self {
            id: LogId(m.id),
            seq: count(m.seq),
            timestamp: m.timestamp,
            level: text("job_logs.level", &m.level)?,
            message: m.message,
            metadata: m.metadata,
        })
    }
}

pub(super) async fn put_log<C: ConnectionTrait>(connection: &C, job_id: JobId, line: &LogLine) -> Result<()> {
    let row = line::Model {
        id: line.id.uuid(),
        job_id: job_id.uuid(),
        seq: big(line.seq),
        timestamp: instant(line.timestamp),
        level: line.level.as_str().to_owned(),
        message: line.message.clone(),
        metadata: line.metadata.clone(),
    };
    // Two lines of one event would share its number: the first is kept.
    let insert = line::Entity::insert(row.into_active_model()).on_conflict(unless_there());
    insert.exec_without_returning(connection).await?;
    Ok(())
}

/// Which log lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// Only of this level.
    pub level: Option<LogLevel>,
    /// Only with this text, compared without case.
    pub search: Option<String>,
}

fn lines(job_id: JobId, filter: &LogFilter) -> sea_orm::Select<line::Entity> {
    let mut query = line::Entity::find().filter(line::Column::JobId.eq(job_id.uuid()));
    if let Some(level) = filter.level {
        query = query.filter(line::Column::Level.eq(level.as_str()));
    }
    if let Some(search) = filter.search.as_deref().filter(|s| !s.is_empty()) {
        query = query.filter(contains(line::Column::Message, search));
    }
    query
}

/// The lines of a job's log after number `after`, in order, at most `limit`.
///
/// # Errors
/// When the query fails.
pub async fn logs(db: &Db, job_id: JobId, filter: &LogFilter, after: u64, limit: u64) -> Result<Vec<LogLine>> {
    let query = lines(job_id, filter).filter(line::Column::Seq.gt(big(after))).order_by_asc(line::Column::Seq).limit(limit);
    query.all(db.read()).await?.into_iter().map(LogLine::try_from).collect()
}

/// The last `limit` lines of a job's log, in order.
///
/// # Errors
/// When the query fails.
pub async fn last_logs(db: &Db, job_id: JobId, filter: &LogFilter, limit: u64) -> Result<Vec<LogLine>> {
    let query = lines(job_id, filter).order_by_desc(line::Column::Seq).limit(limit);
    query.all(db.read()).await?.into_iter().rev().map(LogLine::try_from).collect()
}
