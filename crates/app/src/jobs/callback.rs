//! What a cluster reports by itself: events, and the wish to store a checkpoint.
//!
//! Each attempt has a key of its own, made from the server's secret and the attempt's id, so nothing is stored. Events go through the same
//! ingest as those that a follower fetches; how a run ended is kept with the job for its follower to act on.

use blob::{Key, SizeLimit};
use chrono::Duration;
use cluster::callback::{CallbackError, verify};
use db::jobs::{Job, JobEffects};
use domain::job::{JobStatus, LogLevel};
use domain::run::{CHECKPOINT_FILES, CallbackAnswer, CallbackTarget, CheckpointGrant, SignedRequest, TrainerEvent, TrainerEventKind};
use domain::{AttemptId, Error, ErrorKind, JobId, Result, UserId};
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::BTreeMap;

use super::stored::{RunInfo, StoredEstimate};
use super::{checkpoints, ingest};
use crate::App;

/// Events in one request.
const MAX_EVENTS: usize = 5_000;
/// Largest file of a checkpoint, in bytes.
const MAX_FILE: u64 = 64 << 30;
/// How long the requests that a checkpoint is stored with are good.
const GRANT_HOURS: i64 = 6;

/// A request as it came.
#[derive(Debug, Clone, Copy)]
pub struct SignedCall<'a> {
    /// Value of the header with the time.
    pub timestamp: &'a str,
    /// Value of the header with the signature.
    pub signature: &'a str,
    /// The body.
    pub body: &'a [u8],
}

/// Where an attempt reports to.
pub fn target(app: &App, attempt_id: AttemptId) -> Result<CallbackTarget> {
    let url = format!("{}/api/jobs/callback", app.config.public_url);
    Ok(CallbackTarget { checkpoints_url: format!("{url}/checkpoints"), url, secret: secret(app, attempt_id)? })
}

fn secret(app: &App, attempt_id: AttemptId) -> Result<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(&app.config.auth_secret).map_err(Error::internal)?;
    mac.update(format!("callback of attempt {attempt_id}").as_bytes());
    Ok(hex::encode(mac.finalize().into_bytes()))
}

/// Whose key a body claims to be signed with.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Claim {
    attempt_id: AttemptId,
}

/// The body of a request whose signature holds.
fn authentic<T: DeserializeOwned>(app: &App, call: SignedCall<'_>) -> Result<T> {
    // A body that cannot be read has no attempt, and so no key that it could be signed with.
    let claim: Claim = serde_json::from_slice(call.body).map_err(|_| unsigned(CallbackError::Signature))?;
    verify(&secret(app, claim.attempt_id)?, call.timestamp, call.signature, call.body, app.clock.now()).map_err(unsigned)?;
    serde_json::from_slice(call.body)
        .map_err(|e| Error::new(ErrorKind::Invalid, "VALIDATION_ERROR", format!("The body is not a report of a run: {e}.")))
}

fn unsigned(error: CallbackError) -> Error {
    let (code, message) = match error {
        CallbackError::Signature => ("SIGNATURE_INVALID", "The request is not signed with the key of its attempt."),
        CallbackError::Time => (
            "SIGNATURE_EXPIRED",
            "The request was signed more than 5 minutes from now; check the clocks of both machines and send it anew.",
        ),
    };
    Error::new(ErrorKind::Unauthenticated, code, message)
}

/// Events as they come: what is no event that this version knows is told apart, not lost.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    job_id: JobId,
    attempt_id: AttemptId,
    events: Vec<Value>,
}

