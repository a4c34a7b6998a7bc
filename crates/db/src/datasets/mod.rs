//! Data sets.

pub(crate) mod entity;
mod retention;
pub mod versions;

pub use retention::{Restored, abandon, abandoned, get_deleted, insert_within, purge, remove_abandoned, restore, to_purge, with_files};

use crate::connection::Db;
use crate::convert::{count, count_of, instant, sum_of};
use crate::error::Result;
use crate::notifications::{self, Notification};
use crate::page::{self, Direction, Page, Paged};
use crate::tasks::{self, NewTask};
use chrono::{DateTime, Utc};
use domain::dataset::{DatasetFormat, DatasetStatistics, DatasetStatus, FindingGroup, SampleConversation};
use domain::{DatasetId, UserId};
use entity::{Column, Entity, Model};
use sea_orm::sea_query::{Expr, ExprTrait, Func, LikeExpr, NullOrdering};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, FromQueryResult, IdenStatic, IntoActiveModel, Iterable, QueryFilter, QueryOrder,
    QuerySelect, Select,
};

/// A data set. What is searched and sorted by is kept in columns of its own, made from `statistics`.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// Its id.
    pub id: DatasetId,
    /// Whose.
    pub user_id: UserId,
    /// As shown.
    pub name: String,
    /// The owner's words; may be empty.
    pub description: String,
    /// As declared, then as detected.
    pub format: DatasetFormat,
    /// Where it is in its life.
    pub status: DatasetStatus,
    /// Whether it can be trained on.
    pub training_ready: bool,
    /// Whether somebody should look at the warnings first.
    pub review_recommended: bool,
    /// The file's own name.
    pub file_name: String,
    /// Bytes: as declared, then as stored.
    pub file_size: u64,
    /// Where the file is.
    pub s3_bucket: String,
    /// Under which key; unique.
    pub s3_key: String,
    /// Of the file, in hex.
    pub sha256: Option<String>,
    /// Percent of the file read while validating.
    pub validation_progress: Option<f64>,
    /// Why it cannot be used.
    pub error_message: Option<String>,
    /// What validation measured.
    pub statistics: Option<DatasetStatistics>,
    /// What validation found.
    pub findings: Vec<FindingGroup>,
    /// The first conversations.
    pub sample: Vec<SampleConversation>,
    /// When the file was confirmed.
    pub uploaded_at: Option<DateTime<Utc>>,
    /// When validation ended.
    pub validated_at: Option<DateTime<Utc>>,
    /// When it became ready.
    pub processed_at: Option<DateTime<Utc>>,
    /// When it was deleted.
    pub deleted_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// What follows from a change and is written in the same transaction.
#[derive(Debug, Default)]
pub struct Effects {
    /// Background work.
    pub tasks: Vec<NewTask>,
    /// For the owner.
    pub notifications: Vec<Notification>,
}

/// Adds a data set.
///
/// # Errors
/// When its id or key is there already, or its owner is not.
pub async fn insert(db: &Db, dataset: &Dataset) -> Result<()> {
    Entity::insert(Model::try_from(dataset)?.into_active_model()).exec_without_returning(db.write()).await?;
    Ok(())
}

fn kept() -> Select<Entity> {
    Entity::find().filter(Column::DeletedAt.is_null())
}

/// The data set with this id, unless it was deleted.
///
/// # Errors
/// When the query fails.
pub async fn get(db: &Db, id: DatasetId) -> Result<Option<Dataset>> {
    kept().filter(Column::Id.eq(id.uuid())).one(db.read()).await?.map(Dataset::try_from).transpose()
}

/// The data set with this id, deleted or not: for what was made from it.
///
/// # Errors
/// When the query fails.
pub async fn get_even_deleted(db: &Db, id: DatasetId) -> Result<Option<Dataset>> {
    Entity::find_by_id(id.uuid()).one(db.read()).await?.map(Dataset::try_from).transpose()
}

/// Locks the data set, lets `change` change it and say what follows, and writes all of it in one transaction, with `updated_at` as `now`
/// where anything changed. None where there is no such data set or it was deleted.
///
/// # Errors
/// When a query fails; nothing is written then.
pub async fn update<T: Send>(
    db: &Db,
    id: DatasetId,
    now: DateTime<Utc>,
    change: impl FnOnce(&mut Dataset, &mut Effects) -> T + Send,
) -> Result<Option<T>> {
    let tx = db.begin().await?;
    let Some(before) = kept().filter(Column::Id.eq(id.uuid())).lock_exclusive().one(&tx).await? else { return Ok(None) };
    let mut dataset = Dataset::try_from(before.clone())?;
    let mut effects = Effects::default();
    let answer = change(&mut dataset, &mut effects);
    dataset.id = id;
    let mut after = Model::try_from(&dataset)?;
    if after != before {
        after.updated_at = instant(now);
        after.into_active_model().reset_all().update(&tx).await?;
    }
    notifications::insert_in(&tx, &effects.notifications).await?;
    tasks::push_in(&tx, &effects.tasks).await?;
    tx.commit().await?;
    db.announce_notifications(&effects.notifications);
    Ok(Some(answer))
}

