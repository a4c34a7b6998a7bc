//! A GPU in the catalogue and at a node: there where a device is found, and nowhere else. The device is the emulated one.

use std::io::Write;

use serde_json::{Value, json};

use crate::emulated;
use crate::support::*;

const KEY: &str = "a key for the tests of the GPU";

/// Variables that bring the emulated device; none where it cannot be built.
fn emulated_device() -> Option<String> {
    let libraries = emulated::device();
    if libraries.is_none() {
        let _ = writeln!(std::io::stderr(), "{}", emulated::SKIPPED);
    }
    libraries.map(|folder| folder.display().to_string())
}

async fn local_gpu(server: &Server) -> Option<Value> {
    let client = account(server, "gpu@example.com").await;
    let catalogue = client.get("/api/catalogue").await.expect("the catalogue");
    let types = catalogue["instanceTypes"].as_array().expect("a list").clone();
    types.into_iter().find(|instance| instance["id"] == "local-gpu")
}

async fn node_health(node: &Server) -> Value {
    let answer = reqwest::Client::new().get(format!("{}/health", node.url)).bearer_auth(KEY).send().await.expect("an answer");
    answer.json().await.expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gpu_is_on_offer_where_there_is_one() {
    let Some(libraries) = emulated_device() else { return };
    let (dir, node_dir) = (tempfile::tempdir().expect("folder"), tempfile::tempdir().expect("folder"));
    let server = Server::start_at(dir.path(), "127.0.0.1:0", &[("LD_LIBRARY_PATH", &libraries)]);
    let gpu = local_gpu(&server).await.expect("it is on offer");
    assert_eq!((&gpu["displayName"], &gpu["available"]), (&json!("This machine (Emulated device)"), &json!(true)), "{gpu}");
    assert_eq!(gpu["ratePerHour"], json!(0.6));
    let node = Server::start_as("node", node_dir.path(), "127.0.0.1:0", &[("GPU_CLUSTER_API_KEY", KEY), ("LD_LIBRARY_PATH", &libraries)]);
    let health = node_health(&node).await;
    assert_eq!(health["instance_types"], json!(["local-cpu", "local-gpu"]));
    assert_eq!(health["devices"][1]["name"], json!("Emulated device"), "{health}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_without_a_gpu_offers_none() {
    if trainer::gpu().is_ok() {
        let _ = writeln!(std::io::stderr(), "not run: this machine has a GPU");
        return;
    }
    let (dir, node_dir) = (tempfile::tempdir().expect("folder"), tempfile::tempdir().expect("folder"));
    let server = Server::start(dir.path());
    assert_eq!(local_gpu(&server).await, None);
    let node = Server::start_as("node", node_dir.path(), "127.0.0.1:0", &[("GPU_CLUSTER_API_KEY", KEY)]);
    assert_eq!(node_health(&node).await["instance_types"], json!(["local-cpu"]));
}
