//! A server, a worker and two nodes, each a process of its own.

use std::path::Path;

use domain::job::JobStatus;
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{S3Server, TestDatabase};

use crate::support::*;

const KEY: &str = "a key for the tests of the cluster";

/// A running `brightrun node`. Killed when dropped.
fn node(dir: &Path, listen: &str) -> Server {
    std::fs::create_dir_all(dir).expect("folder");
    Server::start_as("node", dir, listen, &[("GPU_CLUSTER_API_KEY", KEY)])
}

/// A platform over two nodes.
struct Cluster {
    nodes: Vec<Option<Server>>,
    server: Server,
    dir: TempDir,
}

impl Cluster {
    fn start(names: &[&str], lost_after: &str) -> Self {
        let dir = tempfile::tempdir().expect("folder");
        let nodes: Vec<Server> = names.iter().map(|name| node(&dir.path().join(name), "127.0.0.1:0")).collect();
        let urls = nodes.iter().map(|n| n.url.clone()).collect::<Vec<_>>().join(",");
        let platform = dir.path().join("platform");
        std::fs::create_dir_all(&platform).expect("folder");
        let env = [("GPU_CLUSTER_API_URL", &*urls), ("GPU_CLUSTER_API_KEY", KEY), ("BRIGHTRUN_CLUSTER_LOST_AFTER", lost_after)];
        let server = Server::start_at(&platform, "127.0.0.1:0", &env);
        Self { nodes: nodes.into_iter().map(Some).collect(), server, dir }
    }

    async fn health(&self, index: usize) -> Value {
        let node = self.nodes[index].as_ref().expect("a node");
        let answer = reqwest::Client::new().get(format!("{}/health", node.url)).bearer_auth(KEY).send().await.expect("an answer");
        answer.json().await.expect("JSON")
    }

    /// Which node runs something, and how many jobs each runs.
    async fn running(&self) -> Vec<usize> {
        let mut counts = Vec::new();
        for index in 0..self.nodes.len() {
            counts.push(match &self.nodes[index] {
                Some(_) => self.health(index).await["running_jobs"].as_array().map_or(0, Vec::len),
                None => 0,
            });
        }
        counts
    }
}

fn long_job(dataset: &Value) -> Value {
    job_request(&dataset["id"], &json!({"checkpointInterval": 3, "hyperparameters": {"numEpochs": 6}}))
}

/// The job has an adapter that was verified, and its cost is the sum of its records.
async fn completed(client: &Client, job_id: &str) -> Value {
    let job = job(client, job_id).await;
    assert_eq!(job["status"].as_str(), Some("completed"), "{job}");
    let model = job["artifactId"].as_str().expect("a model");
    let answer = client.get(&format!("/api/models/{model}/download?artifact=adapter-model")).await.expect("download");
    let bytes = client.get_bytes(answer["downloadUrl"].as_str().expect("url")).await.expect("bytes");
    assert_eq!(Some(bytes.len() as u64), answer["fileSize"].as_u64());
    let costs = client.get(&format!("/api/costs?jobId={job_id}")).await.expect("costs");
    let total = costs["summary"]["totalSpend"].as_f64().expect("sum");
    assert!((total - job["currentCost"].as_f64().expect("cost")).abs() < 1e-6, "{costs} {job}");
    job
}

#[tokio::test]
async fn two_jobs_run_at_once_on_two_nodes_and_one_of_a_dead_node_goes_on_at_the_other() {
    let mut cluster = Cluster::start(&["a", "b"], "2");
    let client = account(&cluster.server, "a@example.test").await;
    let dataset = upload(&client, "v4-meta.jsonl", fixture("v4-meta.jsonl")).await;
    let first = create_job(&client, &long_job(&dataset)).await;
    let second = create_job(&client, &long_job(&dataset)).await;
    let waiting = create_job(&client, &long_job(&dataset)).await;
    stream_until_stored(&client, &first).await;
    stream_until(&client, &second, "progress").await;
    assert_eq!(cluster.running().await, [1, 1], "one on each");
    assert_eq!(job(&client, &waiting).await["status"].as_str(), Some("queued"), "both places are taken");
    client.post(&format!("/api/jobs/{waiting}/cancel"), &json!({})).await.expect("cancelled");

    // The node of the first job dies, with everything that it started.
    let mut dead = None;
    for index in 0..2 {
        if cluster.health(index).await["running_jobs"][0].as_str().is_some_and(|id| id.starts_with(&first)) {
            dead = Some(index);
        }
    }
    let dead = dead.expect("one of the nodes has it");
    let node = cluster.nodes[dead].take().expect("a node");
    let trainers = node.trainers();
    node.kill();
    for pid in trainers {
        signal(pid, "KILL");
    }

    let mut events = stream_until(&client, &first, "complete").await;
    events.retain(|event| event.name == "log");
    stream_until(&client, &second, "complete").await;
    for id in [&first, &second] {
        completed(&client, id).await;
    }
    let lost = job(&client, &first).await;
    assert_eq!(lost["attempt"].as_u64(), Some(2), "{lost}");
    // The other machine had nothing of it: the checkpoint came from the storage.
    let resumed = |event: &StreamEvent| event.data["message"].as_str().is_some_and(|m| m.contains("resuming from the checkpoint of step"));
    assert!(events.iter().any(resumed), "{:?}", events.iter().map(|event| &event.data).collect::<Vec<_>>());
    assert_eq!(job(&client, &second).await["attempt"].as_u64(), Some(1));
}

