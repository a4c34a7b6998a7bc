//! Base models from a hub and from folders: on offer, trained on, refused.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

#[path = "../../../hub/tests/it/stand_in.rs"]
#[expect(dead_code, reason = "not every fault is needed here")]
mod stand_in;

use crate::support::{Server, account, create_job, job_request, root, signal, stream_until, upload};
use stand_in::{COMMIT, Fault, REPO, StandIn};

/// The files of the built-in model, by name.
fn tiny_chat() -> BTreeMap<String, Vec<u8>> {
    let folder = std::fs::read_dir(root().join("models/tiny-chat")).expect("the built-in model");
    folder.map(|entry| entry.expect("readable").path()).map(|path| (name(&path), std::fs::read(&path).expect("readable"))).collect()
}

fn name(path: &Path) -> String {
    path.file_name().expect("a name").to_string_lossy().into_owned()
}

fn configure(dir: &Path, text: &str) {
    std::fs::write(dir.join("brightrun.toml"), text).expect("written");
}

fn sample() -> Vec<u8> {
    std::fs::read(root().join("samples/bike-workshop.jsonl")).expect("the sample")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_from_a_hub_is_offered_at_its_commit_fetched_by_the_run_and_named_in_the_adapter() {
    let hub = StandIn::start(tiny_chat());
    hub.require("hf_secret");
    hub.fail("GET /elsewhere/model.safetensors", [Fault::BreakAfter(2_000_000), Fault::Status(503, None), Fault::Damaged]);
    let dir = tempfile::tempdir().expect("folder");
    let listed = format!(
        "[[base_models]]\nsource = 'hub:{REPO}'\nlicense = 'MIT'\ncontext = 512\n[[base_models]]\nid = 'gone'\nsource = 'hub:acme/gone'\n"
    );
    configure(dir.path(), &format!("hf_endpoint = '{}'\nhf_token = 'hf_secret'\n{listed}", hub.endpoint()));
    let server = Server::start(dir.path());
    let client = account(&server, "ada@example.org").await;
    assert!(!hub.seen().iter().any(|s| s.path.contains("safetensors")), "nothing large comes before it is needed");

    let catalogue = client.get("/api/catalogue").await.expect("catalogue");
    let models = catalogue["baseModels"].as_array().expect("models").clone();
    let ids: Vec<&str> = models.iter().filter_map(|model| model["id"].as_str()).collect();
    assert_eq!(ids, [REPO, "brightrun/tiny-chat"]);
    assert_eq!((models[0]["revision"].as_str(), models[0]["contextLength"].as_u64()), (Some(COMMIT), Some(512)));
    assert_eq!(models[0]["parameters"], models[1]["parameters"]);

    let dataset = upload(&client, "bike-workshop.jsonl", sample()).await;
    let changes =
        json!({ "baseModel": REPO, "hyperparameters": { "numEpochs": 1, "maxSeqLength": 128, "loraRank": 4 }, "evaluationExamples": 2 });
    let refused = client.post("/api/jobs", &job_request(&dataset["id"], &json!({ "baseModel": "gone" }))).await;
    let refused = refused.expect_err("not on offer").to_string();
    assert!(refused.contains("acme/gone"), "{refused}");
    let job = create_job(&client, &job_request(&dataset["id"], &changes)).await;
    let events = stream_until(&client, &job, "complete").await;
    let told = |text: &str| events.iter().any(|event| event.data.to_string().contains(text));
    assert!(told("Downloading the base model: 6 of 6 MB") && told("503") && told("damaged") && !told("hf_secret"));

    let model = events.last().expect("complete").data["artifactId"].as_str().expect("an id").to_owned();
    let model = client.get(&format!("/api/models/{model}")).await.expect("model");
    let quality = &model["model"]["qualityMetrics"];
    assert!(quality["bleuScore"].is_number() && quality["validationScores"]["taskAccuracy"].is_number(), "{quality:#}");
    let config = client.get_bytes(model["model"]["downloadUrls"]["adapterConfig"].as_str().expect("a URL")).await.expect("fetched");
    let config: Value = serde_json::from_slice(&config).expect("JSON");
    assert_eq!((config["base_model_name_or_path"].as_str(), config["revision"].as_str()), (Some(REPO), Some(COMMIT)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_trained_on_is_refused_by_its_configuration_alone() {
    let mut files = tiny_chat();
    files.insert("config.json".to_owned(), br#"{"model_type":"mamba","architectures":["MambaForCausalLM"]}"#.to_vec());
    let hub = StandIn::start(files);
    let dir = tempfile::tempdir().expect("folder");
    let folder = root().join("models/tiny-chat");
    let mine = format!("[[base_models]]\nid = 'mine'\nsource = '{}'\n", folder.display());
    configure(dir.path(), &format!("hf_endpoint = '{}'\n[[base_models]]\nsource = 'hub:{REPO}'\n{mine}", hub.endpoint()));
    let server = Server::start(dir.path());
    let client = account(&server, "ada@example.org").await;
    let models = client.get("/api/catalogue").await.expect("catalogue")["baseModels"].as_array().expect("models").clone();
    assert_eq!((models.len(), models[0]["id"].as_str()), (2, Some("mine")));
    assert!(models[0]["revision"].as_str().is_some_and(|revision| revision.starts_with("content-")));
    let dataset = upload(&client, "bike-workshop.jsonl", sample()).await;
    let refused = client.post("/api/jobs", &job_request(&dataset["id"], &json!({ "baseModel": REPO }))).await;
    let refused = refused.expect_err("not supported").to_string();
    assert!(refused.contains("mamba") && refused.contains("Llama") && refused.contains("Qwen3"), "{refused}");
    assert!(!hub.seen().iter().any(|s| s.path.contains("safetensors")));
}

#[test]
fn a_run_asked_to_stop_while_it_fetches_leaves_at_once() {
    let hub = StandIn::start(tiny_chat());
    hub.set_down(true);
    let dir = tempfile::tempdir().expect("folder");
    crate::train::write_spec(dir.path(), 1);
    let path = dir.path().join("run.json");
    let mut spec: Value = serde_json::from_slice(&std::fs::read(&path).expect("spec")).expect("JSON");
    spec["baseModel"] = json!({ "id": "m", "revision": COMMIT, "path": dir.path().join("models"), "repo": REPO });
    std::fs::write(&path, spec.to_string()).expect("spec");
    let mut command = Command::new(env!("CARGO_BIN_EXE_brightrun"));
    command.args(["train", "--spec"]).arg(&path).env("HF_ENDPOINT", hub.endpoint());
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("starts");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while hub.seen().len() < 2 {
        assert!(std::time::Instant::now() < deadline, "it never asked");
        std::thread::yield_now();
    }
    let asked = std::time::Instant::now();
    signal(child.id(), "TERM");
    let output = child.wait_with_output().expect("ends");
    assert!(asked.elapsed() < std::time::Duration::from_secs(10), "took {:?}", asked.elapsed());
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stdout));
}
