//! Streams of events: of one job, and of all jobs of the caller.
//!
//! The event log is replayed from where the client left off, then followed. Every event carries a number as id, so that a client that
//! returns with `Last-Event-ID` misses nothing and sees nothing twice: within the job for the stream of a job, within the account for the
//! stream of all. The stream of a job ends after the event that ended the job.

use crate::error::ApiError;
use crate::reply::streamed;
use crate::state::ApiState;
use app::events::{BATCH, Frame, Next, Subscription, Topic};
use axum::response::Response;
use bytes::Bytes;
use domain::{Caller, ErrorKind, JobId};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// Milliseconds that a client waits before it returns.
const RETRY: u64 = 3000;
/// A comment is sent after so long without an event, and the session is looked at as often.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// A database that does not answer is asked again this often before the stream breaks off.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_secs(1);

/// A client's place in the log.
struct Follower {
    state: ApiState,
    caller: Caller,
    topic: Topic,
    /// Number of the last event that was sent.
    seen: u64,
    ready: VecDeque<Arc<Frame>>,
    subscription: Subscription,
    /// All that was in the log when the subscription began, or fell behind, was sent.
    level: bool,
    greeting: Option<Bytes>,
    heartbeat_at: Instant,
    /// When the session is looked at next.
    check_at: Instant,
    ended: bool,
}

/// Answers with the events of a job after number `after`.
///
/// # Errors
/// When the caller has no such job.
pub async fn of_job(state: ApiState, caller: Caller, job: JobId, after: u64) -> Result<Response, ApiError> {
    let topic = Topic::Job(job);
    let view = app::jobs::get(&state.app, &caller, job).await?;
    // A number from another server's log, or a made-up one: begin at the end instead of waiting for it for ever.
    let mut seen = after.min(view.last_event_seq);
    if view.status.is_terminal() && seen == view.last_event_seq {
        // Nothing is new, and nothing ever will be: the last event is told again, so that the client learns that it was the last.
        seen = seen.saturating_sub(1);
    }
    let greeting = format!("event: connected\nretry: {RETRY}\ndata: {}\n\n", json!({ "jobId": job }));
    let subscription = state.app.hub.subscribe(&state.app.db, topic).await?;
    Ok(response(Follower::new(state, caller, topic, seen, subscription, greeting)))
}

/// Answers with the events of all jobs of the caller after number `after`; without one, with those from now on.
///
/// # Errors
/// When the database does not answer.
pub async fn of_account(state: ApiState, caller: Caller, after: Option<u64>) -> Result<Response, ApiError> {
    let topic = Topic::Account(caller.user_id);
    let subscription = state.app.hub.subscribe(&state.app.db, topic).await?;
    let last = app::jobs::last_account_event(&state.app, &caller).await?;
    let seen = after.map_or(last, |after| after.min(last));
    // The place is told with the greeting, so that a client that breaks off before the first event returns to it.
    let greeting = format!("event: connected\nid: {seen}\nretry: {RETRY}\ndata: {}\n\n", json!({ "lastEventId": seen }));
    Ok(response(Follower::new(state, caller, topic, seen, subscription, greeting)))
}

