//! What administrators do: accounts, invitations, instance types, and reading the audit log.

mod instances;
mod invitations;
mod users;

pub use instances::{ChangeInstance, InstanceView, instances, update_instance};
pub use invitations::{InvitationState, InvitationView, MadeInvitation, NewInvitation, create_invitation, invitations, revoke_invitation};
pub use users::{AccountFilter, AccountList, AccountView, ChangeAccount, MadeReset, create_reset_link, list, update};

pub use db::audit::AuditFilter;
pub use db::users::UserFilter;

use crate::App;
use chrono::{DateTime, Utc};
use domain::audit::AuditAction;
use domain::{AuditId, Caller, Result, UserId};
use serde_json::Value;
use uuid::Uuid;

/// An account as a line of the audit log names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditAccount {
    /// Its id, which stays when the account is gone.
    pub id: UserId,
    /// Its name and address, while it is there.
    pub name: Option<(String, String)>,
}

/// A line of the audit log.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditView {
    /// Its id.
    pub id: AuditId,
    /// When.
    pub at: DateTime<Utc>,
    /// What was done.
    pub action: AuditAction,
    /// By whom; none where nobody was logged in.
    pub actor: Option<AuditAccount>,
    /// To what: an account, a session, a key, an invitation.
    pub subject_id: Option<Uuid>,
    /// Name and address of that, where it is an account that is there.
    pub subject: Option<(String, String)>,
    /// `session:ID` or `key:ID`.
    pub via: Option<String>,
    /// Network of the actor.
    pub address_prefix: Option<String>,
    /// What changed.
    pub details: Option<Value>,
}

/// A page of the audit log.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditPage {
    /// Newest first.
    pub entries: Vec<AuditView>,
    /// All that match.
    pub total: u64,
}

/// A page of the audit log, newest first.
///
/// # Errors
/// When the caller is no admin.
pub async fn audit_log(app: &App, caller: &Caller, filter: AuditFilter, page: u64, page_size: u64) -> Result<AuditPage> {
    caller.require_admin()?;
    let found = db::audit::list(&app.db, &filter, db::Page { number: page, size: page_size }).await?;
    let subjects = found.rows.iter().filter_map(|row| row.subject_id.map(UserId));
    let ids: Vec<UserId> = found.rows.iter().filter_map(|row| row.actor_id).chain(subjects).collect();
    let names = db::users::names(&app.db, &ids).await?;
    let view = |row: db::audit::Entry| AuditView {
        id: row.id,
        at: row.at,
        action: row.action,
        actor: row.actor_id.map(|id| AuditAccount { id, name: names.get(&id).cloned() }),
        subject: row.subject_id.and_then(|id| names.get(&UserId(id)).cloned()),
        subject_id: row.subject_id,
        via: row.via,
        address_prefix: row.address_prefix,
        details: row.details,
    };
    Ok(AuditPage { entries: found.rows.into_iter().map(view).collect(), total: found.total })
}
