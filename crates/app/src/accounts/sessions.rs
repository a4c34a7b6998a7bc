//! The caller's login sessions.

use crate::{App, audit};
use chrono::{DateTime, Utc};
use domain::audit::AuditAction;
use domain::{Caller, Error, Result, SessionId};

/// Sessions that are listed; who has more has forgotten most of them.
const LISTED: u64 = 100;

/// A session that is alive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveSession {
    /// Its id.
    pub id: SessionId,
    /// What logged in, as it called itself.
    pub user_agent: Option<String>,
    /// Network that it logged in from.
    pub address_prefix: Option<String>,
    /// Login.
    pub created_at: DateTime<Utc>,
    /// Last request, to the minute.
    pub last_seen_at: Option<DateTime<Utc>>,
    /// When it ends by itself.
    pub expires_at: DateTime<Utc>,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// The caller's live sessions, newest first.
///
/// # Errors
/// When called with an API key.
pub async fn sessions(app: &App, caller: &Caller) -> Result<Vec<LiveSession>> {
    let current = caller.require_session()?;
    let rows = db::sessions::list(&app.db, caller.user_id, app.clock.now(), LISTED).await?;
    let view = |row: db::sessions::Session| LiveSession {
        current: row.id == current,
        id: row.id,
        user_agent: row.user_agent,
        address_prefix: row.address_prefix,
        created_at: row.created_at,
        last_seen_at: row.last_seen_at,
        expires_at: row.expires_at,
    };
    Ok(rows.into_iter().map(view).collect())
}

/// Ends one of the caller's sessions, at once.
///
/// # Errors
/// When called with an API key, or the caller has no such session.
pub async fn revoke_session(app: &App, caller: &Caller, id: SessionId) -> Result<()> {
    caller.require_session()?;
    if !db::sessions::revoke_of(&app.db, caller.user_id, id, app.clock.now()).await? {
        return Err(Error::not_found("SESSION_NOT_FOUND", "session"));
    }
    audit::record(app, audit::entry(app, caller, AuditAction::SessionRevoked, id.uuid())).await
}

/// Ends all of the caller's sessions but the one that asks; answers how many.
///
/// # Errors
/// When called with an API key.
pub async fn revoke_other_sessions(app: &App, caller: &Caller) -> Result<u64> {
    let current = caller.require_session()?;
    let ended = db::sessions::revoke_all(&app.db, caller.user_id, Some(current), app.clock.now()).await?;
    let entry = audit::entry(app, caller, AuditAction::SessionsRevoked, caller.user_id.uuid());
    audit::record(app, audit::with(entry, serde_json::json!({ "sessions": ended }))).await?;
    Ok(ended)
}
