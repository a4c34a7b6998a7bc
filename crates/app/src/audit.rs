//! The audit log: what is written to it, by whom. Read by admins only: see [`crate::admin`].

use crate::App;
use db::audit::Entry;
use domain::audit::AuditAction;
use domain::{Access, AddressPrefix, AuditId, Caller, Result, UserId};
use serde_json::Value;
use uuid::Uuid;

/// Where a request comes from before it is known whose it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// Its network.
    pub address: Option<AddressPrefix>,
    /// What it says it is.
    pub user_agent: Option<String>,
}

/// A line about something that a caller did.
pub fn entry(app: &App, caller: &Caller, action: AuditAction, subject_id: Uuid) -> Entry {
    let via = match caller.via {
        Access::Session(id) => Some(format!("session:{id}")),
        Access::Key { id, .. } => Some(format!("key:{id}")),
        Access::Program => None,
    };
    let address_prefix = caller.address.map(|address| address.to_string());
    Entry { via, address_prefix, ..plain(app, action, Some(caller.user_id), Some(subject_id)) }
}

/// A line about something that a caller did to a thing of an account's.
pub(crate) fn of_owner(app: &App, caller: &Caller, action: AuditAction, subject_id: Uuid, owner: UserId) -> Entry {
    with(entry(app, caller, action, subject_id), serde_json::json!({ "owner": owner }))
}

/// A line about something that somebody did who was not logged in. `about` is the account that it is about, where there is one.
pub(crate) fn anonymous(app: &App, origin: &Origin, action: AuditAction, about: Option<UserId>) -> Entry {
    Entry { address_prefix: origin.address.map(|address| address.to_string()), ..plain(app, action, None, about.map(UserId::uuid)) }
}

/// A line about something that the program did by itself.
pub(crate) fn plain(app: &App, action: AuditAction, actor_id: Option<UserId>, subject_id: Option<Uuid>) -> Entry {
    let at = app.clock.now();
    Entry { id: AuditId::new(at), at, action, actor_id, subject_id, via: None, address_prefix: None, details: None }
}

/// With what changed.
pub(crate) fn with(entry: Entry, details: Value) -> Entry {
    Entry { details: Some(details), ..entry }
}

/// Adds a line.
///
/// # Errors
/// When the database does not answer.
pub async fn record(app: &App, entry: Entry) -> Result<()> {
    Ok(db::audit::insert(&app.db, &[entry]).await?)
}
