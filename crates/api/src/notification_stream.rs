//! The stream of an account's notifications.

use crate::convert::notifications::notification;
use crate::error::ApiError;
use crate::state::ApiState;
use app::notifications::{Followed, Subscription};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use domain::{Caller, ErrorKind};
use http::HeaderValue;
use http::header::CACHE_CONTROL;
use serde_json::json;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long a client waits before it returns.
const RETRY: Duration = Duration::from_secs(3);
/// A comment is sent after so long without an event, and the session is looked at.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// A database that does not answer is asked again this often before the stream breaks off.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_secs(1);

struct Follower {
    state: ApiState,
    caller: Caller,
    subscription: Subscription,
    /// Unread notifications at the beginning, until they were told.
    greeting: Option<u64>,
    /// When the session is looked at next.
    check_at: Instant,
}

/// Answers with the caller's notifications after number `after`, or with those from now on.
///
/// # Errors
/// When the database does not answer.
pub async fn response(state: ApiState, caller: Caller, after: Option<u64>) -> Result<Response, ApiError> {
    let (subscription, unread) = app::notifications::follow(&state.app, &caller, after).await?;
    let follower = Follower { state, caller, subscription, greeting: Some(unread), check_at: Instant::now() + HEARTBEAT };
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

fn event(told: &Arc<Followed>) -> Event {
    let data = json!({ "notification": notification(told.notification.clone()), "unreadCount": told.unread });
    Event::default().event("notification").id(told.seq.to_string()).data(data.to_string())
}

impl Follower {
    /// The next event; none when the stream is over.
    async fn next(&mut self) -> Option<Event> {
        if let Some(unread) = self.greeting.take() {
            return Some(Event::default().event("connected").retry(RETRY).data(json!({ "unreadCount": unread }).to_string()));
        }
        let mut failures = 0;
        loop {
            let stopping = self.state.stopping.clone();
            tokio::select! {
                () = stopping.cancelled() => return None,
                () = tokio::time::sleep_until(self.check_at) => {
                    self.check_at = Instant::now() + HEARTBEAT;
                    let valid = app::accounts::still_valid(&self.state.app, &self.caller).await;
                    if valid.is_err_and(|error| error.kind == ErrorKind::Unauthenticated) {
                        return None;
                    }
                }
                told = self.subscription.next(&self.state.app) => match told {
                    Ok(told) => return Some(event(&told)),
                    Err(error) => {
                        failures += 1;
                        if error.kind != ErrorKind::Unavailable || failures == TRIES {
                            tracing::warn!(error = &error as &dyn std::error::Error, "a stream of notifications broke off");
                            return None;
                        }
                        tokio::time::sleep(PAUSE).await;
                    }
                }
            }
        }
    }
}
