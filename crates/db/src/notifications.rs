//! Notifications of an account.
//!
//! Each gets a number within its account, in the order in which they become visible, so that a live stream that has sent up to a number has
//! missed none before it. What an account does not want to see in its list is kept as if it had been dismissed at once: mail and webhooks
//! are told from it all the same.

use crate::connection::Db;
use crate::convert::{big, count, count_of, instant, instant_opt, text, unless_there};
use crate::error::{Error, Result};
use crate::mails::{self, OutgoingMail};
use crate::page::{Page, Paged};
use crate::settings;
use crate::tasks::{self, NewTask};
use crate::webhooks::{self, Delivery};
use chrono::{DateTime, Utc};
use domain::notification::{NotificationKind, NotificationPriority};
use domain::{NotificationId, UserId};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::Value;
use std::collections::HashMap;

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
        pub seq: Option<i64>,
        pub fanned_out: bool,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
use entity::{Column, Entity, Model};

/// The number of the last notification of each account.
mod counter {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "notification_counters")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub user_id: Uuid,
        pub last_seq: i64,
        pub changed_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

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
    /// Its number within the account, from 1; given when it is stored. 0 for those from before there were numbers.
    pub seq: u64,
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
            seq: m.seq.map_or(0, count),
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
            seq: None,
            fanned_out: false,
        }
    }
}

/// Adds notifications. One whose id is there already is left out, so that what must be told once has an id made from what it is about.
///
/// # Errors
/// When a query fails; nothing is written then.
pub async fn insert(db: &Db, notifications: &[Notification]) -> Result<()> {
    let tx = db.begin().await?;
    insert_in(&tx, notifications).await?;
    tx.commit().await?;
    db.announce_notifications(notifications);
    Ok(())
}

/// Locks the accounts' counters until the transaction ends, so it comes after every other lock but those of the same kind.
pub(crate) async fn insert_in(tx: &DatabaseTransaction, notifications: &[Notification]) -> Result<()> {
    for new in notifications {
        let mut row = Model::from(new);
        if !settings::get_in(tx, new.user_id).await?.notifications.of(new.kind).in_app {
            (row.dismissed_at, row.read) = (Some(row.created_at), true);
        }
        let added = Entity::insert(row.into_active_model()).on_conflict(unless_there()).exec_without_returning(tx).await?;
        if added > 0 {
            let seq = next_number(tx, new.user_id, new.created_at).await?;
            let number = Entity::update_many().col_expr(Column::Seq, Expr::value(Some(seq)));
            number.filter(Column::Id.eq(new.id.uuid())).exec(tx).await?;
        }
    }
    Ok(())
}

async fn next_number(tx: &DatabaseTransaction, user_id: UserId, now: DateTime<Utc>) -> Result<i64> {
    use counter::{Column, Entity, Model};
    let mut add = OnConflict::column(Column::UserId);
    add.value(Column::LastSeq, Expr::col((Entity, Column::LastSeq)).add(1)).update_column(Column::ChangedAt);
    let row = Model { user_id: user_id.uuid(), last_seq: 1, changed_at: instant(now) };
    Entity::insert(row.into_active_model()).on_conflict(add).exec_without_returning(tx).await?;
    Ok(Entity::find_by_id(user_id.uuid()).one(tx).await?.map_or(1, |row| row.last_seq))
}

/// The number of an account's last notification; 0 where it has none.
///
/// # Errors
/// When the query fails.
pub async fn last_number(db: &Db, user_id: UserId) -> Result<u64> {
    Ok(counter::Entity::find_by_id(user_id.uuid()).one(db.read()).await?.map_or(0, |row| count(row.last_seq)))
}

/// The numbers of the last notifications of the accounts that have got any since `since`.
///
/// # Errors
/// When the query fails.
pub async fn numbers_since(db: &Db, since: DateTime<Utc>) -> Result<HashMap<UserId, u64>> {
    let rows = counter::Entity::find().filter(counter::Column::ChangedAt.gte(instant(since))).all(db.read()).await?;
    Ok(rows.into_iter().map(|row| (UserId(row.user_id), count(row.last_seq))).collect())
}

/// An account's notifications after number `after` that were not dismissed, in order, at most `limit`.
///
/// # Errors
/// When the query fails.
pub async fn after(db: &Db, user_id: UserId, after: u64, limit: u64) -> Result<Vec<Notification>> {
    let query = Entity::find().filter(Column::UserId.eq(user_id.uuid())).filter(Column::Seq.gt(big(after)));
    let rows = query.filter(Column::DismissedAt.is_null()).order_by_asc(Column::Seq).limit(limit).all(db.read()).await?;
    rows.into_iter().map(Notification::try_from).collect()
}

/// How many of an account's notifications are unread.
///
/// # Errors
/// When the query fails.
pub async fn unread(db: &Db, user_id: UserId) -> Result<u64> {
    let query = Entity::find().filter(Column::UserId.eq(user_id.uuid())).filter(Column::DismissedAt.is_null());
    Ok(query.filter(Column::Read.eq(false)).count(db.read()).await?)
}

/// Notifications that mail and webhooks were not told from yet, oldest first, at most `limit`.
///
/// # Errors
/// When the query fails.
pub async fn waiting(db: &Db, limit: u64) -> Result<Vec<Notification>> {
    let query = Entity::find().filter(Column::FannedOut.eq(false)).order_by_asc(Column::CreatedAt).limit(limit);
    query.all(db.read()).await?.into_iter().map(Notification::try_from).collect()
}

/// What follows from a notification.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FanOut {
    /// Mails.
    pub mails: Vec<OutgoingMail>,
    /// Messages to webhooks.
    pub deliveries: Vec<Delivery>,
    /// Tasks that send them.
    pub tasks: Vec<NewTask>,
}

/// Writes down what follows from a notification; false where that was done before, and then nothing is written.
///
/// # Errors
/// When a query fails; nothing is written then.
pub async fn fan_out(db: &Db, id: NotificationId, follows: &FanOut) -> Result<bool> {
    let tx = db.begin().await?;
    let mark = Entity::update_many().col_expr(Column::FannedOut, Expr::value(true));
    let mark = mark.filter(Column::Id.eq(id.uuid())).filter(Column::FannedOut.eq(false)).exec(&tx).await?;
    if mark.rows_affected == 0 {
        return Ok(false);
    }
    for mail in &follows.mails {
        mails::insert_in(&tx, mail).await?;
    }
    webhooks::add_in(&tx, &follows.deliveries).await?;
    tasks::push_in(&tx, &follows.tasks).await?;
    tx.commit().await?;
    Ok(true)
}

/// A page of an account's notifications that were not dismissed, newest first, and how many of all of them are unread.
///
/// # Errors
/// When a query fails.
pub async fn list(db: &Db, user_id: UserId, unread_only: bool, page: Page) -> Result<(Paged<Notification>, u64)> {
    let all = Entity::find().filter(Column::UserId.eq(user_id.uuid())).filter(Column::DismissedAt.is_null());
    let of_unread: Expr = Expr::case(Column::Read.eq(false), Column::Id.into_expr()).into();
    let counts = all.clone().select_only().expr(count_of(Column::Id)).expr(of_unread.count());
    let counts: Option<(i64, i64)> = counts.into_tuple().one(db.read()).await?;
    let (total, unread) = counts.map_or((0, 0), |(all, unread)| (count(all), count(unread)));
    let (wanted, total) = if unread_only { (all.filter(Column::Read.eq(false)), unread) } else { (all, total) };
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
