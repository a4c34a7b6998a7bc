//! Versions of data sets: what was made from which, and by what.

use super::{Dataset, entity as datasets};
use crate::connection::Db;
use crate::convert::{big, from_json, from_json_opt, instant, small, small_count, to_json, to_json_opt};
use crate::error::Result;
use crate::tasks::{self, NewTask};
use chrono::{DateTime, Utc};
use domain::DatasetId;
use domain::dataset::{DatasetFix, FixFigures};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};

mod entity {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "dataset_versions")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub dataset_id: Uuid,
        pub parent_id: Uuid,
        pub version: i32,
        pub fixes: Json,
        pub report: Option<Json>,
        pub made_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
use entity::{Column, Entity, Model};

/// How a data set was made from another.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    /// The new data set.
    pub dataset_id: DatasetId,
    /// What it was made from.
    pub parent_id: DatasetId,
    /// From 2; what was uploaded is version 1.
    pub version: u32,
    /// What made it.
    pub fixes: Vec<DatasetFix>,
    /// What they did, once its file is there.
    pub report: Option<FixFigures>,
    /// When its file was written.
    pub made_at: Option<DateTime<Utc>>,
}

impl TryFrom<Model> for Version {
    type Error = crate::error::Error;
    fn try_from(m: Model) -> Result<Self> {
        Ok(Self {
            dataset_id: DatasetId(m.dataset_id),
            parent_id: DatasetId(m.parent_id),
            version: small_count(m.version),
            fixes: from_json("dataset_versions.fixes", m.fixes)?,
            report: from_json_opt("dataset_versions.report", m.report)?,
            made_at: m.made_at,
        })
    }
}

/// Adds a data set with what it is made from, and the task that makes it: all or nothing.
///
/// # Errors
/// When a query fails; nothing is written then.
pub async fn insert(db: &Db, dataset: &Dataset, version: &Version, task: NewTask) -> Result<()> {
    let row = Model {
        dataset_id: version.dataset_id.uuid(),
        parent_id: version.parent_id.uuid(),
        version: small(version.version),
        fixes: to_json("dataset_versions.fixes", &version.fixes)?,
        report: to_json_opt("dataset_versions.report", version.report.as_ref())?,
        made_at: version.made_at.map(instant),
    };
    let tx = db.begin().await?;
    datasets::Entity::insert(datasets::Model::try_from(dataset)?.into_active_model()).exec_without_returning(&tx).await?;
    Entity::insert(row.into_active_model()).exec_without_returning(&tx).await?;
    tasks::push_in(&tx, &[task]).await?;
    tx.commit().await?;
    Ok(())
}

/// How a data set was made; none for one that was uploaded.
///
/// # Errors
/// When the query fails.
pub async fn get(db: &Db, id: DatasetId) -> Result<Option<Version>> {
    Entity::find_by_id(id.uuid()).one(db.read()).await?.map(Version::try_from).transpose()
}

/// What was made from a data set and is not deleted, oldest first, with the names.
///
/// # Errors
/// When the query fails.
pub async fn children(db: &Db, parent: DatasetId, limit: u64) -> Result<Vec<(Version, String)>> {
    let rows = Entity::find().filter(Column::ParentId.eq(parent.uuid())).order_by_asc(Column::DatasetId).limit(limit);
    let rows = rows.all(db.read()).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids = rows.iter().map(|row| row.dataset_id);
    let kept = super::kept().filter(datasets::Column::Id.is_in(ids)).select_only();
    let kept = kept.column(datasets::Column::Id).column(datasets::Column::Name);
    let names: std::collections::HashMap<uuid::Uuid, String> = kept.into_tuple().all(db.read()).await?.into_iter().collect();
    let named = rows.into_iter().filter_map(|row| names.get(&row.dataset_id).cloned().map(|name| (row, name)));
    named.map(|(row, name)| Ok((Version::try_from(row)?, name))).collect()
}

/// Notes that the file of a version was written, with its size.
///
/// # Errors
/// When a query fails; nothing is written then.
pub async fn made(db: &Db, id: DatasetId, size: u64, report: &FixFigures, now: DateTime<Utc>) -> Result<()> {
    let tx = db.begin().await?;
    if let Some(row) = Entity::find_by_id(id.uuid()).one(&tx).await? {
        let after = Model { report: Some(to_json("dataset_versions.report", report)?), made_at: Some(instant(now)), ..row };
        after.into_active_model().reset_all().update(&tx).await?;
    }
    let size = datasets::Entity::update_many()
        .col_expr(datasets::Column::FileSize, sea_orm::sea_query::Expr::value(big(size)))
        .filter(datasets::Column::Id.eq(id.uuid()));
    size.exec(&tx).await?;
    tx.commit().await?;
    Ok(())
}
