//! `POST /api/webhooks`

use crate::convert::webhooks::{new, webhook};
use crate::dto::common::Envelope;
use crate::dto::webhooks::{CreateWebhook, CreatedWebhook};
use crate::extract::{Auth, Input};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;

/// Makes a webhook: notifications are posted to its address as they come, signed after Standard Webhooks (`webhook-id`,
/// `webhook-timestamp`, `webhook-signature`). What is not answered with a status of 2xx is tried again for a day; redirects are not
/// followed, and an answer has 10 seconds. A webhook to which 20 tries in a row fail is switched off. The answer holds the secret, once.
#[utoipa::path(
    post, path = "/api/webhooks", operation_id = "createWebhook", tag = "webhooks",
    request_body = CreateWebhook,
    responses((status = 201, description = "It is made", body = Envelope<CreatedWebhook>), Failures),
    extensions(("x-codes" = json!(["TOO_MANY_WEBHOOKS"])))
)]
pub async fn create(State(state): State<ApiState>, Auth(caller): Auth, Input(body): Input<CreateWebhook>) -> ApiResult<CreatedWebhook> {
    let created = app::webhooks::create(&state.app, &caller, new(body)).await?;
    Ok(Reply::created(CreatedWebhook { webhook: webhook(created.webhook), secret: created.secret }))
}
