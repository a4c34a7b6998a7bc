//! Typed identifiers. Each is a UUIDv7, so ids sort by creation time.

macro_rules! typed_id {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub uuid::Uuid);

        impl $name {
            /// A new id whose time part is `now`.
            pub fn new(now: chrono::DateTime<chrono::Utc>) -> Self {
                let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
                let stamp = uuid::Timestamp::from_unix(uuid::NoContext, seconds, now.timestamp_subsec_nanos());
                Self(uuid::Uuid::new_v7(stamp))
            }

            /// The id as the bare UUID.
            pub const fn uuid(self) -> uuid::Uuid { self.0 }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { self.0.fmt(f) }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(s: &str) -> Result<Self, Self::Err> { s.parse().map(Self) }
        }

        impl From<uuid::Uuid> for $name {
            fn from(id: uuid::Uuid) -> Self { Self(id) }
        }
    )+};
}

typed_id! {
    /// An account.
    UserId,
    /// A login session; a JWT names one.
    SessionId,
    /// A personal API key.
    ApiKeyId,
    /// An invitation to sign up.
    InvitationId,
    /// One line of the audit log.
    AuditId,
    /// A data set.
    DatasetId,
    /// A training job.
    JobId,
    /// One attempt of a job; it is the submission id at the cluster.
    AttemptId,
    /// A stored checkpoint.
    CheckpointId,
    /// A saved configuration of jobs.
    ConfigurationId,
    /// A trained adapter.
    ModelId,
    /// One cost record.
    CostRecordId,
    /// One notification.
    NotificationId,
    /// A mail that waits to be sent.
    MailId,
    /// Where an account's notifications are sent.
    WebhookId,
    /// One message to a webhook.
    DeliveryId,
    /// One line of a job's log.
    LogId,
    /// One row of a job's metrics.
    MetricsPointId,
}
