//! `PATCH /api/notifications/{id}/read`

use crate::dto::common::{Done, Envelope};
use crate::extract::{Auth, Id};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;
use domain::NotificationId;

/// Marks a notification as read.
#[utoipa::path(
    patch, path = "/api/notifications/{id}/read", operation_id = "readNotification", tag = "notifications",
    params(("id" = Uuid, Path, description = "Notification")),
    responses((status = 200, description = "It is marked", body = Envelope<Done>), Failures)
)]
pub async fn read(State(state): State<ApiState>, Auth(caller): Auth, Id(id): Id<NotificationId>) -> ApiResult<Done> {
    app::notifications::mark_read(&state.app, &caller, id).await?;
    Ok(Reply::ok(Done::new("Notification marked as read")))
}
