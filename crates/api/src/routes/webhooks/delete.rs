//! `DELETE /api/webhooks/{id}`

use crate::dto::common::{Done, Envelope};
use crate::extract::{Auth, Id};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;
use domain::WebhookId;

/// Deletes a webhook with its log.
#[utoipa::path(
    delete, path = "/api/webhooks/{id}", operation_id = "deleteWebhook", tag = "webhooks",
    params(("id" = Uuid, Path, description = "Webhook")),
    responses((status = 200, description = "It is gone", body = Envelope<Done>), Failures)
)]
pub async fn delete(State(state): State<ApiState>, Auth(caller): Auth, Id(id): Id<WebhookId>) -> ApiResult<Done> {
    app::webhooks::delete(&state.app, &caller, id).await?;
    Ok(Reply::ok(Done::new("Webhook deleted")))
}
