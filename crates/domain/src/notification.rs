//! Notifications' vocabulary.

use crate::text_enum::text_enum;

text_enum! {
    /// What a notification is about.
    NotificationKind {
        /// A job has completed.
        JobComplete = "job_complete",
        /// A job has failed.
        JobFailed = "job_failed",
        /// The budget.
        CostAlert = "cost_alert",
        /// Anything else.
        System = "system",
        /// A data set was validated, with either result.
        DatasetReady = "dataset_ready",
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
