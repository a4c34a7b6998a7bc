//! `GET /api/admin/instances`

use crate::convert::admin::instance;
use crate::dto::admin::AdminInstanceList;
use crate::dto::common::Envelope;
use crate::extract::Auth;
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;

/// All instance types, as configured and as changed. For administrators.
#[utoipa::path(
    get, path = "/api/admin/instances", operation_id = "listInstances", tag = "admin",
    responses((status = 200, description = "The instance types", body = Envelope<AdminInstanceList>), Failures),
    extensions(("x-codes" = json!(["FORBIDDEN"])))
)]
pub async fn list_instances(State(state): State<ApiState>, Auth(caller): Auth) -> ApiResult<AdminInstanceList> {
    let found = app::admin::instances(&state.app, &caller).await?;
    Ok(Reply::ok(AdminInstanceList { instances: found.into_iter().map(instance).collect() }))
}
