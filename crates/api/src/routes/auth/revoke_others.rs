//! `POST /api/auth/sessions/revoke-others`

use crate::dto::common::{Done, Envelope};
use crate::extract::Auth;
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;

/// Ends all of the caller's sessions but this one. Not for API keys.
#[utoipa::path(
    post, path = "/api/auth/sessions/revoke-others", operation_id = "revokeOtherSessions", tag = "auth",
    responses((status = 200, description = "How many ended", body = Envelope<Done>), Failures),
    extensions(("x-codes" = json!(["SESSION_REQUIRED"])))
)]
pub async fn revoke_others(State(state): State<ApiState>, Auth(caller): Auth) -> ApiResult<Done> {
    let ended = app::accounts::revoke_other_sessions(&state.app, &caller).await?;
    Ok(Reply::ok(Done::new(format!("Other sessions that ended: {ended}"))))
}
