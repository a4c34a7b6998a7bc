//! Personal API keys. Only a hash of each is kept.

use crate::connection::Db;
use crate::convert::{instant, instant_opt, text};
use crate::error::{Error, Result};
use crate::users::{self, User};
use chrono::{DateTime, Utc};
use domain::{ApiKeyId, KeyScope, UserId};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, JoinType, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, RelationDef};

mod entity {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "api_keys")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub user_id: Uuid,
        pub name: String,
        pub scope: String,
        pub hint: String,
        pub key_hash: String,
        pub created_at: DateTimeUtc,
        pub expires_at: Option<DateTimeUtc>,
        pub last_used_at: Option<DateTimeUtc>,
        pub revoked_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
use entity::{Column, Entity, Model};

/// A personal API key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// Whose.
    pub user_id: UserId,
    /// What its owner calls it.
    pub name: String,
    /// What it is good for.
    pub scope: KeyScope,
    /// Its first characters, to recognise it by.
    pub hint: String,
    /// SHA-256 of the key, in hex.
    pub key_hash: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// From then on it is not accepted.
    pub expires_at: Option<DateTime<Utc>>,
    /// Last request, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was taken back.
    pub revoked_at: Option<DateTime<Utc>>,
}

impl TryFrom<Model> for ApiKey {
    type Error = Error;
    fn try_from(m: Model) -> Result<Self> {
        Ok(Self {
            id: ApiKeyId(m.id),
            user_id: UserId(m.user_id),
            name: m.name,
            scope: text("api_keys.scope", &m.scope)?,
            hint: m.hint,
            key_hash: m.key_hash,
            created_at: m.created_at,
            expires_at: m.expires_at,
            last_used_at: m.last_used_at,
            revoked_at: m.revoked_at,
        })
    }
}

/// Adds a key, unless its owner has `most` already. False then.
///
/// # Errors
/// When a query fails.
pub async fn insert(db: &Db, key: &ApiKey, most: u64) -> Result<bool> {
    let model = Model {
        id: key.id.uuid(),
        user_id: key.user_id.uuid(),
        name: key.name.clone(),
        scope: key.scope.as_str().to_owned(),
        hint: key.hint.clone(),
        key_hash: key.key_hash.clone(),
        created_at: instant(key.created_at),
        expires_at: instant_opt(key.expires_at),
        last_used_at: instant_opt(key.last_used_at),
        revoked_at: instant_opt(key.revoked_at),
    };
    let tx = db.begin().await?;
    users::lock(&tx, key.user_id).await?;
    if kept(key.user_id).count(&tx).await? >= most {
        return Ok(false);
    }
    Entity::insert(model.into_active_model()).exec_without_returning(&tx).await?;
    tx.commit().await?;
    Ok(true)
}

fn kept(user_id: UserId) -> sea_orm::Select<Entity> {
    Entity::find().filter(Column::UserId.eq(user_id.uuid())).filter(Column::RevokedAt.is_null())
}

/// An account's keys that were not revoked, newest first. [`insert`] bounds their number.
///
/// # Errors
/// When the query fails.
pub async fn list(db: &Db, user_id: UserId) -> Result<Vec<ApiKey>> {
    let rows = kept(user_id).order_by_desc(Column::CreatedAt).order_by_desc(Column::Id).all(db.read()).await?;
    rows.into_iter().map(ApiKey::try_from).collect()
}

/// The key with this hash and its account, where the key is neither revoked nor expired at `now` and the account is not disabled.
///
/// # Errors
/// When a query fails.
pub async fn live(db: &Db, key_hash: &str, now: DateTime<Utc>) -> Result<Option<(ApiKey, User)>> {
    let account: RelationDef = Entity::belongs_to(users::entity::Entity).from(Column::UserId).to(users::entity::Column::Id).into();
    let query = Entity::find().filter(Column::KeyHash.eq(key_hash)).join(JoinType::InnerJoin, account);
    let Some((key, Some(user))) = query.select_also(users::entity::Entity).one(db.read()).await? else { return Ok(None) };
    let (key, user) = (ApiKey::try_from(key)?, User::try_from(user)?);
    let good = key.revoked_at.is_none() && key.expires_at.is_none_or(|at| at > now) && user.disabled_at.is_none();
    Ok(good.then_some((key, user)))
}

/// Whether the key with this id is still good: for requests that last.
///
/// # Errors
/// When a query fails.
pub async fn is_live(db: &Db, id: ApiKeyId, now: DateTime<Utc>) -> Result<bool> {
    let row = Entity::find_by_id(id.uuid()).one(db.read()).await?;
    match row {
        Some(row) => Ok(live(db, &row.key_hash, now).await?.is_some()),
        None => Ok(false),
    }
}

/// Notes that the key was used.
///
/// # Errors
/// When the query fails.
pub async fn touch(db: &Db, id: ApiKeyId, now: DateTime<Utc>) -> Result<()> {
    let query = Entity::update_many().col_expr(Column::LastUsedAt, Expr::value(instant(now))).filter(Column::Id.eq(id.uuid()));
    query.exec(db.write()).await?;
    Ok(())
}

/// Revokes a key of this account. False where it has none such, or it was revoked already.
///
/// # Errors
/// When the query fails.
pub async fn revoke(db: &Db, user_id: UserId, id: ApiKeyId, now: DateTime<Utc>) -> Result<bool> {
    let query = Entity::update_many().col_expr(Column::RevokedAt, Expr::value(instant(now)));
    let query = query.filter(Column::Id.eq(id.uuid())).filter(Column::UserId.eq(user_id.uuid())).filter(Column::RevokedAt.is_null());
    Ok(query.exec(db.write()).await?.rows_affected > 0)
}
