//! `PATCH /api/auth/me`

use crate::convert::accounts::user;
use crate::dto::auth::{Me, UpdateMe};
use crate::dto::common::Envelope;
use crate::extract::{AuthAccount, Input};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;

/// Changes the own account. A new e-mail address is not for API keys, and counts against the logins of the account.
#[utoipa::path(
    patch, path = "/api/auth/me", operation_id = "updateMe", tag = "auth",
    request_body = UpdateMe,
    responses((status = 200, description = "The account as it is now", body = Envelope<Me>), Failures),
    extensions(("x-codes" = json!(["EMAIL_TAKEN", "SESSION_REQUIRED", "TOO_MANY_LINKS", "WRONG_PASSWORD"])))
)]
pub async fn update_me(State(state): State<ApiState>, AuthAccount(who): AuthAccount, Input(body): Input<UpdateMe>) -> ApiResult<Me> {
    if body.email.is_some() {
        state.limits.check_account(&who.account.email).await?;
    }
    let change = app::accounts::UpdateMe {
        name: body.name,
        organization: body.organization,
        email: body.email,
        current_password: body.current_password,
    };
    let changed = app::accounts::update_me(&state.app, &who.caller, change).await?;
    Ok(Reply::ok(Me { user: user(changed.account), pending_email: changed.pending_email }))
}
