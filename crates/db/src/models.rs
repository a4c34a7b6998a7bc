//! Trained adapters.

use crate::connection::Db;
use crate::convert::{big, count, count_of, from_json, instant, instant_opt, sum_of, text, to_json, unless_there};
use crate::error::{Error, Result};
use crate::page::{self, Direction, Page, Paged};
use chrono::{DateTime, Utc};
use domain::model::{ModelStatus, QualityMetrics};
use domain::{DatasetId, JobId, ModelId, UserId};
use sea_orm::sea_query::NullOrdering;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::HashMap;

mod retention;

pub(crate) use retention::count_of_dataset;
pub use retention::{get_deleted, ids_of, purge, restore, to_purge, with_files};

pub(crate) mod entity {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "model_artifacts")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub user_id: Uuid,
        pub job_id: Uuid,
        pub dataset_id: Uuid,
        pub name: String,
        pub version: String,
        pub description: Option<String>,
        pub status: String,
        pub base_model: String,
        pub quality_metrics: Json,
        pub training_summary: Json,
        pub configuration: Json,
        pub artifacts: Json,
        pub total_size: i64,
        pub validation_loss: Option<f64>,
        pub parent_model_id: Option<Uuid>,
        pub deployed_at: Option<DateTimeUtc>,
        pub deleted_at: Option<DateTimeUtc>,
        pub purged_at: Option<DateTimeUtc>,
        pub created_at: DateTimeUtc,
        pub updated_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
use entity::{Column, Entity, Model};

/// A file of an adapter as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredFile {
    /// File name.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 in hex.
    pub sha256: String,
    /// Key in the store.
    pub key: String,
}

/// A trained adapter.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelArtifact {
    /// Its id.
    pub id: ModelId,
    /// Whose.
    pub user_id: UserId,
    /// The job that made it; a job makes one at most.
    pub job_id: JobId,
    /// What it was trained on.
    pub dataset_id: DatasetId,
    /// As shown.
    pub name: String,
    /// Such as `1.0.0`.
    pub version: String,
    /// The owner's words.
    pub description: Option<String>,
    /// Where it is in its life.
    pub status: ModelStatus,
    /// Id of the base model.
    pub base_model: String,
    /// What was measured.
    pub quality_metrics: QualityMetrics,
    /// Epochs, steps, duration, cost.
    pub training_summary: Value,
    /// Settings that it was trained with.
    pub configuration: Value,
    /// Its files.
    pub artifacts: Vec<StoredFile>,
    /// The adapter that it goes on from.
    pub parent_model_id: Option<ModelId>,
    /// When it was deployed.
    pub deployed_at: Option<DateTime<Utc>>,
    /// When it was deleted.
    pub deleted_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl ModelArtifact {
    /// Bytes of all files.
    pub fn total_size(&self) -> u64 {
        self.artifacts.iter().map(|file| file.size).sum()
    }
}

impl TryFrom<Model> for ModelArtifact {
    type Error = Error;
    fn try_from(m: Model) -> Result<Self> {
        Ok(Self {
            id: ModelId(m.id),
            user_id: UserId(m.user_id),
            job_id: JobId(m.job_id),
            dataset_id: DatasetId(m.dataset_id),
            name: m.name,
            version: m.version,
            description: m.description,
            status: text("model_artifacts.status", &m.status)?,
            base_model: m.base_model,
            quality_metrics: from_json("model_artifacts.quality_metrics", m.quality_metrics)?,
            training_summary: m.training_summary,
            configuration: m.configuration,
            artifacts: from_json("model_artifacts.artifacts", m.artifacts)?,
            parent_model_id: m.parent_model_id.map(ModelId),
            deployed_at: m.deployed_at,
            deleted_at: m.deleted_at,
            created_at: m.created_at,
            updated_at: m.updated_at,
        })
    }
}

