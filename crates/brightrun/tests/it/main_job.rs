//! The main job by a client that knows the API only.

use crate::support::*;
use serde_json::json;

#[tokio::test]
async fn from_a_file_of_conversations_to_a_downloaded_adapter() {
    let dir = tempfile::tempdir().expect("folder");
    let server = Server::start(dir.path());
    let client = account(&server, "a@example.test").await;
    let dataset = upload(&client, "v4-meta.jsonl", fixture("v4-meta.jsonl")).await;
    assert_eq!((dataset["status"].as_str(), dataset["totalTrainingPairs"].as_u64()), (Some("ready"), Some(15)), "{dataset}");

    let request = job_request(&dataset["id"], &json!({}));
    let mut estimate_request = request.clone();
    for key in ["presetId", "name"] {
        estimate_request.as_object_mut().expect("object").remove(key);
    }
    let estimate = client.post("/api/jobs/estimate", &estimate_request).await.expect("estimate");
    assert!(
        estimate["totalSteps"].as_u64().is_some_and(|n| n > 0) && estimate["cost"]["total"].as_f64().is_some_and(|c| c > 0.0),
        "{estimate}"
    );

    let job_id = create_job(&client, &request).await;
    let events = stream_until(&client, &job_id, "complete").await;
    for name in ["stage", "progress", "metrics", "cost", "checkpoint"] {
        assert!(events.iter().any(|e| e.name == name), "no {name} event");
    }
    let job = job(&client, &job_id).await;
    assert_eq!((job["status"].as_str(), job["progress"].as_f64()), (Some("completed"), Some(100.0)), "{job}");
    assert_eq!(job["totalSteps"], estimate["totalSteps"], "the estimate counts steps as the loop does");
    let model_id = job["artifactId"].as_str().expect("artifact").to_owned();

    let complete = events.last().expect("event");
    assert_eq!(complete.data["artifactId"].as_str(), Some(model_id.as_str()));
    let costs = client.get(&format!("/api/costs?jobId={job_id}")).await.expect("costs");
    let total = costs["summary"]["totalSpend"].as_f64().expect("sum");
    assert!((total - complete.data["finalCost"].as_f64().expect("cost")).abs() < 1e-6, "{costs} {}", complete.data);

    let answer = client.get(&format!("/api/models/{model_id}/download?artifact=adapter-model")).await.expect("download");
    let bytes = client.get_bytes(answer["downloadUrl"].as_str().expect("url")).await.expect("bytes");
    assert_eq!(Some(bytes.len() as u64), answer["fileSize"].as_u64());
    let header = u64::from_le_bytes(bytes[..8].try_into().expect("8 bytes")) as usize;
    let header: serde_json::Value = serde_json::from_slice(&bytes[8..8 + header]).expect("safetensors header");
    let name = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight";
    assert_eq!(header[name]["shape"][0].as_u64(), Some(8), "PEFT's names and the rank");
    let zip = client.get(&format!("/api/models/{model_id}/download?artifact=all")).await.expect("zip");
    let zip = client.get_bytes(zip["downloadUrl"].as_str().expect("url")).await.expect("zip bytes");
    assert!(zip.starts_with(b"PK\x03\x04"));

    // The last checkpoint was stored while the job ran, and can be had.
    let checkpoints = client.get(&format!("/api/jobs/{job_id}/checkpoints")).await.expect("checkpoints");
    let files = checkpoints["checkpoints"].as_array().and_then(|list| list.last()).map(|c| c["files"].clone()).expect("a checkpoint");
    let state = files.as_array().expect("files").iter().find(|file| file["name"] == "state.json").expect("its state").clone();
    let bytes = client.get_bytes(state["url"].as_str().expect("url")).await.expect("bytes");
    assert_eq!(state["sha256"].as_str(), Some(trainer::sha256_hex(&bytes).as_str()));

    let notifications = client.get("/api/notifications").await.expect("notifications");
    assert!(notifications["notifications"].as_array().expect("list").iter().any(|n| n["type"] == "job_complete"));
}

#[tokio::test]
async fn a_job_goes_on_from_a_model() {
    let dir = tempfile::tempdir().expect("folder");
    let server = Server::start(dir.path());
    account(&server, "admin@example.test").await;
    let client = account(&server, "a@example.test").await;
    let dataset = upload(&client, "v4-meta.jsonl", fixture("v4-meta.jsonl")).await;
    let first = create_job(&client, &job_request(&dataset["id"], &json!({}))).await;
    stream_until(&client, &first, "complete").await;
    let first = job(&client, &first).await;
    let parent = first["artifactId"].clone();
    // What says nothing of the adapter's shape takes the parent's; what says something else is refused by its field.
    let mut request = job_request(&dataset["id"], &json!({"parentModelId": parent}));
    for key in ["loraRank", "loraAlpha", "targetModules"] {
        request["hyperparameters"].as_object_mut().expect("an object").remove(key);
    }
    for (key, value) in [("loraRank", json!(4)), ("targetModules", json!(["k_proj"])), ("useRslora", json!(true))] {
        let mut other = request.clone();
        other["hyperparameters"][key] = value;
        let refused = client.post("/api/jobs", &other).await.expect_err("refused").to_string();
        assert!(refused.contains("VALIDATION_ERROR") && refused.contains(key), "{refused}");
    }
    let stranger = account(&server, "b@example.test").await;
    let theirs = upload(&stranger, "v4-meta.jsonl", fixture("v4-meta.jsonl")).await;
    let mut stolen = request.clone();
    stolen["datasetId"] = theirs["id"].clone();
    assert!(stranger.post("/api/jobs", &stolen).await.expect_err("hidden").to_string().contains("MODEL_NOT_FOUND"));

    let second = create_job(&client, &request).await;
    stream_until(&client, &second, "complete").await;
    let second = job(&client, &second).await;
    assert_eq!((&second["settings"]["parentModelId"], &second["hyperparameters"]["loraRank"]), (&parent, &json!(8)), "{second}");
    assert_eq!(second["summary"]["initialValidationLoss"], first["summary"]["finalValidationLoss"], "it began where the first one ended");
    let child = second["artifactId"].as_str().expect("a model");
    let model = client.get(&format!("/api/models/{child}")).await.expect("model")["model"].take();
    assert_eq!((&model["parentModelId"], model["version"].as_str()), (&parent, Some("1.1.0")), "{model}");
    let model = client.get(&format!("/api/models/{}", parent.as_str().expect("id"))).await.expect("model")["model"].take();
    assert_eq!((&model["childModelIds"], model["version"].as_str()), (&json!([child]), Some("1.0.0")));
}

#[tokio::test]
async fn another_account_sees_none_of_it() {
    let dir = tempfile::tempdir().expect("folder");
    let server = Server::start(dir.path());
    let owner = account(&server, "first@example.test").await;
    let second = account(&server, "second@example.test").await;
    let dataset = upload(&second, "v4-meta.jsonl", fixture("v4-meta.jsonl")).await;
    let third = account(&server, "third@example.test").await;
    let path = format!("/api/datasets/{}", dataset["id"].as_str().expect("id"));
    assert!(third.get(&path).await.expect_err("hidden").to_string().contains("404"));
    assert!(owner.get(&path).await.is_ok(), "the first account is the administrator");
    let refused = third.post("/api/jobs", &job_request(&dataset["id"], &json!({}))).await.expect_err("refused");
    assert!(refused.to_string().contains("404"), "{refused}");
}