fn response(follower: Follower) -> Response {
    let stream = futures::stream::unfold(follower, |mut follower| async move {
        let bytes = follower.next().await?;
        Some((Ok::<_, Infallible>(bytes), follower))
    });
    let mut response = Response::new(streamed(stream));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform"));
    // Proxies must not hold events back.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

/// An event as it is sent. In the stream of all jobs its data names the job.
fn encode(topic: Topic, frame: &Frame) -> Bytes {
    let event = &frame.event;
    let data = match (topic, &event.data) {
        (Topic::Account(_), Value::Object(fields)) => {
            let mut fields = fields.clone();
            fields.insert("jobId".to_owned(), json!(event.job_id));
            Value::Object(fields).to_string()
        }
        (_, data) => data.to_string(),
    };
    Bytes::from(format!("event: {}\nid: {}\ndata: {data}\n\n", event.name, frame.number))
}

/// Spreads what clients that came together do every so often over the time between.
fn first_check() -> Instant {
    static CLIENTS: AtomicU32 = AtomicU32::new(0);
    let share = CLIENTS.fetch_add(1, Ordering::Relaxed) % 64;
    Instant::now() + HEARTBEAT - HEARTBEAT * share / 128
}

impl Follower {
    fn new(state: ApiState, caller: Caller, topic: Topic, seen: u64, subscription: Subscription, greeting: String) -> Self {
        let heartbeat_at = Instant::now() + HEARTBEAT;
        Self {
            state,
            caller,
            topic,
            seen,
            ready: VecDeque::new(),
            subscription,
            level: false,
            greeting: Some(Bytes::from(greeting)),
            heartbeat_at,
            check_at: first_check(),
            ended: false,
        }
    }

    /// What is sent next; none when the stream is over.
    async fn next(&mut self) -> Option<Bytes> {
        let bytes = match self.greeting.take() {
            Some(greeting) => greeting,
            None => self.event_or_heartbeat().await?,
        };
        self.heartbeat_at = Instant::now() + HEARTBEAT;
        Some(bytes)
    }

    async fn event_or_heartbeat(&mut self) -> Option<Bytes> {
        loop {
            if let Some(frame) = self.ready.pop_front() {
                self.seen = frame.number;
                self.ended = frame.event.terminal;
                return Some(frame.encoded(|frame| encode(self.topic, frame)));
            }
            if self.ended {
                return None;
            }
            if !self.level {
                self.catch_up().await?;
                continue;
            }
            let stopping = self.state.stopping.clone();
            tokio::select! {
                () = stopping.cancelled() => return None,
                () = tokio::time::sleep_until(self.check_at) => self.check().await?,
                () = tokio::time::sleep_until(self.heartbeat_at) => return Some(Bytes::from_static(b": heartbeat\n\n")),
                next = self.subscription.next() => match next {
                    Next::Frame(frame) if frame.number <= self.seen => {}
                    Next::Frame(frame) if frame.number == self.seen + 1 => self.ready.push_back(frame),
                    Next::Frame(_) | Next::Behind => self.level = false,
                },
            }
        }
    }

    /// Reads the next part of the log. None when the stream is over, for this client at least.
    async fn catch_up(&mut self) -> Option<()> {
        let mut failures = 0;
        loop {
            match self.read().await {
                Ok(over) => return (!over).then_some(()),
                Err(error) => {
                    failures += 1;
                    if error.kind != ErrorKind::Unavailable || failures == TRIES {
                        tracing::warn!(topic = ?self.topic, error = &error as &dyn std::error::Error, "an event stream broke off");
                        return None;
                    }
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// Whether the stream is over.
    async fn read(&mut self) -> domain::Result<bool> {
        let app = &self.state.app;
        let events = app::jobs::events(app, &self.caller, self.topic, self.seen, BATCH).await?;
        self.level = (events.len() as u64) < BATCH;
        let nothing = events.is_empty();
        self.ready.extend(events.into_iter().map(|event| Arc::new(Frame::new(self.topic, event))));
        let (true, Topic::Job(job)) = (nothing, self.topic) else { return Ok(false) };
        // The log of a job that ended ends with that; this is for logs that something else has cut.
        let job = app::jobs::get(app, &self.caller, job).await?;
        Ok(job.status.is_terminal() && job.last_event_seq <= self.seen)
    }

    /// Looks whether the caller may still see this. None when not.
    async fn check(&mut self) -> Option<()> {
        self.check_at = Instant::now() + HEARTBEAT;
        let app = &self.state.app;
        let allowed = match app::accounts::still_valid(app, &self.caller).await {
            Ok(()) => match self.topic {
                Topic::Job(job) => app::jobs::may_see(app, &self.caller, job).await,
                Topic::Account(_) => Ok(()),
            },
            refused => refused,
        };
        // A database that does not answer now is no reason.
        let refused = allowed.is_err_and(|e| matches!(e.kind, ErrorKind::Unauthenticated | ErrorKind::Forbidden | ErrorKind::NotFound));
        (!refused).then_some(())
    }
}
