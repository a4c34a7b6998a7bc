//! Webhooks: addresses of the caller's to which notifications are sent, as messages that are signed the way of Standard Webhooks.

mod address;
mod deliver;

pub use deliver::deliver;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Duration, SecondsFormat, Utc};
use db::Page;
use db::notifications::Notification;
use db::tasks::NewTask;
use db::webhooks::{Delivery, Webhook};

/// A message in the log.
pub use db::webhooks::Delivery as DeliveryView;

use domain::audit::AuditAction;
use domain::notification::NotificationKind;
use domain::webhook::DeliveryStatus;
use domain::{Caller, DeliveryId, Error, Result, WebhookId};
use queue::Task;
use serde_json::{Value, json};

use crate::{App, audit, secrets};

/// Webhooks of an account at most.
const MAX_WEBHOOKS: u64 = 20;
/// Longest description, in characters.
const MAX_DESCRIPTION: usize = 200;
/// What secrets are sealed for.
const PURPOSE: &str = "webhook secret";
/// How long messages are signed with the secret before, too.
const OVERLAP_HOURS: i64 = 24;
const SECRET_PREFIX: &str = "whsec_";

/// A new webhook.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewWebhook {
    /// Address.
    pub url: String,
    /// What it is for.
    pub description: String,
    /// What is sent; empty means everything.
    pub events: Vec<NotificationKind>,
}

/// What to change of a webhook.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UpdateWebhook {
    /// New address.
    pub url: Option<String>,
    /// New description.
    pub description: Option<String>,
    /// What is sent from now on.
    pub events: Option<Vec<NotificationKind>>,
    /// Whether anything is sent.
    pub enabled: Option<bool>,
}

/// A webhook as shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookView {
    /// Id.
    pub id: WebhookId,
    /// Address.
    pub url: String,
    /// What it is for.
    pub description: String,
    /// What is sent; empty means everything.
    pub events: Vec<NotificationKind>,
    /// Whether anything is sent.
    pub enabled: bool,
    /// Why the program has switched it off.
    pub disabled_reason: Option<String>,
    /// Tries that failed since the last one that did not.
    pub failures: u32,
    /// Until when messages are signed with the secret before, too; set by [`rotate`].
    pub old_secret_until: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl From<Webhook> for WebhookView {
    fn from(w: Webhook) -> Self {
        Self {
            id: w.id,
            url: w.url,
            description: w.description,
            events: w.events,
            enabled: w.enabled,
            disabled_reason: w.disabled_reason,
            failures: w.failures,
            old_secret_until: w.old_secret_until,
            created_at: w.created_at,
            updated_at: w.updated_at,
        }
    }
}

/// A webhook that was made or got another secret, with the secret that is never shown again.
#[derive(Clone, PartialEq, Eq)]
pub struct CreatedWebhook {
    /// The webhook.
    pub webhook: WebhookView,
    /// What its messages are signed with, as `whsec_…`.
    pub secret: String,
}

/// Makes a webhook.
///
/// # Errors
/// An address that cannot be accepted, or too many webhooks.
pub async fn create(app: &App, caller: &Caller, new: NewWebhook) -> Result<CreatedWebhook> {
    let now = app.clock.now();
    let id = WebhookId::new(now);
    let secret: [u8; 32] = rand::random();
    let webhook = Webhook {
        id,
        user_id: caller.user_id,
        url: address::checked(&new.url, app.config.webhooks_allow_private)?.into(),
        description: checked_description(&new.description)?,
        events: distinct(new.events),
        sealed_secret: secrets::seal(&app.config.auth_secret, PURPOSE, id.uuid(), &secret)?,
        old_sealed_secret: None,
        old_secret_until: None,
        enabled: true,
        disabled_reason: None,
        failures: 0,
        created_at: now,
        updated_at: now,
    };
    if !db::webhooks::insert(&app.db, &webhook, MAX_WEBHOOKS).await? {
        let message = format!("An account has at most {MAX_WEBHOOKS} webhooks; delete one that is not needed any more.");
        return Err(Error::conflict("TOO_MANY_WEBHOOKS", message));
    }
    audit::record(app, audit::entry(app, caller, AuditAction::WebhookCreated, id.uuid())).await?;
    Ok(CreatedWebhook { webhook: webhook.into(), secret: shown(&secret) })
}

fn shown(secret: &[u8]) -> String {
    format!("{SECRET_PREFIX}{}", STANDARD.encode(secret))
}

/// Gives a webhook another secret. For a day messages are signed with the old one too, so that the receiver can be changed in between;
/// one that was still older is over at once.
///
/// # Errors
/// When the caller has no such webhook.
pub async fn rotate(app: &App, caller: &Caller, id: WebhookId) -> Result<CreatedWebhook> {
    find(app, caller, id).await?;
    let now = app.clock.now();
    let secret: [u8; 32] = rand::random();
    let sealed = secrets::seal(&app.config.auth_secret, PURPOSE, id.uuid(), &secret)?;
    let write = |webhook: &mut Webhook| {
        webhook.old_sealed_secret = Some(std::mem::replace(&mut webhook.sealed_secret, sealed));
        webhook.old_secret_until = Some(now + Duration::hours(OVERLAP_HOURS));
    };
    db::webhooks::update(&app.db, id, now, write).await?.ok_or_else(not_found)?;
    audit::record(app, audit::entry(app, caller, AuditAction::WebhookSecretRotated, id.uuid())).await?;
    Ok(CreatedWebhook { webhook: get(app, caller, id).await?, secret: shown(&secret) })
}

fn checked_description(text: &str) -> Result<String> {
    let text = text.trim();
    if text.chars().count() > MAX_DESCRIPTION {
        return Err(Error::invalid("description", format!("The description may have at most {MAX_DESCRIPTION} characters.")));
    }
    Ok(text.to_owned())
}

