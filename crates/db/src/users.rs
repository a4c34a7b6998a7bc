//! Accounts.

use crate::connection::Db;
use crate::convert::{instant, instant_opt, text};
use crate::datasets::contains;
use crate::error::{Error, Result};
use crate::page::{Page, Paged, bounded_count};
use crate::{account_tokens, audit, invitations, sessions};
use chrono::{DateTime, Utc};
use domain::account::{Role, Tier};
use domain::{MicroUsd, SessionId, UserId};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use std::collections::BTreeMap;

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
        pub email_verified_at: Option<DateTimeUtc>,
        pub deletion_requested_at: Option<DateTimeUtc>,
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
    /// When its owner proved that the address is theirs.
    pub email_verified_at: Option<DateTime<Utc>>,
    /// When its owner asked for its deletion.
    pub deletion_requested_at: Option<DateTime<Utc>>,
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
            email_verified_at: m.email_verified_at,
            deletion_requested_at: m.deletion_requested_at,
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
            email_verified_at: instant_opt(u.email_verified_at),
            deletion_requested_at: instant_opt(u.deletion_requested_at),
        }
    }
}

/// Who may be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// Anybody.
    Anybody,
    /// Nobody but the very first account.
    OnlyFirst,
    /// The very first account, and whoever has the invitation with this token's hash; its role is the account's then.
    Invited(String),
}

/// Adds an account. The very first one becomes admin, whatever its role says; two that come at once cannot both be first. None where
/// `admission` does not let it in.
///
/// # Errors
/// [`Error::Duplicate`] when the address is taken.
pub async fn insert(db: &Db, user: &User, admission: Admission) -> Result<Option<User>> {
    let tx = db.begin().await?;
    lock_all(db, &tx).await?;
    let first = Entity::find().limit(1).count(&tx).await? == 0;
    let mut model = Model::from(user);
    let invitation = match (&admission, first) {
        (_, true) | (Admission::Anybody, false) => None,
        (Admission::OnlyFirst, false) => return Ok(None),
        (Admission::Invited(hash), false) => match invitations::admitting(&tx, hash, &model.email, user.created_at).await? {
            Some(invitation) => Some(invitation),
            None => return Ok(None),
        },
    };
    if let Some(invitation) = &invitation {
        model.role = invitation.role.as_str().to_owned();
    }
    if first {
        model.role = Role::Admin.as_str().to_owned();
    }
    Entity::insert(model.clone().into_active_model()).exec_without_returning(&tx).await?;
    if let Some(invitation) = invitation {
        invitations::use_up(&tx, invitation.id, user.id, user.created_at).await?;
    }
    tx.commit().await?;
    model.try_into().map(Some)
}

/// Makes every other transaction that adds accounts or changes their rights wait. SQLite has one writer anyway.
async fn lock_all(db: &Db, tx: &impl ConnectionTrait) -> Result<()> {
    if db.is_postgres() {
        tx.execute_unprepared("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE").await?;
    }
    Ok(())
}

