//! What becomes of data sets that were deleted, and of uploads that never ended.

use super::entity::{Column, Entity};
use super::{Dataset, kept};
use crate::connection::Db;
use crate::convert::{count, instant, sum_of};
use crate::error::{Error, Result};
use crate::{jobs, models, users};
use chrono::{DateTime, Utc};
use domain::dataset::DatasetStatus;
use domain::{DatasetId, UserId};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use std::collections::BTreeSet;

/// Deleted after `since`, with its file still there.
pub(super) fn restorable(since: DateTime<Utc>) -> Select<Entity> {
    Entity::find().filter(Column::DeletedAt.gt(instant(since))).filter(Column::PurgedAt.is_null())
}

/// Adds a data set, unless all of the account's data sets would then hold more than `most` bytes. The inner error is what they hold.
///
/// # Errors
/// When its id or key is there already, or its owner is not.
pub async fn insert_within(db: &Db, dataset: &Dataset, most: u64) -> Result<Result<(), u64>> {
    let tx = db.begin().await?;
    let used = locked_bytes(&tx, dataset.user_id).await?;
    if used.saturating_add(dataset.file_size) > most {
        return Ok(Err(used));
    }
    Entity::insert(super::entity::Model::try_from(dataset)?.into_active_model()).exec_without_returning(&tx).await?;
    tx.commit().await?;
    Ok(Ok(()))
}

/// Bytes of an account's data sets. Its row is locked, so that two who add to them see each other.
async fn locked_bytes(tx: &sea_orm::DatabaseTransaction, user_id: UserId) -> Result<u64> {
    if users::entity::Entity::find_by_id(user_id.uuid()).lock_exclusive().one(tx).await?.is_none() {
        return Err(Error::Reference(format!("account {user_id}")));
    }
    let mine = kept().filter(Column::UserId.eq(user_id.uuid())).select_only();
    let bytes: Option<Option<i64>> = mine.expr(sum_of(Column::FileSize)).into_tuple().one(tx).await?;
    Ok(count(bytes.flatten().unwrap_or(0)))
}

/// The data set with this id, where it was deleted after `since` and can still be restored.
///
/// # Errors
/// When the query fails.
pub async fn get_deleted(db: &Db, id: DatasetId, since: DateTime<Utc>) -> Result<Option<Dataset>> {
    restorable(since).filter(Column::Id.eq(id.uuid())).one(db.read()).await?.map(Dataset::try_from).transpose()
}

/// What came of restoring a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restored {
    /// It is there again.
    Done,
    /// It was not deleted after that instant.
    NotDeleted,
    /// The account's other data sets hold that many bytes, and with it they would hold more than allowed.
    Full(u64),
}

/// Takes back the deletion of a data set that was deleted after `since`, unless the account's data sets would then hold more than `most`
/// bytes.
///
/// # Errors
/// When a query fails.
pub async fn restore(db: &Db, dataset: &Dataset, since: DateTime<Utc>, most: u64, now: DateTime<Utc>) -> Result<Restored> {
    let tx = db.begin().await?;
    let used = locked_bytes(&tx, dataset.user_id).await?;
    if used.saturating_add(dataset.file_size) > most {
        return Ok(Restored::Full(used));
    }
    let query = Entity::update_many()
        .col_expr(Column::DeletedAt, Expr::value(None::<DateTime<Utc>>))
        .col_expr(Column::UpdatedAt, Expr::value(instant(now)))
        .filter(Column::Id.eq(dataset.id.uuid()))
        .filter(Column::DeletedAt.gt(instant(since)))
        .filter(Column::PurgedAt.is_null());
    let changed = query.exec(&tx).await?.rows_affected > 0;
    tx.commit().await?;
    Ok(if changed { Restored::Done } else { Restored::NotDeleted })
}

/// Data sets that were deleted at `before` or earlier, whose files are still there, and which no job is going to read; by id, after
/// `after`.
///
/// # Errors
/// When the query fails.
pub async fn to_purge(db: &Db, before: DateTime<Utc>, after: Option<DatasetId>, limit: u64) -> Result<Vec<Dataset>> {
    let job = Alias::new("job");
    let live = jobs::live().into_iter().map(Expr::value);
    let reads = Query::select()
        .expr(Expr::val(1))
        .from_as("training_jobs", job.clone())
        .and_where(Expr::col((job.clone(), jobs::entity::Column::DatasetId)).equals((Entity, Column::Id)))
        .and_where(Expr::col((job, jobs::entity::Column::Status)).is_in(live))
        .take();
    let mut query = Entity::find().filter(Column::DeletedAt.lte(instant(before))).filter(Column::PurgedAt.is_null());
    if let Some(after) = after {
        query = query.filter(Column::Id.gt(after.uuid()));
    }
    let rows = query.filter(Expr::not_exists(reads)).order_by_asc(Column::Id).limit(limit).all(db.read()).await?;
    rows.into_iter().map(Dataset::try_from).collect()
}