fn distinct(mut events: Vec<NotificationKind>) -> Vec<NotificationKind> {
    events.sort_unstable();
    events.dedup();
    events
}

async fn find(app: &App, caller: &Caller, id: WebhookId) -> Result<Webhook> {
    let found = db::webhooks::get(&app.db, id).await?.filter(|webhook| webhook.user_id == caller.user_id);
    found.ok_or_else(not_found)
}

fn not_found() -> Error {
    Error::not_found("WEBHOOK_NOT_FOUND", "webhook")
}

/// A page of the caller's webhooks, newest first, and how many there are.
///
/// # Errors
/// When the database does not answer.
pub async fn list(app: &App, caller: &Caller, page: u64, page_size: u64) -> Result<(Vec<WebhookView>, u64)> {
    let found = db::webhooks::list(&app.db, caller.user_id, Page { number: page, size: page_size }).await?;
    Ok((found.rows.into_iter().map(WebhookView::from).collect(), found.total))
}

/// One of the caller's webhooks.
///
/// # Errors
/// When the caller has no such webhook.
pub async fn get(app: &App, caller: &Caller, id: WebhookId) -> Result<WebhookView> {
    find(app, caller, id).await.map(WebhookView::from)
}

/// Changes a webhook. One that is switched on again begins without failures.
///
/// # Errors
/// When the caller has no such webhook, or a field cannot be accepted.
pub async fn update(app: &App, caller: &Caller, id: WebhookId, change: UpdateWebhook) -> Result<WebhookView> {
    find(app, caller, id).await?;
    let url = change.url.as_deref().map(|url| address::checked(url, app.config.webhooks_allow_private)).transpose()?;
    let description = change.description.as_deref().map(checked_description).transpose()?;
    let write = |webhook: &mut Webhook| {
        if let Some(url) = url {
            webhook.url = url.into();
        }
        if let Some(description) = description {
            webhook.description = description;
        }
        if let Some(events) = change.events {
            webhook.events = distinct(events);
        }
        if let Some(enabled) = change.enabled {
            if enabled && !webhook.enabled {
                (webhook.failures, webhook.disabled_reason) = (0, None);
            }
            webhook.enabled = enabled;
        }
    };
    db::webhooks::update(&app.db, id, app.clock.now(), write).await?.ok_or_else(not_found)?;
    audit::record(app, audit::entry(app, caller, AuditAction::WebhookChanged, id.uuid())).await?;
    get(app, caller, id).await
}

/// Deletes a webhook with its log.
///
/// # Errors
/// When the caller has no such webhook.
pub async fn delete(app: &App, caller: &Caller, id: WebhookId) -> Result<()> {
    find(app, caller, id).await?;
    if !db::webhooks::remove(&app.db, id).await? {
        return Err(not_found());
    }
    audit::record(app, audit::entry(app, caller, AuditAction::WebhookDeleted, id.uuid())).await
}

/// Has a message of type `test` sent, also to a webhook that is switched off; answers its id in the log.
///
/// # Errors
/// When the caller has no such webhook.
pub async fn test(app: &App, caller: &Caller, id: WebhookId) -> Result<DeliveryId> {
    let webhook = find(app, caller, id).await?;
    let data = json!({ "webhookId": id, "message": "This is a test. Nothing has happened." });
    let (delivery, task) = message(app, &webhook, deliver::TEST, data);
    let delivery_id = delivery.id;
    db::webhooks::add(&app.db, &[delivery], &[task]).await?;
    app.queue.wake();
    Ok(delivery_id)
}

/// A page of what was sent to one of the caller's webhooks, newest first, and how much there is.
///
/// # Errors
/// When the caller has no such webhook.
pub async fn deliveries(app: &App, caller: &Caller, id: WebhookId, page: u64, page_size: u64) -> Result<(Vec<Delivery>, u64)> {
    find(app, caller, id).await?;
    let found = db::webhooks::deliveries(&app.db, id, Page { number: page, size: page_size }).await?;
    Ok((found.rows, found.total))
}

/// The messages that tell an account's webhooks of a notification, and the tasks that send them.
pub(crate) async fn messages(app: &App, told: &Notification) -> Result<Vec<(Delivery, NewTask)>> {
    let webhooks = db::webhooks::enabled(&app.db, told.user_id).await?;
    let wanted = webhooks.iter().filter(|webhook| webhook.events.is_empty() || webhook.events.contains(&told.kind));
    let mut data = json!({
        "id": told.id, "title": told.title, "message": told.message, "priority": told.priority, "createdAt": told.created_at,
    });
    if let Some(url) = &told.action_url {
        data["url"] = json!(format!("{}{url}", app.config.public_url));
    }
    if let Some(metadata) = &told.metadata {
        data["metadata"] = metadata.clone();
    }
    Ok(wanted.map(|webhook| message(app, webhook, told.kind.as_str(), data.clone())).collect())
}

fn message(app: &App, webhook: &Webhook, event: &str, data: Value) -> (Delivery, NewTask) {
    let now = app.clock.now();
    let id = DeliveryId::new(now);
    let body = json!({ "type": event, "timestamp": now.to_rfc3339_opts(SecondsFormat::Millis, true), "data": data });
    let delivery = Delivery {
        id,
        webhook_id: webhook.id,
        event: event.to_owned(),
        body: body.to_string(),
        status: DeliveryStatus::Pending,
        tries: 0,
        response_status: None,
        response_body: None,
        error: None,
        created_at: now,
        tried_at: None,
        next_try_at: Some(now),
    };
    (delivery, app.queue.prepare(&Task::DeliverWebhook { delivery_id: id, attempt: 1 }))
}
