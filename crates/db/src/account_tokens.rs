//! Tokens that are sent by mail: each opens one thing once, within its time. Only a hash of each is kept.

use crate::connection::Db;
use crate::convert::instant;
use crate::error::{Error, Result};
use crate::{sessions, users};
use chrono::{DateTime, Utc};
use domain::UserId;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QuerySelect, Select,
};
use uuid::Uuid;

mod entity {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "account_tokens")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub user_id: Uuid,
        pub purpose: String,
        pub token_hash: String,
        pub created_at: DateTimeUtc,
        pub expires_at: DateTimeUtc,
        pub email: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
use entity::{Column, Entity, Model};

/// What a token opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Choosing a new password.
    ResetPassword,
    /// Confirming the e-mail address.
    VerifyEmail,
    /// Confirming another one, which the account has from then on.
    ChangeEmail,
}

impl Purpose {
    const fn as_str(self) -> &'static str {
        match self {
            Self::ResetPassword => "reset_password",
            Self::VerifyEmail => "verify_email",
            Self::ChangeEmail => "change_email",
        }
    }
}

/// A token that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountToken {
    /// Its id.
    pub id: Uuid,
    /// Whose.
    pub user_id: UserId,
    /// What it opens.
    pub purpose: Purpose,
    /// SHA-256 of the token, in hex.
    pub token_hash: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// From then on it is not accepted.
    pub expires_at: DateTime<Utc>,
    /// The address that it confirms, where that is not the account's own.
    pub email: Option<String>,
}

/// Adds a token, unless its owner has `most` that are good at its making. False then. Those that are over are forgotten.
///
/// # Errors
/// When a query fails.
pub async fn insert(db: &Db, token: &AccountToken, most: u64) -> Result<bool> {
    let model = Model {
        id: token.id,
        user_id: token.user_id.uuid(),
        purpose: token.purpose.as_str().to_owned(),
        token_hash: token.token_hash.clone(),
        created_at: instant(token.created_at),
        expires_at: instant(token.expires_at),
        email: token.email.clone(),
    };
    let tx = db.begin().await?;
    Entity::delete_many().filter(Column::ExpiresAt.lte(instant(token.created_at))).exec(&tx).await?;
    users::lock(&tx, token.user_id).await?;
    let mine = Entity::find().filter(Column::UserId.eq(token.user_id.uuid())).filter(Column::Purpose.eq(token.purpose.as_str()));
    let there = mine.count(&tx).await?;
    if there < most {
        Entity::insert(model.into_active_model()).exec_without_returning(&tx).await?;
    }
    tx.commit().await?;
    Ok(there < most)
}

/// Forgets a token, as when it could not be sent.
///
/// # Errors
/// When the query fails.
pub async fn remove(db: &Db, id: Uuid) -> Result<()> {
    Entity::delete_by_id(id).exec(db.write()).await?;
    Ok(())
}

fn good(purpose: Purpose, token_hash: &str, now: DateTime<Utc>) -> Select<Entity> {
    let query = Entity::find().filter(Column::TokenHash.eq(token_hash)).filter(Column::Purpose.eq(purpose.as_str()));
    query.filter(Column::ExpiresAt.gt(instant(now)))
}

/// Whose token this is, where it is good; it stays good.
///
/// # Errors
/// When the query fails.
pub async fn owner(db: &Db, purpose: Purpose, token_hash: &str, now: DateTime<Utc>) -> Result<Option<UserId>> {
    Ok(good(purpose, token_hash, now).one(db.read()).await?.map(|row| UserId(row.user_id)))
}

/// Sets the password of the token's account, ends its sessions and confirms its address, to which the token was sent. The account's reset
/// tokens are used up. None where the token is not good, or the account is disabled.
///
/// # Errors
/// When a query fails; nothing is written then.
pub async fn reset_password(db: &Db, token_hash: &str, password_hash: &str, now: DateTime<Utc>) -> Result<Option<UserId>> {
    let tx = db.begin().await?;
    let Some(row) = good(Purpose::ResetPassword, token_hash, now).lock_exclusive().one(&tx).await? else { return Ok(None) };
    let Some(mut user) = users::lock(&tx, UserId(row.user_id)).await?.filter(|user| user.disabled_at.is_none()) else { return Ok(None) };
    user.password_hash = password_hash.to_owned();
    user.email_verified_at = Some(user.email_verified_at.unwrap_or(now));
    user.updated_at = now;
    users::entity::Model::from(&user).into_active_model().reset_all().update(&tx).await?;
    // Whoever asked for another address may be who the password was changed against.
    for purpose in [Purpose::ResetPassword, Purpose::ChangeEmail] {
        use_up(&tx, user.id, purpose).await?;
    }
    sessions::revoke_in(&tx, user.id, None, now).await?;
    tx.commit().await?;
    Ok(Some(user.id))
}

/// Confirms the address of the token's account. None where the token is not good.
///
/// # Errors
/// When a query fails; nothing is written then.
pub async fn verify_email(db: &Db, token_hash: &str, now: DateTime<Utc>) -> Result<Option<UserId>> {
    let tx = db.begin().await?;
    let Some(row) = good(Purpose::VerifyEmail, token_hash, now).lock_exclusive().one(&tx).await? else { return Ok(None) };
    let Some(mut user) = users::lock(&tx, UserId(row.user_id)).await? else { return Ok(None) };
    user.email_verified_at = Some(user.email_verified_at.unwrap_or(now));
    users::entity::Model::from(&user).into_active_model().reset_all().update(&tx).await?;
    use_up(&tx, user.id, Purpose::VerifyEmail).await?;
    tx.commit().await?;
    Ok(Some(user.id))
}

/// Gives the token's account the address that it confirms. Answers the account as it was. None where the token is not good, or another
/// account has got the address meanwhile.
///
/// # Errors
/// When a query fails; nothing is written then.
pub async fn change_email(db: &Db, token_hash: &str, now: DateTime<Utc>) -> Result<Option<users::User>> {
    let tx = db.begin().await?;
    let Some(row) = good(Purpose::ChangeEmail, token_hash, now).lock_exclusive().one(&tx).await? else { return Ok(None) };
    let (Some(user), Some(email)) = (users::lock(&tx, UserId(row.user_id)).await?, row.email) else { return Ok(None) };
    match set_email(&tx, &user, email, Some(now), now).await {
        Ok(()) => {}
        Err(Error::Duplicate(_)) => return Ok(None),
        Err(error) => return Err(error),
    }
    tx.commit().await?;
    Ok(Some(user))
}

/// Gives an account another address. What was sent to the one before is worthless then.
pub(crate) async fn set_email(
    tx: &impl ConnectionTrait,
    user: &users::User,
    email: String,
    verified_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<()> {
    let changed = users::User { email, email_verified_at: verified_at, updated_at: now, ..user.clone() };
    users::entity::Model::from(&changed).into_active_model().reset_all().update(tx).await?;
    for purpose in [Purpose::ResetPassword, Purpose::VerifyEmail, Purpose::ChangeEmail] {
        use_up(tx, user.id, purpose).await?;
    }
    Ok(())
}

/// Makes an account's tokens of a kind worthless.
pub(crate) async fn use_up(connection: &impl ConnectionTrait, user_id: UserId, purpose: Purpose) -> Result<()> {
    let query = Entity::delete_many().filter(Column::UserId.eq(user_id.uuid())).filter(Column::Purpose.eq(purpose.as_str()));
    query.exec(connection).await?;
    Ok(())
}
