//! `GET /api/auth/keys`

use crate::convert::accounts::key;
use crate::dto::access::ApiKeyList;
use crate::dto::common::Envelope;
use crate::extract::Auth;
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;

/// The caller's API keys, newest first. Not for API keys themselves.
#[utoipa::path(
    get, path = "/api/auth/keys", operation_id = "listApiKeys", tag = "auth",
    responses((status = 200, description = "The keys", body = Envelope<ApiKeyList>), Failures),
    extensions(("x-codes" = json!(["SESSION_REQUIRED"])))
)]
pub async fn keys(State(state): State<ApiState>, Auth(caller): Auth) -> ApiResult<ApiKeyList> {
    let keys = app::accounts::keys(&state.app, &caller).await?;
    Ok(Reply::ok(ApiKeyList { keys: keys.into_iter().map(key).collect() }))
}
