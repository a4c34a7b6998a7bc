//! Two server processes over one PostgreSQL and one bucket, with Redis between them. Without PostgreSQL or Redis on this machine these tests
//! say that they are skipped.

use crate::support::*;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tempfile::TempDir;
use testkit::{RedisServer, S3Server, TestDatabase};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

struct Pair {
    one: Server,
    two: Server,
    redis: RedisServer,
    _store: S3Server,
    _folders: [TempDir; 2],
}

impl Pair {
    fn start(rate_limits: &str) -> Option<Self> {
        let (redis, database) = (RedisServer::start()?, TestDatabase::postgres()?);
        let store = S3Server::start();
        let folders = [(); 2].map(|()| tempfile::tempdir().expect("folder"));
        let url = redis.url();
        let env = [
            ("DATABASE_URL", &*database.url),
            ("REDIS_URL", &*url),
            ("AUTH_SECRET", "a secret that both of the processes share"),
            ("BRIGHTRUN_RATE_LIMITS", rate_limits),
            ("S3_ENDPOINT", &*store.endpoint),
            ("S3_BUCKET_NAME", S3Server::BUCKET),
            ("AWS_ACCESS_KEY_ID", S3Server::ACCESS_KEY),
            ("AWS_SECRET_ACCESS_KEY", S3Server::SECRET_KEY),
        ];
        let [one, two] = [0, 1].map(|at: usize| Server::start_at(folders[at].path(), "127.0.0.1:0", &env));
        Some(Self { one, two, redis, _store: store, _folders: folders })
    }

    /// Waits until both say that they are in this state.
    async fn both(&self, status: &str) {
        for server in [&self.one, &self.two] {
            let asked = async {
                loop {
                    let answer = reqwest::get(format!("{}/readyz", server.url)).await.expect("an answer");
                    assert!(answer.status().is_success(), "a server without Redis goes on");
                    let body: Value = answer.json().await.expect("JSON");
                    if body["status"] == status {
                        return;
                    }
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                }
            };
            tokio::time::timeout(LIMIT, asked).await.unwrap_or_else(|_| panic!("{} becomes {status}", server.url));
        }
    }
}

/// How many of `number` reads are let through, asked of both in turn.
async fn reads(pair: &Pair, token: &str, number: usize) -> usize {
    let client = reqwest::Client::new();
    let mut allowed = 0;
    for at in 0..number {
        let server = if at % 2 == 0 { &pair.one } else { &pair.two };
        let answer = client.get(format!("{}/api/auth/me", server.url)).bearer_auth(token).send().await.expect("an answer");
        match answer.status().as_u16() {
            200 => allowed += 1,
            429 => assert!(answer.headers().contains_key("retry-after")),
            other => panic!("{other}"),
        }
    }
    allowed
}

#[tokio::test]
async fn limits_are_counted_together_and_apart_while_redis_is_away() {
    let Some(mut pair) = Pair::start("1000,1000,10") else { return };
    pair.both("ok").await;
    account(&pair.one, "a@example.test").await;
    let token = log_in_token(&pair.one, "a@example.test").await;
    // A slow machine gives some back in between: one in six seconds.
    let began = std::time::Instant::now();
    let together = reads(&pair, &token, 20).await;
    let back = usize::try_from(began.elapsed().as_secs() / 6 + 1).expect("small");
    assert!((10..=10 + back).contains(&together), "{together} of 20, {back} of them given back");

    pair.redis.kill();
    pair.both("degraded").await;
    let apart = reads(&pair, &token, 30).await;
    assert!(apart >= 20, "each has a bucket of its own now: {apart}");
    pair.redis.restart();
    pair.both("ok").await;
}

/// Passes connections to two servers in turn, and breaks the first few off after so many bytes of the answer.
struct Balancer {
    address: SocketAddr,
    taken: Arc<[AtomicUsize; 2]>,
    task: tokio::task::JoinHandle<()>,
}

impl Balancer {
    async fn start(servers: [SocketAddr; 2], breaks: usize, after: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let taken: Arc<[AtomicUsize; 2]> = Arc::default();
        let counted = taken.clone();
        let task = tokio::spawn(async move {
            for number in 0.. {
                let Ok((client, _)) = listener.accept().await else { return };
                counted[number % 2].fetch_add(1, Ordering::Relaxed);
                let server = TcpStream::connect(servers[number % 2]).await.expect("the server listens");
                let most = if number < breaks { after } else { usize::MAX };
                tokio::spawn(pass(client, server, most));
            }
        });
        Self { address, taken, task }
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass(client: TcpStream, server: TcpStream, mut most: usize) {
    let ((mut from_client, mut to_client), (mut from_server, mut to_server)) = (client.into_split(), server.into_split());
    let asks = async { tokio::io::copy(&mut from_client, &mut to_server).await.map(drop) };
    let answers = async {
        let mut buffer = [0; 512];
        while most > 0 {
            let read = from_server.read(&mut buffer).await?;
            if read == 0 {
                break;
            }
            to_client.write_all(&buffer[..read]).await?;
            most = most.saturating_sub(read);
        }
        std::io::Result::Ok(())
    };
    tokio::select! { _ = asks => {}, _ = answers => {} }
}

/// All events of a job until it is complete, as name and data.
async fn watched(client: Client, job: &str) -> Vec<(String, Value)> {
    let events = stream_until(&client, job, "complete").await;
    events.into_iter().filter(|event| event.name != "connected").map(|event| (event.name, event.data)).collect()
}

#[tokio::test]
async fn a_stream_that_is_passed_from_one_process_to_the_other_misses_nothing_nor_does_one_without_redis() {
    let Some(mut pair) = Pair::start("1000,100000,100000") else { return };
    pair.both("ok").await;
    let client = account(&pair.one, "a@example.test").await;
    let dataset = upload(&client, "v4-meta.jsonl", fixture("v4-meta.jsonl")).await;
    let of_two = log_in(&pair.two, "a@example.test").await;
    let address = |server: &Server| server.address().parse::<SocketAddr>().expect("an address");
    let balancer = Balancer::start([address(&pair.one), address(&pair.two)], 4, 2000).await;
    let mut through = Client::new(&format!("http://{}", balancer.address));
    through.set_token(&json!({ "token": log_in_token(&pair.one, "a@example.test").await })).expect("a token");

    let request = job_request(&dataset["id"], &json!({"checkpointInterval": 3, "hyperparameters": {"numEpochs": 4}}));
    let job_id = create_job(&client, &request).await;
    let (one, two) = (log_in(&pair.one, "a@example.test").await, log_in(&pair.two, "a@example.test").await);
    let middle = async {
        // Whichever process trains, the other hears of it; then Redis goes, and comes back.
        stream_until(&of_two, &job_id, "checkpoint").await;
        pair.redis.kill();
        pair.both("degraded").await;
        pair.redis.restart();
        pair.both("ok").await;
    };
    let (at_one, at_two, switched, ()) = tokio::join!(watched(one, &job_id), watched(two, &job_id), watched(through, &job_id), middle);
    assert_eq!(at_one, at_two);
    assert_eq!(at_one, switched, "nothing is missing, and nothing comes twice");
    let taken = balancer.taken.each_ref().map(|count| count.load(Ordering::Relaxed));
    assert!(taken.iter().all(|count| *count >= 2), "it was passed to and fro: {taken:?}");
    assert_eq!(job(&client, &job_id).await["status"], "completed");
}
