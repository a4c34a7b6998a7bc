//! Notifications and activity.

use super::text as t;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Which notifications to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ListNotifications {
    /// Only unread ones.
    pub unread_only: Option<bool>,
    /// From 1.
    #[param(minimum = 1, default = 1)]
    pub page: Option<u64>,
    /// At most 100.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub page_size: Option<u64>,
}

/// A page of notifications.
#[derive(Debug, Serialize, ToSchema)]
pub struct NotificationList {
    /// Newest first.
    pub notifications: Vec<Notification>,
}

/// A notification.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Notification {
    /// Id.
    pub id: Uuid,
    /// What it is about.
    #[serde(rename = "type")]
    #[schema(value_type = t::NotificationType)]
    pub kind: domain::notification::NotificationKind,
    /// Title.
    pub title: String,
    /// Text.
    pub message: String,
    /// How urgent.
    #[schema(value_type = t::NotificationPriority)]
    pub priority: domain::notification::NotificationPriority,
    /// Whether it was read.
    pub read: bool,
    /// Page that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action_url: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// How many notifications were marked as read.
#[derive(Debug, Serialize, ToSchema)]
pub struct MarkedRead {
    /// Number.
    pub updated: u64,
}

/// How much of the activity to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ListActivity {
    /// Entries at most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u64>,
}

/// What happened lately.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActivityList {
    /// Newest first.
    pub activity: Vec<ActivityEntry>,
}

/// Something that happened.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ActivityEntry {
    /// What.
    #[serde(rename = "type")]
    pub kind: ActivityKind,
    /// In words.
    pub message: String,
    /// The thing that it happened to.
    pub subject_id: Uuid,
    /// Its name.
    pub subject_name: String,
    /// Page of the thing.
    pub action_url: String,
    /// Who did it.
    pub user_name: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActivityKind {
    /// A data set's file was confirmed.
    DatasetUploaded,
    /// A job began.
    TrainingStarted,
    /// A job completed.
    TrainingCompleted,
    /// A job failed.
    TrainingFailed,
    /// A job was cancelled.
    TrainingCancelled,
}
