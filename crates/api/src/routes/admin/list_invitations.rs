//! `GET /api/admin/invitations`

use crate::convert::admin::invitation;
use crate::dto::admin::{InvitationList, ListInvitations};
use crate::dto::common::Envelope;
use crate::extract::{Auth, Paging, Params};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;

/// All invitations, newest first. For administrators.
#[utoipa::path(
    get, path = "/api/admin/invitations", operation_id = "listInvitations", tag = "admin",
    params(ListInvitations),
    responses((status = 200, description = "A page of invitations", body = Envelope<InvitationList>), Failures),
    extensions(("x-codes" = json!(["FORBIDDEN"])))
)]
pub async fn list_invitations(
    State(state): State<ApiState>,
    Auth(caller): Auth,
    Params(query): Params<ListInvitations>,
) -> ApiResult<InvitationList> {
    let page = Paging::new(query.page, query.page_size)?;
    let (found, total) = app::admin::invitations(&state.app, &caller, page.page, page.page_size).await?;
    Ok(Reply::ok(InvitationList { invitations: found.into_iter().map(invitation).collect() }).page(page, total))
}
