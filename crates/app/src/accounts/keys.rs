//! Personal API keys, for programs.

use super::{checked_name, secret};
use crate::notifications::tell_account;
use crate::{App, audit};
use chrono::{DateTime, Utc};
use db::api_keys::ApiKey;
use domain::audit::AuditAction;
use domain::{ApiKeyId, Caller, Error, KeyScope, Result};

/// What every key begins with, so that scanners of leaked secrets and people recognise it.
pub(super) const PREFIX: &str = "br_";
/// Keys of one account.
const MOST: u64 = 50;
/// Characters of a key that are kept to recognise it by.
const HINT: usize = 8;

/// A new key.
#[derive(Debug, Clone)]
pub struct NewApiKey {
    /// What its owner calls it.
    pub name: String,
    /// What it is good for.
    pub scope: KeyScope,
    /// From then on it is not accepted.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A key as shown afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyView {
    /// Its id.
    pub id: ApiKeyId,
    /// What its owner calls it.
    pub name: String,
    /// What it is good for.
    pub scope: KeyScope,
    /// Its first characters.
    pub hint: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// From then on it is not accepted.
    pub expires_at: Option<DateTime<Utc>>,
    /// Last request, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
}

impl From<ApiKey> for ApiKeyView {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id,
            name: key.name,
            scope: key.scope,
            hint: key.hint,
            created_at: key.created_at,
            expires_at: key.expires_at,
            last_used_at: key.last_used_at,
        }
    }
}

/// Makes a key for the caller. Its second part is the key itself, which cannot be shown again.
///
/// # Errors
/// When called with an API key, fields that cannot be accepted, or too many keys.
pub async fn create_key(app: &App, caller: &Caller, input: NewApiKey) -> Result<(ApiKeyView, String)> {
    caller.require_session()?;
    let now = app.clock.now();
    let name = checked_name(&input.name)?;
    if input.expires_at.is_some_and(|at| at <= now) {
        return Err(Error::invalid("expiresAt", "expiresAt is in the past; leave it out for a key that does not expire."));
    }
    let secret = secret::new(PREFIX);
    let key = ApiKey {
        id: ApiKeyId::new(now),
        user_id: caller.user_id,
        name,
        scope: input.scope,
        hint: secret.shown.chars().take(HINT).collect(),
        key_hash: secret.hash,
        created_at: now,
        expires_at: input.expires_at,
        last_used_at: None,
        revoked_at: None,
    };
    if !db::api_keys::insert(&app.db, &key, MOST).await? {
        return Err(Error::conflict("TOO_MANY_KEYS", format!("You have {MOST} API keys; revoke one that is not used any more.")));
    }
    let entry = audit::entry(app, caller, AuditAction::KeyCreated, key.id.uuid());
    audit::record(app, audit::with(entry, serde_json::json!({ "scope": key.scope, "expiresAt": key.expires_at }))).await?;
    let message = format!("An API key was made for your account: {}. If it was not you, revoke it and change your password.", key.name);
    tell_account(app, key.user_id, "New API key", message).await?;
    Ok((key.into(), secret.shown))
}

/// The caller's keys, newest first.
///
/// # Errors
/// When called with an API key.
pub async fn keys(app: &App, caller: &Caller) -> Result<Vec<ApiKeyView>> {
    caller.require_session()?;
    Ok(db::api_keys::list(&app.db, caller.user_id).await?.into_iter().map(ApiKeyView::from).collect())
}

/// Takes one of the caller's keys back, at once.
///
/// # Errors
/// When called with an API key, or the caller has no such key.
pub async fn revoke_key(app: &App, caller: &Caller, id: ApiKeyId) -> Result<()> {
    caller.require_session()?;
    if !db::api_keys::revoke(&app.db, caller.user_id, id, app.clock.now()).await? {
        return Err(Error::not_found("KEY_NOT_FOUND", "API key"));
    }
    audit::record(app, audit::entry(app, caller, AuditAction::KeyRevoked, id.uuid())).await
}
