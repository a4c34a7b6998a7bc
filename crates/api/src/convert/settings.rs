//! Settings.

use crate::dto::settings::{AccountSettings, NotificationChannels, UpdateSettings};
use crate::error::ApiError;
use app::settings::{ChannelsChange, SettingsView};
use domain::{Error, MicroUsd};

/// An account's settings.
pub fn settings(view: SettingsView) -> AccountSettings {
    let channels = |c: domain::notification::Channels| NotificationChannels { in_app: c.in_app, mail: c.mail, webhook: c.webhook };
    AccountSettings {
        notifications: view.notifications.into_iter().map(|(kind, told)| (kind.to_string(), channels(told))).collect(),
        mail_available: view.mail_available,
        monthly_budget: view.monthly_budget.map(MicroUsd::usd),
        budget_allowed: view.budget_allowed.map(MicroUsd::usd),
        budget_in_force: view.budget_in_force.map(MicroUsd::usd),
        default_base_model: view.base_model,
        default_instance_type: view.instance_type,
        timezone: view.time_zone.name().to_owned(),
    }
}

/// What to change.
///
/// # Errors
/// A kind of notification that does not exist.
pub fn change(body: UpdateSettings) -> Result<app::settings::UpdateSettings, ApiError> {
    let mut notifications = Vec::new();
    for (name, asked) in body.notifications {
        let shown: String = name.chars().take(60).collect();
        let field = format!("notifications.{shown}");
        let kind = name.parse().map_err(|_| Error::invalid(field, format!("There is no type of notification '{shown}'.")))?;
        notifications.push((kind, ChannelsChange { in_app: asked.in_app, mail: asked.mail, webhook: asked.webhook }));
    }
    Ok(app::settings::UpdateSettings {
        notifications,
        monthly_budget: body.monthly_budget.map(|budget| budget.map(MicroUsd::from_usd)),
        base_model: body.default_base_model,
        instance_type: body.default_instance_type,
        time_zone: body.timezone,
    })
}
