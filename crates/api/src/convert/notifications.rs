//! Notifications and activity.

use crate::dto::notifications::{ActivityEntry, ActivityKind, Notification};
use app::activity::ActivityView;
use app::notifications::NotificationView;

/// A notification.
pub fn notification(view: NotificationView) -> Notification {
    Notification {
        id: view.id.uuid(),
        kind: view.kind,
        title: view.title,
        message: view.message,
        priority: view.priority,
        read: view.read,
        action_url: view.action_url,
        created_at: view.created_at,
    }
}

/// Something that happened.
pub fn entry(view: ActivityView) -> ActivityEntry {
    ActivityEntry {
        kind: match view.kind {
            app::activity::ActivityKind::DatasetUploaded => ActivityKind::DatasetUploaded,
            app::activity::ActivityKind::TrainingStarted => ActivityKind::TrainingStarted,
            app::activity::ActivityKind::TrainingCompleted => ActivityKind::TrainingCompleted,
            app::activity::ActivityKind::TrainingFailed => ActivityKind::TrainingFailed,
            app::activity::ActivityKind::TrainingCancelled => ActivityKind::TrainingCancelled,
        },
        message: view.message,
        subject_id: view.subject_id,
        subject_name: view.subject_name,
        action_url: view.action_url,
        user_name: view.user_name,
        at: view.at,
    }
}
