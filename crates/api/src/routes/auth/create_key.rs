//! `POST /api/auth/keys`

use crate::convert::accounts::key;
use crate::dto::access::{CreateApiKey, MadeApiKey};
use crate::dto::common::Envelope;
use crate::extract::{Auth, Input};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;

/// Makes an API key. It is shown in this answer and never again. Not for API keys themselves.
#[utoipa::path(
    post, path = "/api/auth/keys", operation_id = "createApiKey", tag = "auth",
    request_body = CreateApiKey,
    responses((status = 201, description = "The key", body = Envelope<MadeApiKey>), Failures),
    extensions(("x-codes" = json!(["SESSION_REQUIRED", "TOO_MANY_KEYS"])))
)]
pub async fn create_key(State(state): State<ApiState>, Auth(caller): Auth, Input(body): Input<CreateApiKey>) -> ApiResult<MadeApiKey> {
    let input = app::accounts::NewApiKey { name: body.name, scope: body.scope, expires_at: body.expires_at };
    let (view, secret) = app::accounts::create_key(&state.app, &caller, input).await?;
    Ok(Reply::created(MadeApiKey { key: key(view), secret }))
}
