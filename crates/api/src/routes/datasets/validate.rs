//! `POST /api/datasets/validate`

use crate::convert::datasets::head_report;
use crate::dto::common::Envelope;
use crate::dto::datasets::{HeadReport, ValidateHead};
use crate::extract::{Auth, Input};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;

/// Looks at the beginning of a file before it is uploaded. A tail that breaks off is no error.
#[utoipa::path(
    post, path = "/api/datasets/validate", operation_id = "validateDataset", tag = "datasets",
    request_body = ValidateHead,
    responses((status = 200, description = "What was found", body = Envelope<HeadReport>), Failures)
)]
pub async fn validate(State(state): State<ApiState>, Auth(caller): Auth, Input(body): Input<ValidateHead>) -> ApiResult<HeadReport> {
    let report = app::datasets::validate_head(&state.app, &caller, body.content, body.format).await?;
    Ok(Reply::ok(head_report(report)))
}
