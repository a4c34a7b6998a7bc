//! `POST /api/auth/password/forgot`

use crate::dto::access::ForgotPassword;
use crate::dto::common::{Done, Envelope};
use crate::extract::{Guarded, Input};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;

/// Has a link that resets the password sent to an address. The answer is the same whether there is such an account; it works once, for an hour.
#[utoipa::path(
    post, path = "/api/auth/password/forgot", operation_id = "forgotPassword", tag = "auth", security(()),
    request_body = ForgotPassword,
    responses((status = 200, description = "It is sent where there is such an account", body = Envelope<Done>), Failures),
    extensions(("x-codes" = json!(["MAIL_NOT_CONFIGURED", "RATE_LIMITED"])))
)]
pub async fn forgot_password(State(state): State<ApiState>, _: Guarded, Input(body): Input<ForgotPassword>) -> ApiResult<Done> {
    app::accounts::request_password_reset(&state.app, &body.email).await?;
    Ok(Reply::ok(Done::new("If there is an account with this address, a link is on its way to it")))
}
