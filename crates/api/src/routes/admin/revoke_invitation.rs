//! `DELETE /api/admin/invitations/{id}`

use crate::dto::common::{Done, Envelope};
use crate::extract::{Auth, Id};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;
use domain::InvitationId;

/// Takes an invitation back. For administrators, not for API keys.
#[utoipa::path(
    delete, path = "/api/admin/invitations/{id}", operation_id = "revokeInvitation", tag = "admin",
    params(("id" = Uuid, Path, description = "Invitation")),
    responses((status = 200, description = "It cannot be used any more", body = Envelope<Done>), Failures),
    extensions(("x-codes" = json!(["FORBIDDEN", "SESSION_REQUIRED"])))
)]
pub async fn revoke_invitation(State(state): State<ApiState>, Auth(caller): Auth, Id(id): Id<InvitationId>) -> ApiResult<Done> {
    app::admin::revoke_invitation(&state.app, &caller, id).await?;
    Ok(Reply::ok(Done::new("The invitation cannot be used any more")))
}
