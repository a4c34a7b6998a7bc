//! The event stream of a job.
//!
//! The event log is replayed from where the client left off, then followed. Every event carries its number as id, so that a client that
//! returns with `Last-Event-ID` misses nothing and sees nothing twice. The stream ends after the event that ended the job.

use crate::error::ApiError;
use crate::state::ApiState;
use app::events::Subscription;
use app::jobs::EventView;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use domain::{Caller, ErrorKind, JobId};
use http::HeaderValue;
use http::header::CACHE_CONTROL;
use serde_json::json;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;
use tokio::time::Instant;

/// How long a client waits before it returns.
const RETRY: Duration = Duration::from_secs(3);
/// A comment is sent after so long without an event, and the session is looked at.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Events read at a time.
const BATCH: u64 = 500;
/// A database that does not answer is asked again this often before the stream breaks off.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_secs(1);

/// A client's place in the log.
struct Follower {
    state: ApiState,
    caller: Caller,
    job: JobId,
    /// Number of the last event that was sent.
    seen: u64,
    ready: VecDeque<EventView>,
    subscription: Subscription,
    /// When the session is looked at next.
    check_at: Instant,
    greeted: bool,
    ended: bool,
}

/// Answers with the events of a job after number `after`.
///
/// # Errors
/// When the caller has no such job.
pub async fn response(state: ApiState, caller: Caller, job: JobId, after: u64) -> Result<Response, ApiError> {
    let subscription = state.app.hub.subscribe(job, after);
    let view = app::jobs::get(&state.app, &caller, job).await?;
    // A number from another server's log, or a made-up one: begin at the end instead of waiting for it for ever.
    let mut seen = after.min(view.last_event_seq);
    if view.status.is_terminal() && seen == view.last_event_seq {
        // Nothing is new, and nothing ever will be: the last event is told again, so that the client learns that it was the last.
        seen = seen.saturating_sub(1);
    }
    let ready = VecDeque::new();
    let check_at = Instant::now() + HEARTBEAT;
    let follower = Follower { state, caller, job, seen, ready, subscription, check_at, greeted: false, ended: false };
    let stream = futures::stream::unfold(follower, |mut follower| async move {
        let event = follower.next().await?;
        Some((Ok::<_, Infallible>(event), follower))
    });
    let mut response = Sse::new(stream).keep_alive(KeepAlive::new().interval(HEARTBEAT).text("heartbeat")).into_response();
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform"));
    // Proxies must not hold events back.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

impl Follower {
    /// The next event; none when the stream is over.
    async fn next(&mut self) -> Option<Event> {
        if !self.greeted {
            self.greeted = true;
            let hello = Event::default().event("connected").retry(RETRY).data(json!({ "jobId": self.job }).to_string());
            return Some(hello);
        }
        loop {
            if let Some(event) = self.ready.pop_front() {
                self.seen = event.seq;
                self.ended = event.terminal;
                return Some(Event::default().event(event.name).id(event.seq.to_string()).data(event.data.to_string()));
            }
            if self.ended || !self.more().await {
                return None;
            }
        }
    }

    /// Waits until there are more events. False when there will be none, for this client at least.
    async fn more(&mut self) -> bool {
        let mut failures = 0;
        loop {
            match self.read().await {
                Ok(More::Events) => return true,
                Ok(More::Nothing) => failures = 0,
                Ok(More::Never) => return false,
                Err(error) => {
                    failures += 1;
                    if error.kind != ErrorKind::Unavailable || failures == TRIES {
                        tracing::warn!(job = %self.job, error = &error as &dyn std::error::Error, "an event stream broke off");
                        return false;
                    }
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            }
            let stopping = self.state.stopping.clone();
            tokio::select! {
                () = stopping.cancelled() => return false,
                () = tokio::time::sleep_until(self.check_at) => {}
                changed = self.subscription.changed(&self.state.app) => if changed.is_err() { tokio::time::sleep(PAUSE).await },
            }
            if self.check_at <= Instant::now() {
                self.check_at = Instant::now() + HEARTBEAT;
                if app::accounts::still_valid(&self.state.app, &self.caller).await.is_err_and(|e| e.kind == ErrorKind::Unauthenticated) {
                    return false;
                }
            }
        }
    }

    async fn read(&mut self) -> domain::Result<More> {
        let app = &self.state.app;
        let events = app::jobs::events_after(app, &self.caller, self.job, self.seen, BATCH).await?;
        if !events.is_empty() {
            self.ready.extend(events);
            return Ok(More::Events);
        }
        // The log of a job that ended ends with that; this is for logs that something else has cut.
        let job = app::jobs::get(app, &self.caller, self.job).await?;
        Ok(if job.status.is_terminal() && job.last_event_seq <= self.seen { More::Never } else { More::Nothing })
    }
}

/// What reading the log gave.
enum More {
    /// Events are ready.
    Events,
    /// Nothing yet.
    Nothing,
    /// The job has ended and all was sent.
    Never,
}
