//! `PATCH /api/webhooks/{id}`

use crate::convert::webhooks::{change, webhook};
use crate::dto::common::Envelope;
use crate::dto::webhooks::{UpdateWebhook, WebhookBody};
use crate::extract::{Auth, Id, Input};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;
use domain::WebhookId;

/// Changes a webhook; one that is switched on again begins without failures.
#[utoipa::path(
    patch, path = "/api/webhooks/{id}", operation_id = "updateWebhook", tag = "webhooks",
    params(("id" = Uuid, Path, description = "Webhook")),
    request_body = UpdateWebhook,
    responses((status = 200, description = "The webhook as it is now", body = Envelope<WebhookBody>), Failures)
)]
pub async fn update(
    State(state): State<ApiState>,
    Auth(caller): Auth,
    Id(id): Id<WebhookId>,
    Input(body): Input<UpdateWebhook>,
) -> ApiResult<WebhookBody> {
    let view = app::webhooks::update(&state.app, &caller, id, change(body)).await?;
    Ok(Reply::ok(WebhookBody { webhook: webhook(view) }))
}
