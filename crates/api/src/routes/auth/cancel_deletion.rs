//! `DELETE /api/auth/me/deletion`

use crate::convert::accounts::user;
use crate::dto::auth::Me;
use crate::dto::common::Envelope;
use crate::extract::Auth;
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;

/// Calls the end of the own account off. Not for API keys.
#[utoipa::path(
    delete, path = "/api/auth/me/deletion", operation_id = "cancelDeletion", tag = "auth",
    responses((status = 200, description = "The account as it is now", body = Envelope<Me>), Failures),
    extensions(("x-codes" = json!(["SESSION_REQUIRED"])))
)]
pub async fn cancel_deletion(State(state): State<ApiState>, Auth(caller): Auth) -> ApiResult<Me> {
    let account = app::accounts::cancel_deletion(&state.app, &caller).await?;
    Ok(Reply::ok(Me { user: user(account), pending_email: None }))
}
