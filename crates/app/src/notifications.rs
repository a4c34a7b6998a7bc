//! Notifications of the caller.

use crate::App;
use chrono::{DateTime, Utc};
use db::Page;
use domain::notification::{NotificationKind, NotificationPriority};
use domain::{Caller, Error, NotificationId, Result};

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
    let view = |row: db::notifications::Notification| NotificationView {
        id: row.id,
        kind: row.kind,
        title: row.title,
        message: row.message,
        priority: row.priority,
        read: row.read,
        action_url: row.action_url,
        created_at: row.created_at,
    };
    Ok(NotificationList { notifications: found.rows.into_iter().map(view).collect(), total: found.total, unread })
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
