//! `POST /api/jobs`

use crate::convert::job_request;
use crate::convert::jobs::created;
use crate::dto::common::Envelope;
use crate::dto::job_detail::CreatedJob;
use crate::dto::job_requests::CreateJobRequest;
use crate::extract::{Auth, IdempotencyKey, Input};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;

/// Creates and launches a training job. The estimate is made again on the server and held against the budget.
#[utoipa::path(
    post, path = "/api/jobs", operation_id = "createJob", tag = "jobs",
    params(IdempotencyKey), request_body = CreateJobRequest,
    responses((status = 201, description = "The job was accepted", body = Envelope<CreatedJob>), Failures),
    extensions(("x-codes" = json!(["BUDGET_EXCEEDED", "CONFLICT", "DATASET_NOT_FOUND", "DATASET_NOT_READY",
        "MODEL_NOT_FOUND", "OUT_OF_MEMORY"])))
)]
pub async fn create(
    State(state): State<ApiState>,
    Auth(caller): Auth,
    key: IdempotencyKey,
    Input(body): Input<CreateJobRequest>,
) -> ApiResult<CreatedJob> {
    let job = app::jobs::create(&state.app, &caller, job_request::create(body)?, key.as_deref()).await?;
    Ok(Reply::created(created(job)))
}
