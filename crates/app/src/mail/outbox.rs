//! Mails that wait: written down with what they are about, sent by the queue, tried again while the mail server does not take them.

use chrono::Duration;
use db::mails::OutgoingMail;
use db::tasks::NewTask;
use domain::{MailId, Result, UserId};
use queue::Task;
use serde::{Deserialize, Serialize};

use super::Mail;
use crate::{App, secrets};

/// What mails are sealed for.
const PURPOSE: &str = "mail";
/// Seconds to wait after each try that failed; after the last one the mail is given up.
const PAUSES: [i64; 6] = [10, 60, 300, 1800, 7200, 21_600];

#[derive(Serialize, Deserialize)]
struct Stored {
    to: String,
    subject: String,
    text: String,
    html: String,
}

/// The row of a mail and the task that sends it, to be written with what is its reason; call [`queue::Queue::wake`] after.
///
/// # Errors
/// When it cannot be sealed.
pub fn prepare(app: &App, user_id: Option<UserId>, mail: &Mail) -> Result<(OutgoingMail, NewTask)> {
    let now = app.clock.now();
    let id = MailId::new(now);
    let Mail { to, subject, text, html } = mail.clone();
    let stored = serde_json::to_vec(&Stored { to, subject, text, html }).map_err(domain::Error::internal)?;
    let sealed = secrets::seal(&app.config.auth_secret, PURPOSE, id.uuid(), &stored)?;
    let task = app.queue.prepare(&Task::SendMail { mail_id: id, attempt: 1 });
    Ok((OutgoingMail { id, user_id, sealed, tries: 0, created_at: now }, task))
}

/// Has a mail sent soon, and again where it is not accepted at first.
///
/// # Errors
/// When it cannot be written down.
pub async fn enqueue(app: &App, user_id: Option<UserId>, mail: &Mail) -> Result<()> {
    let (row, task) = prepare(app, user_id, mail)?;
    db::mails::insert(&app.db, &row, task).await?;
    app.queue.wake();
    Ok(())
}

/// Try number `attempt` of a mail.
///
/// # Errors
/// When storage does not answer.
pub async fn send(app: &App, id: MailId, attempt: u32) -> Result<()> {
    let Some(row) = db::mails::get(&app.db, id).await?.filter(|row| row.tries + 1 == attempt) else { return Ok(()) };
    let stored: Stored =
        match secrets::open(&app.config.auth_secret, PURPOSE, id.uuid(), &row.sealed).map(|text| serde_json::from_slice(&text)) {
            Ok(Ok(stored)) => stored,
            _ => {
                tracing::error!(mail = %id, "a mail that waits cannot be read, as AUTH_SECRET has changed since; it is dropped");
                return Ok(db::mails::remove(&app.db, id).await?);
            }
        };
    let mail = Mail { to: stored.to, subject: stored.subject, text: stored.text, html: stored.html };
    let Err(error) = app.mailer.send(&mail).await else { return Ok(db::mails::remove(&app.db, id).await?) };
    let pause = usize::try_from(attempt - 1).ok().and_then(|tried| PAUSES.get(tried)).filter(|_| error.transient);
    match pause {
        Some(seconds) => {
            tracing::warn!(mail = %id, attempt, error = &error as &dyn std::error::Error, "a mail was not accepted; it is tried again in {seconds} s");
            let task = Task::SendMail { mail_id: id, attempt: attempt + 1 };
            let next = app.queue.prepare_at(&task, app.clock.now() + Duration::seconds(*seconds));
            Ok(db::mails::tried(&app.db, id, attempt, next).await?)
        }
        None => {
            tracing::error!(mail = %id, attempt, error = &error as &dyn std::error::Error, "a mail was not accepted, and is given up");
            Ok(db::mails::remove(&app.db, id).await?)
        }
    }
}
