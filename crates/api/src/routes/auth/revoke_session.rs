//! `DELETE /api/auth/sessions/{id}`

use crate::dto::common::{Done, Envelope};
use crate::extract::{Auth, Id};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;
use domain::SessionId;

/// Ends one of the caller's sessions, at once. Not for API keys.
#[utoipa::path(
    delete, path = "/api/auth/sessions/{id}", operation_id = "revokeSession", tag = "auth",
    params(("id" = Uuid, Path, description = "Session")),
    responses((status = 200, description = "It is over", body = Envelope<Done>), Failures),
    extensions(("x-codes" = json!(["SESSION_REQUIRED"])))
)]
pub async fn revoke_session(State(state): State<ApiState>, Auth(caller): Auth, Id(id): Id<SessionId>) -> ApiResult<Done> {
    app::accounts::revoke_session(&state.app, &caller, id).await?;
    Ok(Reply::ok(Done::new("The session is over")))
}
