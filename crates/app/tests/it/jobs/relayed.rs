//! Two processes over one database, with Redis between them. Neither asks the database by itself, so what arrives came by word.

use super::world::World;
use app::App;
use app::events::{Next, Topic};
use app::relay::Relay;
use db::jobs::{Job, JobEffects, NewEvent};
use domain::{JobId, NotificationId};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use testkit::{RedisServer, TestDatabase};
use tokio_util::sync::CancellationToken;

const LIMIT: Duration = Duration::from_secs(60);

async fn append(app: &App, job: JobId) {
    let event = NewEvent::new("log", json!({}), app.clock.now());
    let change = |_: &mut Job, effects: &mut JobEffects| effects.events.push(event);
    db::jobs::update(&app.db, job, app.clock.now(), change).await.expect("written").expect("there");
}

async fn tell(app: &App, world: &World) -> NotificationId {
    let notification = testkit::rows::notification(world.caller.user_id, app.clock.now());
    db::notifications::insert(&app.db, std::slice::from_ref(&notification)).await.expect("stored");
    notification.id
}

async fn number(watcher: &mut app::events::Subscription) -> u64 {
    match tokio::time::timeout(LIMIT, watcher.next()).await.expect("an event arrives") {
        Next::Frame(frame) => frame.number,
        Next::Behind => panic!("nothing is left out"),
    }
}

#[tokio::test]
async fn what_one_process_writes_wakes_the_streams_of_the_other() {
    let Some(redis) = RedisServer::start() else { return };
    for database in testkit::databases() {
        between_two(database, &redis).await;
    }
}

async fn between_two(database: TestDatabase, redis: &RedisServer) {
    let world = World::new(database).await;
    let job = world.create().await;
    let relay = |name: &str| Relay::open(&redis.url(), name).expect("opened");
    let (here, there) = (world.peer(relay("here")).await, world.peer(relay("there")).await);
    let stop = CancellationToken::new();
    let runs: Vec<_> = [&here, &there].map(|app| tokio::spawn(app::relay::run(Arc::clone(app), stop.clone()))).into();

    let mut watcher = here.hub.subscribe(&here.db, Topic::Job(job)).await.expect("subscribed");
    let mut of_account = here.hub.subscribe(&here.db, Topic::Account(world.caller.user_id)).await.expect("subscribed");
    let (mut feed, unread) = app::notifications::follow(&here, &world.caller, None).await.expect("follows");
    // The two hear each other a moment after they began.
    let mut last = loop {
        append(&there, job).await;
        if let Ok(Next::Frame(frame)) = tokio::time::timeout(Duration::from_millis(200), watcher.next()).await {
            break frame.number;
        }
    };
    let newest = db::jobs::get(&here.db, job).await.expect("read").expect("there").last_event_seq;
    while last < newest {
        last = number(&mut watcher).await;
    }
    for _ in 0..5 {
        append(&there, job).await;
        assert_eq!(number(&mut watcher).await, last + 1, "each in its place");
        last += 1;
    }
    assert!(number(&mut of_account).await > 0, "the stream of all jobs too");
    let told = tell(&there, &world).await;
    let heard = tokio::time::timeout(LIMIT, feed.next(&here)).await.expect("a notification arrives").expect("read");
    assert_eq!((heard.notification.id, heard.unread), (told, unread + 1));
    let told = tell(&here, &world).await;
    let heard = tokio::time::timeout(LIMIT, feed.next(&here)).await.expect("one's own arrives").expect("read");
    assert_eq!(heard.notification.id, told);

    stop.cancel();
    for run in runs {
        run.await.expect("it ends");
    }
}
