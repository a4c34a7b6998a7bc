//! Accounts and sessions.

mod password;
mod token;

use crate::{App, SignupMode};
use chrono::{DateTime, Duration, Utc};
use db::users::{Admission, User};
use domain::account::{Access, Caller, Role, Tier};
use domain::{Error, ErrorKind, Result, SessionId, UserId};

/// How long a session lasts.
const SESSION_DAYS: i64 = 30;
/// How exactly it is known when a session was last used.
const SEEN_EVERY_SECONDS: i64 = 60;

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
}

/// What to change of an account.
#[derive(Debug, Clone, Default)]
pub struct UpdateMe {
    /// New name.
    pub name: Option<String>,
    /// New organisation; an empty text removes it.
    pub organization: Option<String>,
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
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            email: user.email,
            name: user.name,
            organization: user.organization,
            role: user.role,
            tier: user.tier,
            created_at: user.created_at,
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

/// Makes an account and begins a session. The first account is admin.
///
/// # Errors
/// Fields that cannot be accepted, an address that is taken, or a server that takes no new accounts.
pub async fn signup(app: &App, input: Signup) -> Result<SessionView> {
    let now = app.clock.now();
    let email = normalised_email(&input.email)?;
    let name = checked_name(&input.name)?;
    let organization = checked_organization(input.organization)?;
    password::check(&input.password, &email)?;
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
    let admission = match app.config.signup {
        SignupMode::Open => Admission::Anybody,
        SignupMode::Closed => Admission::OnlyFirst,
    };
    match db::users::insert(&app.db, &user, admission).await {
        Ok(Some(user)) => begin(app, user).await,
        Ok(None) => {
            let message = "This server takes no new accounts; ask its administrator for one.";
            Err(Error::new(ErrorKind::Forbidden, "SIGNUP_CLOSED", message))
        }
        Err(db::Error::Duplicate(_)) => {
            Err(Error::conflict("EMAIL_TAKEN", "There is an account with this e-mail address already; log in instead.").with_field("email"))
        }
        Err(error) => Err(error.into()),
    }
}

/// Begins a session.
///
/// # Errors
/// When the address is unknown, the password is wrong or the account is disabled: always the same error, after the same work.
pub async fn login(app: &App, email: &str, password: String) -> Result<SessionView> {
    let user = db::users::by_email(&app.db, email).await?.filter(|user| user.disabled_at.is_none());
    let hash = user.as_ref().map(|user| user.password_hash.clone());
    let right = password::verify(password, hash).await?;
    match user {
        Some(user) if right => begin(app, user).await,
        _ => Err(Error::new(ErrorKind::Unauthenticated, "INVALID_CREDENTIALS", "The e-mail address or the password is wrong.")),
    }
}

async fn begin(app: &App, user: User) -> Result<SessionView> {
    let now = app.clock.now();
    let session = db::sessions::Session {
        id: SessionId::new(now),
        user_id: user.id,
        created_at: now,
        expires_at: now + Duration::days(SESSION_DAYS),
        revoked_at: None,
        last_seen_at: Some(now),
        user_agent: None,
        address_prefix: None,
    };
    db::sessions::insert(&app.db, &session).await?;
    let token = token::sign(&app.config.auth_secret, &session)?;
    Ok(SessionView { user: user.into(), token, expires_at: session.expires_at })
}

/// Who a session token speaks for. The session row is asked every time, so that a revoked one is refused at once.
///
/// # Errors
/// When the token is not ours, or its session is over.
pub async fn authenticate(app: &App, token: &str) -> Result<Caller> {
    let id = token::session_id(&app.config.auth_secret, token).ok_or_else(Error::unauthenticated)?;
    let now = app.clock.now();
    let (session, user) = db::sessions::live(&app.db, id, now).await?.ok_or_else(Error::unauthenticated)?;
    if session.last_seen_at.is_none_or(|seen| (now - seen).num_seconds() >= SEEN_EVERY_SECONDS) {
        db::sessions::touch(&app.db, id, now).await?;
    }
    Ok(Caller { user_id: user.id, role: user.role, via: Access::Session(id), address: None })
}

/// Whether the caller's session still lives: for requests that last.
///
/// # Errors
/// When the session is over, or the database does not answer.
pub async fn still_valid(app: &App, caller: &Caller) -> Result<()> {
    let Some(id) = caller.session_id() else { return Ok(()) };
    db::sessions::live(&app.db, id, app.clock.now()).await?.map(|_| ()).ok_or_else(Error::unauthenticated)
}

/// Ends the caller's session.
///
/// # Errors
/// When the database does not answer.
pub async fn logout(app: &App, caller: &Caller) -> Result<()> {
    if let Some(id) = caller.session_id() {
        db::sessions::revoke(&app.db, id, app.clock.now()).await?;
    }
    Ok(())
}

/// The caller's account.
///
/// # Errors
/// When the database does not answer.
pub async fn me(app: &App, caller: &Caller) -> Result<UserView> {
    account(app, caller).await.map(UserView::from)
}

/// The caller's row.
pub(crate) async fn account(app: &App, caller: &Caller) -> Result<User> {
    db::users::get(&app.db, caller.user_id).await?.ok_or_else(Error::unauthenticated)
}

/// Changes the caller's account.
///
/// # Errors
/// Fields that cannot be accepted.
pub async fn update_me(app: &App, caller: &Caller, change: UpdateMe) -> Result<UserView> {
    let name = change.name.as_deref().map(checked_name).transpose()?;
    let organization = change.organization.map(|text| checked_organization(Some(text))).transpose()?;
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
    changed.await?.ok_or_else(Error::unauthenticated)
}

/// In lower case and without blanks around it. Whether the address receives mail is not tried.
fn normalised_email(text: &str) -> Result<String> {
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
