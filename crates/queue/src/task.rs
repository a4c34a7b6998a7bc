//! The kinds of background work.

use domain::{DatasetId, DeliveryId, JobId, MailId, UserId};
use serde::Deserialize;
use serde_json::{Value, json};

/// A piece of background work. Each is a short idempotent step: done twice it has the same result as once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Task {
    /// Read a data set's file and store what is found.
    ValidateDataset {
        /// Which.
        dataset_id: DatasetId,
    },
    /// Hand a queued job to the cluster.
    LaunchJob {
        /// Which.
        job_id: JobId,
        /// The attempt that is to be launched; a later one makes this task superfluous.
        attempt: u32,
    },
    /// Hand a mail to the mail server.
    SendMail {
        /// Which.
        mail_id: MailId,
        /// Number of the try, from 1.
        attempt: u32,
    },
    /// Send a message to a webhook.
    DeliverWebhook {
        /// Which.
        delivery_id: DeliveryId,
        /// Number of the try, from 1.
        attempt: u32,
    },
    /// Remove what is not needed any more.
    Purge,
    /// Send an account a link that resets its password. The account need not be there: whoever asks is not told.
    SendPasswordReset {
        /// Whose.
        user_id: UserId,
    },
    /// Send an account a link that confirms its address.
    SendVerification {
        /// Whose.
        user_id: UserId,
    },
}

impl Task {
    /// What a row keeps of it. Fields may be added with a default; what is stored must still be read by later versions.
    pub(crate) fn payload(&self) -> Value {
        match self {
            Self::ValidateDataset { dataset_id } => json!({ "task": "validate_dataset", "datasetId": dataset_id }),
            Self::LaunchJob { job_id, attempt } => json!({ "task": "launch_job", "jobId": job_id, "attempt": attempt }),
            Self::SendMail { mail_id, attempt } => json!({ "task": "send_mail", "mailId": mail_id, "attempt": attempt }),
            Self::DeliverWebhook { delivery_id, attempt } => {
                json!({ "task": "deliver_webhook", "deliveryId": delivery_id, "attempt": attempt })
            }
            Self::Purge => json!({ "task": "purge" }),
            Self::SendPasswordReset { user_id } => json!({ "task": "send_password_reset", "userId": user_id }),
            Self::SendVerification { user_id } => json!({ "task": "send_verification", "userId": user_id }),
        }
    }

    /// Of the tasks with one key one at most waits, and one at most runs.
    pub(crate) fn key(&self) -> String {
        match self {
            Self::ValidateDataset { dataset_id } => format!("validate_dataset:{dataset_id}"),
            Self::LaunchJob { job_id, attempt } => format!("launch_job:{job_id}:{attempt}"),
            Self::SendMail { mail_id, attempt } => format!("send_mail:{mail_id}:{attempt}"),
            Self::DeliverWebhook { delivery_id, attempt } => format!("deliver_webhook:{delivery_id}:{attempt}"),
            Self::Purge => "purge".to_owned(),
            Self::SendPasswordReset { user_id } => format!("send_password_reset:{user_id}"),
            Self::SendVerification { user_id } => format!("send_verification:{user_id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn what_is_stored_is_read_back() {
        let id = Uuid::from_u128(1);
        for task in [
            Task::ValidateDataset { dataset_id: DatasetId(id) },
            Task::Purge,
            Task::LaunchJob { job_id: JobId(id), attempt: 2 },
            Task::SendMail { mail_id: MailId(id), attempt: 1 },
            Task::DeliverWebhook { delivery_id: DeliveryId(id), attempt: 3 },
            Task::SendPasswordReset { user_id: UserId(id) },
            Task::SendVerification { user_id: UserId(id) },
        ] {
            assert_eq!(serde_json::from_value::<Task>(task.payload()).expect("task"), task);
        }
        let stored = json!({ "task": "launch_job", "jobId": "00000000-0000-0000-0000-000000000001", "attempt": 2 });
        assert_eq!(serde_json::from_value::<Task>(stored).expect("an older row"), Task::LaunchJob { job_id: JobId(id), attempt: 2 });
    }
}
