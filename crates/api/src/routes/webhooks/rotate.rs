//! `POST /api/webhooks/{id}/rotate`

use crate::convert::webhooks::webhook;
use crate::dto::common::Envelope;
use crate::dto::webhooks::CreatedWebhook;
use crate::extract::{Auth, Id};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;
use domain::WebhookId;

/// Gives a webhook another secret, which the answer holds, once. For 24 hours each message is signed with both, new and old
/// (`webhook-signature` holds several, separated by a space), so that the receiver can be changed in between.
#[utoipa::path(
    post, path = "/api/webhooks/{id}/rotate", operation_id = "rotateWebhookSecret", tag = "webhooks",
    params(("id" = Uuid, Path, description = "Webhook")),
    responses((status = 200, description = "It has another secret", body = Envelope<CreatedWebhook>), Failures)
)]
pub async fn rotate(State(state): State<ApiState>, Auth(caller): Auth, Id(id): Id<WebhookId>) -> ApiResult<CreatedWebhook> {
    let rotated = app::webhooks::rotate(&state.app, &caller, id).await?;
    Ok(Reply::ok(CreatedWebhook { webhook: webhook(rotated.webhook), secret: rotated.secret }))
}
