//! Saved configurations of jobs. What they hold is the use cases' to know: here it is JSON.

use crate::connection::Db;
use crate::convert::instant;
use crate::error::Result;
use crate::page::{self, Page, Paged};
use crate::users;
use chrono::{DateTime, Utc};
use domain::{ConfigurationId, UserId};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::Value;

mod entity {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "configurations")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub user_id: Uuid,
        pub name: String,
        pub settings: Json,
        pub created_at: DateTimeUtc,
        pub updated_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
use entity::{Column, Entity, Model};

/// A saved configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Configuration {
    /// Its id.
    pub id: ConfigurationId,
    /// Whose.
    pub user_id: UserId,
    /// What its owner calls it; no two of an account's have the same name.
    pub name: String,
    /// What it says.
    pub settings: Value,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl From<Model> for Configuration {
    fn from(m: Model) -> Self {
        Self {
            id: ConfigurationId(m.id),
            user_id: UserId(m.user_id),
            name: m.name,
            settings: m.settings,
            created_at: m.created_at,
            updated_at: m.updated_at,
        }
    }
}

impl From<&Configuration> for Model {
    fn from(c: &Configuration) -> Self {
        Self {
            id: c.id.uuid(),
            user_id: c.user_id.uuid(),
            name: c.name.clone(),
            settings: c.settings.clone(),
            created_at: instant(c.created_at),
            updated_at: instant(c.updated_at),
        }
    }
}

/// Adds a configuration, unless its owner has `most` already. False then.
///
/// # Errors
/// [`crate::Error::Duplicate`] when its owner has one of this name.
pub async fn insert(db: &Db, configuration: &Configuration, most: u64) -> Result<bool> {
    let tx = db.begin().await?;
    // Two at once cannot both be the last.
    users::lock(&tx, configuration.user_id).await?;
    if Entity::find().filter(Column::UserId.eq(configuration.user_id.uuid())).count(&tx).await? >= most {
        return Ok(false);
    }
    Entity::insert(Model::from(configuration).into_active_model()).exec_without_returning(&tx).await?;
    tx.commit().await?;
    Ok(true)
}

/// The configuration with this id.
///
/// # Errors
/// When the query fails.
pub async fn get(db: &Db, id: ConfigurationId) -> Result<Option<Configuration>> {
    Ok(Entity::find_by_id(id.uuid()).one(db.read()).await?.map(Configuration::from))
}

/// A page of an account's configurations, the one that changed last first.
///
/// # Errors
/// When a query fails.
pub async fn list(db: &Db, user_id: UserId, page: Page) -> Result<Paged<Configuration>> {
    let query = Entity::find().filter(Column::UserId.eq(user_id.uuid()));
    let rows = query.clone().order_by_desc(Column::UpdatedAt).order_by_desc(Column::Id).offset(page.offset()).limit(page.size);
    let rows = rows.all(db.read()).await?;
    let total = page::total(db.read(), query, page, rows.len()).await?;
    Ok(Paged { rows: rows.into_iter().map(Configuration::from).collect(), total })
}

/// Locks the configuration, lets `change` change it, and writes it back. None where there is no such configuration.
///
/// # Errors
/// [`crate::Error::Duplicate`] when its owner has another one of the new name; nothing is written then.
pub async fn update(
    db: &Db,
    id: ConfigurationId,
    now: DateTime<Utc>,
    change: impl FnOnce(&mut Configuration) + Send,
) -> Result<Option<Configuration>> {
    let tx = db.begin().await?;
    let Some(before) = Entity::find_by_id(id.uuid()).lock_exclusive().one(&tx).await? else { return Ok(None) };
    let mut configuration = Configuration::from(before.clone());
    change(&mut configuration);
    if Model::from(&configuration) != before {
        configuration.updated_at = instant(now);
        Entity::update(Model::from(&configuration).into_active_model().reset_all()).exec(&tx).await?;
    }
    tx.commit().await?;
    Ok(Some(configuration))
}

/// Removes a configuration; false where there is none.
///
/// # Errors
/// When the query fails.
pub async fn remove(db: &Db, id: ConfigurationId) -> Result<bool> {
    Ok(Entity::delete_by_id(id.uuid()).exec(db.write()).await?.rows_affected > 0)
}
