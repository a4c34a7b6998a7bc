//! `POST /api/jobs/callback/checkpoints`

use crate::dto::callback::{CheckpointUploads, CheckpointWish, SignedRequest};
use crate::dto::common::Envelope;
use crate::extract::SignedBody;
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;

/// A trainer asks for signed requests to store the files of a checkpoint with. Signed as `POST /api/jobs/callback`.
#[utoipa::path(
    post, path = "/api/jobs/callback/checkpoints", operation_id = "storeCheckpoint", tag = "jobs", security(("signature" = [])),
    params(SignedBody), request_body = CheckpointWish,
    responses((status = 200, description = "One request for each file", body = Envelope<CheckpointUploads>), Failures),
    extensions(("x-codes" = json!(["ATTEMPT_SUPERSEDED", "JOB_NOT_FOUND", "SIGNATURE_EXPIRED", "SIGNATURE_INVALID"])))
)]
pub async fn callback_checkpoint(State(state): State<ApiState>, signed: SignedBody) -> ApiResult<CheckpointUploads> {
    let granted = app::jobs::grant_checkpoint(&state.app, signed.call()).await?;
    let request = |r: domain::run::SignedRequest| SignedRequest { method: r.method, url: r.url, headers: r.headers };
    Ok(Reply::ok(CheckpointUploads { uploads: granted.into_iter().map(|(name, r)| (name, request(r))).collect() }))
}
