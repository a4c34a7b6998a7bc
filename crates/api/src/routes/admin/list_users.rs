//! `GET /api/admin/users`

use crate::convert::admin::account;
use crate::dto::admin::{AdminUserList, ListUsers};
use crate::dto::common::Envelope;
use crate::extract::{Auth, Paging, Params, ternary, text_filter};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;

/// Everybody's accounts, newest first. For administrators.
#[utoipa::path(
    get, path = "/api/admin/users", operation_id = "listUsers", tag = "admin",
    params(ListUsers),
    responses((status = 200, description = "A page of accounts", body = Envelope<AdminUserList>), Failures),
    extensions(("x-codes" = json!(["FORBIDDEN"])))
)]
pub async fn list_users(State(state): State<ApiState>, Auth(caller): Auth, Params(query): Params<ListUsers>) -> ApiResult<AdminUserList> {
    let page = Paging::new(query.page, query.page_size)?;
    let matching = app::admin::UserFilter {
        search: query.search,
        role: text_filter("role", query.role.as_deref())?,
        tier: text_filter("tier", query.tier.as_deref())?,
        disabled: ternary("disabled", query.disabled.as_deref())?,
    };
    let filter = app::admin::AccountFilter { matching, page: page.page, page_size: page.page_size };
    let found = app::admin::list(&state.app, &caller, filter).await?;
    let users = found.accounts.into_iter().map(account).collect();
    Ok(Reply::ok(AdminUserList { users }).page(page, found.total))
}
