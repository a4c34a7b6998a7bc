//! Leaving: an account with everything that is its own goes 30 days after its owner asked for it.

use super::recovery::confirm_password;
use super::{UserView, account};
use crate::{App, audit};
use chrono::{DateTime, Duration, Utc};
use db::users::{Administered, User};
use domain::audit::AuditAction;
use domain::job::CancelReason;
use domain::{Caller, Error, Result};

/// Days between the request and the end.
const DAYS: i64 = 30;
/// Accounts that one run of the reconciler removes.
const AT_ONCE: u64 = 5;

/// When the account goes, where its owner asked for that.
pub(super) fn scheduled_for(user: &User) -> Option<DateTime<Utc>> {
    user.deletion_requested_at.map(|at| at + Duration::days(DAYS))
}

/// Schedules the end of the caller's account. All its sessions end and its API keys stop working; until the end its owner can log in and
/// call it off.
///
/// # Errors
/// When called with an API key, the password is wrong, or others would be left without an admin.
pub async fn request_deletion(app: &App, caller: &Caller, password: String) -> Result<UserView> {
    caller.require_session()?;
    let user = account(app, caller).await?;
    confirm_password(&user, password, "password").await?;
    let now = app.clock.now();
    let entry = audit::entry(app, caller, AuditAction::DeletionRequested, user.id.uuid());
    let change = move |user: &mut User| {
        user.deletion_requested_at.get_or_insert(now);
        vec![entry]
    };
    match db::users::administer(&app.db, user.id, now, change).await? {
        Administered::Done(user) => Ok((*user).into()),
        Administered::NotThere => Err(Error::unauthenticated()),
        Administered::LastAdmin => {
            let message = "You are the only administrator; make somebody else one before you leave.";
            Err(Error::conflict("LAST_ADMIN", message))
        }
    }
}

/// Calls the end of the caller's account off. Does nothing where none is scheduled.
///
/// # Errors
/// When called with an API key.
pub async fn cancel_deletion(app: &App, caller: &Caller) -> Result<UserView> {
    caller.require_session()?;
    let entry = audit::entry(app, caller, AuditAction::DeletionCancelled, caller.user_id.uuid());
    let change = move |user: &mut User| {
        if user.deletion_requested_at.take().is_some() { vec![entry] } else { Vec::new() }
    };
    match db::users::administer(&app.db, caller.user_id, app.clock.now(), change).await? {
        Administered::Done(user) => Ok((*user).into()),
        Administered::NotThere | Administered::LastAdmin => Err(Error::unauthenticated()),
    }
}

/// Removes the accounts whose time is over: their runs first, then their objects, then their rows. A step of the reconciler: whatever
/// breaks off is taken up at its next run.
///
/// # Errors
/// When storage does not answer.
pub async fn purge_due(app: &App) -> Result<()> {
    let due = app.clock.now() - Duration::days(DAYS);
    for user in db::users::to_purge(&app.db, due, AT_ONCE).await? {
        if runs_ended(app, &user).await? {
            purge(app, &user).await?;
        }
    }
    Ok(())
}

/// Asks for the end of what the account still runs; true where nothing does.
async fn runs_ended(app: &App, user: &User) -> Result<bool> {
    let mut ended = true;
    for job in db::jobs::active(&app.db).await?.into_iter().filter(|job| job.user_id == user.id) {
        ended = false;
        if job.cancel_requested_at.is_none() {
            crate::jobs::request_cancel(app, &job, CancelReason::Other).await?;
        }
    }
    Ok(ended)
}

async fn purge(app: &App, user: &User) -> Result<()> {
    crate::retention::remove_files_of(app, user.id).await?;
    let entry = audit::plain(app, AuditAction::AccountPurged, None, Some(user.id.uuid()));
    if db::users::remove(&app.db, user.id, &[entry]).await? {
        tracing::info!(user = %user.id, "an account was removed with its data, {DAYS} days after its owner asked for it");
    }
    Ok(())
}
