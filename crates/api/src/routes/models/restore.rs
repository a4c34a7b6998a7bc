//! `POST /api/models/{id}/restore`

use crate::convert::models::model;
use crate::dto::common::Envelope;
use crate::dto::models::ModelBody;
use crate::extract::{Auth, Id};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;
use domain::ModelId;

/// Takes the deletion of a model back, until 30 days after it. Asking again changes nothing.
#[utoipa::path(
    post, path = "/api/models/{id}/restore", operation_id = "restoreModel", tag = "models",
    params(("id" = Uuid, Path, description = "Model")),
    responses((status = 200, description = "The model as it is now", body = Envelope<ModelBody>), Failures)
)]
pub async fn restore(State(state): State<ApiState>, Auth(caller): Auth, Id(id): Id<ModelId>) -> ApiResult<ModelBody> {
    let view = app::models::restore(&state.app, &caller, id).await?;
    Ok(Reply::ok(ModelBody { model: model(view) }))
}
