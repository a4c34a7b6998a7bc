//! `GET /api/models/{id}`

use crate::convert::models::detail;
use crate::dto::common::Envelope;
use crate::dto::models::ModelDetailBody;
use crate::extract::{Auth, Id};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;
use domain::ModelId;

/// A model with its metrics, lineage and download URLs.
#[utoipa::path(
    get, path = "/api/models/{id}", operation_id = "getModel", tag = "models",
    params(("id" = Uuid, Path, description = "Model")),
    responses((status = 200, description = "The model", body = Envelope<ModelDetailBody>), Failures)
)]
pub async fn get(State(state): State<ApiState>, Auth(caller): Auth, Id(id): Id<ModelId>) -> ApiResult<ModelDetailBody> {
    let view = app::models::detail(&state.app, &caller, id).await?;
    Ok(Reply::ok(ModelDetailBody { model: detail(view) }))
}
