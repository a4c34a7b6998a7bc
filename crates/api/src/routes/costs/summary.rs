//! `GET /api/costs/summary`

use crate::convert::costs::summary as summarised;
use crate::dto::common::Envelope;
use crate::dto::costs::CostSummary;
use crate::extract::AuthAccount;
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;

/// The caller's month so far, against the budget.
#[utoipa::path(
    get, path = "/api/costs/summary", operation_id = "getCostSummary", tag = "costs",
    responses((status = 200, description = "The month", body = Envelope<CostSummary>), Failures)
)]
pub async fn summary(State(state): State<ApiState>, AuthAccount(who): AuthAccount) -> ApiResult<CostSummary> {
    let view = app::costs::summary(&state.app, &who).await?;
    Ok(Reply::ok(summarised(view)))
}
