//! `DELETE /api/auth/keys/{id}`

use crate::dto::common::{Done, Envelope};
use crate::extract::{Auth, Id};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;
use domain::ApiKeyId;

/// Takes one of the caller's API keys back, at once. Not for API keys themselves.
#[utoipa::path(
    delete, path = "/api/auth/keys/{id}", operation_id = "revokeApiKey", tag = "auth",
    params(("id" = Uuid, Path, description = "API key")),
    responses((status = 200, description = "It is accepted no more", body = Envelope<Done>), Failures),
    extensions(("x-codes" = json!(["SESSION_REQUIRED"])))
)]
pub async fn revoke_key(State(state): State<ApiState>, Auth(caller): Auth, Id(id): Id<ApiKeyId>) -> ApiResult<Done> {
    app::accounts::revoke_key(&state.app, &caller, id).await?;
    Ok(Reply::ok(Done::new("The API key is accepted no more")))
}
