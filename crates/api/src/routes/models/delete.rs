//! `DELETE /api/models/{id}`

use crate::dto::common::{Done, Envelope};
use crate::extract::{Auth, Id};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;
use domain::ModelId;

/// Marks a model as deleted. It is hidden at once.
#[utoipa::path(
    delete, path = "/api/models/{id}", operation_id = "deleteModel", tag = "models",
    params(("id" = Uuid, Path, description = "Model")),
    responses((status = 200, description = "It is marked", body = Envelope<Done>), Failures),
    extensions(("x-codes" = json!(["MODEL_DEPLOYED"])))
)]
pub async fn delete(State(state): State<ApiState>, Auth(caller): Auth, Id(id): Id<ModelId>) -> ApiResult<Done> {
    app::models::delete(&state.app, &caller, id).await?;
    Ok(Reply::ok(Done::new("Model marked for deletion")))
}
