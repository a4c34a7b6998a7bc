//! Accounts: signing up, in and out; sessions, API keys, passwords, leaving.

mod address;
mod deletion;
pub mod export;
mod keys;
mod password;
mod recovery;
pub(crate) mod secret;
mod sessions;
mod token;

pub use deletion::{cancel_deletion, purge_due, request_deletion};
pub use keys::{ApiKeyView, NewApiKey, create_key, keys, revoke_key};
pub use recovery::{change_password, request_password_reset, request_verification, reset_password, verify_email};
pub(crate) use recovery::{link, reset_token, send_password_reset, send_verification};
pub use sessions::{LiveSession, revoke_other_sessions, revoke_session, sessions};

use crate::audit::Origin;
use crate::{App, SignupMode, audit};
use chrono::{DateTime, Duration, Utc};
use db::users::{Admission, User};
use domain::account::{Access, AddressPrefix, Caller, Role, Tier};
use domain::audit::AuditAction;
use domain::{Error, ErrorKind, MicroUsd, Result, SessionId, UserId};

/// How long a session lasts.
const SESSION_DAYS: i64 = 30;
/// How exactly it is known when a session was last used.
const SEEN_EVERY_SECONDS: i64 = 60;
/// Characters of a program's name that are kept with its session.
const MAX_USER_AGENT: usize = 200;

/// A new account.
#[derive(Debug, Clone)]
pub struct Signup {
    /// E-mail address.
    pub email: String,
    /// Password.
    pub password: String,
    /// As shown.
    pub name: String,
    /// Organisation.
    pub organization: Option<String>,
    /// The token of an invitation.
    pub invitation: Option<String>,
}

/// What to change of an account.
#[derive(Debug, Clone, Default)]
pub struct UpdateMe {
    /// New name.
    pub name: Option<String>,
    /// New organisation; an empty text removes it.
    pub organization: Option<String>,
    /// New e-mail address; needs the password.
    pub email: Option<String>,
    /// The password, for a new address.
    pub current_password: Option<String>,
}

/// An account after a change.
#[derive(Debug, Clone, PartialEq)]
pub struct UpdatedMe {
    /// As it is now.
    pub account: UserView,
    /// The address that it will have when the link that was sent there is opened.
    pub pending_email: Option<String>,
}

/// An account as shown to itself.
#[derive(Debug, Clone, PartialEq)]
pub struct UserView {
    /// Id.
    pub id: UserId,
    /// E-mail address.
    pub email: String,
    /// Name.
    pub name: String,
    /// Organisation.
    pub organization: Option<String>,
    /// What it may do.
    pub role: Role,
    /// Its tier.
    pub tier: Tier,
    /// Its own monthly budget; none means the tier's.
    pub monthly_budget: Option<MicroUsd>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When its owner proved that the address is theirs.
    pub email_verified_at: Option<DateTime<Utc>>,
    /// Since when it may not log in.
    pub disabled_at: Option<DateTime<Utc>>,
    /// When it goes, with its data, as its owner asked for.
    pub deletion_scheduled_for: Option<DateTime<Utc>>,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        Self {
            deletion_scheduled_for: deletion::scheduled_for(&user),
            id: user.id,
            email: user.email,
            name: user.name,
            organization: user.organization,
            role: user.role,
            tier: user.tier,
            monthly_budget: user.monthly_budget,
            created_at: user.created_at,
            email_verified_at: user.email_verified_at,
            disabled_at: user.disabled_at,
        }
    }
}

/// A session that has begun.
#[derive(Debug, Clone)]
pub struct SessionView {
    /// Whose.
    pub user: UserView,
    /// Names the session row; signed.
    pub token: String,
    /// When it ends by itself.
    pub expires_at: DateTime<Utc>,
}

/// What somebody who is not logged in may know before they begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryOptions {
    /// Who may sign up now.
    pub signup: SignupMode,
    /// Whether the next account is the first, and so the administrator's.
    pub first_account: bool,
    /// Whether a forgotten password can be reset by mail.
    pub password_reset: bool,
}

/// What somebody who is not logged in may know before they begin.
///
/// # Errors
/// When the database does not answer.
pub async fn entry_options(app: &App) -> Result<EntryOptions> {
    let first_account = !db::users::any(&app.db).await?;
    let signup = if first_account { SignupMode::Open } else { app.config.signup };
    Ok(EntryOptions { signup, first_account, password_reset: app.config.link_url.is_some() })
}

