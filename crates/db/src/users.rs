//! Accounts.

use crate::connection::Db;
use crate::convert::{instant, instant_opt, text};
use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use domain::account::{Role, Tier};
use domain::{MicroUsd, UserId};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QuerySelect};

pub(crate) mod entity {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "users")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub email: String,
        pub password_hash: String,
        pub name: String,
        pub organization: Option<String>,
        pub role: String,
        pub subscription_tier: String,
        pub monthly_budget_micros: Option<i64>,
        pub created_at: DateTimeUtc,
        pub updated_at: DateTimeUtc,
        pub disabled_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
use entity::{Column, Entity, Model};

/// An account.
#[derive(Debug, Clone, PartialEq)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// Address, unique; stored in lower case.
    pub email: String,
    /// Argon2id, in PHC form.
    pub password_hash: String,
    /// As shown.
    pub name: String,
    /// Company or group.
    pub organization: Option<String>,
    /// What it may do.
    pub role: Role,
    /// Which limits it has.
    pub tier: Tier,
    /// Its own monthly budget; none means the tier's.
    pub monthly_budget: Option<MicroUsd>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// Since when it may not log in.
    pub disabled_at: Option<DateTime<Utc>>,
}

impl TryFrom<Model> for User {
    type Error = Error;
    fn try_from(m: Model) -> Result<Self> {
        Ok(Self {
            id: UserId(m.id),
            email: m.email,
            password_hash: m.password_hash,
            name: m.name,
            organization: m.organization,
            role: text("users.role", &m.role)?,
            tier: text("users.subscription_tier", &m.subscription_tier)?,
            monthly_budget: m.monthly_budget_micros.map(MicroUsd),
            created_at: m.created_at,
            updated_at: m.updated_at,
            disabled_at: m.disabled_at,
        })
    }
}

impl From<&User> for Model {
    fn from(u: &User) -> Self {
        Self {
            id: u.id.uuid(),
            email: u.email.trim().to_lowercase(),
            password_hash: u.password_hash.clone(),
            name: u.name.clone(),
            organization: u.organization.clone(),
            role: u.role.as_str().to_owned(),
            subscription_tier: u.tier.as_str().to_owned(),
            monthly_budget_micros: u.monthly_budget.map(|m| m.0),
            created_at: instant(u.created_at),
            updated_at: instant(u.updated_at),
            disabled_at: instant_opt(u.disabled_at),
        }
    }
}

/// Who may be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Anybody.
    Anybody,
    /// Nobody but the very first account.
    OnlyFirst,
}

/// Adds an account. The very first one becomes admin, whatever its role says; two that come at once cannot both be first. None where
/// `admission` does not let it in.
///
/// # Errors
/// [`Error::Duplicate`] when the address is taken.
pub async fn insert(db: &Db, user: &User, admission: Admission) -> Result<Option<User>> {
    let tx = db.begin().await?;
    if db.is_postgres() {
        tx.execute_unprepared("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE").await?;
    }
    let first = Entity::find().limit(1).count(&tx).await? == 0;
    if !first && admission == Admission::OnlyFirst {
        return Ok(None);
    }
    let mut model = Model::from(user);
    if first {
        model.role = Role::Admin.as_str().to_owned();
    }
    Entity::insert(model.clone().into_active_model()).exec_without_returning(&tx).await?;
    tx.commit().await?;
    model.try_into().map(Some)
}

/// The account with this id.
///
/// # Errors
/// When the query fails.
pub async fn get(db: &Db, id: UserId) -> Result<Option<User>> {
    Entity::find_by_id(id.uuid()).one(db.read()).await?.map(User::try_from).transpose()
}

/// The account with this address, compared without case.
///
/// # Errors
/// When the query fails.
pub async fn by_email(db: &Db, email: &str) -> Result<Option<User>> {
    let email = email.trim().to_lowercase();
    Entity::find().filter(Column::Email.eq(email)).one(db.read()).await?.map(User::try_from).transpose()
}

/// Number of accounts.
///
/// # Errors
/// When the query fails.
pub async fn count(db: &Db) -> Result<u64> {
    Ok(Entity::find().count(db.read()).await?)
}

/// Locks the account, lets `change` change it, and writes it back. None where there is no such account.
///
/// # Errors
/// When a query fails; nothing is written then.
pub async fn update<T: Send>(db: &Db, id: UserId, change: impl FnOnce(&mut User) -> T + Send) -> Result<Option<T>> {
    let tx = db.begin().await?;
    let Some(before) = Entity::find_by_id(id.uuid()).lock_exclusive().one(&tx).await? else { return Ok(None) };
    let mut user = User::try_from(before.clone())?;
    let answer = change(&mut user);
    user.id = id;
    let after = Model::from(&user);
    if after != before {
        after.into_active_model().reset_all().update(&tx).await?;
    }
    tx.commit().await?;
    Ok(Some(answer))
}
