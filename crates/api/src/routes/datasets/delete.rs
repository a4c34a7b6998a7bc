//! `DELETE /api/datasets/{id}`

use crate::dto::common::{Done, Envelope};
use crate::extract::{Auth, Id};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;
use domain::DatasetId;

/// Marks a data set as deleted. It is hidden at once and cannot be trained on any more.
#[utoipa::path(
    delete, path = "/api/datasets/{id}", operation_id = "deleteDataset", tag = "datasets",
    params(("id" = Uuid, Path, description = "Data set")),
    responses((status = 200, description = "It is marked", body = Envelope<Done>), Failures)
)]
pub async fn delete(State(state): State<ApiState>, Auth(caller): Auth, Id(id): Id<DatasetId>) -> ApiResult<Done> {
    app::datasets::delete(&state.app, &caller, id).await?;
    Ok(Reply::ok(Done::new("Dataset marked for deletion")))
}
