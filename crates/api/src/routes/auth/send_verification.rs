//! `POST /api/auth/email/send-verification`

use crate::dto::common::{Done, Envelope};
use crate::extract::Auth;
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;

/// Has a link that confirms the caller's e-mail address sent to it, where that was not done yet.
#[utoipa::path(
    post, path = "/api/auth/email/send-verification", operation_id = "sendVerification", tag = "auth",
    responses((status = 200, description = "It is on its way", body = Envelope<Done>), Failures),
    extensions(("x-codes" = json!(["MAIL_NOT_CONFIGURED"])))
)]
pub async fn send_verification(State(state): State<ApiState>, Auth(caller): Auth) -> ApiResult<Done> {
    app::accounts::request_verification(&state.app, &caller).await?;
    Ok(Reply::ok(Done::new("A link is on its way to your address, unless it is confirmed already")))
}
