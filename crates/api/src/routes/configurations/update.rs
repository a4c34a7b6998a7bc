//! `PATCH /api/configurations/{id}`

use crate::convert::configurations::{change, configuration};
use crate::dto::common::Envelope;
use crate::dto::configurations::{ConfigurationBody, UpdateConfiguration};
use crate::extract::{Auth, Id, Input};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;
use domain::ConfigurationId;

/// Renames a configuration, or replaces what it says.
#[utoipa::path(
    patch, path = "/api/configurations/{id}", operation_id = "updateConfiguration", tag = "configurations",
    params(("id" = Uuid, Path, description = "Configuration")),
    request_body = UpdateConfiguration,
    responses((status = 200, description = "The configuration as it is now", body = Envelope<ConfigurationBody>), Failures),
    extensions(("x-codes" = json!(["CONFIGURATION_NAME_TAKEN"])))
)]
pub async fn update(
    State(state): State<ApiState>,
    Auth(caller): Auth,
    Id(id): Id<ConfigurationId>,
    Input(body): Input<UpdateConfiguration>,
) -> ApiResult<ConfigurationBody> {
    let view = app::configurations::update(&state.app, &caller, id, change(body)).await?;
    Ok(Reply::ok(ConfigurationBody { configuration: configuration(view) }))
}
