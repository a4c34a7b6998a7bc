//! `PATCH /api/auth/me`

use crate::convert::accounts::user;
use crate::dto::auth::{Me, UpdateMe};
use crate::dto::common::Envelope;
use crate::extract::{Auth, Input};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;

/// Changes the own account.
#[utoipa::path(
    patch, path = "/api/auth/me", operation_id = "updateMe", tag = "auth",
    request_body = UpdateMe,
    responses((status = 200, description = "The account as it is now", body = Envelope<Me>), Failures)
)]
pub async fn update_me(State(state): State<ApiState>, Auth(caller): Auth, Input(body): Input<UpdateMe>) -> ApiResult<Me> {
    let change = app::accounts::UpdateMe { name: body.name, organization: body.organization };
    let account = app::accounts::update_me(&state.app, &caller, change).await?;
    Ok(Reply::ok(Me { user: user(account) }))
}
