//! `POST /api/jobs/{id}/cancel`

use crate::convert::jobs::cancelled;
use crate::dto::common::Envelope;
use crate::dto::job_detail::CancelledJob;
use crate::dto::job_requests::CancelJob;
use crate::extract::{Auth, Id, OptionalInput};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;
use domain::JobId;

/// Cancels a job that has not ended.
#[utoipa::path(
    post, path = "/api/jobs/{id}/cancel", operation_id = "cancelJob", tag = "jobs",
    params(("id" = Uuid, Path, description = "Job")), request_body = Option<CancelJob>,
    responses((status = 200, description = "It is cancelled", body = Envelope<CancelledJob>), Failures),
    extensions(("x-codes" = json!(["JOB_NOT_CANCELLABLE", "CANCEL_PENDING"])))
)]
pub async fn cancel(
    State(state): State<ApiState>,
    Auth(caller): Auth,
    Id(id): Id<JobId>,
    OptionalInput(body): OptionalInput<CancelJob>,
) -> ApiResult<CancelledJob> {
    let done = app::jobs::cancel(&state.app, &caller, id, body.reason).await?;
    Ok(Reply::ok(cancelled(done)))
}
