//! What is killed, and when; and what must be true afterwards.

use std::time::Instant;

use crate::support::*;
use serde_json::{Value, json};

/// Long enough to be killed in the middle, with a checkpoint every few steps.
fn long_job(dataset: &Value) -> Value {
    job_request(&dataset["id"], &json!({"checkpointInterval": 3, "hyperparameters": {"numEpochs": 12}}))
}

async fn completed_once(client: &Client, job_id: &str) -> Value {
    let job = job(client, job_id).await;
    assert_eq!(job["status"].as_str(), Some("completed"), "{job}");
    let models = client.get("/api/models").await.expect("models");
    assert_eq!(models["models"].as_array().map(Vec::len), Some(1), "one artifact");
    let costs = client.get(&format!("/api/costs?jobId={job_id}")).await.expect("costs");
    let total = costs["summary"]["totalSpend"].as_f64().expect("sum");
    assert!((total - job["currentCost"].as_f64().expect("cost")).abs() < 1e-6, "a job's cost is the sum of its records");
    job
}

#[tokio::test]
async fn a_killed_server_loses_no_job() {
    let dir = tempfile::tempdir().expect("folder");
    let server = Server::start(dir.path());
    let client = account(&server, "a@example.test").await;
    let dataset = upload(&client, "v4-meta.jsonl", fixture("v4-meta.jsonl")).await;
    let job_id = create_job(&client, &long_job(&dataset)).await;
    stream_until(&client, &job_id, "checkpoint").await;
    let address = server.address();
    server.kill();

    let server = Server::start_at(dir.path(), &address, &[]);
    let client = log_in(&server, "a@example.test").await;
    let events = stream_until(&client, &job_id, "complete").await;
    let progress: Vec<f64> = events.iter().filter(|e| e.name == "progress").filter_map(|e| e.data["progress"].as_f64()).collect();
    assert!(progress.is_sorted(), "progress never goes back: {progress:?}");
    let job = completed_once(&client, &job_id).await;
    assert_eq!(job["attempt"].as_u64(), Some(2), "{job}");
    let resumed = events.iter().any(|e| e.name == "log" && e.data["message"].as_str().is_some_and(|m| m.to_lowercase().contains("resum")));
    assert!(resumed, "the second attempt goes on from a checkpoint and says so");
}

#[tokio::test]
async fn a_killed_trainer_is_a_failed_attempt_and_is_retried() {
    let dir = tempfile::tempdir().expect("folder");
    let server = Server::start(dir.path());
    let client = account(&server, "a@example.test").await;
    let dataset = upload(&client, "v4-meta.jsonl", fixture("v4-meta.jsonl")).await;
    let job_id = create_job(&client, &long_job(&dataset)).await;
    stream_until(&client, &job_id, "checkpoint").await;
    for pid in server.trainers() {
        signal(pid, "KILL");
    }
    stream_until(&client, &job_id, "complete").await;
    let job = completed_once(&client, &job_id).await;
    assert_eq!(job["attempt"].as_u64(), Some(2), "{job}");
}

#[tokio::test]
async fn a_cancelled_job_is_gone_within_ten_seconds() {
    let dir = tempfile::tempdir().expect("folder");
    let server = Server::start(dir.path());
    let client = account(&server, "a@example.test").await;
    let dataset = upload(&client, "v4-meta.jsonl", fixture("v4-meta.jsonl")).await;
    let job_id = create_job(&client, &job_request(&dataset["id"], &json!({"hyperparameters": {"numEpochs": 20}}))).await;
    let queued = create_job(&client, &long_job(&dataset)).await;
    stream_until(&client, &job_id, "metrics").await;
    let trainers = server.trainers();
    assert_eq!(trainers.len(), 1, "one runs, the other waits");

    let waiting = client.post(&format!("/api/jobs/{queued}/cancel"), &json!({})).await.expect("cancelled");
    assert_eq!(waiting["status"].as_str(), Some("cancelled"));
    assert_eq!(job(&client, &queued).await["currentCost"].as_f64(), Some(0.0), "cancelled before it started: no cost");

    let started = Instant::now();
    let answer = client.post(&format!("/api/jobs/{job_id}/cancel"), &json!({"reason": "wrong_config"})).await.expect("cancelled");
    assert_eq!(answer["status"].as_str(), Some("cancelled"));
    stream_until(&client, &job_id, "cancelled").await;
    assert!(started.elapsed().as_secs() < 10, "took {:?}", started.elapsed());
    assert!(!trainers.iter().any(|pid| alive(*pid)), "the trainer is gone");
    let job = job(&client, &job_id).await;
    assert_eq!(job["status"].as_str(), Some("cancelled"));
    assert!(job["currentCost"].as_f64().is_some_and(|c| c > 0.0), "what ran is charged: {job}");
}

#[tokio::test]
async fn a_server_killed_during_an_upload_takes_the_file_again() {
    use tokio::io::AsyncWriteExt;
    let dir = tempfile::tempdir().expect("folder");
    let server = Server::start(dir.path());
    let client = account(&server, "a@example.test").await;
    let content = fixture("v4-meta.jsonl");
    let made = create_dataset(&client, "v4-meta.jsonl", content.len()).await;
    let id = made["datasetId"].as_str().expect("id").to_owned();
    let url = made["uploadUrl"].as_str().expect("url");
    let path = url.strip_prefix(&server.url).unwrap_or(url);
    let mut half = tokio::net::TcpStream::connect(server.address()).await.expect("connects");
    let head = format!("PUT {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", content.len());
    half.write_all(head.as_bytes()).await.expect("head");
    half.write_all(&content[..content.len() / 2]).await.expect("half of it");
    half.flush().await.expect("flushed");
    let address = server.address();
    server.kill();

    let server = Server::start_at(dir.path(), &address, &[]);
    let client = log_in(&server, "a@example.test").await;
    let early = client.post(&format!("/api/datasets/{id}/confirm"), &json!({})).await.expect_err("nothing was stored");
    assert!(early.to_string().contains("409"), "{early}");
    client.put_signed(&made, content).await.expect("the same address takes the file");
    client.post(&format!("/api/datasets/{id}/confirm"), &json!({})).await.expect("confirmed");
    assert_eq!(validated(&client, &id).await["status"].as_str(), Some("ready"));
}

#[tokio::test]
async fn sigterm_saves_a_checkpoint_and_the_job_goes_on_after_the_restart() {
    let dir = tempfile::tempdir().expect("folder");
    let server = Server::start(dir.path());
    let client = account(&server, "a@example.test").await;
    let dataset = upload(&client, "v4-meta.jsonl", fixture("v4-meta.jsonl")).await;
    let job_id = create_job(&client, &job_request(&dataset["id"], &json!({"hyperparameters": {"numEpochs": 12}}))).await;
    stream_until(&client, &job_id, "metrics").await;
    let address = server.address();
    let took = server.terminate();
    assert!(took.as_secs() < 15, "took {took:?}");
    let server = Server::start_at(dir.path(), &address, &[]);
    let client = log_in(&server, "a@example.test").await;
    stream_until(&client, &job_id, "complete").await;
    completed_once(&client, &job_id).await;
}
