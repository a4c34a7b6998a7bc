//! `PATCH /api/admin/users/{id}`

use crate::convert::admin::{account, change};
use crate::dto::admin::{AdminUserDetail, UpdateUser};
use crate::dto::common::Envelope;
use crate::extract::{Auth, Id, Input};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;
use domain::UserId;

/// Changes an account's role, tier and budget, and whether it may log in. The last administrator stays one. For administrators, not for API
/// keys.
#[utoipa::path(
    patch, path = "/api/admin/users/{id}", operation_id = "updateUser", tag = "admin",
    params(("id" = Uuid, Path, description = "Account")),
    request_body = UpdateUser,
    responses((status = 200, description = "The account as it is now", body = Envelope<AdminUserDetail>), Failures),
    extensions(("x-codes" = json!(["FORBIDDEN", "SESSION_REQUIRED", "LAST_ADMIN"])))
)]
pub async fn update_user(
    State(state): State<ApiState>,
    Auth(caller): Auth,
    Id(id): Id<UserId>,
    Input(body): Input<UpdateUser>,
) -> ApiResult<AdminUserDetail> {
    let view = app::admin::update(&state.app, &caller, id, change(&body)?).await?;
    Ok(Reply::ok(AdminUserDetail { user: account(view) }))
}
