//! `PATCH /api/admin/instances/{id}`

use crate::convert::admin::{amount, instance};
use crate::dto::admin::{AdminInstanceDetail, UpdateInstance};
use crate::dto::common::Envelope;
use crate::extract::{Auth, Id, Input};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;

/// Changes what an instance type is called and costs, and whether it can be chosen, for estimates and jobs from now on. For administrators.
#[utoipa::path(
    patch, path = "/api/admin/instances/{id}", operation_id = "updateInstance", tag = "admin",
    params(("id" = String, Path, description = "Instance type")),
    request_body = UpdateInstance,
    responses((status = 200, description = "The instance type as it is now", body = Envelope<AdminInstanceDetail>), Failures),
    extensions(("x-codes" = json!(["FORBIDDEN"])))
)]
pub async fn update_instance(
    State(state): State<ApiState>,
    Auth(caller): Auth,
    Id(id): Id<String>,
    Input(body): Input<UpdateInstance>,
) -> ApiResult<AdminInstanceDetail> {
    let change = app::admin::ChangeInstance {
        display_name: body.display_name,
        rate_per_hour: amount("ratePerHour", body.rate_per_hour)?,
        spot_rate_per_hour: amount("spotRatePerHour", body.spot_rate_per_hour)?,
        offered: body.offered,
    };
    let view = app::admin::update_instance(&state.app, &caller, &id, change).await?;
    Ok(Reply::ok(AdminInstanceDetail { instance: instance(view) }))
}
