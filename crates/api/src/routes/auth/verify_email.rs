//! `POST /api/auth/email/verify`

use crate::dto::access::VerifyEmail;
use crate::dto::common::{Done, Envelope};
use crate::extract::{Guarded, Input};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;

/// Confirms an e-mail address by a link that was sent to it.
#[utoipa::path(
    post, path = "/api/auth/email/verify", operation_id = "verifyEmail", tag = "auth", security(()),
    request_body = VerifyEmail,
    responses((status = 200, description = "It is confirmed", body = Envelope<Done>), Failures),
    extensions(("x-codes" = json!(["TOKEN_INVALID", "RATE_LIMITED"])))
)]
pub async fn verify_email(State(state): State<ApiState>, Guarded(origin): Guarded, Input(body): Input<VerifyEmail>) -> ApiResult<Done> {
    app::accounts::verify_email(&state.app, &body.token, &origin).await?;
    Ok(Reply::ok(Done::new("The address is confirmed")))
}
