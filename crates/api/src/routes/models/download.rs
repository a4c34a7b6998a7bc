//! `GET /api/models/{id}/download`

use crate::convert::models::{artifact, download as signed};
use crate::dto::common::Envelope;
use crate::dto::models::{Download, DownloadModel};
use crate::extract::{Auth, Id, Params};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;
use domain::ModelId;

/// A signed URL, valid for an hour, for one file or for a ZIP of all of them.
#[utoipa::path(
    get, path = "/api/models/{id}/download", operation_id = "downloadModel", tag = "models",
    params(("id" = Uuid, Path, description = "Model"), DownloadModel),
    responses((status = 200, description = "The URL", body = Envelope<Download>), Failures),
    extensions(("x-codes" = json!(["ARTIFACT_NOT_FOUND", "ARCHIVE_TOO_LARGE"])))
)]
pub async fn download(
    State(state): State<ApiState>,
    Auth(caller): Auth,
    Id(id): Id<ModelId>,
    Params(query): Params<DownloadModel>,
) -> ApiResult<Download> {
    let view = app::models::download(&state.app, &caller, id, artifact(query.artifact.unwrap_or_default())).await?;
    Ok(Reply::ok(signed(view)))
}
