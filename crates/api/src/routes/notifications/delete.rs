//! `DELETE /api/notifications/{id}`

use crate::dto::common::{Done, Envelope};
use crate::extract::{Auth, Id};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;
use domain::NotificationId;

/// Dismisses a notification.
#[utoipa::path(
    delete, path = "/api/notifications/{id}", operation_id = "deleteNotification", tag = "notifications",
    params(("id" = Uuid, Path, description = "Notification")),
    responses((status = 200, description = "It is gone", body = Envelope<Done>), Failures)
)]
pub async fn delete(State(state): State<ApiState>, Auth(caller): Auth, Id(id): Id<NotificationId>) -> ApiResult<Done> {
    app::notifications::delete(&state.app, &caller, id).await?;
    Ok(Reply::ok(Done::new("Notification dismissed")))
}
