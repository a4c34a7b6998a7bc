//! `GET /api/jobs/{id}/metrics`

use crate::convert::jobs::{metrics_query, point};
use crate::dto::common::Envelope;
use crate::dto::job_detail::MetricsList;
use crate::dto::job_requests::ListMetrics;
use crate::extract::{Auth, Id, Params};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;
use domain::JobId;

/// Figures of a run: page by page, or the whole of it in a number of points.
#[utoipa::path(
    get, path = "/api/jobs/{id}/metrics", operation_id = "listJobMetrics", tag = "jobs",
    params(("id" = Uuid, Path, description = "Job"), ListMetrics),
    responses((status = 200, description = "Points, oldest first", body = Envelope<MetricsList>), Failures)
)]
pub async fn metrics(
    State(state): State<ApiState>,
    Auth(caller): Auth,
    Id(id): Id<JobId>,
    Params(query): Params<ListMetrics>,
) -> ApiResult<MetricsList> {
    let found = app::jobs::metrics(&state.app, &caller, id, metrics_query(query)?).await?;
    let points = found.points.into_iter().map(point).collect();
    Ok(Reply::ok(MetricsList { points, total: found.total }).cursor(found.next_cursor))
}
