//! `POST /api/configurations`

use crate::convert::configurations::{configuration, new};
use crate::dto::common::Envelope;
use crate::dto::configurations::{ConfigurationBody, CreateConfiguration};
use crate::extract::{Auth, IdempotencyKey, Input};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;

/// Saves a configuration under a name, to train with it again. It is checked as a job is, but for the data set; an account keeps at most
/// 100.
#[utoipa::path(
    post, path = "/api/configurations", operation_id = "createConfiguration", tag = "configurations",
    params(IdempotencyKey), request_body = CreateConfiguration,
    responses((status = 201, description = "It is saved", body = Envelope<ConfigurationBody>), Failures),
    extensions(("x-codes" = json!(["CONFIGURATION_NAME_TAKEN", "CONFIGURATION_NOT_FOUND", "TOO_MANY_CONFIGURATIONS"])))
)]
pub async fn create(
    State(state): State<ApiState>,
    Auth(caller): Auth,
    key: IdempotencyKey,
    Input(body): Input<CreateConfiguration>,
) -> ApiResult<ConfigurationBody> {
    let view = app::configurations::create(&state.app, &caller, new(body), key.as_deref()).await?;
    Ok(Reply::created(ConfigurationBody { configuration: configuration(view) }))
}
