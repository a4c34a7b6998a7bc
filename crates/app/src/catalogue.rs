//! What is on offer.

use crate::App;
use crate::accounts::SignedIn;
use cluster::ClusterHealth;
pub use cluster::NodeState;
use db::instances::InstanceOverride;
use domain::account::Role;
use domain::catalogue::{BaseModel, InstanceType};
use domain::job::{Hyperparameters, JobSettings, LIMITS, Limits, PresetId, preset};
use domain::{Caller, Result};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// A preset on the default base model.
#[derive(Debug, Clone, PartialEq)]
pub struct PresetView {
    /// Id.
    pub id: PresetId,
    /// As shown.
    pub display_name: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// Its values.
    pub hyperparameters: Hyperparameters,
}

/// Where training runs, as far as it can be told now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterView {
    /// Whether jobs can be started.
    pub ok: bool,
    /// Runs in progress.
    pub running: u32,
    /// Runs at once at most; none means that the cluster queues by itself.
    pub capacity: Option<u32>,
    /// What is wrong, or what it is; only for administrators, since it names machines.
    pub message: Option<String>,
    /// Its machines; only for administrators.
    pub nodes: Vec<NodeState>,
}

/// What is on offer.
#[derive(Debug, Clone)]
pub struct CatalogueView {
    /// Base models; the first is the default.
    pub base_models: Vec<BaseModel>,
    /// Instance types; the first available one is the default.
    pub instances: Vec<InstanceType>,
    /// Where training runs.
    pub cluster: ClusterView,
    /// Presets.
    pub presets: Vec<PresetView>,
    /// Settings where nothing is said.
    pub default_settings: JobSettings,
    /// Ranges.
    pub limits: Limits,
    /// Bytes of one file at most.
    pub max_file_size: u64,
    /// Trainable pairs that a data set needs at least.
    pub min_trainable_examples: u64,
    /// Version of the program.
    pub version: String,
}

/// What is on offer to the caller.
///
/// # Errors
/// When the database does not answer.
pub async fn catalogue(app: &App, who: &SignedIn) -> Result<CatalogueView> {
    let health = app.cluster.health().await;
    let context = app.config.base_models.first().map_or(2048, |model| model.context_length);
    let shown = |id, display_name, description| PresetView { id, display_name, description, hyperparameters: preset(id, context) };
    Ok(CatalogueView {
        base_models: app.config.base_models.clone(),
        instances: shown_instances(app, &health, false).await?,
        cluster: cluster_view(health, &who.caller),
        presets: vec![
            shown(PresetId::Conservative, "Conservative", "Slower, safer, lower cost"),
            shown(PresetId::Balanced, "Balanced", "Recommended for most use cases"),
            shown(PresetId::Aggressive, "Aggressive", "Faster learning, higher risk"),
        ],
        default_settings: JobSettings::default(),
        limits: LIMITS,
        max_file_size: app.limits(who.account.tier).max_file_size,
        min_trainable_examples: app.config.min_trainable_examples,
        version: app.config.version.clone(),
    })
}

/// Instance types as they are offered now: as configured, with what the cluster says of them and what admins changed. `ever` takes in
/// those that the cluster once had and will have again, for what can wait.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn instances(app: &App, health: &ClusterHealth, ever: bool) -> Result<Vec<InstanceType>> {
    let overrides = db::instances::overrides(&app.db).await?;
    Ok(at_hand(&app.config.instances, health, ever).iter().map(|configured| changed(configured, &overrides)).collect())
}

/// As [`instances`], for what is only shown: changes that another process made may be seen some seconds later.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn shown_instances(app: &App, health: &ClusterHealth, ever: bool) -> Result<Vec<InstanceType>> {
    let overrides = app.rates.overrides(&app.db).await?;
    Ok(at_hand(&app.config.instances, health, ever).iter().map(|configured| changed(configured, &overrides)).collect())
}

/// What admins changed of the instance types, kept for a moment: every list of jobs asks for it, and next to never does it change.
#[derive(Debug, Default)]
pub struct Rates(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    overrides: Option<(Instant, Arc<Vec<InstanceOverride>>)>,
    /// Changes of this process so far.
    changes: u64,
}

impl Rates {
    /// How long the changes of other processes may stay unseen.
    const FOR: Duration = Duration::from_secs(5);

    async fn overrides(&self, db: &db::Db) -> Result<Arc<Vec<InstanceOverride>>> {
        let changes = {
            let kept = self.lock();
            if let Some((at, overrides)) = &kept.overrides
                && at.elapsed() < Self::FOR
            {
                return Ok(overrides.clone());
            }
            kept.changes
        };
        let overrides = Arc::new(db::instances::overrides(db).await?);
        let mut kept = self.lock();
        // What was read before a change is not kept after it.
        if kept.changes == changes {
            kept.overrides = Some((Instant::now(), overrides.clone()));
        }
        Ok(overrides)
    }

    /// Says that something was changed.
    pub(crate) fn forget(&self) {
        let mut kept = self.lock();
        kept.changes += 1;
        kept.overrides = None;
    }

    /// A poisoned lock only means that another task panicked while it held plain data.
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn at_hand(configured: &[InstanceType], health: &ClusterHealth, ever: bool) -> Vec<InstanceType> {
    let Some(offer) = &health.instance_types else { return configured.to_vec() };
    let listed = if ever { &offer.ever } else { &offer.now };
    let available = |id: &str| match listed {
        Some(listed) => listed.iter().any(|known| known == id),
        // A cluster that does not say what it has is not this machine.
        None => health.ok && !id.starts_with("local-"),
    };
    configured.iter().map(|instance| InstanceType { available: available(&instance.id), ..instance.clone() }).collect()
}

fn cluster_view(health: ClusterHealth, caller: &Caller) -> ClusterView {
    let admin = caller.role == Role::Admin;
    ClusterView {
        ok: health.ok,
        running: health.running,
        capacity: health.capacity,
        message: admin.then_some(health.message),
        nodes: if admin { health.nodes } else { Vec::new() },
    }
}

/// An instance type with what was changed of it. What the cluster does not have does not become available by being offered.
pub(crate) fn changed(configured: &InstanceType, overrides: &[InstanceOverride]) -> InstanceType {
    let mut instance = configured.clone();
    if let Some(change) = overrides.iter().find(|change| change.id == configured.id) {
        instance.display_name = change.display_name.clone().unwrap_or(instance.display_name);
        instance.rate_per_hour = change.rate_per_hour.unwrap_or(instance.rate_per_hour);
        instance.spot_rate_per_hour = change.spot_rate_per_hour.or(instance.spot_rate_per_hour);
        instance.available &= change.offered;
    }
    instance
}
