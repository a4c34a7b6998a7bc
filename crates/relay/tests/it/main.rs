//! The relay over a real Redis server; without one on this machine these tests say that they are skipped.

#![expect(clippy::expect_used, reason = "tests fail by panicking")]

use relay::Relay;
use std::time::Duration;
use testkit::RedisServer;

const LIMIT: Duration = Duration::from_secs(30);

async fn until(what: &str, condition: impl AsyncFn() -> bool) {
    let met = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LIMIT, met).await.expect(what);
}

/// Waits until `to` hears what `from` says, as it listens a moment after it was asked to.
async fn connected(from: &Relay, to: &mut relay::Messages) {
    let heard = async {
        loop {
            from.tell("hello").await;
            if tokio::time::timeout(Duration::from_millis(50), to.next()).await.is_ok() {
                return;
            }
        }
    };
    tokio::time::timeout(LIMIT, heard).await.expect("they hear each other");
    while tokio::time::timeout(Duration::from_millis(50), to.next()).await.is_ok() {}
}

#[tokio::test]
async fn two_processes_take_from_one_bucket_and_hear_each_other() {
    let Some(server) = RedisServer::start() else { return };
    let (one, two) = (Relay::open(&server.url(), "one").expect("opened"), Relay::open(&server.url(), "two").expect("opened"));
    let (mut heard_by_one, mut heard_by_two) = (one.listen(), two.listen());
    connected(&one, &mut heard_by_two).await;
    connected(&two, &mut heard_by_one).await;

    let mut allowed = 0;
    for taker in [&one, &two, &one, &two, &one, &two] {
        let taken = taker.take("reads", "ada", 4, 600).await.expect("Redis answers");
        allowed += u32::from(taken.allowed);
    }
    assert_eq!(allowed, 4);
    assert!(two.take("reads", "bob", 4, 600).await.expect("Redis answers").allowed, "somebody else's bucket is full");
    assert!(two.take("writes", "ada", 4, 600).await.expect("Redis answers").allowed, "another bucket is full");
    assert!(!server.command(&["KEYS", "*"]).contains("ada"), "whose it is is not kept");
    assert!(server.command(&["TTL", server.command(&["KEYS", "*reads*"]).lines().next().expect("a key")]) != "-1", "it goes by itself");

    one.tell("job a b").await;
    assert_eq!(tokio::time::timeout(LIMIT, heard_by_two.next()).await.expect("heard"), "job a b");
    assert!(tokio::time::timeout(Duration::from_millis(100), heard_by_one.next()).await.is_err(), "nobody hears itself");
    assert_eq!(one.problem(), None);
}

#[tokio::test]
async fn without_redis_nothing_waits_and_it_is_found_again() {
    let Some(mut server) = RedisServer::start() else { return };
    let (one, two) = (Relay::open(&server.url(), "one").expect("opened"), Relay::open(&server.url(), "two").expect("opened"));
    let (_keep, mut heard) = (one.listen(), two.listen());
    connected(&one, &mut heard).await;
    server.kill();
    until("it is noticed", async || one.take("reads", "ada", 4, 600).await.is_none() && one.problem().is_some()).await;
    let began = std::time::Instant::now();
    for _ in 0..1000 {
        assert_eq!(one.take("reads", "ada", 4, 600).await, None);
    }
    assert!(began.elapsed() < Duration::from_secs(10), "nobody waits for what is away: {:?}", began.elapsed());
    server.restart();
    until("it is found again", async || one.problem().is_none() && one.take("reads", "ada", 4, 600).await.is_some()).await;
    connected(&one, &mut heard).await;
}

#[tokio::test]
async fn a_server_without_tls_is_a_problem_and_no_panic() {
    let Some(server) = RedisServer::start() else { return };
    let relay = Relay::open(&server.url().replace("redis://", "rediss://"), "one").expect("opened");
    assert_eq!(relay.take("reads", "ada", 4, 600).await, None);
    let _listening = relay.listen();
    until("it is a problem", async || relay.problem().is_some()).await;
}
