//! `GET /api/costs`

use crate::convert::costs::{filter, report};
use crate::dto::common::Envelope;
use crate::dto::costs::{CostReport, ListCosts};
use crate::extract::{Auth, Params};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;

/// Costs by day, week or month: the caller's own, and everybody's for `admin` and `billing_admin`.
#[utoipa::path(
    get, path = "/api/costs", operation_id = "listCosts", tag = "costs",
    params(ListCosts),
    responses((status = 200, description = "The costs", body = Envelope<CostReport>), Failures),
    extensions(("x-codes" = json!(["FORBIDDEN", "JOB_NOT_FOUND", "USER_NOT_FOUND"])))
)]
pub async fn list(State(state): State<ApiState>, Auth(caller): Auth, Params(query): Params<ListCosts>) -> ApiResult<CostReport> {
    let found = app::costs::list(&state.app, &caller, filter(&query)?).await?;
    Ok(Reply::ok(report(found)))
}
