//! Use cases: what a caller may ask of BrightRun. Every function takes the caller, authorises, and acts.
//!
//! Owns the rules that need storage: accounts, data sets, jobs, models, costs, notifications. Imports domain, dataset, db, blob, queue,
//! cluster and relay; never axum, SeaORM or the numerics.

pub mod accounts;
pub mod activity;
pub mod admin;
pub mod audit;
pub mod catalogue;
pub mod configurations;
pub mod costs;
pub mod datasets;
pub mod events;
pub mod examples;
pub mod health;
mod idempotency;
pub mod jobs;
pub mod mail;
pub mod models;
pub mod node;
pub mod notifications;
mod pipe;
pub mod relay;
pub mod retention;
mod secrets;
pub mod settings;
pub mod storage;
pub mod webhooks;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use domain::Clock;
use domain::account::{Tier, TierLimits};
use domain::catalogue::{AbsentModel, BaseModel, InstanceType};

/// Everything that the use cases work with. One per process, shared.
pub struct App {
    /// The database.
    pub db: db::Db,
    /// Objects.
    pub blob: Arc<dyn blob::BlobStore>,
    /// Background work.
    pub queue: queue::Queue,
    /// Where training runs.
    pub cluster: Arc<dyn cluster::TrainingCluster>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Counts tokens as the base model's tokenizer does, by base model id.
    pub tokens: BTreeMap<String, Arc<dyn dataset::TokenCounter>>,
    /// Wakes those who wait for a job's events.
    pub hub: events::Hub,
    /// Hands notifications to those who wait for them.
    pub feed: notifications::Feed,
    /// The other processes, where Redis is set.
    pub relay: Option<relay::Relay>,
    /// What admins changed of the instance types.
    pub rates: catalogue::Rates,
    /// Shows examples as the trainer sees them.
    pub examples: examples::Examples,
    /// Sends mail.
    pub mailer: Arc<dyn mail::Mailer>,
    /// Settings.
    pub config: Config,
}

impl App {
    /// What a tier allows.
    pub fn limits(&self, tier: Tier) -> TierLimits {
        self.config.tiers.get(&tier).copied().unwrap_or_default()
    }
}

/// Settings of the use cases.
pub struct Config {
    /// Address under which browsers and trainers reach this server, without a trailing slash.
    pub public_url: String,
    /// The address that mails may link to, without a trailing slash: `APP_URL`. None where it is not set, as the listener's own address
    /// leads nowhere from another machine; what needs a link is not offered then.
    pub link_url: Option<String>,
    /// Secret for session tokens, at least 32 bytes.
    pub auth_secret: Vec<u8>,
    /// Who may sign up.
    pub signup: SignupMode,
    /// Limits by tier.
    pub tiers: BTreeMap<Tier, TierLimits>,
    /// Base models on offer; the first is the default.
    pub base_models: Vec<BaseModel>,
    /// Instance types on offer; the first available one is the default.
    pub instances: Vec<InstanceType>,
    /// Folder for runs of the local cluster.
    pub runs_dir: PathBuf,
    /// Trainable examples that a data set needs at least.
    pub min_trainable_examples: u64,
    /// Whether webhooks may point into private networks, and be without TLS.
    pub webhooks_allow_private: bool,
    /// Version of the program.
    pub version: String,
    /// When something that takes long is taken for a fault.
    pub watch: Watch,
    /// Configured base models that cannot be used now, so that a request for one can be told why.
    pub absent_models: Vec<AbsentModel>,
}

/// When something that takes long is taken for a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watch {
    /// A run of which nothing was heard for so long is taken for lost.
    pub silent_after: chrono::Duration,
    /// A job that waits for longer is warned of.
    pub queue_warning_after: chrono::Duration,
}

impl Default for Watch {
    fn default() -> Self {
        Self { silent_after: chrono::Duration::minutes(60), queue_warning_after: chrono::Duration::minutes(60) }
    }
}

/// Who may sign up. The first account can always be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignupMode {
    /// Anybody.
    Open,
    /// Whoever has an invitation.
    Invite,
    /// Nobody but the first.
    Closed,
}
