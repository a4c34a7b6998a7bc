//! `POST /api/datasets/sample`

use crate::dto::common::Envelope;
use crate::dto::datasets::DatasetConfirmed;
use crate::extract::{Auth, IdempotencyKey};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;

/// Makes a data set of the sample that comes with the server, and starts its validation.
#[utoipa::path(
    post, path = "/api/datasets/sample", operation_id = "createSampleDataset", tag = "datasets",
    params(IdempotencyKey),
    responses((status = 201, description = "Validation is under way", body = Envelope<DatasetConfirmed>), Failures)
)]
pub async fn sample(State(state): State<ApiState>, Auth(caller): Auth, key: IdempotencyKey) -> ApiResult<DatasetConfirmed> {
    let (id, confirmed) = app::datasets::create_sample(&state.app, &caller, key.as_deref()).await?;
    Ok(Reply::created(DatasetConfirmed { dataset_id: id.uuid(), status: confirmed.status, message: confirmed.message }))
}
