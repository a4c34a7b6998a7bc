//! Invitations to sign up.

use crate::accounts::{link, normalised_email, secret};
use crate::mail::{Link, Mail, outbox};
use crate::{App, audit};
use chrono::{DateTime, Duration, Utc};
use db::invitations::Invitation;
use domain::audit::AuditAction;
use domain::{Caller, Error, InvitationId, Result, Role, UserId};
use serde_json::json;

const DEFAULT_DAYS: u32 = 7;
const MOST_DAYS: u32 = 90;

/// A new invitation.
#[derive(Debug, Clone, Default)]
pub struct NewInvitation {
    /// The only address that it is good for; none means any.
    pub email: Option<String>,
    /// Role of whoever signs up with it.
    pub role: Option<Role>,
    /// Days that it is good.
    pub expires_in_days: Option<u32>,
}

/// What became of an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvitationState {
    /// It can be used.
    Pending,
    /// Somebody signed up with it.
    Used,
    /// It was taken back.
    Revoked,
    /// It was not used in time.
    Expired,
}

/// An invitation as shown afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationView {
    /// Its id.
    pub id: InvitationId,
    /// The only address that it is good for.
    pub email: Option<String>,
    /// Role of whoever signs up with it.
    pub role: Role,
    /// What became of it.
    pub state: InvitationState,
    /// Who invited.
    pub invited_by: Option<UserId>,
    /// Who signed up with it.
    pub used_by: Option<UserId>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// From then on it is not accepted.
    pub expires_at: DateTime<Utc>,
    /// When it was used.
    pub used_at: Option<DateTime<Utc>>,
}

/// An invitation that was just made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeInvitation {
    /// The invitation.
    pub invitation: InvitationView,
    /// For signing up; shown once.
    pub token: String,
    /// The page that takes it, where this server has a public address.
    pub url: Option<String>,
    /// Whether it was sent to its address.
    pub mailed: bool,
}

fn view(row: Invitation, now: DateTime<Utc>) -> InvitationView {
    let state = match (row.used_at, row.revoked_at) {
        (Some(_), _) => InvitationState::Used,
        (None, Some(_)) => InvitationState::Revoked,
        (None, None) if row.expires_at <= now => InvitationState::Expired,
        (None, None) => InvitationState::Pending,
    };
    InvitationView {
        id: row.id,
        email: row.email,
        role: row.role,
        state,
        invited_by: row.invited_by,
        used_by: row.used_by,
        created_at: row.created_at,
        expires_at: row.expires_at,
        used_at: row.used_at,
    }
}

/// Invites somebody, and sends the invitation where it has an address and this server can send links.
///
/// # Errors
/// When the caller is no admin or uses an API key, or fields that cannot be accepted.
pub async fn create_invitation(app: &App, caller: &Caller, input: NewInvitation) -> Result<MadeInvitation> {
    caller.require_admin()?;
    caller.require_session()?;
    let email = input.email.as_deref().map(normalised_email).transpose()?;
    let days = input.expires_in_days.unwrap_or(DEFAULT_DAYS);
    if !(1..=MOST_DAYS).contains(&days) {
        return Err(Error::invalid("expiresInDays", format!("expiresInDays is {days}; it must be between 1 and {MOST_DAYS}.")));
    }
    let (now, secret) = (app.clock.now(), secret::new(""));
    let row = Invitation {
        id: InvitationId::new(now),
        email,
        role: input.role.unwrap_or(Role::User),
        token_hash: secret.hash,
        invited_by: Some(caller.user_id),
        created_at: now,
        expires_at: now + Duration::days(days.into()),
        used_at: None,
        used_by: None,
        revoked_at: None,
    };
    db::invitations::insert(&app.db, &row).await?;
    let entry = audit::entry(app, caller, AuditAction::InvitationCreated, row.id.uuid());
    audit::record(app, audit::with(entry, json!({ "role": row.role, "expiresAt": row.expires_at }))).await?;
    let url = link(app, "signup", &secret.shown).ok();
    let mailed = match (&row.email, &url) {
        (Some(email), Some(url)) => send(app, email, url, days).await,
        _ => false,
    };
    Ok(MadeInvitation { invitation: view(row, now), token: secret.shown, url, mailed })
}

/// True where the mail is on its way. The admin has the link anyway and is told.
async fn send(app: &App, email: &str, url: &str, days: u32) -> bool {
    let link = Link { label: "Make your account".to_owned(), url: url.to_owned() };
    let hint = format!("The link works once, for {days} days.");
    let mail =
        Mail::letter(email, "You are invited to BrightRun", &["You are invited to train models with BrightRun.", &hint], Some(&link));
    let queued = outbox::enqueue(app, None, &mail).await;
    if let Err(error) = &queued {
        tracing::warn!(error = error as &dyn std::error::Error, "an invitation could not be sent; its link was shown to the admin");
    }
    queued.is_ok() && app.mailer.delivers()
}

/// A page of all invitations, newest first.
///
/// # Errors
/// When the caller is no admin.
pub async fn invitations(app: &App, caller: &Caller, page: u64, page_size: u64) -> Result<(Vec<InvitationView>, u64)> {
    caller.require_admin()?;
    let now = app.clock.now();
    let found = db::invitations::list(&app.db, db::Page { number: page, size: page_size }).await?;
    Ok((found.rows.into_iter().map(|row| view(row, now)).collect(), found.total))
}

/// Takes an invitation back.
///
/// # Errors
/// When the caller is no admin or uses an API key, or there is no such invitation that could still be used.
pub async fn revoke_invitation(app: &App, caller: &Caller, id: InvitationId) -> Result<()> {
    caller.require_admin()?;
    caller.require_session()?;
    if !db::invitations::revoke(&app.db, id, app.clock.now()).await? {
        return Err(Error::not_found("INVITATION_NOT_FOUND", "invitation that could still be used"));
    }
    audit::record(app, audit::entry(app, caller, AuditAction::InvitationRevoked, id.uuid())).await
}
