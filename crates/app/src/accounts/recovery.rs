//! Passwords that are changed or forgotten, and addresses that are confirmed.
//!
//! What is asked for by somebody who is not logged in is answered the same, after the same work, whether there is such an account or not:
//! the request only queues a task, and the worker looks whether there is anything to send.

use super::{account, active, address, password, secret};
use crate::admin::MadeReset;
use crate::audit::Origin;
use crate::mail::{Link, Mail, outbox};
use crate::notifications::tell_account;
use crate::{App, audit};
use chrono::Duration;
use db::account_tokens::{self, AccountToken, Purpose};
use db::users::User;
use domain::audit::AuditAction;
use domain::{Caller, Error, ErrorKind, Result, UserId};
use uuid::Uuid;

/// How long a link to reset the password is good.
const RESET_HOURS: i64 = 1;
/// How long a link to confirm an address is good.
pub(super) const VERIFY_HOURS: i64 = 24;
/// Links of one kind that an account may have: a bound on the mail that others can have sent to it.
const MOST_LINKS: u64 = 3;

/// Changes the caller's password; all other sessions end.
///
/// # Errors
/// When called with an API key, the current password is wrong, or the new one cannot be accepted.
pub async fn change_password(app: &App, caller: &Caller, current: String, new: String) -> Result<()> {
    let keep = caller.require_session()?;
    let user = account(app, caller).await?;
    confirm_password(&user, current, "currentPassword").await?;
    password::check(&new, &user.email).map_err(|error| error.with_field("newPassword"))?;
    let hash = password::hash(new).await?;
    if !db::users::set_password(&app.db, user.id, &hash, keep, app.clock.now()).await? {
        return Err(Error::unauthenticated());
    }
    audit::record(app, audit::entry(app, caller, AuditAction::PasswordChanged, user.id.uuid())).await?;
    let message = "Your password was changed, and all other sessions were ended. If it was not you, reset it now and end all sessions.";
    tell_account(app, user.id, "Password changed", message.to_owned()).await
}

/// Refuses where this is not the account's password.
pub(super) async fn confirm_password(user: &User, password: String, field: &str) -> Result<()> {
    if password::verify(password, Some(user.password_hash.clone())).await? {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Forbidden, "WRONG_PASSWORD", "The password is wrong.").with_field(field))
}

/// Has a link that resets the password sent to an address. Answers the same whether there is such an account.
///
/// # Errors
/// When this server has no address that a link could lead to.
pub async fn request_password_reset(app: &App, email: &str) -> Result<()> {
    linkable(app)?;
    let user = db::users::by_email(&app.db, email).await?.filter(|user| active(user, app.clock.now()));
    // A task for nobody: finding out whether there is an account must not be a matter of timing.
    let user_id = user.map_or_else(|| UserId::new(app.clock.now()), |user| user.id);
    app.queue.push(&queue::Task::SendPasswordReset { user_id }).await?;
    Ok(())
}

/// Has a link that confirms the caller's address sent to it. Does nothing where that was done.
///
/// # Errors
/// When this server has no address that a link could lead to.
pub async fn request_verification(app: &App, caller: &Caller) -> Result<()> {
    linkable(app)?;
    if account(app, caller).await?.email_verified_at.is_none() {
        app.queue.push(&queue::Task::SendVerification { user_id: caller.user_id }).await?;
    }
    Ok(())
}

fn linkable(app: &App) -> Result<&str> {
    app.config.link_url.as_deref().ok_or_else(|| {
        let message = "This server sends no links, as its public address (APP_URL) is not set; ask its administrator.";
        Error::conflict("MAIL_NOT_CONFIGURED", message)
    })
}

/// Sets a new password by a link that was sent. All sessions end; nobody is logged in by it.
///
/// # Errors
/// When the token is unknown, used or over, or the password cannot be accepted.
pub async fn reset_password(app: &App, token: &str, new: String, origin: &Origin) -> Result<()> {
    // Once more when it is known whose it is: it must not be the address.
    password::check(&new, "")?;
    let (hash, now) = (secret::hash(token), app.clock.now());
    let owner = account_tokens::owner(&app.db, Purpose::ResetPassword, &hash, now).await?.ok_or_else(invalid_token)?;
    let user = db::users::get(&app.db, owner).await?.filter(|user| active(user, now)).ok_or_else(invalid_token)?;
    password::check(&new, &user.email)?;
    let new = password::hash(new).await?;
    let user_id = account_tokens::reset_password(&app.db, &hash, &new, now).await?.ok_or_else(invalid_token)?;
    audit::record(app, audit::anonymous(app, origin, AuditAction::PasswordReset, Some(user_id))).await?;
    let message = "A new password was chosen by a link that was sent to you, and all sessions were ended.";
    tell_account(app, user_id, "Password reset", message.to_owned()).await
}