/// Locks an account's row in a transaction.
pub(crate) async fn lock(tx: &impl ConnectionTrait, id: UserId) -> Result<Option<User>> {
    Entity::find_by_id(id.uuid()).lock_exclusive().one(tx).await?.map(User::try_from).transpose()
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

/// Whether there is an account at all.
///
/// # Errors
/// When the query fails.
pub async fn any(db: &Db) -> Result<bool> {
    Ok(Entity::find().order_by_asc(Column::Email).limit(1).one(db.read()).await?.is_some())
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

/// Sets an account's password and ends its sessions but `keep`; links that would reset it are worthless then. False where there is no
/// such account.
///
/// # Errors
/// When a query fails; nothing is written then.
pub async fn set_password(db: &Db, id: UserId, password_hash: &str, keep: SessionId, now: DateTime<Utc>) -> Result<bool> {
    let tx = db.begin().await?;
    let Some(mut user) = lock(&tx, id).await? else { return Ok(false) };
    user.password_hash = password_hash.to_owned();
    user.updated_at = now;
    Model::from(&user).into_active_model().reset_all().update(&tx).await?;
    for purpose in [account_tokens::Purpose::ResetPassword, account_tokens::Purpose::ChangeEmail] {
        account_tokens::use_up(&tx, id, purpose).await?;
    }
    sessions::revoke_in(&tx, id, Some(keep), now).await?;
    tx.commit().await?;
    Ok(true)
}

/// Gives an account another address, which is yet to be confirmed. False where there is no such account.
///
/// # Errors
/// [`crate::Error::Duplicate`] when another account has it; nothing is written then.
pub async fn set_email(db: &Db, id: UserId, email: &str, now: DateTime<Utc>) -> Result<bool> {
    let tx = db.begin().await?;
    let Some(user) = lock(&tx, id).await? else { return Ok(false) };
    account_tokens::set_email(&tx, &user, email.to_owned(), None, now).await?;
    tx.commit().await?;
    Ok(true)
}

/// What became of a change of an account's rights.
#[derive(Debug, Clone, PartialEq)]
pub enum Administered {
    /// The account as it is now.
    Done(Box<User>),
    /// Nothing was changed: no admin who can log in would be left.
    LastAdmin,
    /// There is no such account.
    NotThere,
}

/// Changes an account's rights, together with the lines of the audit log that `change` answers. The last admin stays one. An account that
/// may not log in any more, or is to be deleted, loses its sessions.
///
/// # Errors
/// When a query fails; nothing is written then.
pub async fn administer(
    db: &Db,
    id: UserId,
    now: DateTime<Utc>,
    change: impl FnOnce(&mut User) -> Vec<audit::Entry> + Send,
) -> Result<Administered> {
    let tx = db.begin().await?;
    lock_all(db, &tx).await?;
    let Some(before) = lock(&tx, id).await? else { return Ok(Administered::NotThere) };
    let mut user = before.clone();
    let entries = change(&mut user);
    user.id = id;
    if leads(&before) && !leads(&user) {
        let others = |query: sea_orm::Select<Entity>| query.filter(Column::Id.ne(id.uuid())).limit(1);
        // Whoever is alone on a server leaves nobody behind.
        let alone = user.deletion_requested_at.is_some() && others(Entity::find()).count(&tx).await? == 0;
        if !alone && others(leading()).count(&tx).await? == 0 {
            return Ok(Administered::LastAdmin);
        }
    }
    if user.disabled_at.is_some() || (user.deletion_requested_at.is_some() && before.deletion_requested_at.is_none()) {
        sessions::revoke_in(&tx, id, None, now).await?;
    }
    if user != before {
        Model::from(&user).into_active_model().reset_all().update(&tx).await?;
    }
    audit::write(&tx, &entries).await?;
    tx.commit().await?;
    Ok(Administered::Done(Box::new(user)))
}

/// Whether the account is an admin who will go on being one.
fn leads(user: &User) -> bool {
    user.role == Role::Admin && user.disabled_at.is_none() && user.deletion_requested_at.is_none()
}

/// Those for whom [`leads`] is true.
fn leading() -> sea_orm::Select<Entity> {
    let query = Entity::find().filter(Column::Role.eq(Role::Admin.as_str()));
    query.filter(Column::DisabledAt.is_null()).filter(Column::DeletionRequestedAt.is_null())
}

/// Which accounts to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserFilter {
    /// Text in address, name or organisation, compared without case.
    pub search: Option<String>,
    /// Only of this role.
    pub role: Option<Role>,
    /// Only of this tier.
    pub tier: Option<Tier>,
    /// Only those that may not log in, or only those that may.
    pub disabled: Option<bool>,
}

/// A page of accounts, newest first.
///
/// # Errors
/// When a query fails.
pub async fn list(db: &Db, filter: &UserFilter, page: Page) -> Result<Paged<User>> {
    let mut query = Entity::find();
    if let Some(search) = filter.search.as_deref().map(str::trim).filter(|s| !s.is_empty()) {
        let columns = [Column::Email, Column::Name, Column::Organization];
        query = query.filter(columns.into_iter().fold(Condition::any(), |any, column| any.add(contains(column, search))));
    }
    if let Some(role) = filter.role {
        query = query.filter(Column::Role.eq(role.as_str()));
    }
    if let Some(tier) = filter.tier {
        query = query.filter(Column::SubscriptionTier.eq(tier.as_str()));
    }
    if let Some(disabled) = filter.disabled {
        query = query.filter(if disabled { Column::DisabledAt.is_not_null() } else { Column::DisabledAt.is_null() });
    }
    let total = bounded_count(db.read(), query.clone(), Column::CreatedAt).await?;
    let query = query.order_by_desc(Column::CreatedAt).order_by_desc(Column::Id);
    let rows = query.offset(page.offset()).limit(page.size).all(db.read()).await?;
    Ok(Paged { rows: rows.into_iter().map(User::try_from).collect::<Result<_>>()?, total })
}

/// The names of these accounts; those that are gone are left out.
///
/// # Errors
/// When the query fails.
pub async fn names(db: &Db, ids: &[UserId]) -> Result<BTreeMap<UserId, (String, String)>> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let query = Entity::find().select_only().columns([Column::Id, Column::Name, Column::Email]);
    let query = query.filter(Column::Id.is_in(ids.iter().map(|id| id.uuid())));
    let rows: Vec<(uuid::Uuid, String, String)> = query.into_tuple().all(db.read()).await?;
    Ok(rows.into_iter().map(|(id, name, email)| (UserId(id), (name, email))).collect())
}

/// Accounts whose deletion was asked for at `before` or earlier, longest ago first.
///
/// # Errors
/// When the query fails.
pub async fn to_purge(db: &Db, before: DateTime<Utc>, limit: u64) -> Result<Vec<User>> {
    let query = Entity::find().filter(Column::DeletionRequestedAt.lte(instant(before))).order_by_asc(Column::DeletionRequestedAt);
    query.limit(limit).all(db.read()).await?.into_iter().map(User::try_from).collect()
}

/// Removes an account with every row that is its own, together with the lines of the audit log. False where it is not there any more.
///
/// # Errors
/// When a query fails; nothing is removed then.
pub async fn remove(db: &Db, id: UserId, entries: &[audit::Entry]) -> Result<bool> {
    let tx = db.begin().await?;
    if Entity::delete_by_id(id.uuid()).exec(&tx).await?.rows_affected == 0 {
        return Ok(false);
    }
    audit::write(&tx, entries).await?;
    tx.commit().await?;
    Ok(true)
}
