//! `GET /api/webhooks/{id}`

use crate::convert::webhooks::webhook;
use crate::dto::common::Envelope;
use crate::dto::webhooks::WebhookBody;
use crate::extract::{Auth, Id};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;
use domain::WebhookId;

/// One webhook.
#[utoipa::path(
    get, path = "/api/webhooks/{id}", operation_id = "getWebhook", tag = "webhooks",
    params(("id" = Uuid, Path, description = "Webhook")),
    responses((status = 200, description = "The webhook", body = Envelope<WebhookBody>), Failures)
)]
pub async fn get(State(state): State<ApiState>, Auth(caller): Auth, Id(id): Id<WebhookId>) -> ApiResult<WebhookBody> {
    let view = app::webhooks::get(&state.app, &caller, id).await?;
    Ok(Reply::ok(WebhookBody { webhook: webhook(view) }))
}
