//! `POST /api/admin/users/{id}/password-reset`

use crate::dto::admin::PasswordResetLink;
use crate::dto::common::Envelope;
use crate::extract::{Auth, Id};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;
use domain::UserId;

/// Makes a link with which an account's owner can choose a new password, to be handed over: for servers that send no mail. It works once, for
/// an hour. For administrators, not for API keys.
#[utoipa::path(
    post, path = "/api/admin/users/{id}/password-reset", operation_id = "createPasswordReset", tag = "admin",
    params(("id" = Uuid, Path, description = "Account")),
    responses((status = 201, description = "The link", body = Envelope<PasswordResetLink>), Failures),
    extensions(("x-codes" = json!(["FORBIDDEN", "SESSION_REQUIRED", "TOO_MANY_LINKS"])))
)]
pub async fn reset_link(State(state): State<ApiState>, Auth(caller): Auth, Id(id): Id<UserId>) -> ApiResult<PasswordResetLink> {
    let made = app::admin::create_reset_link(&state.app, &caller, id).await?;
    Ok(Reply::created(PasswordResetLink { token: made.token, url: made.url, expires_at: made.expires_at }))
}
