//! Notifications' vocabulary: what is told, how urgent it is, and through which channels.

use crate::text_enum::text_enum;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

text_enum! {
    /// What a notification is about.
    NotificationKind {
        /// A job was accepted, or retried, and waits.
        JobQueued = "job_queued",
        /// A job has begun to train.
        JobStarted = "job_started",
        /// A job has completed.
        JobComplete = "job_complete",
        /// A job has failed.
        JobFailed = "job_failed",
        /// A job was cancelled, by whomever.
        JobCancelled = "job_cancelled",
        /// The budget.
        CostAlert = "cost_alert",
        /// Anything else.
        System = "system",
        /// A data set was validated and can be read.
        DatasetReady = "dataset_ready",
        /// A data set was validated and cannot be used.
        DatasetFailed = "dataset_failed",
        /// Something that the account's holder should know about its safety.
        Account = "account",
        /// What happened in a week.
        WeeklySummary = "weekly_summary",
    }
}

text_enum! {
    /// How urgent it is.
    NotificationPriority {
        /// For the record.
        Low = "low",
        /// Default.
        Medium = "medium",
        /// Should be seen soon.
        High = "high",
        /// Should be seen now.
        Critical = "critical",
    }
}

/// Through what a kind of notification is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Channels {
    /// In the list of notifications and its live stream.
    pub in_app: bool,
    /// By mail.
    pub mail: bool,
    /// To the account's webhooks, as far as they ask for it.
    pub webhook: bool,
}

impl NotificationKind {
    /// Through what it is told where the account has said nothing: the summary of a week only to those who ask for it, mail for what ends a
    /// wait or needs somebody.
    pub const fn default_channels(self) -> Channels {
        let mail = matches!(self, Self::JobComplete | Self::JobFailed | Self::CostAlert | Self::Account);
        let asked_for = !matches!(self, Self::WeeklySummary);
        Channels { in_app: asked_for, mail, webhook: asked_for }
    }
}

/// What an account wants to be told, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Preferences(BTreeMap<NotificationKind, Channels>);

impl Preferences {
    /// Through what a kind is told.
    pub fn of(&self, kind: NotificationKind) -> Channels {
        self.0.get(&kind).copied().unwrap_or_else(|| kind.default_channels())
    }

    /// Says through what a kind is told.
    pub fn set(&mut self, kind: NotificationKind, channels: Channels) {
        self.0.insert(kind, channels);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_said_is_as_by_default() {
        let mut preferences = Preferences::default();
        assert!(preferences.of(NotificationKind::JobFailed).mail && !preferences.of(NotificationKind::WeeklySummary).in_app);
        preferences.set(NotificationKind::JobFailed, Channels { in_app: true, mail: false, webhook: false });
        let stored = serde_json::to_value(&preferences).expect("JSON");
        assert_eq!(stored, serde_json::json!({ "job_failed": { "inApp": true, "mail": false, "webhook": false } }));
        assert_eq!(serde_json::from_value::<Preferences>(stored).expect("read"), preferences);
    }
}
