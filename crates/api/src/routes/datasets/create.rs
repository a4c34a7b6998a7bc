//! `POST /api/datasets`

use crate::convert::datasets::upload;
use crate::dto::common::Envelope;
use crate::dto::datasets::{CreateDataset, DatasetUpload};
use crate::extract::{Auth, IdempotencyKey, Input};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;

/// Announces a file and gives the signed URL to put it to. `confirm` starts validation afterwards.
#[utoipa::path(
    post, path = "/api/datasets", operation_id = "createDataset", tag = "datasets",
    params(IdempotencyKey), request_body = CreateDataset,
    responses((status = 201, description = "Where to send the file", body = Envelope<DatasetUpload>), Failures),
    extensions(("x-codes" = json!(["DATASET_NOT_FOUND", "FILE_TOO_LARGE", "STORAGE_QUOTA_EXCEEDED"])))
)]
pub async fn create(
    State(state): State<ApiState>,
    Auth(caller): Auth,
    key: IdempotencyKey,
    Input(body): Input<CreateDataset>,
) -> ApiResult<DatasetUpload> {
    let input = app::datasets::CreateDataset {
        name: body.name,
        description: body.description,
        format: body.format,
        file_size: body.file_size,
        file_name: body.file_name,
    };
    let made = app::datasets::create(&state.app, &caller, input, key.as_deref()).await?;
    Ok(Reply::created(upload(made)))
}