/// Notes how far validation has read, in percent, where the data set is still being validated.
///
/// # Errors
/// When the query fails.
pub async fn set_progress(db: &Db, id: DatasetId, percent: f64, now: DateTime<Utc>) -> Result<()> {
    let query = Entity::update_many()
        .col_expr(Column::ValidationProgress, Expr::value(percent))
        .col_expr(Column::UpdatedAt, Expr::value(instant(now)))
        .filter(Column::Id.eq(id.uuid()))
        .filter(Column::Status.eq(DatasetStatus::Validating.as_str()));
    query.exec(db.write()).await?;
    Ok(())
}

/// Which data sets to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DatasetFilter {
    /// Only of this account; none means everybody's.
    pub user_id: Option<UserId>,
    /// Text in name, description, consultant or vertical, compared without case.
    pub search: Option<String>,
    /// Only of this format.
    pub format: Option<DatasetFormat>,
    /// Only ready ones, or only those that are not.
    pub training_ready: Option<bool>,
    /// Only those that are not ready or have points to review, or only the others.
    pub needs_review: Option<bool>,
    /// Only of this status.
    pub status: Option<DatasetStatus>,
    /// Those that were deleted after this instant and can be restored, instead of those that were not deleted.
    pub deleted_since: Option<DateTime<Utc>>,
}

/// What a list of data sets is sorted by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DatasetSort {
    /// When it was made.
    #[default]
    Created,
    /// Name, without case.
    Name,
    /// Bytes.
    Size,
    /// Quality score; those without come last.
    Quality,
    /// Trainable pairs; those without come last.
    Pairs,
}

/// A page of data sets without their samples, and how many match.
///
/// # Errors
/// When a query fails.
pub async fn list(db: &Db, filter: &DatasetFilter, sort: DatasetSort, direction: Direction, page: Page) -> Result<Paged<Dataset>> {
    let rows = rows(db, filter, sort, direction, page).await?;
    let total = page::total(db.read(), matching(filter), page, rows.len()).await?;
    Ok(Paged { rows, total })
}

fn matching(filter: &DatasetFilter) -> Select<Entity> {
    let mut query = filter.deleted_since.map_or_else(kept, retention::restorable);
    if let Some(user_id) = filter.user_id {
        query = query.filter(Column::UserId.eq(user_id.uuid()));
    }
    if let Some(format) = filter.format {
        query = query.filter(Column::Format.eq(format.as_str()));
    }
    if let Some(ready) = filter.training_ready {
        query = query.filter(Column::TrainingReady.eq(ready));
    }
    if let Some(needed) = filter.needs_review {
        let clean = Column::TrainingReady.eq(true).and(Column::ReviewRecommended.eq(false));
        query = query.filter(if needed { clean.not() } else { clean });
    }
    if let Some(status) = filter.status {
        query = query.filter(Column::Status.eq(status.as_str()));
    }
    if let Some(search) = filter.search.as_deref().map(str::trim).filter(|s| !s.is_empty()) {
        query = query.filter(containing(search));
    }
    query
}

/// A page of data sets without their samples, for who knows how many match.
///
/// # Errors
/// When the query fails.
pub async fn rows(db: &Db, filter: &DatasetFilter, sort: DatasetSort, direction: Direction, page: Page) -> Result<Vec<Dataset>> {
    // Samples are the most of a row, and no list shows them.
    let columns = Column::iter().filter(|column| !matches!(column, Column::Sample));
    let query = matching(filter).select_only().columns(columns).expr_as(Expr::cust("NULL"), Column::Sample.as_str());
    let order = direction.into();
    let query = match sort {
        DatasetSort::Created => query.order_by(Column::CreatedAt, order),
        DatasetSort::Name => query.order_by(Expr::expr(Func::lower(Expr::col(Column::Name))), order),
        DatasetSort::Size => query.order_by(Column::FileSize, order),
        DatasetSort::Quality => query.order_by_with_nulls(Column::QualityScore, order, NullOrdering::Last),
        DatasetSort::Pairs => query.order_by_with_nulls(Column::TotalTrainingPairs, order, NullOrdering::Last),
    };
    let rows = query.order_by_desc(Column::Id).offset(page.offset()).limit(page.size).all(db.read()).await?;
    rows.into_iter().map(Dataset::try_from).collect()
}

