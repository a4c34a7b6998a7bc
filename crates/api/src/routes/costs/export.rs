//! `GET /api/costs/export`

use crate::convert::costs::filter;
use crate::dto::costs::ListCosts;
use crate::error::ApiError;
use crate::extract::{Auth, Params};
use crate::openapi::Failures;
use crate::reply::streamed;
use crate::state::ApiState;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};

/// Every record behind a list of costs, oldest first, as CSV (RFC 4180, UTF-8, one header line), made while it is sent. Amounts are exact to
/// the micro-dollar; `date` is the day in the time zone, `recordedAt` the instant in UTC. `groupBy` changes nothing. Texts that a
/// spreadsheet would take for a formula begin with `'`.
#[utoipa::path(
    get, path = "/api/costs/export", operation_id = "exportCosts", tag = "costs",
    params(ListCosts),
    responses(
        (
            status = 200, description = "The table", body = String, content_type = "text/csv",
            example = "date,recordedAt,userId,jobId,jobName,attempt,type,amountUsd,quantity,unit,rateUsd\r\n"
        ),
        Failures
    ),
    extensions(("x-codes" = json!(["FORBIDDEN", "JOB_NOT_FOUND", "USER_NOT_FOUND"])))
)]
pub async fn export(State(state): State<ApiState>, Auth(caller): Auth, Params(query): Params<ListCosts>) -> Result<Response, ApiError> {
    let export = app::costs::export(state.app.clone(), &caller, filter(&query)?).await?;
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8; header=present".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", export.file_name)),
        (CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    Ok((headers, streamed(export.content)).into_response())
}
