//! `POST /api/datasets/{id}/restore`

use crate::convert::datasets::detail;
use crate::dto::common::Envelope;
use crate::dto::datasets::DatasetBody;
use crate::extract::{Auth, Id};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;
use domain::DatasetId;

/// Takes the deletion of a data set back, until 30 days after it. Asking again changes nothing.
#[utoipa::path(
    post, path = "/api/datasets/{id}/restore", operation_id = "restoreDataset", tag = "datasets",
    params(("id" = Uuid, Path, description = "Data set")),
    responses((status = 200, description = "The data set as it is now", body = Envelope<DatasetBody>), Failures),
    extensions(("x-codes" = json!(["STORAGE_QUOTA_EXCEEDED"])))
)]
pub async fn restore(State(state): State<ApiState>, Auth(caller): Auth, Id(id): Id<DatasetId>) -> ApiResult<DatasetBody> {
    let view = app::datasets::restore(&state.app, &caller, id).await?;
    let lineage = app::datasets::lineage(&state.app, &view).await?;
    Ok(Reply::ok(DatasetBody { dataset: detail(view, lineage) }))
}