/// Confirms an address by a link that was sent to it: the account's own, or one that it has from then on.
///
/// # Errors
/// When the token is unknown, used or over, or another account has got the address meanwhile.
pub async fn verify_email(app: &App, token: &str, origin: &Origin) -> Result<()> {
    let hash = secret::hash(token);
    if let Some(user_id) = account_tokens::verify_email(&app.db, &hash, app.clock.now()).await? {
        return audit::record(app, audit::anonymous(app, origin, AuditAction::EmailVerified, Some(user_id))).await;
    }
    if address::confirm(app, &hash, origin).await? { Ok(()) } else { Err(invalid_token()) }
}

fn invalid_token() -> Error {
    Error::new(ErrorKind::Forbidden, "TOKEN_INVALID", "This link was used already or is too old; ask for a new one.").with_field("token")
}

/// What the queue does to send a link that resets a password. Nothing where there is no such account, or it has enough links.
///
/// # Errors
/// When the mail cannot be written down; its token is worthless then.
pub(crate) async fn send_password_reset(app: &App, user_id: UserId) -> Result<()> {
    let Some((user, token)) = token_for(app, user_id, Purpose::ResetPassword, RESET_HOURS, None).await? else { return Ok(()) };
    let text = "Somebody, most likely you, asked for a new password for your BrightRun account.";
    let hint = "The link works once, for one hour. If it was not you, ignore this mail: your password stays as it is.";
    let link = Link { label: "Choose a new password".to_owned(), url: link(app, "reset-password", &token.1)? };
    let mail = Mail::letter(&user.email, "Choose a new password", &[text, hint], Some(&link));
    deliver(app, user.id, token.0, &mail).await?;
    audit::record(app, audit::plain(app, AuditAction::PasswordResetRequested, None, Some(user.id.uuid()))).await
}

/// What the queue does to send a link that confirms an address.
///
/// # Errors
/// When the mail cannot be written down; its token is worthless then.
pub(crate) async fn send_verification(app: &App, user_id: UserId) -> Result<()> {
    let Some((user, token)) = token_for(app, user_id, Purpose::VerifyEmail, VERIFY_HOURS, None).await? else { return Ok(()) };
    if user.email_verified_at.is_some() {
        return Ok(account_tokens::remove(&app.db, token.0).await?);
    }
    let text = "Please confirm that this is the address of your BrightRun account.";
    let hint = "The link works once, for 24 hours. If you have no such account, ignore this mail.";
    let link = Link { label: "Confirm the address".to_owned(), url: link(app, "verify-email", &token.1)? };
    deliver(app, user.id, token.0, &Mail::letter(&user.email, "Confirm your e-mail address", &[text, hint], Some(&link))).await
}

/// A token with which an account's owner can choose a new password, for an admin to hand over.
pub(crate) async fn reset_token(app: &App, user_id: UserId) -> Result<MadeReset> {
    if db::users::get(&app.db, user_id).await?.is_none_or(|user| !active(&user, app.clock.now())) {
        return Err(Error::not_found("USER_NOT_FOUND", "account that can be used"));
    }
    let made = token_for(app, user_id, Purpose::ResetPassword, RESET_HOURS, None).await?;
    let (_, (_, token)) =
        made.ok_or_else(|| Error::conflict("TOO_MANY_LINKS", "The account has several such links; use one, or wait an hour."))?;
    let expires_at = app.clock.now() + Duration::hours(RESET_HOURS);
    Ok(MadeReset { url: link(app, "reset-password", &token).ok(), token, expires_at })
}

/// The account with a new token: its id, and the token itself. None where there is no such account, or it has enough tokens. `email` is
/// the address that it confirms, where that is not the account's own.
pub(super) async fn token_for(
    app: &App,
    user_id: UserId,
    purpose: Purpose,
    hours: i64,
    email: Option<&str>,
) -> Result<Option<(User, (Uuid, String))>> {
    let now = app.clock.now();
    let Some(user) = db::users::get(&app.db, user_id).await?.filter(|user| active(user, now)) else { return Ok(None) };
    let secret = secret::new("");
    let expires_at = now + Duration::hours(hours);
    let email = email.map(str::to_owned);
    let token = AccountToken { id: Uuid::now_v7(), user_id, purpose, token_hash: secret.hash, created_at: now, expires_at, email };
    let added = account_tokens::insert(&app.db, &token, MOST_LINKS).await?;
    Ok(added.then_some((user, (token.id, secret.shown))))
}

/// A token that nobody can get must not count.
pub(super) async fn deliver(app: &App, user_id: UserId, token: Uuid, mail: &Mail) -> Result<()> {
    if let Err(error) = outbox::enqueue(app, Some(user_id), mail).await {
        account_tokens::remove(&app.db, token).await?;
        return Err(error);
    }
    Ok(())
}

/// The address of a page with a token. In the fragment, which browsers send to no server and proxies write into no log.
pub(crate) fn link(app: &App, page: &str, token: &str) -> Result<String> {
    Ok(format!("{}/{page}#token={token}", linkable(app)?))
}
