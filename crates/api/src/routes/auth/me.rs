//! `GET /api/auth/me`

use crate::convert::accounts::user;
use crate::dto::auth::Me;
use crate::dto::common::Envelope;
use crate::extract::AuthAccount;
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};

/// The own account.
#[utoipa::path(
    get, path = "/api/auth/me", operation_id = "getMe", tag = "auth",
    responses((status = 200, description = "The account", body = Envelope<Me>), Failures)
)]
pub async fn me(AuthAccount(who): AuthAccount) -> ApiResult<Me> {
    Ok(Reply::ok(Me { user: user(who.account), pending_email: None }))
}
