//! `POST /api/jobs/estimate`

use crate::convert::job_request;
use crate::convert::jobs::estimate as estimated;
use crate::dto::common::Envelope;
use crate::dto::job_detail::Estimate;
use crate::dto::job_requests::EstimateRequest;
use crate::extract::{Auth, Input};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;

/// What a run would cost and take. Nothing is stored.
#[utoipa::path(
    post, path = "/api/jobs/estimate", operation_id = "estimateJob", tag = "jobs",
    request_body = EstimateRequest,
    responses((status = 200, description = "The estimate", body = Envelope<Estimate>), Failures),
    extensions(("x-codes" = json!(["DATASET_NOT_FOUND", "DATASET_NOT_READY", "MODEL_NOT_FOUND", "OUT_OF_MEMORY"])))
)]
pub async fn estimate(State(state): State<ApiState>, Auth(caller): Auth, Input(body): Input<EstimateRequest>) -> ApiResult<Estimate> {
    let view = app::jobs::estimate(&state.app, &caller, job_request::estimate(body)?).await?;
    Ok(Reply::ok(estimated(view)))
}
