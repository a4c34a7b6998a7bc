//! `PATCH /api/datasets/{id}`

use crate::convert::datasets::detail;
use crate::dto::common::Envelope;
use crate::dto::datasets::{DatasetBody, UpdateDataset};
use crate::extract::{Auth, Id, Input};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;
use domain::DatasetId;

/// Changes name and description.
#[utoipa::path(
    patch, path = "/api/datasets/{id}", operation_id = "updateDataset", tag = "datasets",
    params(("id" = Uuid, Path, description = "Data set")), request_body = UpdateDataset,
    responses((status = 200, description = "The data set as it is now", body = Envelope<DatasetBody>), Failures)
)]
pub async fn update(
    State(state): State<ApiState>,
    Auth(caller): Auth,
    Id(id): Id<DatasetId>,
    Input(body): Input<UpdateDataset>,
) -> ApiResult<DatasetBody> {
    let change = app::datasets::UpdateDataset { name: body.name, description: body.description };
    let view = app::datasets::update(&state.app, &caller, id, change).await?;
    let lineage = app::datasets::lineage(&state.app, &view).await?;
    Ok(Reply::ok(DatasetBody { dataset: detail(view, lineage) }))
}
