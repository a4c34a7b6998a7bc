//! A node, by its API alone, with a trainer that does what the test says.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use app::node::{Node, NodeConfig};
use axum::Router;
use axum::body::Body;
use cluster::{LocalCluster, LocalConfig};
use domain::catalogue::BaseModel;
use domain::clock::SystemClock;
use domain::job::{GpuConfig, JobSettings, PresetId, TrainingConfig, preset};
use domain::run::{BaseModelSource, DatasetSource, OutputTarget, RunSpec};
use domain::{AttemptId, JobId};
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;
use uuid::Uuid;

const KEY: &str = "the key of the node";

/// A node over a folder; another over the same folder is the same node after a restart.
fn node(folder: &Path) -> Router {
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/../cluster/tests/it/fake_trainer.sh");
    let local = LocalCluster::new(LocalConfig::new(program.into(), folder.join("runs"), 1));
    let model = BaseModel {
        id: "m".into(),
        display_name: "M".into(),
        parameters: 1,
        context_length: 256,
        license: "MIT".into(),
        revision: "1".into(),
        path: folder.to_owned(),
        repo: None,
    };
    let config = NodeConfig {
        devices: Vec::new(),
        key: KEY.into(),
        public_url: "http://node".into(),
        capacity: 1,
        instance_types: vec!["local-cpu".into()],
        base_models: vec![model],
        version: "0.0.0".into(),
    };
    api::node_router(Arc::new(Node::new(Arc::new(local), Arc::new(SystemClock), config).expect("a node")))
}

fn run(job: u128, scenario: &str) -> RunSpec {
    RunSpec {
        job_id: JobId(Uuid::from_u128(job)),
        attempt_id: AttemptId(Uuid::from_u128(job + 100)),
        attempt: 1,
        base_model: BaseModelSource { id: "m".into(), revision: "1".into(), path: "/the/platform's".into(), repo: None },
        dataset: DatasetSource { url: Some("https://x.example/d".into()), path: None, format: None, sha256: None, size: None },
        config: TrainingConfig { hyperparameters: preset(PresetId::Balanced, 256), settings: JobSettings::default() },
        output: OutputTarget { dir: "/somewhere".into(), uploads: BTreeMap::new() },
        gpu: None,
        callback: None,
        resume_from: None,
        parent: None,
        memory_limit: None,
        threads: None,
        kernel_cache: None,
        provenance: BTreeMap::from([("scenario".to_owned(), scenario.to_owned())]),
    }
}

fn submission(run: Option<RunSpec>) -> Value {
    let gpu = GpuConfig { instance_type: "local-cpu".into(), num_gpus: 1, spot: false };
    let mut body = json!({
        "dataset_url": "https://x.example/d", "hyperparameters": preset(PresetId::Balanced, 256), "gpu_config": gpu,
    });
    if let Some(run) = run {
        body["run"] = serde_json::to_value(run).expect("JSON");
    }
    body
}

