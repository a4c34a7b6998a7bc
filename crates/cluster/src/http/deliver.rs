//! Tells the platform about a run by itself, so that it need not wait for the next question.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::run::{CallbackBody, CallbackTarget};
use reqwest::StatusCode;
use serde_json::Value;

use crate::callback::{SIGNATURE_HEADER, TIMESTAMP_HEADER, sign};

/// What the platform made of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered {
    /// Taken in up to this number.
    UpTo(u64),
    /// Events before those of the report are missing; the one of this number comes next.
    Expects(u64),
    /// Nobody wants the run any more.
    Unwanted,
    /// Not taken in; it may be later, and the platform asks by itself anyway.
    Later,
}

/// Sends reports.
#[derive(Debug, Clone)]
pub struct Messenger(reqwest::Client);

impl Messenger {
    /// One whose requests take 15 s at most.
    ///
    /// # Errors
    /// When the client cannot be made.
    pub fn new() -> Result<Self, crate::ClusterError> {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(15)).redirect(reqwest::redirect::Policy::none()).build();
        let failed = |e| crate::ClusterError::permanent("the client for callbacks could not be made", std::io::Error::other(e));
        client.map(Self).map_err(failed)
    }

    /// Sends one report, once.
    pub async fn deliver(&self, target: &CallbackTarget, report: &CallbackBody, now: DateTime<Utc>) -> Delivered {
        let Ok(body) = serde_json::to_vec(report) else { return Delivered::Later };
        let (timestamp, signature) = sign(&target.secret, now, &body);
        let call = self.0.post(&target.url).header("content-type", "application/json");
        let call = call.header(TIMESTAMP_HEADER, timestamp).header(SIGNATURE_HEADER, signature);
        let Ok(response) = call.body(body).send().await else { return Delivered::Later };
        let status = response.status();
        let answer: Value = response.json().await.unwrap_or(Value::Null);
        let code = answer.pointer("/error/code").and_then(Value::as_str).unwrap_or_default();
        match (status, code) {
            (status, _) if status.is_success() => {
                answer.pointer("/data/lastSeq").and_then(Value::as_u64).map_or(Delivered::Later, Delivered::UpTo)
            }
            (StatusCode::CONFLICT, "EVENTS_MISSING") => {
                answer.pointer("/error/details/expectedSeq").and_then(Value::as_u64).map_or(Delivered::Later, Delivered::Expects)
            }
            (_, "ATTEMPT_SUPERSEDED" | "JOB_NOT_FOUND") => Delivered::Unwanted,
            _ => Delivered::Later,
        }
    }
}
