//! Accounts.

use crate::dto::access::{ApiKey, EntryOptions, LiveSession};
use crate::dto::auth::{Session, User};
use app::SignupMode;
use app::accounts::{self, ApiKeyView, SessionView, UserView};

/// An account.
pub fn user(view: UserView) -> User {
    User {
        id: view.id.uuid(),
        email: view.email,
        name: view.name,
        organization: view.organization,
        role: view.role,
        subscription_tier: view.tier,
        monthly_budget: view.monthly_budget.map(domain::MicroUsd::usd),
        email_verified: view.email_verified_at.is_some(),
        deletion_scheduled_for: view.deletion_scheduled_for,
        created_at: view.created_at,
    }
}

/// A begun session.
pub fn session(view: SessionView) -> Session {
    Session { user: user(view.user), token: view.token, expires_at: view.expires_at }
}

/// How to get in.
pub fn options(options: accounts::EntryOptions) -> EntryOptions {
    let signup = match options.signup {
        SignupMode::Open => "open",
        SignupMode::Invite => "invite",
        SignupMode::Closed => "closed",
    };
    EntryOptions { signup, first_account: options.first_account, password_reset: options.password_reset }
}

/// A live session.
pub fn live_session(view: accounts::LiveSession) -> LiveSession {
    LiveSession {
        id: view.id.uuid(),
        user_agent: view.user_agent,
        address_prefix: view.address_prefix,
        created_at: view.created_at,
        last_seen_at: view.last_seen_at,
        expires_at: view.expires_at,
        current: view.current,
    }
}

/// An API key.
pub fn key(view: ApiKeyView) -> ApiKey {
    ApiKey {
        id: view.id.uuid(),
        name: view.name,
        scope: view.scope,
        hint: view.hint,
        created_at: view.created_at,
        expires_at: view.expires_at,
        last_used_at: view.last_used_at,
    }
}
