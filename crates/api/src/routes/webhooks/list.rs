//! `GET /api/webhooks`

use crate::convert::webhooks::webhook;
use crate::dto::common::Envelope;
use crate::dto::webhooks::{ListWebhooks, WebhookList};
use crate::extract::{Auth, Paging, Params};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;

/// The caller's webhooks, newest first.
#[utoipa::path(
    get, path = "/api/webhooks", operation_id = "listWebhooks", tag = "webhooks",
    params(ListWebhooks),
    responses((status = 200, description = "A page of webhooks", body = Envelope<WebhookList>), Failures)
)]
pub async fn list(State(state): State<ApiState>, Auth(caller): Auth, Params(query): Params<ListWebhooks>) -> ApiResult<WebhookList> {
    let page = Paging::new(query.page, query.page_size)?;
    let (found, total) = app::webhooks::list(&state.app, &caller, page.page, page.page_size).await?;
    Ok(Reply::ok(WebhookList { webhooks: found.into_iter().map(webhook).collect() }).page(page, total))
}
