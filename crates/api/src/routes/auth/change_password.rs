//! `POST /api/auth/password`

use crate::dto::access::ChangePassword;
use crate::dto::common::{Done, Envelope};
use crate::extract::{Auth, Guarded, Input};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;

/// Changes the caller's password; all other sessions end. Not for API keys.
#[utoipa::path(
    post, path = "/api/auth/password", operation_id = "changePassword", tag = "auth",
    request_body = ChangePassword,
    responses((status = 200, description = "It is changed", body = Envelope<Done>), Failures),
    extensions(("x-codes" = json!(["WRONG_PASSWORD", "SESSION_REQUIRED"])))
)]
pub async fn change_password(
    State(state): State<ApiState>,
    Auth(caller): Auth,
    _: Guarded,
    Input(body): Input<ChangePassword>,
) -> ApiResult<Done> {
    app::accounts::change_password(&state.app, &caller, body.current_password, body.new_password).await?;
    Ok(Reply::ok(Done::new("The password is changed; other sessions are over")))
}