async fn call(node: &Router, line: &str, key: Option<&str>, body: Value) -> (StatusCode, Value) {
    let (method, path) = line.split_once(' ').expect("a method and a path");
    let mut request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    if let Some(key) = key {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    let answer: Response<Body> = node.clone().oneshot(request.body(body).expect("a request")).await.expect("an answer");
    let status = answer.status();
    let bytes = axum::body::to_bytes(answer.into_body(), 1 << 24).await.expect("a body");
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

async fn ask(node: &Router, line: &str, body: Value) -> (StatusCode, Value) {
    call(node, line, Some(KEY), body).await
}

/// The job once its process has ended, with all of its events.
async fn ended(node: &Router, id: &str) -> Value {
    let mut events = Vec::new();
    loop {
        let since = events.last().map_or(0, |e: &Value| e["seq"].as_u64().expect("a number"));
        let (status, mut job) = ask(node, &format!("GET /jobs/{id}?since={since}&wait_ms=5000"), Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{job}");
        events.extend(job["events"].as_array().expect("events").iter().cloned());
        if job["going_on"] == false {
            job["events"] = Value::Array(events);
            return job;
        }
    }
}

#[tokio::test]
async fn nothing_but_a_probe_is_answered_without_the_key() {
    let folder = tempfile::tempdir().expect("folder");
    let node = node(folder.path());
    for line in
        ["GET /health", "GET /jobs", "POST /jobs", "GET /jobs/x", "DELETE /jobs/x", "POST /jobs/x/cancel", "GET /jobs/x/artifacts/y"]
    {
        for key in [None, Some(""), Some("wrong"), Some("the key of the nodE")] {
            let (status, answer) = call(&node, line, key, Value::Null).await;
            assert_eq!((status, answer["error"]["code"].as_str()), (StatusCode::UNAUTHORIZED, Some("UNAUTHORIZED")), "{line} {key:?}");
        }
    }
    assert_eq!(call(&node, "GET /healthz", None, Value::Null).await.0, StatusCode::OK);
    let (status, health) = ask(&node, "GET /health", Value::Null).await;
    assert_eq!((status, health["ok"].as_bool(), health["capacity"].as_u64()), (StatusCode::OK, Some(true), Some(1)));
    assert_eq!((&health["base_models"], &health["devices"][0]["kind"]), (&json!(["m@1"]), &json!("cpu")));
    for id in ["x", "00000000-0000-0000-0000-000000000001-1", "..%2F..%2Fetc"] {
        assert_eq!(ask(&node, &format!("GET /jobs/{id}"), Value::Null).await.1["error"]["code"], "JOB_NOT_FOUND", "{id}");
    }
    assert_eq!(ask(&node, "GET /elsewhere", Value::Null).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_job_is_trained_once_and_known_after_a_restart() {
    let folder = tempfile::tempdir().expect("folder");
    let first = node(folder.path());
    let body = submission(Some(run(1, "complete")));
    let (status, answer) = ask(&first, "POST /jobs", body.clone()).await;
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    let id = answer["job_id"].as_str().expect("an id").to_owned();
    let job = ended(&first, &id).await;
    assert_eq!((&job["status"], &job["progress"], &job["worker_version"]), (&json!("completed"), &json!(100.0), &json!("1")), "{job}");
    assert_eq!(job["events"].as_array().map(Vec::len), Some(2));
    assert_eq!(ask(&first, "POST /jobs", body.clone()).await.1["job_id"], id.as_str(), "the same, and nothing is started");

    let second = node(folder.path());
    assert_eq!(ask(&second, &format!("GET /jobs/{id}"), Value::Null).await.1["status"], "completed");
    let again = ended(&second, &id).await;
    assert_eq!(again["events"], job["events"], "every event is still there");
    assert_eq!(ask(&second, "POST /jobs", body).await.1["job_id"], id.as_str());
    let (_, listed) = ask(&second, "GET /jobs", Value::Null).await;
    assert_eq!((listed["jobs"].as_array().map(Vec::len), &listed["jobs"][0]["running"]), (Some(1), &json!(false)));
    assert_eq!(ask(&second, &format!("DELETE /jobs/{id}"), Value::Null).await.0, StatusCode::NO_CONTENT);
    assert_eq!(ended(&second, &id).await["events"], job["events"], "its events stay");
}

#[tokio::test]
async fn places_are_limited_and_a_cancelled_job_is_gone_when_that_is_answered() {
    let folder = tempfile::tempdir().expect("folder");
    let node = node(folder.path());
    let (_, answer) = ask(&node, "POST /jobs", submission(Some(run(1, "wait")))).await;
    let id = answer["job_id"].as_str().expect("an id").to_owned();
    let (_, job) = ask(&node, &format!("GET /jobs/{id}?since=1&wait_ms=5000"), Value::Null).await;
    assert_eq!((&job["status"], &job["going_on"]), (&json!("running"), &json!(true)), "{job}");
    let (status, refused) = ask(&node, "POST /jobs", submission(Some(run(2, "complete")))).await;
    assert_eq!((status, refused["error"]["code"].as_str()), (StatusCode::SERVICE_UNAVAILABLE, Some("BUSY")));
    assert_eq!(ask(&node, "GET /health", Value::Null).await.1["running_jobs"], json!([id]));
    let (status, job) = ask(&node, &format!("POST /jobs/{id}/cancel"), json!({})).await;
    assert_eq!((status, &job["status"], &job["going_on"]), (StatusCode::OK, &json!("cancelled"), &json!(false)), "{job}");
    assert_eq!(ask(&node, "GET /jobs?active=true", Value::Null).await.1["jobs"], json!([]));
    let (status, _) = ask(&node, "POST /jobs", submission(Some(run(3, "die")))).await;
    assert_eq!(status, StatusCode::CREATED, "its place is free");
    let job = ended(&node, &format!("{}-1", Uuid::from_u128(3))).await;
    assert_eq!((&job["status"], &job["exit"]["code"]), (&json!("failed"), &json!(3)));
    assert!(
        job["error_message"].as_str().is_some_and(|m| m.contains("exit code 3"))
            && job["last_lines"].as_array().is_some_and(|l| l.len() == 50)
    );
}

#[tokio::test]
async fn what_a_node_cannot_do_is_refused_with_the_field() {
    let folder = tempfile::tempdir().expect("folder");
    let node = node(folder.path());
    let refused = async |change: &dyn Fn(&mut Value), field: &str| {
        let mut body = submission(Some(run(1, "complete")));
        change(&mut body);
        let (status, answer) = ask(&node, "POST /jobs", body).await;
        assert_eq!((status, answer["error"]["field"].as_str()), (StatusCode::BAD_REQUEST, Some(field)), "{answer}");
    };
    refused(&|b| b["gpu_config"]["instanceType"] = json!("h100-80gb"), "gpu_config.instanceType").await;
    refused(&|b| b["run"]["baseModel"]["revision"] = json!("2"), "run.baseModel").await;
    refused(&|b| b["run"]["dataset"] = json!({"path": "/etc/passwd"}), "dataset_url").await;
    refused(&|b| b["run"]["dataset"]["url"] = json!("file:///etc/passwd"), "dataset_url").await;
    refused(&|b| b["run"]["config"]["hyperparameters"]["loraRank"] = json!(100_000), "hyperparameters.loraRank").await;
    refused(&|b| b["colour"] = json!("red"), "colour").await;
    refused(&|b| b["run"] = json!({"jobId": 1}), "run.jobId").await;
    assert_eq!(ask(&node, "GET /jobs", Value::Null).await.1["jobs"], json!([]), "nothing was started");
}

#[tokio::test]
async fn the_specifications_fields_alone_are_enough() {
    let folder = tempfile::tempdir().expect("folder");
    let node = node(folder.path());
    let mut ids = Vec::new();
    for key in ["a", "a", "b"] {
        let request = Request::builder().method("POST").uri("/jobs").header("content-type", "application/json");
        let request = request.header("authorization", format!("Bearer {KEY}")).header("idempotency-key", key);
        let answer =
            node.clone().oneshot(request.body(Body::from(submission(None).to_string())).expect("a request")).await.expect("an answer");
        let bytes = axum::body::to_bytes(answer.into_body(), 1 << 20).await.expect("a body");
        let answer: Value = serde_json::from_slice(&bytes).expect("JSON");
        let id = answer["job_id"].as_str().expect("an id").to_owned();
        ended(&node, &id).await;
        ids.push(id);
    }
    assert!(ids[0] == ids[1] && ids[1] != ids[2], "{ids:?}");
}
