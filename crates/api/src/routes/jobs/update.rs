//! `PATCH /api/jobs/{id}`

use crate::convert::jobs::job;
use crate::dto::common::Envelope;
use crate::dto::job_detail::JobBody;
use crate::dto::job_requests::UpdateJob;
use crate::extract::{Auth, Id, Input};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;
use domain::JobId;

/// Changes name and notes.
#[utoipa::path(
    patch, path = "/api/jobs/{id}", operation_id = "updateJob", tag = "jobs",
    params(("id" = Uuid, Path, description = "Job")), request_body = UpdateJob,
    responses((status = 200, description = "The job as it is now", body = Envelope<JobBody>), Failures)
)]
pub async fn update(
    State(state): State<ApiState>,
    Auth(caller): Auth,
    Id(id): Id<JobId>,
    Input(body): Input<UpdateJob>,
) -> ApiResult<JobBody> {
    let change = app::jobs::UpdateJob { name: body.name, notes: body.notes };
    let view = app::jobs::update(&state.app, &caller, id, change).await?;
    Ok(Reply::ok(JobBody { job: job(view) }))
}
