//! Word of what was committed, for those who wake others.

use crate::connection::Db;
use crate::notifications::Notification;
use domain::{JobId, UserId};
use std::collections::BTreeSet;
use tokio::sync::broadcast;

/// News that a slow listener may be behind by.
pub(crate) const KEPT: usize = 1024;

/// What this process has written and committed, so that somebody may wait for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// Events of a job.
    Events {
        /// Which.
        job: JobId,
        /// Whose.
        owner: UserId,
    },
    /// Notifications of an account.
    Notifications(UserId),
}

impl Db {
    /// What this process writes from now on, just after it is committed. Who falls behind misses some: it is word, not record.
    pub fn news(&self) -> broadcast::Receiver<News> {
        self.news.subscribe()
    }

    pub(crate) fn announce(&self, news: News) {
        // Without a listener nobody wants to know.
        let _ = self.news.send(news);
    }

    pub(crate) fn announce_notifications(&self, notifications: &[Notification]) {
        let accounts: BTreeSet<UserId> = notifications.iter().map(|notification| notification.user_id).collect();
        accounts.into_iter().for_each(|account| self.announce(News::Notifications(account)));
    }
}
