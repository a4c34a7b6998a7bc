//! `GET /api/datasets/{id}/export`

use crate::dto::dataset_versions::ExportQuery;
use crate::error::ApiError;
use crate::extract::{Auth, Id, Params, text_filter};
use crate::openapi::Failures;
use crate::reply::streamed;
use crate::state::ApiState;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::DatasetId;
use domain::dataset::DatasetFormat;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};

/// The trainable examples of a data set as JSON lines of another format, made while they are sent. `export/report` says what is lost.
#[utoipa::path(
    get, path = "/api/datasets/{id}/export", operation_id = "exportDataset", tag = "datasets",
    params(("id" = Uuid, Path, description = "Data set"), ExportQuery),
    responses((status = 200, description = "The file", body = Vec<u8>, content_type = "application/x-ndjson"), Failures),
    extensions(("x-codes" = json!(["DATASET_NOT_READY", "DATASET_FILE_MISSING"])))
)]
pub async fn export(
    State(state): State<ApiState>,
    Auth(caller): Auth,
    Id(id): Id<DatasetId>,
    Params(query): Params<ExportQuery>,
) -> Result<Response, ApiError> {
    let format = format(&query)?;
    let export = app::datasets::export(&state.app, &caller, id, format).await?;
    let headers = [
        (CONTENT_TYPE, "application/x-ndjson".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", export.file_name)),
        (CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    Ok((headers, streamed(export.content)).into_response())
}

/// The format that is asked for.
pub(super) fn format(query: &ExportQuery) -> Result<DatasetFormat, ApiError> {
    Ok(text_filter("format", query.format.as_deref())?.unwrap_or(DatasetFormat::OpenaiChat))
}
