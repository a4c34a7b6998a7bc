//! How notifications leave the server, against real servers of the test's own.

mod receivers;

use std::sync::Arc;
use std::time::Duration;

use app::jobs::run_worker;
use app::mail::{Mail, Mailer, SmtpMailer};
use app::notifications;
use app::settings::{ChannelsChange, UpdateSettings};
use app::webhooks::{self, NewWebhook};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::Duration as Span;
use domain::notification::{NotificationKind, NotificationPriority};
use domain::webhook::DeliveryStatus;
use domain::{Clock, NotificationId, WebhookId};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio_util::sync::CancellationToken;

use crate::jobs::world::World;
use receivers::{HttpServer, MailServer, ReceivedRequest, Tls};

/// A worker that works until it is dropped.
struct Working(CancellationToken);

impl Working {
    fn on(world: &World) -> Self {
        let stop = CancellationToken::new();
        tokio::spawn(run_worker(Arc::clone(&world.app), stop.clone()));
        Self(stop)
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// Polls until `what` is there.
async fn until<T>(mut what: impl AsyncFnMut() -> Option<T>) -> T {
    let found = async {
        loop {
            if let Some(found) = what().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), found).await.expect("it comes to pass in time")
}

/// Lets time pass while nothing is being done.
async fn later(world: &World, span: Span) {
    if idle(world).await {
        world.clock.advance(span);
    }
}

/// Whether nothing is being done and nothing is due.
async fn idle(world: &World) -> bool {
    let counts = world.app.queue.counts().await.expect("counts");
    counts.running == 0 && counts.oldest_due.is_none()
}

async fn tell(world: &World, kind: NotificationKind, title: &str) {
    let now = world.clock.now();
    let told = db::notifications::Notification {
        id: NotificationId::new(now),
        user_id: world.caller.user_id,
        kind,
        title: title.to_owned(),
        message: "Grüße <b>& mehr</b>.".to_owned(),
        priority: NotificationPriority::High,
        read: false,
        action_url: Some("/training/jobs/1".to_owned()),
        metadata: None,
        created_at: now,
        dismissed_at: None,
        seq: 0,
    };
    db::notifications::insert(&world.app.db, &[told]).await.expect("stored");
}

async fn mailing(database: testkit::TestDatabase, server: &MailServer) -> World {
    let mailer = SmtpMailer::new(&server.url(), "BrightRun <mail@example.org>").expect("an address");
    let world = World::mailing(database, Arc::new(mailer)).await;
    verify(&world, Some(world.clock.now())).await;
    world
}

/// Says when the account proved that its address is its own.
async fn verify(world: &World, at: Option<chrono::DateTime<chrono::Utc>>) {
    let user = db::users::update(&world.app.db, world.caller.user_id, |user| user.email_verified_at = at).await.expect("written");
    assert!(user.is_some());
}

#[tokio::test]
async fn nobody_is_mailed_who_has_not_confirmed_the_address() {
    for database in testkit::databases() {
        let server = MailServer::start(&[]).await;
        let world = mailing(database, &server).await;
        verify(&world, None).await;
        let _working = Working::on(&world);
        tell(&world, NotificationKind::JobFailed, "Before").await;
        until(async || db::notifications::waiting(&world.app.db, 10).await.expect("asked").is_empty().then_some(())).await;
        verify(&world, Some(world.clock.now())).await;
        tell(&world, NotificationKind::JobFailed, "After").await;
        until(async || (server.answered() == 1 && idle(&world).await).then_some(())).await;
        assert!(server.mails()[0].text.contains("Subject: After"), "{:?}", server.mails());
        let list = notifications::list(&world.app, &world.caller, false, 1, 10).await.expect("list");
        assert_eq!(list.total, 2, "in the application it is told all the same");
    }
}

fn letter() -> Mail {
    Mail::letter("ada@example.com", "Hello", &["A secret."], None)
}

fn mailer(server: &MailServer, scheme: &str, query: &str, authority: Option<&[u8]>) -> SmtpMailer {
    let url = format!("{scheme}://{}{query}", server.address());
    SmtpMailer::trusting(&url, "BrightRun <mail@example.org>", authority).expect("an address")
}

#[tokio::test]
async fn mail_goes_encrypted_from_the_beginning_or_after_starttls() {
    let (acceptor, authority) = receivers::certificate();
    let implicit = MailServer::speaking(Tls::Implicit(acceptor.clone()), &[]).await;
    mailer(&implicit, "smtps", "", Some(&authority)).send(&letter()).await.expect("accepted");
    let upgrading = MailServer::speaking(Tls::Upgrade(acceptor), &[]).await;
    mailer(&upgrading, "smtp", "?tls=required", Some(&authority)).send(&letter()).await.expect("accepted");
    for server in [&implicit, &upgrading] {
        assert!(server.mails()[0].text.contains("A secret."), "{:?}", server.mails());
    }
    assert!(implicit.in_the_open().is_empty());
    assert!(upgrading.in_the_open().iter().all(|line| line.starts_with("EHLO") || line == "STARTTLS"), "{:?}", upgrading.in_the_open());
}

#[tokio::test]
async fn nothing_is_said_to_a_mail_server_that_is_not_encrypted_as_required_or_not_known() {
    let (acceptor, authority) = receivers::certificate();
    let plain = MailServer::start(&[]).await;
    let refused = mailer(&plain, "smtp", "?tls=required", Some(&authority)).send(&letter()).await;
    assert!(refused.is_err(), "it offers no STARTTLS");
    assert!(plain.in_the_open().iter().all(|line| line.starts_with("EHLO") || line == "QUIT"), "{:?}", plain.in_the_open());
    assert!(mailer(&plain, "smtps", "", Some(&authority)).send(&letter()).await.is_err(), "it speaks no TLS");
    let (_, stranger) = receivers::certificate();
    for tls in [Tls::Implicit(acceptor.clone()), Tls::Upgrade(acceptor)] {
        let scheme = if matches!(tls, Tls::Implicit(_)) { ("smtps", "") } else { ("smtp", "?tls=required") };
        let server = MailServer::speaking(tls, &[]).await;
        for unknown in [None, Some(&stranger[..])] {
            let error = mailer(&server, scheme.0, scheme.1, unknown).send(&letter()).await.expect_err("nobody vouches for it");
            assert!(error.to_string().contains("certificate"), "{error}");
        }
        assert!(server.mails().is_empty());
    }
    assert!(plain.mails().is_empty());
    let url = format!("smtps://{}", plain.address());
    assert!(SmtpMailer::trusting(&url, "mail@example.org", Some(b"no certificate")).is_err());
}

#[tokio::test]
async fn mail_goes_through_an_smtp_server_with_both_texts() {
    for database in testkit::databases() {
        let server = MailServer::start(&[]).await;
        let world = mailing(database, &server).await;
        tell(&world, NotificationKind::JobFailed, "Training Failed").await;
        // Not by mail, where nothing else is said.
        tell(&world, NotificationKind::JobQueued, "Training Queued").await;
        let _working = Working::on(&world);
        let mail = until(async || server.mails().first().cloned()).await;
        assert_eq!((mail.from.as_str(), mail.to.as_str()), ("mail@example.org", "ada@example.com"));
        for part in ["Subject: Training Failed", "multipart/alternative", "text/plain", "text/html", "Message-ID:", "/training/jobs/1"] {
            assert!(mail.text.contains(part), "{part} is missing in {}", mail.text);
        }
        let html = mail.text.split("text/html").nth(1).expect("an HTML part");
        assert!(html.contains("&lt;b&gt;&amp; mehr") && !html.contains("<b>"), "texts are escaped: {html}");
        // Told once, and nothing waits.
        notifications::fan_out(&world.app).await.expect("fanned out");
        until(async || idle(&world).await.then_some(())).await;
        assert_eq!(server.mails().len(), 1);
    }
}

#[tokio::test]
async fn mail_that_is_not_accepted_is_tried_again_unless_it_never_will_be() {
    let server = MailServer::start(&["451 later", "550 never"]).await;
    let world = mailing(testkit::TestDatabase::sqlite(), &server).await;
    let _working = Working::on(&world);
    tell(&world, NotificationKind::JobComplete, "first").await;
    until(async || (server.answered() == 1).then_some(())).await;
    until(async || {
        later(&world, Span::seconds(15)).await;
        (server.answered() >= 2).then_some(())
    })
    .await;
    assert!(server.mails().is_empty(), "refused for good");
    until(async || idle(&world).await.then_some(())).await;
    tell(&world, NotificationKind::JobComplete, "second").await;
    until(async || (server.mails().len() == 1).then_some(())).await;
}

#[tokio::test]
async fn each_account_says_what_it_is_told_and_how() {
    for database in testkit::databases() {
        let server = MailServer::start(&[]).await;
        let world = mailing(database, &server).await;
        let channels = |in_app, mail| ChannelsChange { in_app: Some(in_app), mail: Some(mail), webhook: None };
        let change = UpdateSettings {
            notifications: vec![(NotificationKind::JobQueued, channels(false, true)), (NotificationKind::JobFailed, channels(true, false))],
            ..UpdateSettings::default()
        };
        let view = app::settings::update(&world.app, &world.caller, change).await.expect("accepted");
        assert!(view.mail_available);
        let _working = Working::on(&world);
        tell(&world, NotificationKind::JobFailed, "only here").await;
        tell(&world, NotificationKind::JobQueued, "only by mail").await;
        until(async || (server.mails().len() == 1).then_some(())).await;
        assert!(server.mails()[0].text.contains("Subject: only by mail"));
        let list = notifications::list(&world.app, &world.caller, false, 1, 10).await.expect("list");
        assert_eq!((list.total, list.unread, list.notifications[0].title.as_str()), (1, 1, "only here"));
    }
}

async fn webhook(world: &World, server: &HttpServer) -> (WebhookId, String) {
    let new = NewWebhook { url: server.url("/hook"), events: vec![NotificationKind::JobComplete], ..NewWebhook::default() };
    let created = webhooks::create(&world.app, &world.caller, new).await.expect("accepted");
    (created.webhook.id, created.secret)
}

/// What a receiver computes with its secret.
fn signature(request: &ReceivedRequest, secret: &str) -> String {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").expect("the prefix")).expect("base64");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key");
    mac.update(format!("{}.{}.{}", request.header("webhook-id"), request.header("webhook-timestamp"), request.body).as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[tokio::test]
async fn a_secret_is_replaced_without_a_gap() {
    for database in testkit::databases() {
        let server = HttpServer::start(&[]).await;
        let world = World::new(database).await;
        let (id, first) = webhook(&world, &server).await;
        let _working = Working::on(&world);
        let rotated = webhooks::rotate(&world.app, &world.caller, id).await.expect("rotated");
        assert_ne!(rotated.secret, first);
        assert_eq!(rotated.webhook.old_secret_until, Some(world.clock.now() + Span::hours(24)));
        let sent = async |title: &str, number: usize| {
            tell(&world, NotificationKind::JobComplete, title).await;
            until(async || server.requests().get(number).cloned()).await
        };
        let both = sent("one", 0).await;
        assert_eq!(both.header("webhook-signature"), format!("{} {}", signature(&both, &rotated.secret), signature(&both, &first)));
        until(async || idle(&world).await.then_some(())).await;
        world.clock.advance(Span::hours(24));
        let one = sent("two", 1).await;
        assert_eq!(one.header("webhook-signature"), signature(&one, &rotated.secret));
        // Two at most: one that is still older is over at once.
        let second = webhooks::rotate(&world.app, &world.caller, id).await.expect("rotated");
        let third = webhooks::rotate(&world.app, &world.caller, id).await.expect("rotated");
        let last = sent("three", 2).await;
        assert_eq!(last.header("webhook-signature"), format!("{} {}", signature(&last, &third.secret), signature(&last, &second.secret)));
        let stored = db::webhooks::get(&world.app.db, id).await.expect("read").expect("there");
        assert!(!format!("{stored:?}").contains(&second.secret[6..]), "no secret is kept as it is");
    }
}

#[tokio::test]
async fn webhooks_get_signed_messages_and_failed_ones_again() {
    for database in testkit::databases() {
        let server = HttpServer::start(&[503, 302, 200]).await;
        let world = World::new(database).await;
        let (id, secret) = webhook(&world, &server).await;
        let _working = Working::on(&world);
        tell(&world, NotificationKind::JobFailed, "not asked for").await;
        tell(&world, NotificationKind::JobComplete, "Training Completed!").await;
        until(async || {
            later(&world, Span::seconds(30)).await;
            (server.requests().len() == 3).then_some(())
        })
        .await;
        let requests = server.requests();
        assert!(requests.iter().all(|r| r.header("webhook-id") == requests[0].header("webhook-id") && r.body == requests[0].body));
        let body: serde_json::Value = serde_json::from_str(&requests[2].body).expect("JSON");
        assert_eq!((body["type"].as_str(), body["data"]["title"].as_str()), (Some("job_complete"), Some("Training Completed!")));
        for request in &requests {
            assert_eq!(request.header("webhook-signature"), signature(request, &secret));
        }
        let delivered = until(async || {
            let (log, total) = webhooks::deliveries(&world.app, &world.caller, id, 1, 10).await.expect("log");
            assert_eq!(total, 1);
            (log[0].status == DeliveryStatus::Delivered).then(|| log[0].clone())
        })
        .await;
        assert_eq!((delivered.tries, delivered.response_status, delivered.error, delivered.next_try_at), (3, Some(200), None, None));
        assert_eq!(webhooks::get(&world.app, &world.caller, id).await.expect("there").failures, 0);
        let sealed = db::webhooks::get(&world.app.db, id).await.expect("read").expect("there").sealed_secret;
        assert!(!sealed.contains(&secret[6..]), "the secret is not kept as it is");
    }
}

#[tokio::test]
async fn a_webhook_that_keeps_failing_is_switched_off_and_its_owner_told() {
    let server = HttpServer::start(&[500; 60]).await;
    let world = World::new(testkit::TestDatabase::sqlite()).await;
    let (id, _) = webhook(&world, &server).await;
    let _working = Working::on(&world);
    for n in 0..4 {
        tell(&world, NotificationKind::JobComplete, &format!("number {n}")).await;
    }
    let off = until(async || {
        later(&world, Span::hours(1)).await;
        let view = webhooks::get(&world.app, &world.caller, id).await.expect("there");
        (!view.enabled).then_some(view)
    })
    .await;
    assert!(off.failures >= 20 && off.disabled_reason.is_some(), "{off:?}");
    let told = until(async || {
        let list = notifications::list(&world.app, &world.caller, false, 1, 50).await.expect("list");
        list.notifications.into_iter().find(|told| told.kind == NotificationKind::System)
    })
    .await;
    assert_eq!(told.title, "Webhook switched off");
    // A test is sent all the same, tried once, and does not count.
    let before = server.requests().len();
    webhooks::test(&world.app, &world.caller, id).await.expect("on its way");
    until(async || server.requests()[before..].iter().find(|r| r.body.contains("\"test\"")).cloned()).await;
}

#[tokio::test]
async fn a_server_that_is_gone_or_hangs_up_is_written_down() {
    let world = World::new(testkit::TestDatabase::sqlite()).await;
    let server = HttpServer::start(&[410]).await;
    let (gone, _) = webhook(&world, &server).await;
    let _working = Working::on(&world);
    tell(&world, NotificationKind::JobComplete, "gone").await;
    until(async || (!webhooks::get(&world.app, &world.caller, gone).await.expect("there").enabled).then_some(())).await;
    // Nobody listens at the other.
    let url = { HttpServer::start(&[]).await.url("/x") };
    let new = NewWebhook { url, ..NewWebhook::default() };
    let silent = webhooks::create(&world.app, &world.caller, new).await.expect("accepted").webhook.id;
    tell(&world, NotificationKind::JobComplete, "silence").await;
    let failed = until(async || {
        let (log, _) = webhooks::deliveries(&world.app, &world.caller, silent, 1, 10).await.expect("log");
        log.into_iter().find(|delivery| delivery.error.is_some())
    })
    .await;
    assert!(failed.response_status.is_none() && failed.next_try_at.is_some(), "{failed:?}");
}

#[tokio::test]
async fn a_week_is_summed_up_once_for_those_who_ask() {
    for database in testkit::databases() {
        let world = World::new(database).await;
        let weekly = ChannelsChange { in_app: Some(true), ..ChannelsChange::default() };
        let change = UpdateSettings { notifications: vec![(NotificationKind::WeeklySummary, weekly)], ..UpdateSettings::default() };
        app::settings::update(&world.app, &world.caller, change).await.expect("accepted");
        let told = async || {
            notifications::sum_up_weeks(&world.app).await.expect("summed up");
            let list = notifications::list(&world.app, &world.caller, false, 1, 50).await.expect("list");
            list.notifications.iter().filter(|told| told.kind == NotificationKind::WeeklySummary).count()
        };
        assert_eq!(told().await, 0, "the first week is not over");
        world.clock.advance(Span::days(8));
        assert_eq!((told().await, told().await), (1, 1));
        world.clock.advance(Span::days(7));
        assert_eq!(told().await, 2);
    }
}