/// Makes an account and begins a session. The first account is admin.
///
/// # Errors
/// Fields that cannot be accepted, an address that is taken, or a server that does not take this account.
pub async fn signup(app: &App, input: Signup, origin: &Origin) -> Result<SessionView> {
    let now = app.clock.now();
    let email = normalised_email(&input.email)?;
    let name = checked_name(&input.name)?;
    let organization = checked_organization(input.organization)?;
    password::check(&input.password, &email)?;
    let invitation = input.invitation.filter(|token| !token.is_empty()).map(|token| secret::hash(&token));
    let admission = match (app.config.signup, invitation) {
        (SignupMode::Closed, _) | (SignupMode::Invite, None) => Admission::OnlyFirst,
        (SignupMode::Open, None) => Admission::Anybody,
        (SignupMode::Open | SignupMode::Invite, Some(hash)) => Admission::Invited(hash),
    };
    let user = User {
        id: UserId::new(now),
        email,
        password_hash: password::hash(input.password).await?,
        name,
        organization,
        role: Role::User,
        tier: Tier::Free,
        monthly_budget: None,
        created_at: now,
        updated_at: now,
        disabled_at: None,
        email_verified_at: None,
        deletion_requested_at: None,
    };
    let user = match db::users::insert(&app.db, &user, admission).await {
        Ok(Some(user)) => user,
        Ok(None) => return Err(not_admitted(app.config.signup)),
        Err(db::Error::Duplicate(_)) => {
            let message = "There is an account with this e-mail address already; log in instead.";
            return Err(Error::conflict("EMAIL_TAKEN", message).with_field("email"));
        }
        Err(error) => return Err(error.into()),
    };
    audit::record(app, audit::anonymous(app, origin, AuditAction::Signup, Some(user.id))).await?;
    if app.config.link_url.is_some() {
        app.queue.push(&queue::Task::SendVerification { user_id: user.id }).await?;
    }
    begin(app, user, origin).await
}

fn not_admitted(mode: SignupMode) -> Error {
    let (code, message) = match mode {
        SignupMode::Closed => ("SIGNUP_CLOSED", "This server takes no new accounts; ask its administrator for one."),
        SignupMode::Invite | SignupMode::Open => {
            let message = "The invitation is missing, for another address, used, or too old; ask an administrator of this server for one.";
            ("INVITATION_INVALID", message)
        }
    };
    Error::new(ErrorKind::Forbidden, code, message)
}

/// Whether an account can be used: it is not disabled, and the time until its deletion is not over.
fn active(user: &User, now: DateTime<Utc>) -> bool {
    user.disabled_at.is_none() && deletion::scheduled_for(user).is_none_or(|at| now < at)
}

/// Begins a session.
///
/// # Errors
/// When the address is unknown, the password is wrong or the account cannot be used: always the same error, after the same work.
pub async fn login(app: &App, email: &str, password: String, origin: &Origin) -> Result<SessionView> {
    let user = db::users::by_email(&app.db, email).await?;
    let about = user.as_ref().map(|user| user.id);
    let user = user.filter(|user| active(user, app.clock.now()));
    let hash = user.as_ref().map(|user| user.password_hash.clone());
    let right = password::verify(password, hash).await?;
    match user {
        Some(user) if right => {
            audit::record(app, audit::anonymous(app, origin, AuditAction::Login, about)).await?;
            begin(app, user, origin).await
        }
        _ => {
            audit::record(app, audit::anonymous(app, origin, AuditAction::LoginFailed, about)).await?;
            Err(Error::new(ErrorKind::Unauthenticated, "INVALID_CREDENTIALS", "The e-mail address or the password is wrong."))
        }
    }
}

async fn begin(app: &App, user: User, origin: &Origin) -> Result<SessionView> {
    let now = app.clock.now();
    let session = db::sessions::Session {
        id: SessionId::new(now),
        user_id: user.id,
        created_at: now,
        expires_at: now + Duration::days(SESSION_DAYS),
        revoked_at: None,
        last_seen_at: Some(now),
        user_agent: origin.user_agent.as_ref().map(|name| name.chars().take(MAX_USER_AGENT).collect()),
        address_prefix: origin.address.map(|address| address.to_string()),
    };
    db::sessions::insert(&app.db, &session).await?;
    let token = token::sign(&app.config.auth_secret, &session)?;
    Ok(SessionView { user: user.into(), token, expires_at: session.expires_at })
}

/// Who a request comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct SignedIn {
    /// As use cases take it.
    pub caller: Caller,
    /// The account's row, as it was when the request began.
    pub account: UserView,
}

/// Who a session token or an API key speaks for. Their rows are asked every time, so that a revoked one is refused at once. `writes` says
/// that the request is not a safe one.
///
/// # Errors
/// When the token is not ours, its session is over, the key is not accepted any more, or it only reads and the request writes.
pub async fn authenticate(app: &App, token: &str, writes: bool, address: Option<AddressPrefix>) -> Result<SignedIn> {
    let (user, via) = if token.starts_with(keys::PREFIX) { by_key(app, token).await? } else { by_session(app, token).await? };
    let caller = Caller { user_id: user.id, role: user.role, via, address };
    if writes {
        caller.require_write()?;
    }
    Ok(SignedIn { caller, account: user.into() })
}

async fn by_key(app: &App, token: &str) -> Result<(User, Access)> {
    let now = app.clock.now();
    let (key, user) = db::api_keys::live(&app.db, &secret::hash(token), now).await?.ok_or_else(Error::unauthenticated)?;
    // Who leaves need not think of the programs that still have a key.
    if user.deletion_requested_at.is_some() {
        return Err(Error::unauthenticated());
    }
    if stale(key.last_used_at, now) {
        db::api_keys::touch(&app.db, key.id, now).await?;
    }
    Ok((user, Access::Key { id: key.id, scope: key.scope }))
}

