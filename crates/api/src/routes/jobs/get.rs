//! `GET /api/jobs/{id}`

use crate::convert::jobs::detail;
use crate::dto::common::Envelope;
use crate::dto::job_detail::JobDetailBody;
use crate::extract::{Auth, Id};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;
use domain::JobId;

/// A job with its metrics, checkpoints and log.
#[utoipa::path(
    get, path = "/api/jobs/{id}", operation_id = "getJob", tag = "jobs",
    params(("id" = Uuid, Path, description = "Job")),
    responses((status = 200, description = "The job", body = Envelope<JobDetailBody>), Failures)
)]
pub async fn get(State(state): State<ApiState>, Auth(caller): Auth, Id(id): Id<JobId>) -> ApiResult<JobDetailBody> {
    let view = app::jobs::detail(&state.app, &caller, id).await?;
    Ok(Reply::ok(JobDetailBody { job: detail(view) }))
}
