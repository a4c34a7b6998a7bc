//! `POST /api/jobs/{id}/retry`

use crate::convert::jobs::created;
use crate::dto::common::Envelope;
use crate::dto::job_detail::CreatedJob;
use crate::extract::{Auth, Id};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;
use domain::JobId;

/// Starts a new attempt of a failed or cancelled job. It goes on from the last good checkpoint.
#[utoipa::path(
    post, path = "/api/jobs/{id}/retry", operation_id = "retryJob", tag = "jobs",
    params(("id" = Uuid, Path, description = "Job")),
    responses((status = 201, description = "The attempt was accepted", body = Envelope<CreatedJob>), Failures),
    extensions(("x-codes" = json!(["BUDGET_EXCEEDED", "DATASET_DELETED", "JOB_NOT_RETRYABLE"])))
)]
pub async fn retry(State(state): State<ApiState>, Auth(caller): Auth, Id(id): Id<JobId>) -> ApiResult<CreatedJob> {
    let job = app::jobs::retry(&state.app, &caller, id).await?;
    Ok(Reply::created(created(job)))
}
