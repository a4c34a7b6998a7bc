//! What becomes of adapters that were deleted.

use super::entity::{Column, Entity};
use super::{ModelArtifact, StoredFile};
use crate::connection::Db;
use crate::convert::{instant, to_json};
use crate::error::Result;
use chrono::{DateTime, Utc};
use domain::{DatasetId, ModelId, UserId};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use std::collections::BTreeSet;

/// Deleted after `since`, with its files still there.
pub(super) fn restorable(since: DateTime<Utc>) -> Select<Entity> {
    Entity::find().filter(Column::DeletedAt.gt(instant(since))).filter(Column::PurgedAt.is_null())
}

/// Number of adapters that were trained on a data set, deleted or not.
pub(crate) async fn count_of_dataset<C: ConnectionTrait>(connection: &C, id: DatasetId) -> Result<u64> {
    Ok(Entity::find().filter(Column::DatasetId.eq(id.uuid())).count(connection).await?)
}

/// The adapter with this id, where it was deleted after `since` and can still be restored.
///
/// # Errors
/// When the query fails.
pub async fn get_deleted(db: &Db, id: ModelId, since: DateTime<Utc>) -> Result<Option<ModelArtifact>> {
    restorable(since).filter(Column::Id.eq(id.uuid())).one(db.read()).await?.map(ModelArtifact::try_from).transpose()
}

/// Takes back the deletion of an adapter that was deleted after `since`. False where it was not.
///
/// # Errors
/// When the query fails.
pub async fn restore(db: &Db, id: ModelId, since: DateTime<Utc>, now: DateTime<Utc>) -> Result<bool> {
    let query = Entity::update_many()
        .col_expr(Column::DeletedAt, Expr::value(None::<DateTime<Utc>>))
        .col_expr(Column::UpdatedAt, Expr::value(instant(now)))
        .filter(Column::Id.eq(id.uuid()))
        .filter(Column::DeletedAt.gt(instant(since)))
        .filter(Column::PurgedAt.is_null());
    Ok(query.exec(db.write()).await?.rows_affected > 0)
}

/// Adapters that were deleted at `before` or earlier and whose files are still there; by id, after `after`.
///
/// # Errors
/// When the query fails.
pub async fn to_purge(db: &Db, before: DateTime<Utc>, after: Option<ModelId>, limit: u64) -> Result<Vec<ModelArtifact>> {
    let mut query = Entity::find().filter(Column::DeletedAt.lte(instant(before))).filter(Column::PurgedAt.is_null());
    if let Some(after) = after {
        query = query.filter(Column::Id.gt(after.uuid()));
    }
    let rows = query.order_by_asc(Column::Id).limit(limit).all(db.read()).await?;
    rows.into_iter().map(ModelArtifact::try_from).collect()
}

/// Notes that the files of a deleted adapter are gone. The row stays: it is what its job made, and others may go on from it.
///
/// # Errors
/// When the query fails.
pub async fn purge(db: &Db, id: ModelId, now: DateTime<Utc>) -> Result<()> {
    let query = Entity::update_many()
        .col_expr(Column::PurgedAt, Expr::value(instant(now)))
        .col_expr(Column::Artifacts, Expr::value(to_json("model_artifacts.artifacts", &Vec::<StoredFile>::new())?))
        .col_expr(Column::TotalSize, Expr::value(0_i64))
        .filter(Column::Id.eq(id.uuid()))
        .filter(Column::DeletedAt.is_not_null());
    query.exec(db.write()).await?;
    Ok(())
}

/// Those of these adapters that have files, deleted or not.
///
/// # Errors
/// When the query fails.
pub async fn with_files(db: &Db, ids: &[ModelId]) -> Result<BTreeSet<ModelId>> {
    if ids.is_empty() {
        return Ok(BTreeSet::new());
    }
    let query = Entity::find().filter(Column::Id.is_in(ids.iter().map(|id| id.uuid()))).filter(Column::PurgedAt.is_null());
    let found: Vec<uuid::Uuid> = query.select_only().column(Column::Id).into_tuple().all(db.read()).await?;
    Ok(found.into_iter().map(ModelId).collect())
}

/// All adapters of an account, deleted or not.
///
/// # Errors
/// When the query fails.
pub async fn ids_of(db: &Db, user_id: UserId) -> Result<Vec<ModelId>> {
    let query = Entity::find().filter(Column::UserId.eq(user_id.uuid())).order_by_asc(Column::Id);
    let found: Vec<uuid::Uuid> = query.select_only().column(Column::Id).into_tuple().all(db.read()).await?;
    Ok(found.into_iter().map(ModelId).collect())
}