async fn by_session(app: &App, token: &str) -> Result<(User, Access)> {
    let now = app.clock.now();
    let id = token::session_id(&app.config.auth_secret, token).ok_or_else(Error::unauthenticated)?;
    let (session, user) = db::sessions::live(&app.db, id, now).await?.ok_or_else(Error::unauthenticated)?;
    if !active(&user, now) {
        return Err(Error::unauthenticated());
    }
    if stale(session.last_seen_at, now) {
        db::sessions::touch(&app.db, id, now).await?;
    }
    Ok((user, Access::Session(id)))
}

/// Whether it is time to note again that something is used.
fn stale(seen: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    seen.is_none_or(|seen| (now - seen).num_seconds() >= SEEN_EVERY_SECONDS)
}

/// Whether what the caller came in by is still good: for requests that last.
///
/// # Errors
/// When it is not, or the database does not answer.
pub async fn still_valid(app: &App, caller: &Caller) -> Result<()> {
    let now = app.clock.now();
    let good = match caller.via {
        Access::Session(id) => db::sessions::live(&app.db, id, now).await?.is_some_and(|(_, user)| active(&user, now)),
        Access::Key { id, .. } => db::api_keys::is_live(&app.db, id, now).await?,
        Access::Program => true,
    };
    if good { Ok(()) } else { Err(Error::unauthenticated()) }
}

/// Ends the caller's session.
///
/// # Errors
/// When called with an API key, which is revoked instead.
pub async fn logout(app: &App, caller: &Caller) -> Result<()> {
    let id = caller.require_session()?;
    db::sessions::revoke(&app.db, id, app.clock.now()).await?;
    audit::record(app, audit::entry(app, caller, AuditAction::Logout, id.uuid())).await
}

/// Whose things a list is of: the caller's own where nobody is named, and for administrators anybody's.
///
/// # Errors
/// `USER_NOT_FOUND` when there is no such account for the caller.
pub(crate) async fn whose(app: &App, caller: &Caller, named: Option<UserId>) -> Result<UserId> {
    let Some(user) = named else { return Ok(caller.user_id) };
    let there = caller.may_manage(user) && db::users::get(&app.db, user).await?.is_some();
    if there { Ok(user) } else { Err(Error::not_found("USER_NOT_FOUND", "account")) }
}

/// The caller's row.
pub(crate) async fn account(app: &App, caller: &Caller) -> Result<User> {
    db::users::get(&app.db, caller.user_id).await?.ok_or_else(Error::unauthenticated)
}

/// Changes the caller's account. A new address counts from when the link that is sent there is opened; on a server without mail at once.
///
/// # Errors
/// Fields that cannot be accepted; for an address, an API key or a wrong password.
pub async fn update_me(app: &App, caller: &Caller, change: UpdateMe) -> Result<UpdatedMe> {
    let name = change.name.as_deref().map(checked_name).transpose()?;
    let organization = change.organization.map(|text| checked_organization(Some(text))).transpose()?;
    let pending_email = match &change.email {
        Some(email) => address::change(app, caller, email, change.current_password).await?,
        None => None,
    };
    let now = app.clock.now();
    let changed = db::users::update(&app.db, caller.user_id, move |user| {
        if name.is_some() || organization.is_some() {
            user.updated_at = now;
        }
        if let Some(name) = name {
            user.name = name;
        }
        if let Some(organization) = organization {
            user.organization = organization;
        }
        UserView::from(user.clone())
    });
    let account = changed.await?.ok_or_else(Error::unauthenticated)?;
    Ok(UpdatedMe { account, pending_email })
}

/// In lower case and without blanks around it. Whether the address receives mail is not tried.
pub(crate) fn normalised_email(text: &str) -> Result<String> {
    let email = text.trim().to_lowercase();
    let fits = email.len() <= 254 && !email.chars().any(|c| c.is_whitespace() || c.is_control());
    match email.split_once('@') {
        Some((local, host)) if fits && !local.is_empty() && local.len() <= 64 && is_host(host) => Ok(email),
        _ => Err(Error::invalid("email", "This is not an e-mail address; it looks like name@example.org.")),
    }
}

fn is_host(host: &str) -> bool {
    host.split('.').all(|label| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-'))
}

fn checked_name(text: &str) -> Result<String> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > 200 {
        return Err(Error::invalid("name", "The name must have 1 to 200 characters."));
    }
    Ok(name.to_owned())
}

fn checked_organization(text: Option<String>) -> Result<Option<String>> {
    let text = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    if text.as_ref().is_some_and(|text| text.chars().count() > 200) {
        return Err(Error::invalid("organization", "The organisation may have at most 200 characters."));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_compared_without_case_and_checked() {
        assert_eq!(normalised_email(" Ada@Example.ORG ").expect("an address"), "ada@example.org");
        assert!(normalised_email("demo@localhost").is_ok());
        for bad in ["", "ada", "@example.org", "ada@", "a da@example.org", "ada@exa mple.org", "ada@@example.org", "ada@example..org"] {
            assert_eq!(normalised_email(bad).expect_err(bad).field.as_deref(), Some("email"));
        }
    }
}
