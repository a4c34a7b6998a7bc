//! `POST /api/webhooks/{id}/test`

use crate::dto::common::Envelope;
use crate::dto::webhooks::WebhookTest;
use crate::extract::{Auth, Id};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;
use domain::WebhookId;

/// Sends a message of type `test` to a webhook, also to one that is switched off. The log of deliveries tells how it went.
#[utoipa::path(
    post, path = "/api/webhooks/{id}/test", operation_id = "testWebhook", tag = "webhooks",
    params(("id" = Uuid, Path, description = "Webhook")),
    responses((status = 201, description = "It is on its way", body = Envelope<WebhookTest>), Failures)
)]
pub async fn test(State(state): State<ApiState>, Auth(caller): Auth, Id(id): Id<WebhookId>) -> ApiResult<WebhookTest> {
    let delivery_id = app::webhooks::test(&state.app, &caller, id).await?;
    Ok(Reply::created(WebhookTest { delivery_id: delivery_id.uuid() }))
}
