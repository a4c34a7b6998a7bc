//! `GET /api/webhooks/{id}/deliveries`

use crate::convert::webhooks::delivery;
use crate::dto::common::Envelope;
use crate::dto::webhooks::{ListWebhooks, WebhookDeliveryList};
use crate::extract::{Auth, Id, Paging, Params};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;
use domain::WebhookId;

/// What was sent to a webhook in the last 30 days, and how it was answered, newest first.
#[utoipa::path(
    get, path = "/api/webhooks/{id}/deliveries", operation_id = "listWebhookDeliveries", tag = "webhooks",
    params(("id" = Uuid, Path, description = "Webhook"), ListWebhooks),
    responses((status = 200, description = "A page of messages", body = Envelope<WebhookDeliveryList>), Failures)
)]
pub async fn deliveries(
    State(state): State<ApiState>,
    Auth(caller): Auth,
    Id(id): Id<WebhookId>,
    Params(query): Params<ListWebhooks>,
) -> ApiResult<WebhookDeliveryList> {
    let page = Paging::new(query.page, query.page_size)?;
    let (found, total) = app::webhooks::deliveries(&state.app, &caller, id, page.page, page.page_size).await?;
    Ok(Reply::ok(WebhookDeliveryList { deliveries: found.into_iter().map(delivery).collect() }).page(page, total))
}
