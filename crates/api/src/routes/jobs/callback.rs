//! `POST /api/jobs/callback`

use crate::dto::callback::{CallbackAnswer, CallbackReport};
use crate::dto::common::Envelope;
use crate::extract::SignedBody;
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;

/// A cluster reports events of a run by itself. Signed with the key of the attempt, which its specification has: `x-brightrun-signature` is
/// `v1=` and the HMAC-SHA256 of `{x-brightrun-timestamp}.{body}` in hex, sent within 5 minutes. Events follow each other by their number
/// and are taken in once. `ATTEMPT_SUPERSEDED` and `JOB_NOT_FOUND` mean that the run should be stopped.
#[utoipa::path(
    post, path = "/api/jobs/callback", operation_id = "reportEvents", tag = "jobs", security(("signature" = [])),
    params(SignedBody), request_body = CallbackReport,
    responses((status = 200, description = "The events were taken in", body = Envelope<CallbackAnswer>), Failures),
    extensions(("x-codes" = json!(["ATTEMPT_SUPERSEDED", "EVENTS_MISSING", "JOB_NOT_FOUND", "SIGNATURE_EXPIRED", "SIGNATURE_INVALID"])))
)]
pub async fn callback(State(state): State<ApiState>, signed: SignedBody) -> ApiResult<CallbackAnswer> {
    let answer = app::jobs::report(&state.app, signed.call()).await?;
    Ok(Reply::ok(CallbackAnswer { last_seq: answer.last_seq }))
}
