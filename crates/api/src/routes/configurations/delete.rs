//! `DELETE /api/configurations/{id}`

use crate::dto::common::{Done, Envelope};
use crate::extract::{Auth, Id};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;
use domain::ConfigurationId;

/// Deletes a configuration. Jobs that were made with it stay as they are.
#[utoipa::path(
    delete, path = "/api/configurations/{id}", operation_id = "deleteConfiguration", tag = "configurations",
    params(("id" = Uuid, Path, description = "Configuration")),
    responses((status = 200, description = "It is gone", body = Envelope<Done>), Failures)
)]
pub async fn delete(State(state): State<ApiState>, Auth(caller): Auth, Id(id): Id<ConfigurationId>) -> ApiResult<Done> {
    app::configurations::delete(&state.app, &caller, id).await?;
    Ok(Reply::ok(Done::new("Configuration deleted")))
}
