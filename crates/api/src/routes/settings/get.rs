//! `GET /api/settings`

use crate::convert::settings::settings;
use crate::dto::common::Envelope;
use crate::dto::settings::AccountSettings;
use crate::extract::Auth;
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;

/// The caller's settings: what is told and how, budget, defaults, time zone.
#[utoipa::path(
    get, path = "/api/settings", operation_id = "getSettings", tag = "settings",
    responses((status = 200, description = "The settings", body = Envelope<AccountSettings>), Failures)
)]
pub async fn get(State(state): State<ApiState>, Auth(caller): Auth) -> ApiResult<AccountSettings> {
    let view = app::settings::get(&state.app, &caller).await?;
    Ok(Reply::ok(settings(view)))
}
