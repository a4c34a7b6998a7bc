//! Notifications: of the caller, live, and on their way by mail and webhooks.

mod fan_out;
mod feed;
mod weekly;

pub use fan_out::fan_out;
pub use feed::{Feed, Followed, Subscription, follow};
pub use weekly::sum_up_weeks;

use crate::App;
use chrono::{DateTime, Utc};
use db::Page;
use db::notifications::Notification;
use domain::notification::{NotificationKind, NotificationPriority};
use domain::{Caller, Error, NotificationId, Result, UserId};
use serde_json::Value;

/// What is to be told.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Told {
    /// What it is about.
    pub kind: NotificationKind,
    /// One line.
    pub title: &'static str,
    /// What happened and what to do.
    pub message: String,
    /// How urgent.
    pub priority: NotificationPriority,
    /// Page to go to, as a path.
    pub action_url: Option<String>,
    /// Ids and figures that go with it.
    pub metadata: Option<Value>,
}

impl Told {
    /// As a notification of an account.
    pub fn to(self, user_id: UserId, now: DateTime<Utc>) -> Notification {
        Notification {
            id: NotificationId::new(now),
            user_id,
            kind: self.kind,
            title: self.title.to_owned(),
            message: self.message,
            priority: self.priority,
            read: false,
            action_url: self.action_url,
            metadata: self.metadata,
            created_at: now,
            dismissed_at: None,
            seq: 0,
        }
    }
}

/// Tells an account of something that concerns its safety, such as a new key or password.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn tell_account(app: &App, user_id: UserId, title: &'static str, message: String) -> Result<()> {
    let told = Told {
        kind: NotificationKind::Account,
        title,
        message,
        priority: NotificationPriority::Medium,
        action_url: Some("/settings".to_owned()),
        metadata: None,
    };
    Ok(db::notifications::insert(&app.db, &[told.to(user_id, app.clock.now())]).await?)
}

/// A notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationView {
    /// Id.
    pub id: NotificationId,
    /// What it is about.
    pub kind: NotificationKind,
    /// Title.
    pub title: String,
    /// Text.
    pub message: String,
    /// How urgent.
    pub priority: NotificationPriority,
    /// Whether it was read.
    pub read: bool,
    /// Page that it is about.
    pub action_url: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl From<Notification> for NotificationView {
    fn from(row: Notification) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            title: row.title,
            message: row.message,
            priority: row.priority,
            read: row.read,
            action_url: row.action_url,
            created_at: row.created_at,
        }
    }
}

/// A page of notifications.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationList {
    /// Newest first.
    pub notifications: Vec<NotificationView>,
    /// All that match.
    pub total: u64,
    /// Unread ones, whatever the filter.
    pub unread: u64,
}

/// A page of the caller's notifications.
///
/// # Errors
/// When the database does not answer.
pub async fn list(app: &App, caller: &Caller, unread_only: bool, page: u64, page_size: u64) -> Result<NotificationList> {
    let page = Page { number: page, size: page_size };
    let (found, unread) = db::notifications::list(&app.db, caller.user_id, unread_only, page).await?;
    let notifications = found.rows.into_iter().map(NotificationView::from).collect();
    Ok(NotificationList { notifications, total: found.total, unread })
}

fn found(there: bool) -> Result<()> {
    if there { Ok(()) } else { Err(Error::not_found("NOTIFICATION_NOT_FOUND", "notification")) }
}

/// Marks one of the caller's notifications as read.
///
/// # Errors
/// When the caller has no such notification.
pub async fn mark_read(app: &App, caller: &Caller, id: NotificationId) -> Result<()> {
    found(db::notifications::mark_read(&app.db, caller.user_id, id).await?)
}

/// Marks all of the caller's notifications as read; answers how many were not.
///
/// # Errors
/// When the database does not answer.
pub async fn mark_all_read(app: &App, caller: &Caller) -> Result<u64> {
    Ok(db::notifications::read_all(&app.db, caller.user_id).await?)
}

/// Dismisses one of the caller's notifications.
///
/// # Errors
/// When the caller has no such notification.
pub async fn delete(app: &App, caller: &Caller, id: NotificationId) -> Result<()> {
    found(db::notifications::dismiss(&app.db, caller.user_id, id, app.clock.now()).await?)
}
