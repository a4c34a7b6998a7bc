//! `GET /api/auth/sessions`

use crate::convert::accounts::live_session;
use crate::dto::access::SessionList;
use crate::dto::common::Envelope;
use crate::extract::Auth;
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;

/// The caller's live sessions, newest first. Not for API keys.
#[utoipa::path(
    get, path = "/api/auth/sessions", operation_id = "listSessions", tag = "auth",
    responses((status = 200, description = "The sessions", body = Envelope<SessionList>), Failures),
    extensions(("x-codes" = json!(["SESSION_REQUIRED"])))
)]
pub async fn sessions(State(state): State<ApiState>, Auth(caller): Auth) -> ApiResult<SessionList> {
    let sessions = app::accounts::sessions(&state.app, &caller).await?;
    Ok(Reply::ok(SessionList { sessions: sessions.into_iter().map(live_session).collect() }))
}
