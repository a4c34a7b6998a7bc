//! Which jobs still need the files that were made for them.

use super::entity::{Column, Entity};
use super::lists::live;
use super::runs::checkpoint;
use crate::connection::Db;
use crate::error::Result;
use chrono::{DateTime, Utc};
use domain::{AttemptId, JobId, UserId};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use std::collections::{BTreeMap, BTreeSet};

/// When those of these jobs that are there ended; none where they go on.
///
/// # Errors
/// When the query fails.
pub async fn ends(db: &Db, ids: &[JobId]) -> Result<BTreeMap<JobId, Option<DateTime<Utc>>>> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let query = Entity::find().filter(Column::Id.is_in(ids.iter().map(|id| id.uuid()))).select_only();
    let query = query.column(Column::Id).column(Column::Status).column(Column::CompletedAt).column(Column::UpdatedAt);
    type Row = (uuid::Uuid, String, Option<DateTime<Utc>>, DateTime<Utc>);
    let rows: Vec<Row> = query.into_tuple().all(db.read()).await?;
    let live = live();
    let end = |(id, status, ended, changed): (uuid::Uuid, String, Option<DateTime<Utc>>, DateTime<Utc>)| {
        (JobId(id), (!live.contains(&status.as_str())).then(|| ended.unwrap_or(changed)))
    };
    Ok(rows.into_iter().map(end).collect())
}

/// Those of these attempts that are the present ones of jobs that have not ended.
///
/// # Errors
/// When the query fails.
pub async fn live_attempts(db: &Db, ids: &[AttemptId]) -> Result<BTreeSet<AttemptId>> {
    if ids.is_empty() {
        return Ok(BTreeSet::new());
    }
    let query = Entity::find().filter(Column::AttemptId.is_in(ids.iter().map(|id| id.uuid()))).filter(Column::Status.is_in(live()));
    let found: Vec<uuid::Uuid> = query.select_only().column(Column::AttemptId).into_tuple().all(db.read()).await?;
    Ok(found.into_iter().map(AttemptId).collect())
}

/// Notes that the files of all of a job's checkpoints are gone. The rows stay.
///
/// # Errors
/// When the query fails.
pub async fn forget_checkpoints(db: &Db, id: JobId) -> Result<u64> {
    let query = checkpoint::Entity::update_many().col_expr(checkpoint::Column::Files, Expr::value(None::<sea_orm::JsonValue>));
    let query = query.filter(checkpoint::Column::JobId.eq(id.uuid()));
    Ok(query.exec(db.write()).await?.rows_affected)
}

/// All jobs of an account.
///
/// # Errors
/// When the query fails.
pub async fn ids_of(db: &Db, user_id: UserId) -> Result<Vec<JobId>> {
    let query = Entity::find().filter(Column::UserId.eq(user_id.uuid())).order_by_asc(Column::Id);
    let found: Vec<uuid::Uuid> = query.select_only().column(Column::Id).into_tuple().all(db.read()).await?;
    Ok(found.into_iter().map(JobId).collect())
}
