//! `POST /api/notifications/read-all`

use crate::dto::common::Envelope;
use crate::dto::notifications::MarkedRead;
use crate::extract::Auth;
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;

/// Marks all of the caller's notifications as read.
#[utoipa::path(
    post, path = "/api/notifications/read-all", operation_id = "readAllNotifications", tag = "notifications",
    responses((status = 200, description = "They are marked", body = Envelope<MarkedRead>), Failures)
)]
pub async fn read_all(State(state): State<ApiState>, Auth(caller): Auth) -> ApiResult<MarkedRead> {
    let updated = app::notifications::mark_all_read(&state.app, &caller).await?;
    Ok(Reply::ok(MarkedRead { updated }))
}