impl TryFrom<&ModelArtifact> for Model {
    type Error = Error;
    fn try_from(a: &ModelArtifact) -> Result<Self> {
        Ok(Self {
            id: a.id.uuid(),
            user_id: a.user_id.uuid(),
            job_id: a.job_id.uuid(),
            dataset_id: a.dataset_id.uuid(),
            name: a.name.clone(),
            version: a.version.clone(),
            description: a.description.clone(),
            status: a.status.as_str().to_owned(),
            base_model: a.base_model.clone(),
            quality_metrics: to_json("model_artifacts.quality_metrics", &a.quality_metrics)?,
            training_summary: a.training_summary.clone(),
            configuration: a.configuration.clone(),
            artifacts: to_json("model_artifacts.artifacts", &a.artifacts)?,
            total_size: big(a.total_size()),
            validation_loss: a.quality_metrics.final_validation_loss,
            parent_model_id: a.parent_model_id.map(ModelId::uuid),
            deployed_at: instant_opt(a.deployed_at),
            deleted_at: instant_opt(a.deleted_at),
            // What was purged is never written back.
            purged_at: None,
            created_at: instant(a.created_at),
            updated_at: instant(a.updated_at),
        })
    }
}

/// Adds an adapter, unless its job has made one already: then that one stays as it is. Answers the one that is there afterwards. Normally
/// an adapter is written with its job's completion, as an effect of `jobs::update`.
///
/// # Errors
/// When a query fails.
pub async fn insert(db: &Db, artifact: &ModelArtifact) -> Result<ModelArtifact> {
    insert_in(db.write(), artifact).await?;
    Ok(by_job(db, artifact.job_id).await?.unwrap_or_else(|| artifact.clone()))
}

pub(crate) async fn insert_in<C: ConnectionTrait>(connection: &C, artifact: &ModelArtifact) -> Result<()> {
    let row = Model::try_from(artifact)?.into_active_model();
    Entity::insert(row).on_conflict(unless_there()).exec_without_returning(connection).await?;
    Ok(())
}

fn kept() -> Select<Entity> {
    Entity::find().filter(Column::DeletedAt.is_null())
}

/// The adapter with this id, unless it was deleted.
///
/// # Errors
/// When the query fails.
pub async fn get(db: &Db, id: ModelId) -> Result<Option<ModelArtifact>> {
    kept().filter(Column::Id.eq(id.uuid())).one(db.read()).await?.map(ModelArtifact::try_from).transpose()
}

/// The version of an adapter, deleted or not.
///
/// # Errors
/// When the query fails.
pub async fn version(db: &Db, id: ModelId) -> Result<Option<String>> {
    Ok(Entity::find_by_id(id.uuid()).one(db.read()).await?.map(|row| row.version))
}

/// The adapter that a job made, deleted or not.
///
/// # Errors
/// When the query fails.
pub async fn by_job(db: &Db, job_id: JobId) -> Result<Option<ModelArtifact>> {
    Entity::find().filter(Column::JobId.eq(job_id.uuid())).one(db.read()).await?.map(ModelArtifact::try_from).transpose()
}

/// Locks the adapter, lets `change` change it, and writes it back with `updated_at` as `now` where anything changed. None where there is
/// no such adapter or it was deleted.
///
/// # Errors
/// When a query fails; nothing is written then.
pub async fn update<T: Send>(
    db: &Db,
    id: ModelId,
    now: DateTime<Utc>,
    change: impl FnOnce(&mut ModelArtifact) -> T + Send,
) -> Result<Option<T>> {
    let tx = db.begin().await?;
    let Some(before) = kept().filter(Column::Id.eq(id.uuid())).lock_exclusive().one(&tx).await? else { return Ok(None) };
    let mut artifact = ModelArtifact::try_from(before.clone())?;
    let answer = change(&mut artifact);
    artifact.id = id;
    let mut after = Model::try_from(&artifact)?;
    if after != before {
        after.updated_at = instant(now);
        after.into_active_model().reset_all().update(&tx).await?;
    }
    tx.commit().await?;
    Ok(Some(answer))
}

