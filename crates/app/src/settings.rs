//! What an account says about itself: budget, defaults, what it wants to be told.

use db::audit::Entry;
use domain::audit::AuditAction;
use domain::notification::{Channels, NotificationKind};
use domain::{Caller, Error, MicroUsd, Result};
use serde_json::json;

use crate::costs::Zone;
use crate::jobs::budget;
use crate::{App, audit};

/// Largest budget that can be set.
const MAX_BUDGET: MicroUsd = MicroUsd(1_000_000_000 * 1_000_000);

/// An account's settings.
#[derive(Debug, Clone, PartialEq)]
pub struct SettingsView {
    /// How each kind of notification is told.
    pub notifications: Vec<(NotificationKind, Channels)>,
    /// Whether the server can send mail at all.
    pub mail_available: bool,
    /// The budget that the account has set itself.
    pub monthly_budget: Option<MicroUsd>,
    /// What an administrator or the tier allows; none means unlimited.
    pub budget_allowed: Option<MicroUsd>,
    /// The lower of the two: what is enforced.
    pub budget_in_force: Option<MicroUsd>,
    /// Base model of jobs whose request names none.
    pub base_model: Option<String>,
    /// Instance type of jobs whose request names none.
    pub instance_type: Option<String>,
    /// Time zone.
    pub time_zone: Zone,
}

/// What to change. The inner option of what can be taken back is none to do so.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UpdateSettings {
    /// How kinds of notification are told; those that are not named stay as they are.
    pub notifications: Vec<(NotificationKind, ChannelsChange)>,
    /// The account's own budget.
    pub monthly_budget: Option<Option<MicroUsd>>,
    /// Default base model.
    pub base_model: Option<Option<String>>,
    /// Default instance type.
    pub instance_type: Option<Option<String>>,
    /// Time zone.
    pub time_zone: Option<String>,
}

/// Channels to switch on or off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ChannelsChange {
    /// In the list and its stream.
    pub in_app: Option<bool>,
    /// By mail.
    pub mail: Option<bool>,
    /// To webhooks.
    pub webhook: Option<bool>,
}

/// The caller's settings.
///
/// # Errors
/// When the database does not answer.
pub async fn get(app: &App, caller: &Caller) -> Result<SettingsView> {
    let settings = db::settings::get(&app.db, caller.user_id).await?;
    let view = |kind: &NotificationKind| (*kind, settings.notifications.of(*kind));
    let time_zone = Zone::of(&settings);
    let allowed = budget::allowed(app, caller.user_id).await?;
    Ok(SettingsView {
        notifications: NotificationKind::ALL.iter().map(view).collect(),
        mail_available: app.mailer.delivers(),
        monthly_budget: settings.monthly_budget,
        budget_allowed: allowed,
        budget_in_force: budget::in_force(allowed, settings.monthly_budget),
        base_model: settings.base_model,
        instance_type: settings.instance_type,
        time_zone,
    })
}

/// Changes the caller's settings. One's own budget can be anything up to what is allowed: it is the lower one that counts.
///
/// # Errors
/// Fields that cannot be accepted; then nothing is changed.
pub async fn update(app: &App, caller: &Caller, change: UpdateSettings) -> Result<SettingsView> {
    check(app, caller, &change).await?;
    let zone = change.time_zone.as_deref().map(|name| Zone::parse("timezone", name)).transpose()?;
    let budget = change_of_budget(app, caller, change.monthly_budget).await?;
    let write = move |settings: &mut db::settings::Settings| {
        for (kind, asked) in &change.notifications {
            let now = settings.notifications.of(*kind);
            settings.notifications.set(*kind, merged(now, *asked));
        }
        if let Some(budget) = change.monthly_budget {
            settings.monthly_budget = budget;
        }
        if let Some(base_model) = change.base_model {
            settings.base_model = base_model;
        }
        if let Some(instance_type) = change.instance_type {
            settings.instance_type = instance_type;
        }
        if let Some(zone) = zone {
            settings.time_zone = Some(zone.name().to_owned());
        }
    };
    db::settings::update(&app.db, caller.user_id, app.clock.now(), write).await?;
    if let Some(entry) = budget {
        audit::record(app, entry).await?;
    }
    get(app, caller).await
}

/// A line for the audit log, where one's own budget becomes another.
async fn change_of_budget(app: &App, caller: &Caller, asked: Option<Option<MicroUsd>>) -> Result<Option<Entry>> {
    let before = db::settings::get(&app.db, caller.user_id).await?.monthly_budget;
    Ok(asked.filter(|after| *after != before).map(|after| {
        let details = json!({ "own": true, "from": before.map(MicroUsd::usd), "to": after.map(MicroUsd::usd) });
        audit::with(audit::entry(app, caller, AuditAction::BudgetChanged, caller.user_id.uuid()), details)
    }))
}

fn merged(now: Channels, asked: ChannelsChange) -> Channels {
    Channels {
        in_app: asked.in_app.unwrap_or(now.in_app),
        mail: asked.mail.unwrap_or(now.mail),
        webhook: asked.webhook.unwrap_or(now.webhook),
    }
}

async fn check(app: &App, caller: &Caller, change: &UpdateSettings) -> Result<()> {
    if let Some(Some(budget)) = change.monthly_budget {
        if budget < MicroUsd::ZERO || budget > MAX_BUDGET {
            return Err(Error::invalid("monthlyBudget", "The budget must be between 0 and 1000000000 USD."));
        }
        if let Some(allowed) = budget::allowed(app, caller.user_id).await?.filter(|allowed| budget > *allowed) {
            let message = format!("At most ${:.2} a month are allowed for your account; ask an administrator for more.", allowed.usd());
            return Err(Error::invalid("monthlyBudget", message));
        }
    }
    if let Some(Some(id)) = &change.base_model
        && !app.config.base_models.iter().any(|model| model.id == *id)
    {
        return Err(Error::invalid("defaultBaseModel", "There is no such base model on this server; the catalogue lists them."));
    }
    if let Some(Some(id)) = &change.instance_type
        && !app.config.instances.iter().any(|instance| instance.id == *id)
    {
        return Err(Error::invalid("defaultInstanceType", "There is no such instance type on this server; the catalogue lists them."));
    }
    Ok(())
}
