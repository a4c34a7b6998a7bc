//! From a notification to mails and messages to webhooks. Takes no input and can run at any time, anywhere: what follows from a
//! notification is written down once, with the tasks that send it.

use db::notifications::{FanOut, Notification};
use domain::Result;

use crate::mail::{Link, Mail, outbox};
use crate::{App, webhooks};

/// Notifications read at a time.
const BATCH: u64 = 100;

/// Sends on whatever was told and not sent on yet.
///
/// # Errors
/// When storage does not answer; the next run goes on.
pub async fn fan_out(app: &App) -> Result<()> {
    loop {
        let waiting = db::notifications::waiting(&app.db, BATCH).await?;
        for told in &waiting {
            let follows = follows(app, told).await?;
            if db::notifications::fan_out(&app.db, told.id, &follows).await? && !follows.tasks.is_empty() {
                app.queue.wake();
            }
        }
        if (waiting.len() as u64) < BATCH {
            return Ok(());
        }
    }
}

async fn follows(app: &App, told: &Notification) -> Result<FanOut> {
    let mut follows = FanOut::default();
    // What was told while nobody could send it on is news no more.
    let stale = app.clock.now() - told.created_at > chrono::Duration::days(2);
    let Some(user) = db::users::get(&app.db, told.user_id).await?.filter(|user| user.disabled_at.is_none() && !stale) else {
        return Ok(follows);
    };
    let channels = db::settings::get(&app.db, user.id).await?.notifications.of(told.kind);
    // Nobody is mailed who has not proved that the address is theirs.
    if channels.mail && app.mailer.delivers() && user.email_verified_at.is_some() {
        let link = told.action_url.as_ref().map(|path| {
            let url = format!("{}{path}", app.config.public_url);
            Link { label: "Open it in BrightRun".to_owned(), url }
        });
        let footer = format!("You get this because you asked to be told by mail. Change that at {}/settings.", app.config.public_url);
        let mail = Mail::letter(&user.email, &told.title, &[&told.message, &footer], link.as_ref());
        let (mail, task) = outbox::prepare(app, Some(user.id), &mail)?;
        follows.mails.push(mail);
        follows.tasks.push(task);
    }
    if channels.webhook {
        for (delivery, task) in webhooks::messages(app, told).await? {
            follows.deliveries.push(delivery);
            follows.tasks.push(task);
        }
    }
    Ok(follows)
}
