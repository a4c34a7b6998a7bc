//! The vocabulary of BrightRun: ids, entities' value types, the job state machine, presets, cost and quality rules, roles, errors.
//!
//! Owns every concept that more than one crate speaks about, as plain data with pure functions. Imports none of our crates, does no
//! I/O, is not async and reads neither the clock nor the random generator: callers pass the time in.

pub mod account;
pub mod audit;
pub mod catalogue;
pub mod clock;
pub mod cluster_api;
pub mod cost;
pub mod dataset;
pub mod error;
pub mod evaluation;
pub mod id;
pub mod job;
pub mod memory;
pub mod model;
pub mod money;
pub mod notification;
pub mod redact;
pub mod run;
mod text_enum;
pub mod throughput;
pub mod webhook;

pub use account::{Access, AddressPrefix, Caller, KeyScope, Role, Tier};
pub use clock::Clock;
pub use error::{Error, ErrorKind, Result};
pub use id::{
    ApiKeyId, AttemptId, AuditId, CheckpointId, ConfigurationId, CostRecordId, DatasetId, DeliveryId, InvitationId, JobId, LogId, MailId,
    MetricsPointId, ModelId, NotificationId, SessionId, UserId, WebhookId,
};
pub use money::MicroUsd;
