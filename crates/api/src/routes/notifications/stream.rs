//! `GET /api/notifications/stream`

use crate::dto::job_requests::StreamJob;
use crate::error::ApiError;
use crate::extract::{Auth, LastEventId, Params};
use crate::openapi::Failures;
use crate::state::ApiState;
use axum::extract::State;
use axum::response::Response;

/// Server-sent events: `connected` with the number of unread notifications, then a `notification` for each that comes, with the
/// notification and the number of unread ones. Each has a number as its id; a client that returns with `Last-Event-ID` gets everything after
/// that one. The stream goes on until the client leaves, its session is over, or the server stops.
#[utoipa::path(
    get, path = "/api/notifications/stream", operation_id = "streamNotifications", tag = "notifications",
    params(
        ("Last-Event-ID" = Option<u64>, Header, description = "Number of the last event that was seen"),
        StreamJob
    ),
    responses(
        (
            status = 200, description = "Events", body = String, content_type = "text/event-stream",
            example = "event: connected\nretry: 3000\ndata: {\"unreadCount\":2}\n\nid: 7\nevent: notification\ndata: {\"notification\":{\"title\":\"Training Completed!\"},\"unreadCount\":3}\n\n"
        ),
        Failures
    )
)]
pub async fn stream(
    State(state): State<ApiState>,
    Auth(caller): Auth,
    header: LastEventId,
    Params(query): Params<StreamJob>,
) -> Result<Response, ApiError> {
    let after = header.0.or(query.last_event_id);
    crate::notification_stream::response(state, caller, after).await
}
