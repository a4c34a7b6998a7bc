//! Everybody's accounts.

use crate::accounts::UserView;
use crate::{App, accounts, audit};
use chrono::{DateTime, Utc};
use db::users::{Administered, User, UserFilter};
use domain::audit::AuditAction;
use domain::{Caller, Error, MicroUsd, Result, Role, Tier, UserId};
use serde_json::json;

/// More than anybody's budget; a bound on what an amount may be.
const MOST_BUDGET: MicroUsd = MicroUsd(1_000_000_000_000_000);

/// Which accounts to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountFilter {
    /// Which.
    pub matching: UserFilter,
    /// From 1.
    pub page: u64,
    /// Accounts a page.
    pub page_size: u64,
}

/// An account as admins see it.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountView {
    /// The account.
    pub user: UserView,
    /// When one of its sessions was used last, to the minute.
    pub last_seen_at: Option<DateTime<Utc>>,
}

/// A page of accounts.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountList {
    /// Newest first.
    pub accounts: Vec<AccountView>,
    /// All that match.
    pub total: u64,
}

/// What to change of an account's rights.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ChangeAccount {
    /// New role.
    pub role: Option<Role>,
    /// New tier.
    pub tier: Option<Tier>,
    /// New monthly budget; none of its own means the tier's.
    pub monthly_budget: Option<Option<MicroUsd>>,
    /// Whether it may log in.
    pub disabled: Option<bool>,
}

/// A page of all accounts, newest first.
///
/// # Errors
/// When the caller is no admin.
pub async fn list(app: &App, caller: &Caller, filter: AccountFilter) -> Result<AccountList> {
    caller.require_admin()?;
    let page = db::Page { number: filter.page, size: filter.page_size };
    let found = db::users::list(&app.db, &filter.matching, page).await?;
    let ids: Vec<UserId> = found.rows.iter().map(|user| user.id).collect();
    let seen = db::sessions::last_seen(&app.db, &ids).await?;
    let view = |user: User| AccountView { last_seen_at: seen.get(&user.id).copied(), user: user.into() };
    Ok(AccountList { accounts: found.rows.into_iter().map(view).collect(), total: found.total })
}

/// Changes an account's rights. One that may not log in any more loses its sessions at once.
///
/// # Errors
/// When the caller is no admin or uses an API key, there is no such account, or no admin would be left.
pub async fn update(app: &App, caller: &Caller, id: UserId, change: ChangeAccount) -> Result<AccountView> {
    caller.require_admin()?;
    caller.require_session()?;
    if change.monthly_budget.flatten().is_some_and(|budget| budget < MicroUsd::ZERO || budget > MOST_BUDGET) {
        return Err(Error::invalid("monthlyBudget", "monthlyBudget must be between 0 and 1000000000 USD, or null for the tier's."));
    }
    let now = app.clock.now();
    let entry =
        |action, from: String, to: String| audit::with(audit::entry(app, caller, action, id.uuid()), json!({ "from": from, "to": to }));
    let change = move |user: &mut User| {
        let before = user.clone();
        user.role = change.role.unwrap_or(user.role);
        user.tier = change.tier.unwrap_or(user.tier);
        user.monthly_budget = change.monthly_budget.unwrap_or(user.monthly_budget);
        user.disabled_at = match change.disabled {
            Some(true) => Some(user.disabled_at.unwrap_or(now)),
            Some(false) => None,
            None => user.disabled_at,
        };
        let mut entries = Vec::new();
        if user.role != before.role {
            entries.push(entry(AuditAction::RoleChanged, before.role.to_string(), user.role.to_string()));
        }
        if user.tier != before.tier {
            entries.push(entry(AuditAction::TierChanged, before.tier.to_string(), user.tier.to_string()));
        }
        if user.monthly_budget != before.monthly_budget {
            let shown = |budget: Option<MicroUsd>| budget.map_or_else(|| "tier".to_owned(), |usd| usd.usd().to_string());
            entries.push(entry(AuditAction::BudgetChanged, shown(before.monthly_budget), shown(user.monthly_budget)));
        }
        if user.disabled_at.is_some() != before.disabled_at.is_some() {
            let action = if user.disabled_at.is_some() { AuditAction::AccountDisabled } else { AuditAction::AccountEnabled };
            entries.push(audit::entry(app, caller, action, id.uuid()));
        }
        if *user != before {
            user.updated_at = now;
        }
        entries
    };
    match db::users::administer(&app.db, id, now, change).await? {
        Administered::Done(user) => {
            let seen = db::sessions::last_seen(&app.db, &[id]).await?;
            Ok(AccountView { user: (*user).into(), last_seen_at: seen.get(&id).copied() })
        }
        Administered::NotThere => Err(Error::not_found("USER_NOT_FOUND", "account")),
        Administered::LastAdmin => {
            let message = "This is the only administrator who can log in; make somebody else one first.";
            Err(Error::conflict("LAST_ADMIN", message))
        }
    }
}

/// A way for somebody to choose a new password, for an admin to hand over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeReset {
    /// For `POST /api/auth/password/reset`; shown once.
    pub token: String,
    /// The page that takes it, where this server has a public address.
    pub url: Option<String>,
    /// From then on it is not accepted.
    pub expires_at: DateTime<Utc>,
}

/// Makes a link with which the account's owner can choose a new password: for servers that send no mail.
///
/// # Errors
/// When the caller is no admin or uses an API key, there is no such account, or it has several such links already.
pub async fn create_reset_link(app: &App, caller: &Caller, id: UserId) -> Result<MadeReset> {
    caller.require_admin()?;
    caller.require_session()?;
    let made = accounts::reset_token(app, id).await?;
    audit::record(app, audit::entry(app, caller, AuditAction::PasswordResetRequested, id.uuid())).await?;
    Ok(made)
}
