//! `GET /api/jobs/stream`

use crate::dto::job_requests::StreamJob;
use crate::error::ApiError;
use crate::extract::{Auth, LastEventId, Params};
use crate::openapi::Failures;
use crate::state::ApiState;
use axum::extract::State;
use axum::response::Response;

/// Server-sent events of all jobs of the caller: the events of `GET /api/jobs/{id}/stream`, each with `jobId` in its data. The id of an
/// event is its number among those of the account, without gaps and in the order in which events became visible, so that a client that
/// returns with `Last-Event-ID` misses nothing. Without it the stream begins with what happens from now on; `connected` says where that
/// is. The stream does not end by itself.
#[utoipa::path(
    get, path = "/api/jobs/stream", operation_id = "streamJobs", tag = "jobs",
    params(("Last-Event-ID" = Option<u64>, Header, description = "Number of the last event that was seen"), StreamJob),
    responses(
        (
            status = 200, description = "Events", body = String, content_type = "text/event-stream",
            example = "event: connected\nid: 41\nretry: 3000\ndata: {\"lastEventId\":41}\n\nevent: stage\nid: 42\ndata: {\"jobId\":\"01986f2e-5c70-7b3a-9d41-1f6c2a8e0b57\",\"stage\":\"training\"}\n\n"
        ),
        Failures
    )
)]
pub async fn stream_all(
    State(state): State<ApiState>,
    Auth(caller): Auth,
    header: LastEventId,
    Params(query): Params<StreamJob>,
) -> Result<Response, ApiError> {
    crate::sse::of_account(state, caller, header.0.or(query.last_event_id)).await
}