/// Takes in the events of a run, each once by its number.
///
/// # Errors
/// A signature that does not hold; `JOB_NOT_FOUND`; `ATTEMPT_SUPERSEDED` when the run is not the job's present one any more, and should
/// be stopped; `EVENTS_MISSING` with the number of the event that must come next.
pub async fn report(app: &App, call: SignedCall<'_>) -> Result<CallbackAnswer> {
    let report: Report = authentic(app, call)?;
    if report.events.len() > MAX_EVENTS {
        let n = report.events.len();
        return Err(Error::invalid("events", format!("The report has {n} events; send at most {MAX_EVENTS} at once.")));
    }
    let events = report.events.iter().map(read_event).collect::<Result<Vec<_>>>()?;
    if events.windows(2).any(|pair| pair[1].seq != pair[0].seq + 1) {
        return Err(Error::invalid("events", "The events do not follow each other; their numbers must rise by one."));
    }
    let now = app.clock.now();
    let change = |job: &mut Job, effects: &mut JobEffects| -> Result<(UserId, CallbackAnswer)> {
        if job.attempt_id != Some(report.attempt_id) {
            return Err(superseded());
        }
        // An end that is known but not acted on yet has a number that no event of the log carries.
        let last = RunInfo::of(job).last_word.map_or(job.last_trainer_seq, |word| word.seq.max(job.last_trainer_seq));
        if job.status.is_terminal() || RunInfo::of(job).last_word.is_some() {
            return Ok((job.user_id, CallbackAnswer { last_seq: last }));
        }
        if !matches!(job.status, JobStatus::Initializing | JobStatus::Running) {
            return Err(superseded());
        }
        if let Some(first) = events.first().filter(|first| first.seq > last + 1) {
            return Err(missing(last + 1, first.seq));
        }
        let estimate = StoredEstimate::of(job).map_err(Error::internal)?;
        let word = ingest::take_in(job, effects, &estimate, &events, app.blob.bucket(), now);
        let sent = events.last().map_or(last, |event| event.seq);
        let last_seq = word.map_or(sent, |word| word.seq).max(last);
        Ok((job.user_id, CallbackAnswer { last_seq }))
    };
    let answer = db::jobs::update(&app.db, report.job_id, now, change).await?;
    let (owner, answer) = answer.ok_or_else(|| Error::not_found("JOB_NOT_FOUND", "job"))??;
    app.hub.notify(report.job_id, owner);
    if events.iter().any(|event| matches!(event.kind, TrainerEventKind::CheckpointStored { .. })) {
        checkpoints::prune(app, report.job_id).await?;
    }
    Ok(answer)
}

fn superseded() -> Error {
    Error::conflict("ATTEMPT_SUPERSEDED", "This attempt is not the job's present one any more; stop its run.")
}

fn missing(expected: u64, found: u64) -> Error {
    let message = format!("Event {expected} must come next, but the report begins with {found}.");
    Error::conflict("EVENTS_MISSING", message).with_details(json!({ "expectedSeq": expected }))
}

/// An event; one of a kind that this version does not know becomes a line of the log, so that its number is not missing.
fn read_event(value: &Value) -> Result<TrainerEvent> {
    let error = match TrainerEvent::deserialize(value) {
        Ok(event) => return Ok(event),
        Err(error) => error,
    };
    let (seq, at) = (value["seq"].as_u64(), value["at"].as_str().and_then(|text| text.parse().ok()));
    let (Some(seq), Some(at)) = (seq, at) else {
        return Err(Error::invalid("events", format!("An event without number or time cannot be taken in: {error}.")));
    };
    let kind: String = value["type"].as_str().unwrap_or("none").chars().take(60).collect();
    let message = format!("The trainer sent event {seq} of type '{kind}', which this server cannot read ({error}).");
    let elapsed_seconds = value["elapsedSeconds"].as_f64().unwrap_or(0.0);
    Ok(TrainerEvent { seq, at, elapsed_seconds, kind: TrainerEventKind::Log { level: LogLevel::Warning, message } })
}

/// Signed requests, by file name, for the files of a checkpoint of the present attempt.
///
/// # Errors
/// A signature that does not hold; `JOB_NOT_FOUND`; `ATTEMPT_SUPERSEDED`; files that no checkpoint has.
pub async fn grant_checkpoint(app: &App, call: SignedCall<'_>) -> Result<BTreeMap<String, SignedRequest>> {
    let wish: CheckpointGrant = authentic(app, call)?;
    let job = db::jobs::get(&app.db, wish.job_id).await?.ok_or_else(|| Error::not_found("JOB_NOT_FOUND", "job"))?;
    if job.attempt_id != Some(wish.attempt_id) || !matches!(job.status, JobStatus::Initializing | JobStatus::Running) {
        return Err(superseded());
    }
    let expires_at = app.clock.now() + Duration::hours(GRANT_HOURS);
    let mut requests = BTreeMap::new();
    for file in &wish.files {
        if !CHECKPOINT_FILES.contains(&file.name.as_str()) || file.size > MAX_FILE {
            return Err(Error::invalid("files", format!("'{}' with {} bytes is no file of a checkpoint.", file.name, file.size)));
        }
        let key = Key::checkpoint(job.id, wish.epoch, wish.step, &file.name).map_err(Error::internal)?;
        let kind = if file.name.ends_with(".json") { "application/json" } else { "application/octet-stream" };
        let signed = app.blob.signed_upload(&key, SizeLimit::Exactly(file.size), kind, expires_at).await?;
        requests.insert(file.name.clone(), SignedRequest { method: signed.method.to_owned(), url: signed.url, headers: signed.headers });
    }
    Ok(requests)
}
