//! Invitations to sign up. Only a hash of each token is kept; signing up with one is [`crate::users::insert`].

use crate::connection::Db;
use crate::convert::{instant, instant_opt, text};
use crate::error::{Error, Result};
use crate::page::{Page, Paged, bounded_count};
use chrono::{DateTime, Utc};
use domain::{InvitationId, Role, UserId};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select};

mod entity {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "invitations")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub email: Option<String>,
        pub role: String,
        pub token_hash: String,
        pub invited_by: Option<Uuid>,
        pub created_at: DateTimeUtc,
        pub expires_at: DateTimeUtc,
        pub used_at: Option<DateTimeUtc>,
        pub used_by: Option<Uuid>,
        pub revoked_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
use entity::{Column, Entity, Model};

/// An invitation to sign up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// The only address that it is good for, in lower case; none means any.
    pub email: Option<String>,
    /// Role of the account that signs up with it.
    pub role: Role,
    /// SHA-256 of the token, in hex.
    pub token_hash: String,
    /// Who invited; none where that account is gone.
    pub invited_by: Option<UserId>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// From then on it is not accepted.
    pub expires_at: DateTime<Utc>,
    /// When somebody signed up with it.
    pub used_at: Option<DateTime<Utc>>,
    /// Who that is.
    pub used_by: Option<UserId>,
    /// When it was taken back.
    pub revoked_at: Option<DateTime<Utc>>,
}

impl TryFrom<Model> for Invitation {
    type Error = Error;
    fn try_from(m: Model) -> Result<Self> {
        Ok(Self {
            id: InvitationId(m.id),
            email: m.email,
            role: text("invitations.role", &m.role)?,
            token_hash: m.token_hash,
            invited_by: m.invited_by.map(UserId),
            created_at: m.created_at,
            expires_at: m.expires_at,
            used_at: m.used_at,
            used_by: m.used_by.map(UserId),
            revoked_at: m.revoked_at,
        })
    }
}

/// Adds an invitation.
///
/// # Errors
/// When the query fails.
pub async fn insert(db: &Db, invitation: &Invitation) -> Result<()> {
    let model = Model {
        id: invitation.id.uuid(),
        email: invitation.email.clone(),
        role: invitation.role.as_str().to_owned(),
        token_hash: invitation.token_hash.clone(),
        invited_by: invitation.invited_by.map(UserId::uuid),
        created_at: instant(invitation.created_at),
        expires_at: instant(invitation.expires_at),
        used_at: instant_opt(invitation.used_at),
        used_by: invitation.used_by.map(UserId::uuid),
        revoked_at: instant_opt(invitation.revoked_at),
    };
    Entity::insert(model.into_active_model()).exec_without_returning(db.write()).await?;
    Ok(())
}

/// A page of all invitations, newest first.
///
/// # Errors
/// When a query fails.
pub async fn list(db: &Db, page: Page) -> Result<Paged<Invitation>> {
    let query = Entity::find();
    let total = bounded_count(db.read(), query.clone(), Column::CreatedAt).await?;
    let query = query.order_by_desc(Column::CreatedAt).order_by_desc(Column::Id);
    let rows = query.offset(page.offset()).limit(page.size).all(db.read()).await?;
    Ok(Paged { rows: rows.into_iter().map(Invitation::try_from).collect::<Result<_>>()?, total })
}

/// Takes an invitation back. False where there is none such, or it was used or taken back already.
///
/// # Errors
/// When the query fails.
pub async fn revoke(db: &Db, id: InvitationId, now: DateTime<Utc>) -> Result<bool> {
    let query = Entity::update_many().col_expr(Column::RevokedAt, Expr::value(instant(now)));
    let query = query.filter(Column::Id.eq(id.uuid())).filter(Column::RevokedAt.is_null()).filter(Column::UsedAt.is_null());
    Ok(query.exec(db.write()).await?.rows_affected > 0)
}

fn good(token_hash: &str, now: DateTime<Utc>) -> Select<Entity> {
    let query = Entity::find().filter(Column::TokenHash.eq(token_hash)).filter(Column::ExpiresAt.gt(instant(now)));
    query.filter(Column::UsedAt.is_null()).filter(Column::RevokedAt.is_null())
}

/// The invitation with this token, where it is good.
///
/// # Errors
/// When the query fails.
pub async fn live(db: &Db, token_hash: &str, now: DateTime<Utc>) -> Result<Option<Invitation>> {
    good(token_hash, now).one(db.read()).await?.map(Invitation::try_from).transpose()
}

/// Locks the invitation that lets `email` in, where it is good.
pub(crate) async fn admitting(tx: &impl ConnectionTrait, token_hash: &str, email: &str, now: DateTime<Utc>) -> Result<Option<Invitation>> {
    let row = good(token_hash, now).lock_exclusive().one(tx).await?;
    let invitation = row.map(Invitation::try_from).transpose()?;
    Ok(invitation.filter(|invitation| invitation.email.as_deref().is_none_or(|only| only == email)))
}

/// Notes who signed up with an invitation.
pub(crate) async fn use_up(tx: &impl ConnectionTrait, id: InvitationId, by: UserId, now: DateTime<Utc>) -> Result<()> {
    let query = Entity::update_many().col_expr(Column::UsedAt, Expr::value(instant(now))).col_expr(Column::UsedBy, Expr::value(by.uuid()));
    query.filter(Column::Id.eq(id.uuid())).exec(tx).await?;
    Ok(())
}
