//! `GET /api/jobs/{id}/logs`

use crate::convert::jobs::{line, logs_query};
use crate::dto::common::Envelope;
use crate::dto::job_detail::LogList;
use crate::dto::job_requests::ListLogs;
use crate::extract::{Auth, Id, Params};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;
use domain::JobId;

/// The log of a job.
#[utoipa::path(
    get, path = "/api/jobs/{id}/logs", operation_id = "listJobLogs", tag = "jobs",
    params(("id" = Uuid, Path, description = "Job"), ListLogs),
    responses((status = 200, description = "Lines, oldest first", body = Envelope<LogList>), Failures)
)]
pub async fn logs(
    State(state): State<ApiState>,
    Auth(caller): Auth,
    Id(id): Id<JobId>,
    Params(query): Params<ListLogs>,
) -> ApiResult<LogList> {
    let found = app::jobs::logs(&state.app, &caller, id, logs_query(query)?).await?;
    let logs = found.logs.into_iter().map(line).collect();
    Ok(Reply::ok(LogList { logs }).cursor(found.next_cursor))
}
