//! Live events: one reader for everybody who watches the same thing.
//!
//! What is watched is a topic: one job, or all jobs of an account. While somebody watches a topic, one task of this process reads its new
//! events from the log, each once, and hands them to all watchers as the same [`Frame`]. A watcher that falls behind by more than
//! [`KEPT`] frames is told so and reads the log for itself until it is level again, so that slow clients cost no memory.
//!
//! Whoever appends events in this process calls [`Hub::notify`]; so does [`crate::relay`] with word of other processes, where Redis is set.
//! For events of which no word comes, one task looks each second which topics have new ones, with one query for all of them.

use crate::jobs::{EventView, read_log};
use bytes::Bytes;
use db::Db;
use domain::{JobId, Result, UserId};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, broadcast};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How often the database is asked for what other processes appended.
const POLL: Duration = Duration::from_secs(1);
/// Frames that are kept for those who are not level.
const KEPT: usize = 256;
/// Events read at a time.
pub const BATCH: u64 = 500;
/// Topics in one question to the database.
const ASKED: usize = 500;

/// What can be watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    /// One job; its events have the numbers of its log.
    Job(JobId),
    /// All jobs of an account; their events have the numbers of the account.
    Account(UserId),
}

impl Topic {
    /// The number of an event in this topic.
    pub fn number(self, event: &EventView) -> u64 {
        match self {
            Self::Job(_) => event.seq,
            Self::Account(_) => event.user_seq,
        }
    }
}

/// An event, shared by all who watch it.
#[derive(Debug)]
pub struct Frame {
    /// Its number in the topic.
    pub number: u64,
    /// The event.
    pub event: EventView,
    encoded: OnceLock<Bytes>,
}

impl Frame {
    /// A frame of a topic.
    pub fn new(topic: Topic, event: EventView) -> Self {
        Self { number: topic.number(&event), event, encoded: OnceLock::new() }
    }

    /// As it is sent: made by the first who sends it, the same bytes for all others.
    pub fn encoded(&self, encode: impl FnOnce(&Self) -> Bytes) -> Bytes {
        self.encoded.get_or_init(|| encode(self)).clone()
    }
}

/// Who watches what. One per process; clones are the same one.
#[derive(Debug, Clone)]
pub struct Hub(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    poll: Duration,
    watched: Mutex<Watched>,
    tasks: TaskTracker,
}

#[derive(Debug, Default)]
struct Watched {
    topics: HashMap<Topic, Arc<Feed>>,
    polling: bool,
}

/// What the watchers of one topic share.
#[derive(Debug)]
struct Feed {
    topic: Topic,
    /// There may be something new.
    wake: Notify,
    frames: broadcast::Sender<Arc<Frame>>,
    /// Number of the last event that was handed on.
    head: AtomicU64,
    /// Nobody watches any more.
    over: CancellationToken,
}

impl Default for Hub {
    fn default() -> Self {
        Self::polling(POLL)
    }
}

impl Hub {
    /// One that asks the database so often for what other processes appended.
    pub fn polling(poll: Duration) -> Self {
        Self(Arc::new(Inner { poll, watched: Mutex::default(), tasks: TaskTracker::new() }))
    }

    /// Says that events of this job, which belongs to `owner`, were appended and committed. Cheap, and free where nobody watches.
    pub fn notify(&self, job: JobId, owner: UserId) {
        let watched = self.0.lock();
        for topic in [Topic::Job(job), Topic::Account(owner)] {
            if let Some(feed) = watched.topics.get(&topic) {
                feed.wake.notify_one();
            }
        }
    }

    /// Begins to watch. Begin before reading what is there already, so that nothing falls between: every event that is appended from now
    /// on is handed on, and perhaps some that were appended just before.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn subscribe(&self, db: &Db, topic: Topic) -> Result<Subscription> {
        if let Some(feed) = self.0.lock().topics.get(&topic) {
            return Ok(self.subscription(feed));
        }
        let head = last_numbers(db, &[topic]).await?.remove(&topic).unwrap_or(0);
        let mut watched = self.0.lock();
        let feed = watched.topics.entry(topic).or_insert_with(|| {
            let (frames, _) = broadcast::channel(KEPT);
            let feed = Feed { topic, wake: Notify::new(), frames, head: AtomicU64::new(head), over: CancellationToken::new() };
            let feed = Arc::new(feed);
            // What was appended since the head was read was announced to nobody.
            feed.wake.notify_one();
            self.0.tasks.spawn(hand_on(feed.clone(), db.clone()));
            feed
        });
        let subscription = self.subscription(feed);
        if !watched.polling {
            watched.polling = true;
            self.0.tasks.spawn(poll(self.clone(), db.clone()));
        }
        Ok(subscription)
    }

    fn subscription(&self, feed: &Arc<Feed>) -> Subscription {
        Subscription { hub: self.clone(), frames: Some(feed.frames.subscribe()), feed: feed.clone() }
    }

    /// Topics that somebody watches, and how many watch.
    pub fn waiting(&self) -> (usize, usize) {
        let watched = self.0.lock();
        (watched.topics.len(), watched.topics.values().map(|feed| feed.frames.receiver_count()).sum())
    }
}

