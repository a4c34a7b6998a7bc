//! Notifications of an account.

use crate::connection::Db;
use crate::convert::{instant, instant_opt, text, unless_there};
use crate::error::{Error, Result};
use crate::page::{Page, Paged};
use chrono::{DateTime, Utc};
use domain::notification::{NotificationKind, NotificationPriority};
use domain::{NotificationId, UserId};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::Value;

mod entity {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "notifications")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub user_id: Uuid,
        pub kind: String,
        pub title: String,
        pub message: String,
        pub priority: String,
        pub read: bool,
        pub action_url: Option<String>,
        pub metadata: Option<Json>,
        pub created_at: DateTimeUtc,
        pub dismissed_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
use entity::{Column, Entity, Model};

/// A notification.
#[derive(Debug, Clone, PartialEq)]
pub struct Notification {
    /// Its id.
    pub id: NotificationId,
    /// Whose.
    pub user_id: UserId,
    /// What it is about.
    pub kind: NotificationKind,
    /// One line.
    pub title: String,
    /// What happened and what to do.
    pub message: String,
    /// How urgent.
    pub priority: NotificationPriority,
    /// Whether it was read.
    pub read: bool,
    /// Page to go to, as a path.
    pub action_url: Option<String>,
    /// Ids and figures that go with it.
    pub metadata: Option<Value>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was put away.
    pub dismissed_at: Option<DateTime<Utc>>,
}

impl TryFrom<Model> for Notification {
    type Error = Error;
    fn try_from(m: Model) -> Result<Self> {
        Ok(Self {
            id: NotificationId(m.id),
            user_id: UserId(m.user_id),
            kind: text("notifications.kind", &m.kind)?,
            title: m.title,
            message: m.message,
            priority: text("notifications.priority", &m.priority)?,
            read: m.read,
            action_url: m.action_url,
            metadata: m.metadata,
            created_at: m.created_at,
            dismissed_at: m.dismissed_at,
        })
    }
}

impl From<&Notification> for Model {
    fn from(n: &Notification) -> Self {
        Self {
            id: n.id.uuid(),
            user_id: n.user_id.uuid(),
            kind: n.kind.as_str().to_owned(),
            title: n.title.clone(),
            message: n.message.clone(),
            priority: n.priority.as_str().to_owned(),
            read: n.read,
            action_url: n.action_url.clone(),
            metadata: n.metadata.clone(),
            created_at: instant(n.created_at),
            dismissed_at: instant_opt(n.dismissed_at),
        }
    }
}

/// Adds notifications. One whose id is there already is left out, so that what must be told once has an id made from what it is about.
///
/// # Errors
/// When the query fails.
pub async fn insert(db: &Db, notifications: &[Notification]) -> Result<()> {
    insert_in(db.write(), notifications).await
}

pub(crate) async fn insert_in<C: ConnectionTrait>(connection: &C, notifications: &[Notification]) -> Result<()> {
    if notifications.is_empty() {
        return Ok(());
    }
    let rows = notifications.iter().map(|n| Model::from(n).into_active_model());
    Entity::insert_many(rows).on_conflict(unless_there()).exec_without_returning(connection).await?;
    Ok(())
}

/// A page of an account's notifications that were not dismissed, newest first, and how many of all of them are unread.
///
/// # Errors
/// When a query fails.
pub async fn list(db: &Db, user_id: UserId, unread_only: bool, page: Page) -> Result<(Paged<Notification>, u64)> {
    let all = Entity::find().filter(Column::UserId.eq(user_id.uuid())).filter(Column::DismissedAt.is_null());
    let unread = all.clone().filter(Column::Read.eq(false));
    let wanted = if unread_only { unread.clone() } else { all };
    let total = wanted.clone().count(db.read()).await?;
    let unread = unread.count(db.read()).await?;
    let rows = wanted.order_by_desc(Column::CreatedAt).order_by_desc(Column::Id).offset(page.offset()).limit(page.size);
    let rows = rows.all(db.read()).await?.into_iter().map(Notification::try_from).collect::<Result<_>>()?;
    Ok((Paged { rows, total }, unread))
}

/// The notification with this id, dismissed or not.
///
/// # Errors
/// When the query fails.
pub async fn get(db: &Db, id: NotificationId) -> Result<Option<Notification>> {
    Entity::find_by_id(id.uuid()).one(db.read()).await?.map(Notification::try_from).transpose()
}

/// Marks one as read. False where the account has no such notification.
///
/// # Errors
/// When the query fails.
pub async fn mark_read(db: &Db, user_id: UserId, id: NotificationId) -> Result<bool> {
    let query = Entity::update_many().col_expr(Column::Read, Expr::value(true));
    Ok(query.filter(Column::Id.eq(id.uuid())).filter(Column::UserId.eq(user_id.uuid())).exec(db.write()).await?.rows_affected > 0)
}

/// Marks all of an account as read; answers how many were not.
///
/// # Errors
/// When the query fails.
pub async fn read_all(db: &Db, user_id: UserId) -> Result<u64> {
    let query = Entity::update_many().col_expr(Column::Read, Expr::value(true));
    Ok(query.filter(Column::UserId.eq(user_id.uuid())).filter(Column::Read.eq(false)).exec(db.write()).await?.rows_affected)
}

/// Puts one away. False where the account has no such notification, or it is away already.
///
/// # Errors
/// When the query fails.
pub async fn dismiss(db: &Db, user_id: UserId, id: NotificationId, now: DateTime<Utc>) -> Result<bool> {
    let query = Entity::update_many().col_expr(Column::DismissedAt, Expr::value(instant(now))).col_expr(Column::Read, Expr::value(true));
    let query = query.filter(Column::Id.eq(id.uuid())).filter(Column::UserId.eq(user_id.uuid())).filter(Column::DismissedAt.is_null());
    Ok(query.exec(db.write()).await?.rows_affected > 0)
}
