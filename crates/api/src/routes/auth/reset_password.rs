//! `POST /api/auth/password/reset`

use crate::dto::access::ResetPassword;
use crate::dto::common::{Done, Envelope};
use crate::extract::{Guarded, Input};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;

/// Sets a new password by a link that was sent. All sessions of the account end.
#[utoipa::path(
    post, path = "/api/auth/password/reset", operation_id = "resetPassword", tag = "auth", security(()),
    request_body = ResetPassword,
    responses((status = 200, description = "It is changed", body = Envelope<Done>), Failures),
    extensions(("x-codes" = json!(["TOKEN_INVALID", "RATE_LIMITED"])))
)]
pub async fn reset_password(State(state): State<ApiState>, Guarded(origin): Guarded, Input(body): Input<ResetPassword>) -> ApiResult<Done> {
    app::accounts::reset_password(&state.app, &body.token, body.password, &origin).await?;
    Ok(Reply::ok(Done::new("The password is changed; log in with it")))
}
