//! Another e-mail address for an account.

use super::recovery::{VERIFY_HOURS, confirm_password, deliver, link, token_for};
use super::{account, normalised_email};
use crate::audit::Origin;
use crate::mail::{Link, Mail, outbox};
use crate::notifications::tell_account;
use crate::{App, audit};
use db::account_tokens::{self, Purpose};
use db::users::User;
use domain::audit::AuditAction;
use domain::{Caller, Error, Result};

/// Asks for another address of the caller's account, and answers it where a link was sent there; on a server without mail the account has
/// it at once. Where mail is sent, nobody learns here whether there is an account with it: its owner is told by mail instead.
///
/// # Errors
/// When called with an API key, the password is missing or wrong, this is no address, too many links wait, or, on a server without mail,
/// another account has it.
pub(super) async fn change(app: &App, caller: &Caller, wanted: &str, password: Option<String>) -> Result<Option<String>> {
    caller.require_session()?;
    let missing = || Error::invalid("currentPassword", "Another e-mail address needs the current password.");
    let password = password.ok_or_else(missing)?;
    let email = normalised_email(wanted)?;
    let user = account(app, caller).await?;
    confirm_password(&user, password, "currentPassword").await?;
    if email == user.email {
        return Ok(None);
    }
    if app.config.link_url.is_none() || !app.mailer.delivers() {
        at_once(app, caller, &user, &email).await?;
        return Ok(None);
    }
    let made = token_for(app, user.id, Purpose::ChangeEmail, VERIFY_HOURS, Some(&email)).await?;
    let too_many = || Error::conflict("TOO_MANY_LINKS", "Several links wait to be opened already; open one, or try again tomorrow.");
    let (_, (token, secret)) = made.ok_or_else(too_many)?;
    let link = Link { label: "Use this address".to_owned(), url: link(app, "verify-email", &secret)? };
    let taken = db::users::by_email(&app.db, &email).await?.is_some();
    deliver(app, user.id, token, &to_the_new_one(&email, taken, &link)).await?;
    audit::record(app, audit::entry(app, caller, AuditAction::EmailChangeRequested, user.id.uuid())).await?;
    let text = "Somebody, most likely you, asked for another e-mail address for your BrightRun account. It changes when the link that was \
                sent to that address is opened. If it was not you, change your password now: whoever asked knows it.";
    tell(app, &user, "Another e-mail address was asked for", text).await?;
    Ok(Some(email))
}

fn to_the_new_one(email: &str, taken: bool, link: &Link) -> Mail {
    if taken {
        let text = "Somebody asked to use this address for another BrightRun account. There is an account with it already, so nothing \
                    was changed. Log in to that one, or ask for a new password for it.";
        return Mail::letter(email, "This address has a BrightRun account", &[text], None);
    }
    let text = "Please confirm that this is to be the address of your BrightRun account.";
    let hint = "The link works once, for 24 hours. If you have no such account, ignore this mail.";
    Mail::letter(email, "Confirm your new e-mail address", &[text, hint], Some(link))
}

async fn at_once(app: &App, caller: &Caller, user: &User, email: &str) -> Result<()> {
    match db::users::set_email(&app.db, user.id, email, app.clock.now()).await {
        Ok(true) => {}
        Ok(false) => return Err(Error::unauthenticated()),
        Err(db::Error::Duplicate(_)) => {
            let message = "There is an account with this e-mail address already.";
            return Err(Error::conflict("EMAIL_TAKEN", message).with_field("email"));
        }
        Err(error) => return Err(error.into()),
    }
    audit::record(app, audit::entry(app, caller, AuditAction::EmailChanged, user.id.uuid())).await?;
    told_changed(app, user).await
}

/// Gives an account the address that a link confirms; false where the token is not one for that, or another account has got the address.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn confirm(app: &App, token_hash: &str, origin: &Origin) -> Result<bool> {
    let Some(before) = account_tokens::change_email(&app.db, token_hash, app.clock.now()).await? else { return Ok(false) };
    audit::record(app, audit::anonymous(app, origin, AuditAction::EmailChanged, Some(before.id))).await?;
    told_changed(app, &before).await?;
    Ok(true)
}

async fn told_changed(app: &App, before: &User) -> Result<()> {
    let text = "The e-mail address of your BrightRun account was changed, and this one is not used for it any more. If it was not you, tell \
                the administrator of the server.";
    tell(app, before, "Your e-mail address was changed", text).await
}

/// Tells the account, and its present address where that was confirmed to be the owner's.
async fn tell(app: &App, user: &User, title: &'static str, text: &str) -> Result<()> {
    if user.email_verified_at.is_some() {
        outbox::enqueue(app, Some(user.id), &Mail::letter(&user.email, title, &[text], None)).await?;
    }
    tell_account(app, user.id, title, text.to_owned()).await
}
