//! One request to a cluster: limits, timeouts, and what an answer means.

use std::io;
use std::time::Duration;

use futures::StreamExt;
use reqwest::header::RETRY_AFTER;
use reqwest::{Method, Response, StatusCode};
use serde_json::Value;
use tokio::time::sleep;

use super::Timing;
use crate::ClusterError;

/// Longest answer that is read, in bytes.
const MAX_BODY: usize = 16 * 1024 * 1024;
/// Requests that are made before one is given up.
const TRIES: u32 = 4;
/// Characters of an answer that are shown when it cannot be read.
const SHOWN: usize = 200;

/// Makes requests with the cluster's key.
#[derive(Clone)]
pub struct Caller {
    pub http: reqwest::Client,
    pub key: String,
    pub timing: Timing,
}

/// An answer that says that it worked.
#[derive(Debug)]
pub enum Answer {
    /// With a JSON body.
    Json(Value),
    /// Without a body.
    Empty,
    /// With a body that is no JSON; its beginning.
    Text(String),
}

impl Answer {
    /// An answer that had to be JSON and is not.
    pub fn unreadable(self, node: &str) -> ClusterError {
        let message = match self {
            Self::Text(text) => format!("{node} answered with something that is no JSON: {text}"),
            _ => format!("{node} answered without a body"),
        };
        ClusterError::Transient { message, source: None }
    }
}

/// An answer that says that it did not work, or none at all.
#[derive(Debug)]
pub struct Refusal {
    /// Status, where there was an answer.
    pub status: Option<StatusCode>,
    /// Code of an error object, where it has one.
    pub code: Option<String>,
    /// In words.
    pub message: String,
    /// How long to wait, where it says so.
    pub retry_after: Option<Duration>,
    /// All places are taken.
    pub busy: bool,
}

impl Refusal {
    /// Whether the thing is not there.
    pub fn is_gone(&self) -> bool {
        matches!(self.status, Some(StatusCode::NOT_FOUND | StatusCode::GONE))
    }

    /// Whether the thing has ended already.
    pub fn is_conflict(&self) -> bool {
        matches!(self.status, Some(StatusCode::CONFLICT | StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY))
    }

    /// Whether the same request may work later.
    fn may_pass(&self) -> bool {
        self.status.is_none_or(|s| s.is_server_error() || matches!(s, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT))
    }

    /// For a request that does not have to work now, whatever the answer.
    pub fn into_passing(self, node: &str) -> ClusterError {
        ClusterError::Transient { message: self.text(node), source: None }
    }

    /// By what the answer says of another try.
    pub fn into_error(self, node: &str) -> ClusterError {
        if self.may_pass() {
            return self.into_passing(node);
        }
        ClusterError::Permanent { message: self.text(node), source: None }
    }

    fn text(&self, node: &str) -> String {
        match self.status {
            Some(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
                format!("{node} refuses the key ({}); check GPU_CLUSTER_API_KEY", self.message)
            }
            Some(status) if status.is_redirection() => format!("{node} answers with a redirect; check GPU_CLUSTER_API_URL"),
            Some(StatusCode::NOT_FOUND) => format!("{node} does not know this address ({}); check GPU_CLUSTER_API_URL", self.message),
            Some(status) => format!("{node} answered {}: {}", status.as_u16(), self.message),
            None => format!("{node} could not be reached: {}", self.message),
        }
    }
}

impl Caller {
    pub fn new(key: &str, timing: Timing) -> Result<Self, ClusterError> {
        let http = reqwest::Client::builder()
            .connect_timeout(timing.health)
            .read_timeout(Duration::from_secs(60).max(timing.request))
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("brightrun/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|e| ClusterError::permanent("the client for the cluster could not be made", io::Error::other(e)))?;
        Ok(Self { http, key: key.to_owned(), timing })
    }

    /// One request, once.
    pub async fn once(
        &self,
        method: Method,
        url: &str,
        body: Option<&Value>,
        idempotency_key: Option<&str>,
        limit: Duration,
    ) -> Result<Answer, Refusal> {
        let mut call = self.http.request(method, url).bearer_auth(&self.key).timeout(limit);
        if let Some(body) = body {
            call = call.json(body);
        }
        if let Some(key) = idempotency_key {
            call = call.header("idempotency-key", key);
        }
        let response = call.send().await.map_err(unreached)?;
        let status = response.status();
        let retry_after = pause_asked_for(&response);
        let text = body_of(response).await?;
        let value = serde_json::from_slice::<Value>(&text).ok();
        if status.is_success() {
            let blank = text.iter().all(u8::is_ascii_whitespace);
            return Ok(value.map_or_else(|| if blank { Answer::Empty } else { Answer::Text(beginning(&text)) }, Answer::Json));
        }
        let error = value.as_ref().map(|v| v.get("error").unwrap_or(v));
        let word = |name: &str| error.and_then(|e| e.get(name)?.as_str()).map(str::to_owned);
        let code = word("code");
        let plain = error.and_then(Value::as_str).map(str::to_owned);
        let message = word("message").or_else(|| word("detail")).or_else(|| word("title")).or(plain);
        let message = message.filter(|m| !m.is_empty()).unwrap_or_else(|| beginning(&text));
        let message = if message.is_empty() { status.canonical_reason().unwrap_or("no reason given").to_owned() } else { message };
        let message: String = message.chars().take(500).collect();
        Err(Refusal { busy: code.as_deref() == Some("BUSY"), status: Some(status), code, message, retry_after })
    }

    /// A request that can be made again without harm, until it works or will not.
    pub async fn patiently(
        &self,
        method: Method,
        url: &str,
        body: Option<&Value>,
        idempotency_key: Option<&str>,
    ) -> Result<Answer, Refusal> {
        let mut pause = self.timing.pause;
        for _ in 1..TRIES {
            match self.once(method.clone(), url, body, idempotency_key, self.timing.request).await {
                Err(refusal) if refusal.may_pass() && !refusal.busy => {
                    sleep(refusal.retry_after.unwrap_or(pause).min(self.timing.longest_pause)).await;
                    pause *= 2;
                }
                other => return other,
            }
        }
        self.once(method, url, body, idempotency_key, self.timing.request).await
    }
}

/// Seconds of a `Retry-After`; a date is not worth a clock that may be wrong.
fn pause_asked_for(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse::<u64>().ok()?;
    Some(Duration::from_secs(seconds))
}

fn unreached(error: reqwest::Error) -> Refusal {
    let mut message = if error.is_timeout() { "no answer in time".to_owned() } else { String::new() };
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(&error);
    while let Some(next) = cause {
        if next.source().is_none() && message.is_empty() {
            message = next.to_string();
        }
        cause = next.source();
    }
    if message.is_empty() {
        message = error.without_url().to_string();
    }
    Refusal { status: None, code: None, message, retry_after: None, busy: false }
}

async fn body_of(response: Response) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    let mut stream = response.bytes_stream();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(unreached)?;
        if bytes.len() + chunk.len() > MAX_BODY {
            let message = format!("its answer is longer than {} MB", MAX_BODY / 1024 / 1024);
            return Err(Refusal { status: None, code: None, message, retry_after: None, busy: false });
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// The beginning of an answer, in one line.
fn beginning(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(4 * SHOWN)]);
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(SHOWN).collect()
}
