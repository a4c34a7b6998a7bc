//! What administrators see and change.

use super::accounts::user;
use crate::dto::admin::{AdminInstance, AdminUser, AuditAccount, AuditEntry, Invitation, InvitationState, MadeInvitation, UpdateUser};
use crate::error::ApiError;
use app::admin;
use domain::{Error, MicroUsd};

/// An amount in USD, where one is given.
///
/// # Errors
/// With the field, what is no amount.
pub fn amount(field: &str, usd: Option<Option<f64>>) -> Result<Option<Option<MicroUsd>>, ApiError> {
    match usd {
        Some(Some(usd)) if !(usd.is_finite() && (0.0..=1e9).contains(&usd)) => {
            Err(Error::invalid(field, format!("{field} is {usd}; it must be an amount in USD between 0 and 1000000000, or null.")).into())
        }
        usd => Ok(usd.map(|usd| usd.map(MicroUsd::from_usd))),
    }
}

/// A change of an account's rights.
///
/// # Errors
/// A budget that is no amount.
pub fn change(body: &UpdateUser) -> Result<admin::ChangeAccount, ApiError> {
    Ok(admin::ChangeAccount {
        role: body.role,
        tier: body.subscription_tier,
        monthly_budget: amount("monthlyBudget", body.monthly_budget)?,
        disabled: body.disabled,
    })
}

/// An account.
pub fn account(view: admin::AccountView) -> AdminUser {
    AdminUser { disabled: view.user.disabled_at.is_some(), last_seen_at: view.last_seen_at, user: user(view.user) }
}

/// An invitation.
pub fn invitation(view: admin::InvitationView) -> Invitation {
    Invitation {
        id: view.id.uuid(),
        email: view.email,
        role: view.role,
        state: match view.state {
            admin::InvitationState::Pending => InvitationState::Pending,
            admin::InvitationState::Used => InvitationState::Used,
            admin::InvitationState::Revoked => InvitationState::Revoked,
            admin::InvitationState::Expired => InvitationState::Expired,
        },
        invited_by: view.invited_by.map(domain::UserId::uuid),
        used_by: view.used_by.map(domain::UserId::uuid),
        created_at: view.created_at,
        expires_at: view.expires_at,
        used_at: view.used_at,
    }
}

/// An invitation that was just made.
pub fn made(made: admin::MadeInvitation) -> MadeInvitation {
    MadeInvitation { invitation: invitation(made.invitation), token: made.token, url: made.url, mailed: made.mailed }
}

/// An instance type.
pub fn instance(view: admin::InstanceView) -> AdminInstance {
    AdminInstance {
        id: view.instance.id,
        display_name: view.instance.display_name,
        rate_per_hour: view.instance.rate_per_hour.usd(),
        spot_rate_per_hour: view.instance.spot_rate_per_hour.map(MicroUsd::usd),
        available: view.instance.available,
        offered: view.offered,
        configured_rate_per_hour: view.configured.rate_per_hour.usd(),
        configured_spot_rate_per_hour: view.configured.spot_rate_per_hour.map(MicroUsd::usd),
    }
}

/// A line of the audit log.
pub fn audit_entry(view: admin::AuditView) -> AuditEntry {
    let named = |id, name: Option<(String, String)>| {
        let (name, email) = name.unzip();
        AuditAccount { id, name, email }
    };
    AuditEntry {
        id: view.id.uuid(),
        at: view.at,
        action: view.action,
        actor: view.actor.map(|actor| named(actor.id.uuid(), actor.name)),
        subject: view.subject_id.map(|id| named(id, view.subject)),
        via: view.via,
        address_prefix: view.address_prefix,
        details: view.details,
    }
}