/// Everything that can be a process of its own is one, over PostgreSQL and a bucket; the server is gone while the job trains.
#[tokio::test]
async fn a_worker_alone_brings_a_job_to_its_end_while_no_server_is_there() {
    let Some(database) = TestDatabase::postgres() else { return };
    let (dir, s3) = (tempfile::tempdir().expect("folder"), S3Server::start());
    let folder = |name: &str| {
        let folder = dir.path().join(name);
        std::fs::create_dir_all(&folder).expect("folder");
        folder
    };
    let nodes = [node(&folder("a"), "127.0.0.1:0"), node(&folder("b"), "127.0.0.1:0")];
    let urls = nodes.iter().map(|node| node.url.clone()).collect::<Vec<_>>().join(",");
    let env = [
        ("DATABASE_URL", &*database.url),
        ("AUTH_SECRET", "a secret that servers and workers share"),
        ("GPU_CLUSTER_API_URL", &*urls),
        ("GPU_CLUSTER_API_KEY", KEY),
        ("S3_ENDPOINT", &*s3.endpoint),
        ("S3_BUCKET_NAME", S3Server::BUCKET),
        ("AWS_ACCESS_KEY_ID", S3Server::ACCESS_KEY),
        ("AWS_SECRET_ACCESS_KEY", S3Server::SECRET_KEY),
    ];
    let server = Server::start_at(&folder("server"), "127.0.0.1:0", &env);
    let _worker = Server::worker(&folder("worker"), &server.url, &env);
    let client = account(&server, "a@example.test").await;
    let dataset = upload(&client, "v4-meta.jsonl", fixture("v4-meta.jsonl")).await;
    let ids = [create_job(&client, &long_job(&dataset)).await, create_job(&client, &long_job(&dataset)).await];
    stream_until(&client, &ids[0], "progress").await;
    let address = server.address();
    server.kill();

    let db = database.connect().await;
    let started = std::time::Instant::now();
    for id in &ids {
        let id = id.parse().expect("an id");
        while db::jobs::get(&db, id).await.expect("read").expect("there").status != JobStatus::Completed {
            assert!(started.elapsed() < LIMIT, "the worker does not end it: {:?}", db::jobs::get(&db, id).await);
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
        let attempts = db::jobs::attempts(&db, id).await.expect("read");
        assert!(attempts.iter().any(|attempt| attempt.version.as_deref() == Some(env!("CARGO_PKG_VERSION"))), "{attempts:?}");
    }
    let server = Server::start_at(&folder("server"), &address, &env);
    let client = log_in(&server, "a@example.test").await;
    for id in &ids {
        completed(&client, id).await;
    }
}

#[tokio::test]
async fn a_killed_node_knows_its_job_after_the_restart_and_the_job_goes_on() {
    let mut cluster = Cluster::start(&["a"], "120");
    let client = account(&cluster.server, "a@example.test").await;
    let dataset = upload(&client, "v4-meta.jsonl", fixture("v4-meta.jsonl")).await;
    let id = create_job(&client, &long_job(&dataset)).await;
    stream_until(&client, &id, "checkpoint").await;
    let killed = cluster.nodes[0].take().expect("a node");
    let address = killed.address();
    killed.kill();
    let catalogue = async || client.get("/api/catalogue").await.expect("catalogue")["cluster"]["connected"].as_bool();
    let started = std::time::Instant::now();
    while catalogue().await != Some(false) {
        assert!(started.elapsed() < LIMIT, "the catalogue says that the cluster does not answer");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    cluster.nodes[0] = Some(node(&cluster.dir.path().join("a"), &address));
    let events = stream_until(&client, &id, "complete").await;
    let job = completed(&client, &id).await;
    assert_eq!(job["attempt"].as_u64(), Some(2), "{job}");
    let resumed = events.iter().any(|e| e.name == "log" && e.data["message"].as_str().is_some_and(|m| m.contains("resuming")));
    assert!(resumed, "it goes on from its checkpoint");
    // Another job goes on from its model, whose files the node fetches by signed address.
    let next = create_job(&client, &job_request(&dataset["id"], &json!({"parentModelId": job["artifactId"]}))).await;
    stream_until(&client, &next, "complete").await;
    let next = completed(&client, &next).await;
    assert_eq!(next["summary"]["initialValidationLoss"], job["summary"]["finalValidationLoss"], "{next}");
}
