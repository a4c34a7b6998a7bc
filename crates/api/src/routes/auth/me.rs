//! `GET /api/auth/me`

use crate::convert::accounts::user;
use crate::dto::auth::Me;
use crate::dto::common::Envelope;
use crate::extract::Auth;
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;

/// The own account.
#[utoipa::path(
    get, path = "/api/auth/me", operation_id = "getMe", tag = "auth",
    responses((status = 200, description = "The account", body = Envelope<Me>), Failures)
)]
pub async fn me(State(state): State<ApiState>, Auth(caller): Auth) -> ApiResult<Me> {
    let account = app::accounts::me(&state.app, &caller).await?;
    Ok(Reply::ok(Me { user: user(account) }))
}
