//! Sends a message to a webhook: one try a task, each written down.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use db::webhooks::{Delivery, Webhook};
use domain::notification::{NotificationKind, NotificationPriority};
use domain::webhook::DeliveryStatus;
use domain::{DeliveryId, Error, Result};
use hmac::{Hmac, KeyInit, Mac};
use queue::Task;
use reqwest::Url;
use serde_json::json;
use sha2::Sha256;

use super::{PURPOSE, address};
use crate::notifications::Told;
use crate::{App, secrets};

/// Type of a message that somebody asked for to try a webhook.
pub const TEST: &str = "test";
/// Seconds to wait after each try that failed: 28 hours in all. After the last one the message is given up.
const PAUSES: [i64; 7] = [5, 60, 300, 1800, 7200, 18_000, 72_000];
/// After so many tries in a row that failed, of whatever messages, a webhook is switched off.
const MOST_FAILURES: u32 = 20;
/// How long a try may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of an answer that are read and kept.
const KEPT_BYTES: usize = 1024;

/// How a try went.
struct Outcome {
    status: Option<u16>,
    body: Option<String>,
    error: Option<String>,
}

/// Try number `attempt` of a message.
///
/// # Errors
/// When storage does not answer.
pub async fn deliver(app: &App, id: DeliveryId, attempt: u32) -> Result<()> {
    let Some(delivery) = db::webhooks::delivery(&app.db, id).await? else { return Ok(()) };
    if delivery.status != DeliveryStatus::Pending || delivery.tries + 1 != attempt {
        return Ok(());
    }
    let Some(webhook) = db::webhooks::get(&app.db, delivery.webhook_id).await? else { return Ok(()) };
    let outcome = if webhook.enabled || delivery.event == TEST {
        post(app, &webhook, &delivery).await
    } else {
        Outcome { status: None, body: None, error: Some("the webhook is switched off".to_owned()) }
    };
    settle(app, &webhook, delivery, outcome).await
}

/// Writes a try down, and what follows from it.
async fn settle(app: &App, webhook: &Webhook, mut delivery: Delivery, outcome: Outcome) -> Result<()> {
    let now = app.clock.now();
    delivery.tries += 1;
    delivery.tried_at = Some(now);
    (delivery.response_status, delivery.response_body, delivery.error) = (outcome.status, outcome.body, outcome.error);
    let failed = delivery.error.is_some();
    let gone = delivery.response_status == Some(410);
    let pause = usize::try_from(delivery.tries - 1).ok().and_then(|tried| PAUSES.get(tried));
    let pause = pause.filter(|_| failed && !gone && webhook.enabled && delivery.event != TEST);
    delivery.next_try_at = pause.map(|seconds| now + chrono::Duration::seconds(*seconds));
    delivery.status = match (failed, delivery.next_try_at) {
        (false, _) => DeliveryStatus::Delivered,
        (true, Some(_)) => DeliveryStatus::Pending,
        (true, None) => DeliveryStatus::Failed,
    };
    let next = delivery.next_try_at.map(|at| {
        let task = Task::DeliverWebhook { delivery_id: delivery.id, attempt: delivery.tries + 1 };
        app.queue.prepare_at(&task, at)
    });
    let mut switched_off = None;
    let judge = |webhook: &mut Webhook| {
        webhook.failures = if failed { webhook.failures.saturating_add(u32::from(webhook.enabled)) } else { 0 };
        if webhook.enabled && (gone || webhook.failures >= MOST_FAILURES) {
            let why = match gone {
                true => "Its server said that it is gone for good (status 410).".to_owned(),
                false => format!("{} tries in a row failed.", webhook.failures),
            };
            (webhook.enabled, webhook.disabled_reason) = (false, Some(why.clone()));
            switched_off = Some(why);
        }
    };
    db::webhooks::tried(&app.db, &delivery, next, now, judge).await?;
    match switched_off {
        Some(why) => tell(app, webhook, &why, now).await,
        None => Ok(()),
    }
}

