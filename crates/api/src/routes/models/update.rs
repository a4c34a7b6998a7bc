//! `PATCH /api/models/{id}`

use crate::convert::models::model;
use crate::dto::common::Envelope;
use crate::dto::models::{ModelBody, UpdateModel};
use crate::extract::{Auth, Id, Input};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;
use domain::ModelId;

/// Changes name and description, archives and restores.
#[utoipa::path(
    patch, path = "/api/models/{id}", operation_id = "updateModel", tag = "models",
    params(("id" = Uuid, Path, description = "Model")), request_body = UpdateModel,
    responses((status = 200, description = "The model as it is now", body = Envelope<ModelBody>), Failures),
    extensions(("x-codes" = json!(["MODEL_DEPLOYED"])))
)]
pub async fn update(
    State(state): State<ApiState>,
    Auth(caller): Auth,
    Id(id): Id<ModelId>,
    Input(body): Input<UpdateModel>,
) -> ApiResult<ModelBody> {
    let change = app::models::UpdateModel { name: body.name, description: body.description, status: body.status };
    let view = app::models::update(&state.app, &caller, id, change).await?;
    Ok(Reply::ok(ModelBody { model: model(view) }))
}
