//! `GET /api/jobs/{id}/stream`

use crate::dto::job_requests::StreamJob;
use crate::error::ApiError;
use crate::extract::{Auth, Id, LastEventId, Params};
use crate::openapi::Failures;
use crate::state::ApiState;
use axum::extract::State;
use axum::response::Response;
use domain::JobId;

/// Server-sent events of a job: `connected`, `progress`, `metrics`, `stage`, `cost`, `checkpoint`, `log`, `queue`, and at the end one of
/// `complete`, `error` and `cancelled`, after which the stream ends. Each has the event's number as its id; a client that returns with
/// `Last-Event-ID` gets everything after that one.
#[utoipa::path(
    get, path = "/api/jobs/{id}/stream", operation_id = "streamJob", tag = "jobs",
    params(
        ("id" = Uuid, Path, description = "Job"),
        ("Last-Event-ID" = Option<u64>, Header, description = "Number of the last event that was seen"),
        StreamJob
    ),
    responses(
        (
            status = 200, description = "Events", body = String, content_type = "text/event-stream",
            example = "event: connected\nretry: 3000\ndata: {\"jobId\":\"01986f2e-5c70-7b3a-9d41-1f6c2a8e0b57\"}\n\nevent: stage\nid: 42\ndata: {\"stage\":\"training\"}\n\n"
        ),
        Failures
    )
)]
pub async fn stream(
    State(state): State<ApiState>,
    Auth(caller): Auth,
    Id(id): Id<JobId>,
    header: LastEventId,
    Params(query): Params<StreamJob>,
) -> Result<Response, ApiError> {
    let after = header.0.or(query.last_event_id).unwrap_or(0);
    crate::sse::of_job(state, caller, id, after).await
}