impl Inner {
    /// A poisoned lock only means that another task panicked while it held plain data.
    fn lock(&self) -> MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads the new events of a topic, each once, and hands them to all who watch.
async fn hand_on(feed: Arc<Feed>, db: Db) {
    let work = async {
        loop {
            feed.wake.notified().await;
            if let Err(error) = hand_on_new(&feed, &db).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "new events could not be read; will try again");
                tokio::time::sleep(POLL).await;
                feed.wake.notify_one();
            }
        }
    };
    tokio::select! {
        () = work => {}
        () = feed.over.cancelled() => {}
    }
}

async fn hand_on_new(feed: &Feed, db: &Db) -> Result<()> {
    loop {
        let events = read_log(db, feed.topic, feed.head.load(Ordering::Acquire), BATCH).await?;
        let whole = events.len() as u64 == BATCH;
        for event in events {
            let frame = Frame::new(feed.topic, event);
            feed.head.store(frame.number, Ordering::Release);
            // Without a receiver the topic is about to end.
            let _ = feed.frames.send(Arc::new(frame));
        }
        if !whole {
            return Ok(());
        }
    }
}

/// Looks for what other processes appended, until nobody watches anything.
async fn poll(hub: Hub, db: Db) {
    loop {
        tokio::time::sleep(hub.0.poll).await;
        let topics: Vec<Topic> = {
            let mut watched = hub.0.lock();
            if watched.topics.is_empty() {
                watched.polling = false;
                return;
            }
            watched.topics.keys().copied().collect()
        };
        for some in topics.chunks(ASKED) {
            match last_numbers(&db, some).await {
                Ok(last) => {
                    let watched = hub.0.lock();
                    for (topic, number) in last {
                        if let Some(feed) = watched.topics.get(&topic).filter(|feed| feed.head.load(Ordering::Acquire) < number) {
                            feed.wake.notify_one();
                        }
                    }
                }
                Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "other processes' events cannot be looked for now"),
            }
        }
    }
}

/// The number of the last event of each of these topics; those without any are absent.
async fn last_numbers(db: &Db, topics: &[Topic]) -> Result<HashMap<Topic, u64>> {
    let (mut jobs, mut accounts) = (Vec::new(), Vec::new());
    for topic in topics {
        match topic {
            Topic::Job(id) => jobs.push(*id),
            Topic::Account(id) => accounts.push(*id),
        }
    }
    let mut last = HashMap::new();
    if !jobs.is_empty() {
        last.extend(db::jobs::last_event_seqs(db, &jobs).await?.into_iter().map(|(id, seq)| (Topic::Job(id), seq)));
    }
    if !accounts.is_empty() {
        last.extend(db::jobs::last_user_seqs(db, &accounts).await?.into_iter().map(|(id, seq)| (Topic::Account(id), seq)));
    }
    Ok(last)
}

/// What a watcher is handed.
#[derive(Debug)]
pub enum Next {
    /// The next event.
    Frame(Arc<Frame>),
    /// Events were left out because the watcher fell behind: they are in the log.
    Behind,
}

/// One who watches.
#[derive(Debug)]
pub struct Subscription {
    hub: Hub,
    feed: Arc<Feed>,
    frames: Option<broadcast::Receiver<Arc<Frame>>>,
}

impl Subscription {
    /// Waits for the next event. Safe to drop and call again: nothing is lost.
    pub async fn next(&mut self) -> Next {
        match &mut self.frames {
            Some(frames) => match frames.recv().await {
                Ok(frame) => Next::Frame(frame),
                Err(broadcast::error::RecvError::Lagged(_) | broadcast::error::RecvError::Closed) => Next::Behind,
            },
            None => Next::Behind,
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut watched = self.hub.0.lock();
        self.frames = None;
        if self.feed.frames.receiver_count() == 0 && watched.topics.get(&self.feed.topic).is_some_and(|feed| Arc::ptr_eq(feed, &self.feed))
        {
            watched.topics.remove(&self.feed.topic);
            self.feed.over.cancel();
        }
    }
}