/// Ids, names and times of the newest data sets of an account whose files were confirmed, newest first, at most `limit`.
///
/// # Errors
/// When the query fails.
pub async fn uploads(db: &Db, user_id: UserId, limit: u64) -> Result<Vec<(DatasetId, String, DateTime<Utc>)>> {
    let query = kept().filter(Column::UserId.eq(user_id.uuid())).select_only().columns([Column::Id, Column::Name, Column::UploadedAt]);
    let query = query.order_by_desc(Column::CreatedAt).order_by_desc(Column::Id).limit(limit);
    let rows: Vec<(uuid::Uuid, String, Option<DateTime<Utc>>)> = query.into_tuple().all(db.read()).await?;
    Ok(rows.into_iter().filter_map(|(id, name, at)| Some((DatasetId(id), name, at?))).collect())
}

fn containing(search: &str) -> Condition {
    let columns = [Column::Name, Column::Description, Column::ConsultantName, Column::Vertical];
    columns.into_iter().fold(Condition::any(), |any, column| any.add(contains(column, search)))
}

/// `search` anywhere in `column`, compared without case. SQLite knows the case of ASCII letters only, so the text as it was given is
/// looked for too.
pub(crate) fn contains(column: impl ColumnTrait, search: &str) -> Condition {
    let lower = Func::lower(Expr::col(column)).like(pattern(&search.to_lowercase()));
    Condition::any().add(lower).add(Expr::col(column).like(pattern(search)))
}

/// `search` anywhere, with its own wildcards taken literally.
fn pattern(search: &str) -> LikeExpr {
    let mut text = String::from("%");
    for c in search.chars() {
        if matches!(c, '%' | '_' | '\\') {
            text.push('\\');
        }
        text.push(c);
    }
    text.push('%');
    LikeExpr::new(text).escape('\\')
}

/// An account's data sets in numbers, over all pages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DatasetTotals {
    /// Data sets.
    pub datasets: u64,
    /// Those that can be trained on.
    pub ready: u64,
    /// Their conversations.
    pub conversations: u64,
    /// Their trainable pairs.
    pub training_pairs: u64,
    /// Bytes of their files.
    pub bytes: u64,
}

/// Totals of one account, or of everybody's data sets.
///
/// # Errors
/// When the query fails.
pub async fn totals(db: &Db, user_id: Option<UserId>) -> Result<DatasetTotals> {
    let mut query = kept();
    if let Some(user_id) = user_id {
        query = query.filter(Column::UserId.eq(user_id.uuid()));
    }
    // Counted rather than summed: without a value PostgreSQL could not tell what a sum is of.
    let ready: Expr = Expr::case(Column::TrainingReady.eq(true), Column::Id.into_expr()).into();
    let sums: Option<Sums> = query
        .select_only()
        .expr_as(count_of(Column::Id), "datasets")
        .expr_as(ready.count(), "ready")
        .expr_as(sum_of(Column::TotalConversations), "conversations")
        .expr_as(sum_of(Column::TotalTrainingPairs), "training_pairs")
        .expr_as(sum_of(Column::FileSize), "bytes")
        .into_model()
        .one(db.read())
        .await?;
    let number = |value: Option<i64>| count(value.unwrap_or(0));
    Ok(sums.map_or_else(DatasetTotals::default, |s| DatasetTotals {
        datasets: count(s.datasets),
        ready: count(s.ready),
        conversations: number(s.conversations),
        training_pairs: number(s.training_pairs),
        bytes: number(s.bytes),
    }))
}

#[derive(FromQueryResult)]
struct Sums {
    datasets: i64,
    ready: i64,
    conversations: Option<i64>,
    training_pairs: Option<i64>,
    bytes: Option<i64>,
}

/// Data sets that are said to be validating and have not changed since `before`, oldest first: what a crash may have left.
///
/// # Errors
/// When the query fails.
pub async fn stale_validating(db: &Db, before: DateTime<Utc>, limit: u64) -> Result<Vec<Dataset>> {
    let query = kept().filter(Column::Status.eq(DatasetStatus::Validating.as_str())).filter(Column::UpdatedAt.lt(instant(before)));
    let rows = query.order_by_asc(Column::UpdatedAt).limit(limit).all(db.read()).await?;
    rows.into_iter().map(Dataset::try_from).collect()
}
