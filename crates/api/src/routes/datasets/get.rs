//! `GET /api/datasets/{id}`

use crate::convert::datasets::detail;
use crate::dto::common::Envelope;
use crate::dto::datasets::DatasetBody;
use crate::extract::{Auth, Id};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;
use domain::DatasetId;

/// A data set with its statistics, findings and samples.
#[utoipa::path(
    get, path = "/api/datasets/{id}", operation_id = "getDataset", tag = "datasets",
    params(("id" = Uuid, Path, description = "Data set")),
    responses((status = 200, description = "The data set", body = Envelope<DatasetBody>), Failures)
)]
pub async fn get(State(state): State<ApiState>, Auth(caller): Auth, Id(id): Id<DatasetId>) -> ApiResult<DatasetBody> {
    let view = app::datasets::get(&state.app, &caller, id).await?;
    let lineage = app::datasets::lineage(&state.app, &view).await?;
    Ok(Reply::ok(DatasetBody { dataset: detail(view, lineage) }))
}
