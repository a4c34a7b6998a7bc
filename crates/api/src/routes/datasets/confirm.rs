//! `POST /api/datasets/{id}/confirm`

use crate::dto::common::Envelope;
use crate::dto::datasets::DatasetConfirmed;
use crate::extract::{Auth, Id};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;
use domain::DatasetId;

/// Says that the file was uploaded, and starts validation. Asking again changes nothing.
#[utoipa::path(
    post, path = "/api/datasets/{id}/confirm", operation_id = "confirmDataset", tag = "datasets",
    params(("id" = Uuid, Path, description = "Data set")),
    responses((status = 200, description = "Validation is under way, or done", body = Envelope<DatasetConfirmed>), Failures),
    extensions(("x-codes" = json!(["UPLOAD_INCOMPLETE"])))
)]
pub async fn confirm(State(state): State<ApiState>, Auth(caller): Auth, Id(id): Id<DatasetId>) -> ApiResult<DatasetConfirmed> {
    let confirmed = app::datasets::confirm(&state.app, &caller, id).await?;
    Ok(Reply::ok(DatasetConfirmed { dataset_id: id.uuid(), status: confirmed.status, message: confirmed.message }))
}
