//! Word between the processes of one installation: what one of them wrote wakes those who wait for it in the others.
//!
//! The database stays the truth: only that there is something to read is told, and what is not told is found by asking the database, as
//! it always is without Redis.

use std::sync::Arc;

use db::News;
use domain::{JobId, UserId};
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

pub use ::relay::{Relay, Taken};

use crate::App;

/// Passes word on, in this process and between processes, until `stop` is cancelled. Every process runs it once.
pub async fn run(app: Arc<App>, stop: CancellationToken) {
    let mut news = app.db.news();
    let mut others = app.relay.as_ref().map(Relay::listen);
    loop {
        let heard = async {
            match &mut others {
                Some(others) => others.next().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            written = news.recv() => match written {
                Ok(written) => own(&app, written).await,
                // What was missed is found by asking the database.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            },
            message = heard => match parse(&message) {
                Some(News::Events { job, owner }) => app.hub.notify(job, owner),
                Some(News::Notifications(account)) => look(&app, account).await,
                // Of a newer version of this program, perhaps.
                None => tracing::debug!("word of another process that is not understood"),
            },
        }
    }
}

/// Whoever wrote events has woken this process's streams already.
async fn own(app: &App, written: News) {
    if let Some(relay) = &app.relay {
        relay.tell(&text(written)).await;
    }
    if let News::Notifications(account) = written {
        look(app, account).await;
    }
}

async fn look(app: &App, account: UserId) {
    if let Err(error) = app.feed.look(app, account).await {
        tracing::debug!(error = &error as &dyn std::error::Error, "new notifications could not be read; they are looked for again soon");
    }
}

fn text(news: News) -> String {
    match news {
        News::Events { job, owner } => format!("events {job} {owner}"),
        News::Notifications(account) => format!("notifications {account}"),
    }
}

fn parse(message: &str) -> Option<News> {
    let mut words = message.split(' ');
    match (words.next()?, words.next()?, words.next(), words.next()) {
        ("events", job, Some(owner), None) => Some(News::Events { job: job.parse::<JobId>().ok()?, owner: owner.parse().ok()? }),
        ("notifications", account, None, None) => Some(News::Notifications(account.parse().ok()?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn word_is_read_as_it_was_written_and_nothing_else_is() {
        let (job, owner) = (JobId(uuid::Uuid::from_u128(1)), UserId(uuid::Uuid::from_u128(2)));
        for news in [News::Events { job, owner }, News::Notifications(owner)] {
            assert_eq!(parse(&text(news)), Some(news));
            assert_eq!(parse(&format!("{} more", text(news))), None);
        }
        for odd in ["", "events", "events x y", "notifications", "notifications x", "anything else"] {
            assert_eq!(parse(odd), None, "{odd}");
        }
    }
}
