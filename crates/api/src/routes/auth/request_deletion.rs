//! `POST /api/auth/me/deletion`

use crate::convert::accounts::user;
use crate::dto::access::RequestDeletion;
use crate::dto::auth::Me;
use crate::dto::common::Envelope;
use crate::extract::{Auth, Guarded, Input};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;

/// Schedules the end of the own account, with its data, in 30 days. All sessions end and API keys stop working; log in before the end to call
/// it off. Not for API keys.
#[utoipa::path(
    post, path = "/api/auth/me/deletion", operation_id = "requestDeletion", tag = "auth",
    request_body = RequestDeletion,
    responses((status = 200, description = "The account, with when it ends", body = Envelope<Me>), Failures),
    extensions(("x-codes" = json!(["WRONG_PASSWORD", "SESSION_REQUIRED", "LAST_ADMIN"])))
)]
pub async fn request_deletion(
    State(state): State<ApiState>,
    Auth(caller): Auth,
    _: Guarded,
    Input(body): Input<RequestDeletion>,
) -> ApiResult<Me> {
    let account = app::accounts::request_deletion(&state.app, &caller, body.password).await?;
    Ok(Reply::ok(Me { user: user(account), pending_email: None }))
}
