//! `GET /api/admin/audit`

use crate::convert::admin::audit_entry;
use crate::dto::admin::{AuditLog, ListAudit};
use crate::dto::common::Envelope;
use crate::extract::{Auth, Paging, Params, text_filter};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;

/// The audit log, newest first: who got in, and who changed what of whose access. For administrators.
#[utoipa::path(
    get, path = "/api/admin/audit", operation_id = "listAuditLog", tag = "admin",
    params(ListAudit),
    responses((status = 200, description = "A page of lines", body = Envelope<AuditLog>), Failures),
    extensions(("x-codes" = json!(["FORBIDDEN"])))
)]
pub async fn audit_log(State(state): State<ApiState>, Auth(caller): Auth, Params(query): Params<ListAudit>) -> ApiResult<AuditLog> {
    let page = Paging::new(query.page, query.page_size)?;
    let filter =
        app::admin::AuditFilter { action: text_filter("action", query.action.as_deref())?, user_id: query.user_id.map(domain::UserId) };
    let found = app::admin::audit_log(&state.app, &caller, filter, page.page, page.page_size).await?;
    Ok(Reply::ok(AuditLog { entries: found.entries.into_iter().map(audit_entry).collect() }).page(page, found.total))
}
