//! `PUT /api/datasets/{id}/upload`

use crate::dto::common::{Done, Envelope};
use crate::extract::{Auth, Id, Upload};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;
use domain::DatasetId;

/// Uploads the file through the server, up to 64 MB, for clients that cannot reach the upload URL.
#[utoipa::path(
    put, path = "/api/datasets/{id}/upload", operation_id = "uploadDataset", tag = "datasets",
    params(("id" = Uuid, Path, description = "Data set")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "The file"),
    responses((status = 200, description = "The file is stored", body = Envelope<Done>), Failures),
    extensions(("x-codes" = json!(["ALREADY_CONFIRMED", "FILE_SIZE_MISMATCH", "FILE_TOO_LARGE"])))
)]
pub async fn upload(State(state): State<ApiState>, Auth(caller): Auth, Id(id): Id<DatasetId>, upload: Upload) -> ApiResult<Done> {
    app::datasets::upload(&state.app, &caller, id, upload.length, upload.body).await?;
    Ok(Reply::ok(Done::new("The file is stored; confirm it to start validation")))
}
