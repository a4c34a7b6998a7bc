//! Notifications as they come, for many clients at once.
//!
//! Word of new ones comes from this process, and from others where Redis is set. For those of which no word comes, one of a process's
//! clients asks twice a second which accounts have got any, on behalf of all of them: one query, however many clients there are. What an
//! account has got is read once and handed to all clients of the account.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::{Caller, Result, UserId};
use tokio::sync::broadcast;
use tokio::time::Instant;

use super::NotificationView;
use crate::App;

/// How often the database is asked.
const POLL: Duration = Duration::from_millis(500);
/// Clocks of several processes may differ by this much.
const SKEW_SECONDS: i64 = 60;
/// Notifications of one account read at a time, and kept for a client that is slow.
const BATCH: u64 = 100;

/// Hands notifications to those who wait for them. One per process.
#[derive(Debug)]
pub struct Feed {
    poll: Duration,
    accounts: Mutex<HashMap<UserId, Account>>,
    polled: tokio::sync::Mutex<Instant>,
}

/// What the clients of one account share.
#[derive(Debug)]
struct Account {
    sender: broadcast::Sender<Arc<Followed>>,
    /// Number of the last notification that was handed out.
    seen: u64,
}

/// A notification in a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    /// Its number within the account.
    pub seq: u64,
    /// The notification.
    pub notification: NotificationView,
    /// How many are unread with it.
    pub unread: u64,
}

impl Default for Feed {
    fn default() -> Self {
        Self::polling(POLL)
    }
}

/// A client that follows its account's notifications.
pub struct Subscription {
    user_id: UserId,
    /// Number of the last notification that was given out here.
    seen: u64,
    ready: std::collections::VecDeque<Arc<Followed>>,
    behind: bool,
    receiver: broadcast::Receiver<Arc<Followed>>,
}

/// Follows the caller's notifications: those after number `after`, or where it says nothing those from now on. Answers also how many are
/// unread now.
///
/// # Errors
/// When the database does not answer.
pub async fn follow(app: &App, caller: &Caller, after: Option<u64>) -> Result<(Subscription, u64)> {
    let last = db::notifications::last_number(&app.db, caller.user_id).await?;
    let receiver = app.feed.subscribe(caller.user_id, last);
    let unread = db::notifications::unread(&app.db, caller.user_id).await?;
    // A number from another server, or a made-up one, is as good as none.
    let seen = after.map_or(last, |after| after.min(last));
    // Whatever came between the number and the subscription is read once more.
    let subscription = Subscription { user_id: caller.user_id, seen, ready: Default::default(), behind: true, receiver };
    Ok((subscription, unread))
}

impl Subscription {
    /// The next notification. Safe to drop and call again: nothing is lost.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn next(&mut self, app: &App) -> Result<Arc<Followed>> {
        loop {
            if let Some(next) = self.ready.pop_front() {
                if next.seq > self.seen {
                    self.seen = next.seq;
                    return Ok(next);
                }
                continue;
            }
            if self.behind {
                let found = read(app, self.user_id, self.seen).await?;
                self.behind = found.len() as u64 == BATCH;
                self.ready.extend(found);
                continue;
            }
            tokio::select! {
                received = self.receiver.recv() => match received {
                    Ok(next) => self.ready.push_back(next),
                    // Too slow for what is handed out, so it reads by itself.
                    Err(_) => self.behind = true,
                },
                () = tokio::time::sleep(app.feed.poll) => app.feed.poll(app).await?,
            }
        }
    }
}

impl Feed {
    /// One that asks the database so often for what no word has come of.
    pub fn polling(poll: Duration) -> Self {
        Self { poll, accounts: Mutex::default(), polled: tokio::sync::Mutex::new(Instant::now()) }
    }

    fn subscribe(&self, user_id: UserId, last: u64) -> broadcast::Receiver<Arc<Followed>> {
        let mut accounts = self.accounts();
        accounts.retain(|_, account| account.sender.receiver_count() > 0);
        let capacity = usize::try_from(BATCH).unwrap_or(100);
        let account = accounts.entry(user_id).or_insert_with(|| Account { sender: broadcast::Sender::new(capacity), seen: last });
        account.sender.subscribe()
    }

    /// Accounts that somebody follows, and how many do.
    pub fn following(&self) -> (usize, usize) {
        let accounts = self.accounts();
        (accounts.len(), accounts.values().map(|account| account.sender.receiver_count()).sum())
    }

    /// Looks for news and hands it out, unless somebody does so already or has just done so.
    async fn poll(&self, app: &App) -> Result<()> {
        let Ok(mut polled) = self.polled.try_lock() else { return Ok(()) };
        let pause = polled.elapsed();
        if pause < self.poll {
            return Ok(());
        }
        let since = app.clock.now() - chrono::Duration::from_std(pause).unwrap_or_default() - chrono::Duration::seconds(SKEW_SECONDS);
        let numbers = db::notifications::numbers_since(&app.db, since).await?;
        let news: Vec<(UserId, u64)> = {
            let accounts = self.accounts();
            let newer =
                |(id, last): (&UserId, &u64)| accounts.get(id).filter(|account| account.seen < *last).map(|account| (*id, account.seen));
            numbers.iter().filter_map(newer).collect()
        };
        for (user_id, seen) in news {
            self.hand_out(user_id, read(app, user_id, seen).await?, numbers.get(&user_id).copied());
        }
        *polled = Instant::now();
        Ok(())
    }

    /// Looks for news of one account, of which there is word, and hands it out at once.
    pub(crate) async fn look(&self, app: &App, user_id: UserId) -> Result<()> {
        let Some(seen) = self.accounts().get(&user_id).map(|account| account.seen) else { return Ok(()) };
        self.hand_out(user_id, read(app, user_id, seen).await?, None);
        Ok(())
    }

    fn hand_out(&self, user_id: UserId, found: Vec<Arc<Followed>>, last: Option<u64>) {
        let mut accounts = self.accounts();
        let Some(account) = accounts.get_mut(&user_id) else { return };
        let whole = (found.len() as u64) < BATCH;
        for next in found {
            account.seen = account.seen.max(next.seq);
            let _ = account.sender.send(next);
        }
        // What was dismissed before anybody saw it is not read, and not looked for again.
        if let (true, Some(last)) = (whole, last) {
            account.seen = account.seen.max(last);
        }
    }

    fn accounts(&self) -> MutexGuard<'_, HashMap<UserId, Account>> {
        // A poisoned lock only means that another task panicked while it held plain numbers.
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn read(app: &App, user_id: UserId, after: u64) -> Result<Vec<Arc<Followed>>> {
    let rows = db::notifications::after(&app.db, user_id, after, BATCH).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let unread = db::notifications::unread(&app.db, user_id).await?;
    Ok(rows.into_iter().map(|row| Arc::new(Followed { seq: row.seq, notification: row.into(), unread })).collect())
}