/// Notes that the file of a deleted data set is gone. What jobs or models were made from stays with its name, size and checksum, without
/// anything that its file said; anything else is removed.
///
/// # Errors
/// When a query fails; nothing is written then.
pub async fn purge(db: &Db, id: DatasetId, now: DateTime<Utc>) -> Result<()> {
    let tx = db.begin().await?;
    let of_jobs = jobs::entity::Entity::find().filter(jobs::entity::Column::DatasetId.eq(id.uuid())).count(&tx).await?;
    let deleted = |column: Column| column.is_not_null();
    if of_jobs + models::count_of_dataset(&tx, id).await? == 0 {
        Entity::delete_many().filter(Column::Id.eq(id.uuid())).filter(deleted(Column::DeletedAt)).exec(&tx).await?;
    } else {
        let mut query = Entity::update_many()
            .col_expr(Column::PurgedAt, Expr::value(instant(now)))
            .col_expr(Column::Description, Expr::value(""))
            .col_expr(Column::ErrorMessage, Expr::value(None::<String>));
        for column in [Column::Statistics, Column::Findings, Column::Sample] {
            query = query.col_expr(column, Expr::value(None::<sea_orm::JsonValue>));
        }
        for column in [Column::Vertical, Column::ConsultantName, Column::ConsultantTitle] {
            query = query.col_expr(column, Expr::value(None::<String>));
        }
        query.filter(Column::Id.eq(id.uuid())).filter(deleted(Column::DeletedAt)).exec(&tx).await?;
    }
    Ok(tx.commit().await?)
}

/// Data sets made before `before` whose file was never confirmed, deleted or not, oldest first.
///
/// # Errors
/// When the query fails.
pub async fn abandoned(db: &Db, before: DateTime<Utc>, after: Option<DatasetId>, limit: u64) -> Result<Vec<Dataset>> {
    let query = Entity::find().filter(Column::Status.eq(DatasetStatus::Uploading.as_str())).filter(Column::CreatedAt.lt(instant(before)));
    let query = match after {
        Some(after) => query.filter(Column::Id.gt(after.uuid())),
        None => query,
    };
    let rows = query.order_by_asc(Column::Id).limit(limit).all(db.read()).await?;
    rows.into_iter().map(Dataset::try_from).collect()
}

/// Marks an upload as deleted, where it was not confirmed: from then on it cannot be. False where it was confirmed.
///
/// # Errors
/// When the query fails.
pub async fn abandon(db: &Db, id: DatasetId, now: DateTime<Utc>) -> Result<bool> {
    let query = Entity::update_many()
        .col_expr(Column::DeletedAt, Expr::value(instant(now)))
        .filter(Column::Id.eq(id.uuid()))
        .filter(Column::Status.eq(DatasetStatus::Uploading.as_str()));
    Ok(query.exec(db.write()).await?.rows_affected > 0)
}

/// Removes the row of an upload that was [abandoned](abandon).
///
/// # Errors
/// When the query fails.
pub async fn remove_abandoned(db: &Db, id: DatasetId) -> Result<()> {
    let query = Entity::delete_many().filter(Column::Id.eq(id.uuid())).filter(Column::DeletedAt.is_not_null());
    query.filter(Column::Status.eq(DatasetStatus::Uploading.as_str())).exec(db.write()).await?;
    Ok(())
}

/// Those of these data sets that have a file, deleted or not.
///
/// # Errors
/// When the query fails.
pub async fn with_files(db: &Db, ids: &[DatasetId]) -> Result<BTreeSet<DatasetId>> {
    if ids.is_empty() {
        return Ok(BTreeSet::new());
    }
    let query = Entity::find().filter(Column::Id.is_in(ids.iter().map(|id| id.uuid()))).filter(Column::PurgedAt.is_null());
    let found: Vec<uuid::Uuid> = query.select_only().column(Column::Id).into_tuple().all(db.read()).await?;
    Ok(found.into_iter().map(DatasetId).collect())
}
