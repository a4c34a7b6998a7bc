//! Instance types: what they are called, what they cost, and whether they are offered.

use crate::{App, audit, catalogue};
use db::instances::InstanceOverride;
use domain::audit::AuditAction;
use domain::catalogue::InstanceType;
use domain::{Caller, Error, MicroUsd, Result};
use serde_json::json;
use uuid::Uuid;

/// USD an hour at most.
const MOST_RATE: MicroUsd = MicroUsd(10_000_000_000);

/// An instance type with what was changed of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceView {
    /// As it is offered now.
    pub instance: InstanceType,
    /// As the configuration has it.
    pub configured: InstanceType,
    /// Whether an admin lets it be chosen; where the cluster does not have it, it cannot be chosen anyway.
    pub offered: bool,
}

/// What to change of an instance type; what is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangeInstance {
    /// As shown; none means as configured.
    pub display_name: Option<Option<String>>,
    /// On demand, a GPU and hour; none means as configured.
    pub rate_per_hour: Option<Option<MicroUsd>>,
    /// Spot, a GPU and hour; none means as configured.
    pub spot_rate_per_hour: Option<Option<MicroUsd>>,
    /// Whether it can be chosen.
    pub offered: Option<bool>,
}

/// All instance types of the configuration with what was changed of them.
///
/// # Errors
/// When the caller is no admin.
pub async fn instances(app: &App, caller: &Caller) -> Result<Vec<InstanceView>> {
    caller.require_admin()?;
    let overrides = db::instances::overrides(&app.db).await?;
    Ok(app.config.instances.iter().map(|configured| view(configured, &overrides)).collect())
}

fn view(configured: &InstanceType, overrides: &[InstanceOverride]) -> InstanceView {
    let offered = overrides.iter().find(|change| change.id == configured.id).is_none_or(|change| change.offered);
    InstanceView { instance: catalogue::changed(configured, overrides), configured: configured.clone(), offered }
}

/// Changes an instance type for estimates and jobs from now on. What was accepted before keeps its rate.
///
/// # Errors
/// When the caller is no admin, there is no such instance type, or values that cannot be accepted.
pub async fn update_instance(app: &App, caller: &Caller, id: &str, change: ChangeInstance) -> Result<InstanceView> {
    caller.require_admin()?;
    let configured = app.config.instances.iter().find(|instance| instance.id == id);
    let configured = configured.ok_or_else(|| Error::not_found("INSTANCE_NOT_FOUND", "instance type"))?;
    for (field, rate) in [("ratePerHour", change.rate_per_hour), ("spotRatePerHour", change.spot_rate_per_hour)] {
        if rate.flatten().is_some_and(|rate| rate < MicroUsd::ZERO || rate > MOST_RATE) {
            return Err(Error::invalid(field, format!("{field} must be between 0 and 10000 USD, or null for the configured rate.")));
        }
    }
    let name = change.display_name.map(|name| name.map(|name| name.trim().to_owned()));
    if name.iter().flatten().any(|name| name.is_empty() || name.chars().count() > 100) {
        return Err(Error::invalid("displayName", "The name must have 1 to 100 characters, or be null for the configured one."));
    }
    let now = app.clock.now();
    let line = db::audit::Entry { subject_id: None, ..audit::entry(app, caller, AuditAction::InstanceChanged, Uuid::nil()) };
    let edit = |row: &mut InstanceOverride| {
        let before = row.clone();
        row.display_name = name.unwrap_or_else(|| before.display_name.clone());
        row.rate_per_hour = change.rate_per_hour.unwrap_or(before.rate_per_hour);
        row.spot_rate_per_hour = change.spot_rate_per_hour.unwrap_or(before.spot_rate_per_hour);
        row.offered = change.offered.unwrap_or(before.offered);
        row.updated_by = Some(caller.user_id);
        vec![audit::with(line, json!({ "instance": row.id, "from": shown(&before), "to": shown(row) }))]
    };
    let after = db::instances::update(&app.db, id, now, edit).await;
    // Whatever became of it.
    app.rates.forget();
    let after = after?;
    Ok(view(configured, &[after]))
}

/// What is set, for the audit log.
fn shown(change: &InstanceOverride) -> serde_json::Value {
    json!({
        "displayName": change.display_name, "ratePerHour": change.rate_per_hour.map(MicroUsd::usd),
        "spotRatePerHour": change.spot_rate_per_hour.map(MicroUsd::usd), "offered": change.offered,
    })
}