async fn tell(app: &App, webhook: &Webhook, why: &str, now: DateTime<Utc>) -> Result<()> {
    let host = Url::parse(&webhook.url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    let told = Told {
        kind: NotificationKind::System,
        title: "Webhook switched off",
        message: format!("Nothing is sent to your webhook at {host} any more. {why} Mend it, try it with a test, and switch it on again."),
        priority: NotificationPriority::High,
        action_url: Some("/settings".to_owned()),
        metadata: Some(json!({ "webhookId": webhook.id })),
    };
    db::notifications::insert(&app.db, &[told.to(webhook.user_id, now)]).await?;
    Ok(())
}

async fn post(app: &App, webhook: &Webhook, delivery: &Delivery) -> Outcome {
    let failed = |error: String| Outcome { status: None, body: None, error: Some(error) };
    let allow_private = app.config.webhooks_allow_private;
    let url = match address::checked(&webhook.url, allow_private) {
        Ok(url) => url,
        Err(error) => return failed(error.message),
    };
    let signed = match sign(app, webhook, delivery) {
        Ok(signed) => signed,
        Err(_) => return failed("the webhook's secret cannot be read, as the server's own has changed; make the webhook anew".to_owned()),
    };
    let exchange = async {
        let client = client(&url, allow_private, &app.config.version).await?;
        let mut request = client.post(url).header("content-type", "application/json").body(delivery.body.clone());
        for (name, value) in signed {
            request = request.header(name, value);
        }
        let mut response = request.send().await.map_err(|error| words(&error))?;
        let status = response.status();
        let mut kept = Vec::new();
        while kept.len() < KEPT_BYTES
            && let Ok(Some(chunk)) = response.chunk().await
        {
            kept.extend_from_slice(&chunk[..chunk.len().min(KEPT_BYTES - kept.len())]);
        }
        // A database keeps no NUL.
        let body = String::from_utf8_lossy(&kept).replace('\0', "\u{fffd}");
        Ok::<_, String>((status, body))
    };
    match tokio::time::timeout(TIMEOUT, exchange).await {
        Err(_) => failed(format!("there was no whole answer within {} s", TIMEOUT.as_secs())),
        Ok(Err(error)) => failed(error),
        Ok(Ok((status, body))) => {
            let error = match status.as_u16() {
                200..300 => None,
                300..400 => Some(format!("the answer was {status}: redirects are not followed")),
                _ => Some(format!("the answer was {status}")),
            };
            Outcome { status: Some(status.as_u16()), body: Some(body), error }
        }
    }
}

/// Connects to where the host's name leads now and nowhere else: by no proxy, and to no other place that an answer may name.
async fn client(url: &Url, allow_private: bool, version: &str) -> Result<reqwest::Client, String> {
    let addresses = address::resolve(url, allow_private).await?;
    let client = reqwest::Client::builder()
        .resolve_to_addrs(url.host_str().unwrap_or_default(), &addresses)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(TIMEOUT / 2)
        .timeout(TIMEOUT)
        .pool_max_idle_per_host(0)
        .user_agent(format!("BrightRun/{version}"));
    client.build().map_err(|error| words(&error))
}

/// An error with its causes, without the address, which is in the log beside it.
fn words(error: &reqwest::Error) -> String {
    let mut text = "the message could not be sent".to_owned();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text.push_str(&format!(": {inner}"));
        cause = inner.source();
    }
    text
}

/// The headers of Standard Webhooks: an id that stays the same over all tries, the time of this one, and an HMAC-SHA256 of both and the
/// body, by each secret that is good.
fn sign(app: &App, webhook: &Webhook, delivery: &Delivery) -> Result<[(&'static str, String); 3]> {
    let now = app.clock.now();
    let (id, timestamp) = (format!("msg_{}", delivery.id.uuid().simple()), now.timestamp().to_string());
    let old = webhook.old_sealed_secret.iter().filter(|_| webhook.old_secret_until.is_some_and(|until| now < until));
    let mut signatures = Vec::new();
    for sealed in std::iter::once(&webhook.sealed_secret).chain(old) {
        let secret = secrets::open(&app.config.auth_secret, PURPOSE, webhook.id.uuid(), sealed)?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&secret).map_err(Error::internal)?;
        mac.update(format!("{id}.{timestamp}.{}", delivery.body).as_bytes());
        signatures.push(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())));
    }
    Ok([("webhook-id", id), ("webhook-timestamp", timestamp), ("webhook-signature", signatures.join(" "))])
}
