//! `GET /api/auth/options`

use crate::convert::accounts;
use crate::dto::access::EntryOptions;
use crate::dto::common::Envelope;
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;

/// How to get in: who may sign up, and whether a forgotten password can be reset.
#[utoipa::path(
    get, path = "/api/auth/options", operation_id = "entryOptions", tag = "auth", security(()),
    responses((status = 200, description = "How to get in", body = Envelope<EntryOptions>), Failures)
)]
pub async fn options(State(state): State<ApiState>) -> ApiResult<EntryOptions> {
    Ok(Reply::ok(accounts::options(app::accounts::entry_options(&state.app).await?)))
}
