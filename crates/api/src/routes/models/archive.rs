//! `GET /api/models/{id}/archive`

use crate::dto::models::ArchiveQuery;
use crate::error::ApiError;
use crate::extract::{Id, Params};
use crate::openapi::Failures;
use crate::reply::streamed;
use crate::state::ApiState;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::ModelId;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};

/// A ZIP of all files of a model, made while it is sent. The address comes signed from `download`.
#[utoipa::path(
    get, path = "/api/models/{id}/archive", operation_id = "archiveModel", tag = "models", security(("signedUrl" = [])),
    params(("id" = Uuid, Path, description = "Model"), ArchiveQuery),
    responses((status = 200, description = "The ZIP", body = Vec<u8>, content_type = "application/zip"), Failures),
    extensions(("x-codes" = json!(["URL_EXPIRED", "URL_INVALID", "ARCHIVE_TOO_LARGE"])))
)]
pub async fn archive(
    State(state): State<ApiState>,
    Id(id): Id<ModelId>,
    Params(query): Params<ArchiveQuery>,
) -> Result<Response, ApiError> {
    let archive = app::models::open_archive(state.app.clone(), id, query.expires, &query.signature).await?;
    let headers = [
        (CONTENT_TYPE, "application/zip".to_owned()),
        (CONTENT_LENGTH, archive.size.to_string()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", archive.file_name)),
        (CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    Ok((headers, streamed(archive.content)).into_response())
}
