//! Webhooks.

use crate::dto::webhooks::{CreateWebhook, UpdateWebhook, Webhook, WebhookDelivery};
use app::webhooks::{DeliveryView, NewWebhook, WebhookView};

/// A new webhook.
pub fn new(body: CreateWebhook) -> NewWebhook {
    NewWebhook { url: body.url, description: body.description, events: body.events }
}

/// What to change.
pub fn change(body: UpdateWebhook) -> app::webhooks::UpdateWebhook {
    app::webhooks::UpdateWebhook { url: body.url, description: body.description, events: body.events, enabled: body.enabled }
}

/// A webhook.
pub fn webhook(view: WebhookView) -> Webhook {
    Webhook {
        id: view.id.uuid(),
        url: view.url,
        description: view.description,
        events: view.events,
        enabled: view.enabled,
        disabled_reason: view.disabled_reason,
        failures: view.failures,
        old_secret_until: view.old_secret_until,
        created_at: view.created_at,
        updated_at: view.updated_at,
    }
}

/// A message.
pub fn delivery(view: DeliveryView) -> WebhookDelivery {
    WebhookDelivery {
        id: view.id.uuid(),
        event: view.event,
        status: view.status,
        attempts: view.tries,
        response_status: view.response_status,
        response_body: view.response_body,
        error: view.error,
        payload: view.body,
        created_at: view.created_at,
        tried_at: view.tried_at,
        next_attempt_at: view.next_try_at,
    }
}
