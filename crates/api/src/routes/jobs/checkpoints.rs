//! `GET /api/jobs/{id}/checkpoints`

use crate::convert::jobs::checkpoint;
use crate::dto::common::Envelope;
use crate::dto::job_detail::CheckpointList;
use crate::extract::{Auth, Id};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;
use domain::JobId;

/// The checkpoints of a job, oldest first. The files of the newest three and of the best one are kept; each has a signed address that is
/// good for an hour.
#[utoipa::path(
    get, path = "/api/jobs/{id}/checkpoints", operation_id = "listJobCheckpoints", tag = "jobs",
    params(("id" = Uuid, Path, description = "Job")),
    responses((status = 200, description = "Checkpoints", body = Envelope<CheckpointList>), Failures)
)]
pub async fn checkpoints(State(state): State<ApiState>, Auth(caller): Auth, Id(id): Id<JobId>) -> ApiResult<CheckpointList> {
    let found = app::jobs::checkpoints(&state.app, &caller, id).await?;
    Ok(Reply::ok(CheckpointList { checkpoints: found.into_iter().map(checkpoint).collect() }))
}
