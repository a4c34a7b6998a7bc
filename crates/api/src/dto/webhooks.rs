//! Webhooks.

use super::text as t;
use chrono::{DateTime, Utc};
use domain::notification::NotificationKind;
use domain::webhook::DeliveryStatus;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// A page of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ListWebhooks {
    /// From 1.
    #[param(minimum = 1, default = 1)]
    pub page: Option<u64>,
    /// At most 100.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub page_size: Option<u64>,
}

/// A new webhook.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateWebhook {
    /// Address, beginning with `https://`; none in a private network.
    #[schema(max_length = 2000, pattern = "^https://", example = "https://example.org/brightrun")]
    pub url: String,
    /// What it is for.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub description: String,
    /// Types of notification that are sent; empty means all of them.
    #[serde(default)]
    #[schema(value_type = Vec<t::NotificationType>)]
    pub events: Vec<NotificationKind>,
}

/// What to change of a webhook. What is left out stays as it is.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateWebhook {
    /// Address.
    #[schema(max_length = 2000, pattern = "^https://")]
    pub url: Option<String>,
    /// What it is for.
    #[schema(max_length = 200)]
    pub description: Option<String>,
    /// Types of notification that are sent; empty means all of them.
    #[schema(value_type = Option<Vec<t::NotificationType>>)]
    pub events: Option<Vec<NotificationKind>>,
    /// Whether anything is sent.
    pub enabled: Option<bool>,
}

/// A webhook.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Webhook {
    /// Id.
    pub id: Uuid,
    /// Address.
    pub url: String,
    /// What it is for.
    pub description: String,
    /// Types of notification that are sent; empty means all of them.
    #[schema(value_type = Vec<t::NotificationType>)]
    pub events: Vec<NotificationKind>,
    /// Whether anything is sent.
    pub enabled: bool,
    /// Why it was switched off by the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled_reason: Option<String>,
    /// Tries in a row that failed.
    pub failures: u32,
    /// Until then messages carry a signature by the secret before, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_secret_until: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// One webhook.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookBody {
    /// The webhook.
    pub webhook: Webhook,
}

/// A webhook that was made or got another secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct CreatedWebhook {
    /// The webhook.
    pub webhook: Webhook,
    /// What its messages are signed with, after Standard Webhooks. It is never shown again.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    pub secret: String,
}

/// A page of webhooks.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookList {
    /// Newest first.
    pub webhooks: Vec<Webhook>,
}

/// A message to a webhook.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookDelivery {
    /// Id; the message's `webhook-id` is made of it.
    pub id: Uuid,
    /// Type of the message: that of the notification, or `test`.
    pub event: String,
    /// What became of it.
    #[schema(value_type = t::DeliveryStatus)]
    pub status: DeliveryStatus,
    /// How often it was tried.
    pub attempts: u32,
    /// Status of the last answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_status: Option<u16>,
    /// The first kilobyte of the last answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_body: Option<String>,
    /// Why the last try failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The message, as it is signed and sent.
    pub payload: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tried_at: Option<DateTime<Utc>>,
    /// When it is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<DateTime<Utc>>,
}

/// A page of messages.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookDeliveryList {
    /// Newest first; the log goes back 30 days.
    pub deliveries: Vec<WebhookDelivery>,
}

/// A test that is on its way.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookTest {
    /// Its place in the log of deliveries, which tells how it went.
    pub delivery_id: Uuid,
}
