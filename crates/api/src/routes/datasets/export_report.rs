//! `GET /api/datasets/{id}/export/report`

use super::export::format;
use crate::convert::dataset_versions::export_report as report;
use crate::dto::common::Envelope;
use crate::dto::dataset_versions::{ExportQuery, ExportReport};
use crate::extract::{Auth, Id, Params};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;
use domain::DatasetId;

/// What an export in a format would hold, and what it would lose.
#[utoipa::path(
    get, path = "/api/datasets/{id}/export/report", operation_id = "reportDatasetExport", tag = "datasets",
    params(("id" = Uuid, Path, description = "Data set"), ExportQuery),
    responses((status = 200, description = "What is lost, by how many records it concerns", body = Envelope<ExportReport>), Failures),
    extensions(("x-codes" = json!(["DATASET_NOT_READY", "DATASET_UNREADABLE", "DATASET_FILE_MISSING"])))
)]
pub async fn export_report(
    State(state): State<ApiState>,
    Auth(caller): Auth,
    Id(id): Id<DatasetId>,
    Params(query): Params<ExportQuery>,
) -> ApiResult<ExportReport> {
    let found = app::datasets::export_report(&state.app, &caller, id, format(&query)?).await?;
    Ok(Reply::ok(report(found)))
}