/// Which adapters to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelFilter {
    /// Only of this account; none means everybody's.
    pub user_id: Option<UserId>,
    /// Only of this status.
    pub status: Option<ModelStatus>,
    /// Only trained on this data set.
    pub dataset_id: Option<DatasetId>,
    /// Those that were deleted after this instant and can be restored, instead of those that were not deleted.
    pub deleted_since: Option<DateTime<Utc>>,
}

/// What a list of adapters is sorted by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ModelSort {
    /// When it was made.
    #[default]
    Created,
    /// Descending: lowest final validation loss first. Those without come last.
    Quality,
    /// Bytes of all files.
    Size,
}

/// A page of adapters.
///
/// # Errors
/// When a query fails.
pub async fn list(db: &Db, filter: &ModelFilter, sort: ModelSort, direction: Direction, page: Page) -> Result<Paged<ModelArtifact>> {
    let mut query = filter.deleted_since.map_or_else(kept, retention::restorable);
    if let Some(user_id) = filter.user_id {
        query = query.filter(Column::UserId.eq(user_id.uuid()));
    }
    if let Some(status) = filter.status {
        query = query.filter(Column::Status.eq(status.as_str()));
    }
    if let Some(dataset_id) = filter.dataset_id {
        query = query.filter(Column::DatasetId.eq(dataset_id.uuid()));
    }
    let all = query.clone();
    query = match (sort, direction) {
        (ModelSort::Created, direction) => query.order_by(Column::CreatedAt, direction.into()),
        (ModelSort::Size, direction) => query.order_by(Column::TotalSize, direction.into()),
        (ModelSort::Quality, Direction::Descending) => {
            query.order_by_with_nulls(Column::ValidationLoss, sea_orm::Order::Asc, NullOrdering::Last)
        }
        (ModelSort::Quality, Direction::Ascending) => {
            query.order_by_with_nulls(Column::ValidationLoss, sea_orm::Order::Desc, NullOrdering::Last)
        }
    };
    let rows = query.order_by_desc(Column::Id).offset(page.offset()).limit(page.size).all(db.read()).await?;
    let total = page::total(db.read(), all, page, rows.len()).await?;
    Ok(Paged { rows: rows.into_iter().map(ModelArtifact::try_from).collect::<Result<_>>()?, total })
}

/// Ids of the adapters that go on from these, by what they go on from, oldest first; those from which none does are absent.
///
/// # Errors
/// When the query fails.
pub async fn children(db: &Db, ids: &[ModelId]) -> Result<HashMap<ModelId, Vec<ModelId>>> {
    let mut children = HashMap::<ModelId, Vec<ModelId>>::new();
    if ids.is_empty() {
        return Ok(children);
    }
    let query = kept().filter(Column::ParentModelId.is_in(ids.iter().map(|id| id.uuid()))).order_by_asc(Column::CreatedAt);
    let query = query.select_only().column(Column::ParentModelId).column(Column::Id);
    let pairs: Vec<(uuid::Uuid, uuid::Uuid)> = query.into_tuple().all(db.read()).await?;
    for (parent, child) in pairs {
        children.entry(ModelId(parent)).or_default().push(ModelId(child));
    }
    Ok(children)
}

/// Number of adapters and bytes of their files, of one account or of everybody.
///
/// # Errors
/// When the query fails.
pub async fn totals(db: &Db, user_id: Option<UserId>) -> Result<(u64, u64)> {
    let mut query = kept();
    if let Some(user_id) = user_id {
        query = query.filter(Column::UserId.eq(user_id.uuid()));
    }
    let row: Option<(i64, Option<i64>)> =
        query.select_only().expr(count_of(Column::Id)).expr(sum_of(Column::TotalSize)).into_tuple().one(db.read()).await?;
    Ok(row.map_or((0, 0), |(models, bytes)| (count(models), count(bytes.unwrap_or(0)))))
}
