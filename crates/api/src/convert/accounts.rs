//! Accounts.

use crate::dto::auth::{Session, User};
use app::accounts::{SessionView, UserView};

/// An account.
pub fn user(view: UserView) -> User {
    User {
        id: view.id.uuid(),
        email: view.email,
        name: view.name,
        organization: view.organization,
        role: view.role,
        subscription_tier: view.tier,
        created_at: view.created_at,
    }
}

/// A begun session.
pub fn session(view: SessionView) -> Session {
    Session { user: user(view.user), token: view.token, expires_at: view.expires_at }
}
