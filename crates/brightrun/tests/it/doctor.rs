//! Bad files through the real server: each gets a finding, none harms it.

use crate::support::*;
use serde_json::{Value, json};

fn expected() -> Value {
    serde_json::from_slice(&fixture("expected.json")).expect("table")
}

#[tokio::test]
async fn every_fixture_ends_as_its_table_says() {
    let dir = tempfile::tempdir().expect("folder");
    let server = Server::start(dir.path());
    let client = account(&server, "a@example.test").await;
    let table = expected();
    let rows = table.as_array().expect("array");
    assert!(rows.len() > 30);
    for row in rows {
        let name = row["path"].as_str().expect("path");
        let content = fixture(name);
        let dataset = upload(&client, &name.rsplit('/').next().expect("name").replace(".csv", ".txt"), content).await;
        let outcome = row["outcome"].as_str().expect("outcome");
        let status = dataset["status"].as_str().expect("status");
        assert_eq!(status == "error", outcome == "error", "{name}: {outcome} but {status}: {}", dataset["errorMessage"]);
        if outcome == "error" {
            assert!(dataset["errorMessage"].as_str().is_some_and(|m| !m.is_empty()), "{name} has no message");
            assert_eq!(dataset["trainingReady"], json!(false), "{name}");
        }
        if outcome != "ready" {
            assert!(dataset["findings"].as_array().is_some_and(|f| !f.is_empty()), "{name} has no finding: {dataset}");
        }
    }
    assert!(client.get("/readyz").await.is_ok() || client.get_bytes("/readyz").await.is_ok());
}

#[tokio::test]
async fn a_line_of_ten_megabytes_is_a_finding() {
    let dir = tempfile::tempdir().expect("folder");
    let server = Server::start(dir.path());
    let client = account(&server, "a@example.test").await;
    let mut content = fixture("v4-meta.jsonl");
    content.extend_from_slice(b"\n{\"id\":\"");
    content.resize(content.len() + 10 * 1024 * 1024, b'x');
    content.extend_from_slice(b"\"}\n");
    let dataset = upload(&client, "long.jsonl", content).await;
    let findings = dataset["findings"].to_string();
    assert!(findings.contains("line_too_long"), "{dataset}");
}

#[tokio::test]
async fn a_job_is_refused_before_it_costs() {
    let dir = tempfile::tempdir().expect("folder");
    let server = Server::start(dir.path());
    let client = account(&server, "a@example.test").await;
    let dataset = upload(&client, "v4-meta.jsonl", fixture("v4-meta.jsonl")).await;
    let refused = [
        (json!({"hyperparameters": {"loraRank": 0}}), "loraRank"),
        (json!({"hyperparameters": {"learningRate": 7.0}}), "learningRate"),
        (json!({"hyperparameters": {"targetModules": ["lm_head"]}}), "lm_head"),
        (json!({"hyperparameters": {"loraRank": 250}}), "ank"),
        (json!({"gpuConfig": {"instanceType": "tpu"}}), "tpu"),
        (json!({"gpuConfig": {"numGPUs": 3}}), "numGPUs"),
        (json!({"baseModel": "nobody/nothing"}), "nobody/nothing"),
    ];
    for (changes, expected) in refused {
        let error = client.post("/api/jobs", &job_request(&dataset["id"], &changes)).await.expect_err("refused").to_string();
        assert!(error.contains("400") || error.contains("422"), "{error}");
        assert!(error.contains(expected), "{changes}: {error}");
    }
    let id = dataset["id"].as_str().expect("id");
    let gone = client.send(reqwest::Method::DELETE, &format!("/api/datasets/{id}"), None).await;
    assert!(gone.is_ok());
    let error = client.post("/api/jobs", &job_request(&dataset["id"], &json!({}))).await.expect_err("deleted").to_string();
    assert!(error.contains("404"), "{error}");
    let bad = upload(&client, "null-targets.jsonl", fixture("bad/null-targets.jsonl")).await;
    let error = client.post("/api/jobs", &job_request(&bad["id"], &json!({}))).await.expect_err("not ready").to_string();
    assert!(error.contains("40") && error.to_lowercase().contains("ready"), "{error}");
}
