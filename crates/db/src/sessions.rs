//! Login sessions.

use crate::connection::Db;
use crate::convert::{instant, instant_opt};
use crate::error::Result;
use crate::users::{self, User};
use chrono::{DateTime, Utc};
use domain::{SessionId, UserId};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, JoinType, QueryFilter, QueryOrder, QuerySelect, RelationDef};
use std::collections::BTreeMap;

mod entity {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "sessions")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub user_id: Uuid,
        pub created_at: DateTimeUtc,
        pub expires_at: DateTimeUtc,
        pub revoked_at: Option<DateTimeUtc>,
        pub last_seen_at: Option<DateTimeUtc>,
        pub user_agent: Option<String>,
        pub address_prefix: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
use entity::{Column, Entity, Model};

/// A login session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id, which a token names.
    pub id: SessionId,
    /// Whose.
    pub user_id: UserId,
    /// Login.
    pub created_at: DateTime<Utc>,
    /// From then on it is not accepted.
    pub expires_at: DateTime<Utc>,
    /// Logout, or password change.
    pub revoked_at: Option<DateTime<Utc>>,
    /// Last request, to the minute.
    pub last_seen_at: Option<DateTime<Utc>>,
    /// What logged in.
    pub user_agent: Option<String>,
    /// Network that it logged in from.
    pub address_prefix: Option<String>,
}

impl From<Model> for Session {
    fn from(m: Model) -> Self {
        Self {
            id: SessionId(m.id),
            user_id: UserId(m.user_id),
            created_at: m.created_at,
            expires_at: m.expires_at,
            revoked_at: m.revoked_at,
            last_seen_at: m.last_seen_at,
            user_agent: m.user_agent,
            address_prefix: m.address_prefix,
        }
    }
}

/// Adds a session.
///
/// # Errors
/// When the account is not there.
pub async fn insert(db: &Db, session: &Session) -> Result<()> {
    let model = Model {
        id: session.id.uuid(),
        user_id: session.user_id.uuid(),
        created_at: instant(session.created_at),
        expires_at: instant(session.expires_at),
        revoked_at: instant_opt(session.revoked_at),
        last_seen_at: instant_opt(session.last_seen_at),
        user_agent: session.user_agent.clone(),
        address_prefix: session.address_prefix.clone(),
    };
    Entity::insert(model.into_active_model()).exec_without_returning(db.write()).await?;
    Ok(())
}

/// The session with its account, where it is neither revoked nor expired at `now` and the account is not disabled.
///
/// # Errors
/// When a query fails.
pub async fn live(db: &Db, id: SessionId, now: DateTime<Utc>) -> Result<Option<(Session, User)>> {
    // One statement, since every request begins with it.
    let account: RelationDef = Entity::belongs_to(users::entity::Entity).from(Column::UserId).to(users::entity::Column::Id).into();
    let query = Entity::find_by_id(id.uuid()).join(JoinType::InnerJoin, account).select_also(users::entity::Entity);
    let Some((session, Some(user))) = query.one(db.read()).await? else { return Ok(None) };
    let (session, user) = (Session::from(session), User::try_from(user)?);
    let good = session.revoked_at.is_none() && session.expires_at > now && user.disabled_at.is_none();
    Ok(good.then_some((session, user)))
}

/// Notes that the session was used.
///
/// # Errors
/// When the query fails.
pub async fn touch(db: &Db, id: SessionId, now: DateTime<Utc>) -> Result<()> {
    let query = Entity::update_many().col_expr(Column::LastSeenAt, Expr::value(instant(now))).filter(Column::Id.eq(id.uuid()));
    query.exec(db.write()).await?;
    Ok(())
}

/// Revokes a session. False where it was revoked already, or is not there.
///
/// # Errors
/// When the query fails.
pub async fn revoke(db: &Db, id: SessionId, now: DateTime<Utc>) -> Result<bool> {
    let query = Entity::update_many().col_expr(Column::RevokedAt, Expr::value(instant(now)));
    let query = query.filter(Column::Id.eq(id.uuid())).filter(Column::RevokedAt.is_null());
    Ok(query.exec(db.write()).await?.rows_affected > 0)
}

/// Revokes a session of this account. False where it has none such, or it was revoked already.
///
/// # Errors
/// When the query fails.
pub async fn revoke_of(db: &Db, user_id: UserId, id: SessionId, now: DateTime<Utc>) -> Result<bool> {
    let query = Entity::update_many().col_expr(Column::RevokedAt, Expr::value(instant(now)));
    let query = query.filter(Column::Id.eq(id.uuid())).filter(Column::UserId.eq(user_id.uuid())).filter(Column::RevokedAt.is_null());
    Ok(query.exec(db.write()).await?.rows_affected > 0)
}

/// Revokes all sessions of an account but `except`; answers how many.
///
/// # Errors
/// When the query fails.
pub async fn revoke_all(db: &Db, user_id: UserId, except: Option<SessionId>, now: DateTime<Utc>) -> Result<u64> {
    revoke_in(db.write(), user_id, except, now).await
}

pub(crate) async fn revoke_in(
    connection: &impl ConnectionTrait,
    user_id: UserId,
    except: Option<SessionId>,
    now: DateTime<Utc>,
) -> Result<u64> {
    let mut query = Entity::update_many().col_expr(Column::RevokedAt, Expr::value(instant(now)));
    query = query.filter(Column::UserId.eq(user_id.uuid())).filter(Column::RevokedAt.is_null());
    if let Some(except) = except {
        query = query.filter(Column::Id.ne(except.uuid()));
    }
    Ok(query.exec(connection).await?.rows_affected)
}

/// An account's sessions that are live at `now`, newest first; `most` of them.
///
/// # Errors
/// When the query fails.
pub async fn list(db: &Db, user_id: UserId, now: DateTime<Utc>, most: u64) -> Result<Vec<Session>> {
    let query = Entity::find().filter(Column::UserId.eq(user_id.uuid())).filter(Column::RevokedAt.is_null());
    let query = query.filter(Column::ExpiresAt.gt(instant(now))).order_by_desc(Column::CreatedAt).order_by_desc(Column::Id);
    Ok(query.limit(most).all(db.read()).await?.into_iter().map(Session::from).collect())
}

/// When each of these accounts was last seen.
///
/// # Errors
/// When the query fails.
pub async fn last_seen(db: &Db, users: &[UserId]) -> Result<BTreeMap<UserId, DateTime<Utc>>> {
    if users.is_empty() {
        return Ok(BTreeMap::new());
    }
    let query = Entity::find().select_only().column(Column::UserId).column_as(Column::LastSeenAt.max(), "seen");
    let query = query.filter(Column::UserId.is_in(users.iter().map(|id| id.uuid()))).filter(Column::LastSeenAt.is_not_null());
    let rows: Vec<(uuid::Uuid, DateTime<Utc>)> = query.group_by(Column::UserId).into_tuple().all(db.read()).await?;
    Ok(rows.into_iter().map(|(id, seen)| (UserId(id), seen)).collect())
}
