//! Versions of data sets: what was made from which, and by what.

use super::{Dataset, entity as datasets};
use crate::connection::Db;
use crate::convert::{big, from_json, from_json_opt, instant, small, small_count, to_json, to_json_opt};
use crate::error::Result;
use crate::tasks::{self, NewTask};
use chrono::{DateTime, Utc};
use domain::DatasetId;
use domain::dataset::{DatasetFix, FixFigures};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, FromQueryResult, IntoActiveModel, JoinType, QueryFilter, QueryOrder,
    QuerySelect, RelationDef,
};

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

/// A data set among its versions.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lineage {
    /// How it was made; none for one that was uploaded.
    pub version: Option<Version>,
    /// What was made from it and is not deleted, oldest first, with the names.
    pub children: Vec<(Version, String)>,
}

#[derive(FromQueryResult)]
struct Named {
    #[sea_orm(nested)]
    version: Model,
    name: String,
}

/// What a data set was made from and what was made from it, at most `limit` of those.
///
/// # Errors
/// When the query fails.
pub async fn lineage(db: &Db, id: DatasetId, limit: u64) -> Result<Lineage> {
    let kept = Condition::all().add(Column::ParentId.eq(id.uuid())).add(datasets::Column::DeletedAt.is_null());
    let made: RelationDef = Entity::belongs_to(datasets::Entity).from(Column::DatasetId).to(datasets::Column::Id).into();
    let query = Entity::find().join(JoinType::InnerJoin, made).column_as(datasets::Column::Name, "name");
    let query = query.filter(Condition::any().add(Column::DatasetId.eq(id.uuid())).add(kept));
    // Ids grow with time, and nothing was made from a data set before itself.
    let rows = query.order_by_asc(Column::DatasetId).limit(limit + 1).into_model::<Named>().all(db.read()).await?;
    let mut lineage = Lineage::default();
    for row in rows {
        let version = Version::try_from(row.version)?;
        if version.dataset_id == id {
            lineage.version = Some(version);
        } else if (lineage.children.len() as u64) < limit {
            lineage.children.push((version, row.name));
        }
    }
    Ok(lineage)
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
