//! `GET /api/catalogue`

use crate::convert::catalogue::catalogue as converted;
use crate::dto::catalogue::Catalogue;
use crate::dto::common::Envelope;
use crate::extract::AuthAccount;
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;

/// Base models, instance types, presets and limits.
#[utoipa::path(
    get, path = "/api/catalogue", operation_id = "getCatalogue", tag = "catalogue",
    responses((status = 200, description = "What is on offer", body = Envelope<Catalogue>), Failures)
)]
pub async fn catalogue(State(state): State<ApiState>, AuthAccount(who): AuthAccount) -> ApiResult<Catalogue> {
    let view = app::catalogue::catalogue(&state.app, &who).await?;
    Ok(Reply::ok(converted(view)))
}
