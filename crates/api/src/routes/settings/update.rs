//! `PATCH /api/settings`

use crate::convert::settings::{change, settings};
use crate::dto::common::Envelope;
use crate::dto::settings::{AccountSettings, UpdateSettings};
use crate::extract::{Auth, Input};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;

/// Changes the caller's settings; what is left out stays as it is. One's own budget can be lower than what is allowed, never higher.
#[utoipa::path(
    patch, path = "/api/settings", operation_id = "updateSettings", tag = "settings",
    request_body = UpdateSettings,
    responses((status = 200, description = "The settings as they are now", body = Envelope<AccountSettings>), Failures)
)]
pub async fn update(State(state): State<ApiState>, Auth(caller): Auth, Input(body): Input<UpdateSettings>) -> ApiResult<AccountSettings> {
    let view = app::settings::update(&state.app, &caller, change(body)?).await?;
    Ok(Reply::ok(settings(view)))
}
