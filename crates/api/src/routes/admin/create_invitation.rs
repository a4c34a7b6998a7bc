//! `POST /api/admin/invitations`

use crate::convert::admin::made;
use crate::dto::admin::{CreateInvitation, MadeInvitation};
use crate::dto::common::Envelope;
use crate::extract::{Auth, OptionalInput};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;

/// Invites somebody to sign up. The token is shown in this answer and never again. For administrators, not for API keys.
#[utoipa::path(
    post, path = "/api/admin/invitations", operation_id = "createInvitation", tag = "admin",
    request_body = Option<CreateInvitation>,
    responses((status = 201, description = "The invitation", body = Envelope<MadeInvitation>), Failures),
    extensions(("x-codes" = json!(["FORBIDDEN", "SESSION_REQUIRED"])))
)]
pub async fn create_invitation(
    State(state): State<ApiState>,
    Auth(caller): Auth,
    OptionalInput(body): OptionalInput<CreateInvitation>,
) -> ApiResult<MadeInvitation> {
    let input = app::admin::NewInvitation { email: body.email, role: body.role, expires_in_days: body.expires_in_days };
    Ok(Reply::created(made(app::admin::create_invitation(&state.app, &caller, input).await?)))
}
