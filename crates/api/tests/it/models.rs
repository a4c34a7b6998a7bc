//! Trained adapters.

use crate::world::{URL, World, on_each};
use chrono::Duration;
use http::StatusCode;
use serde_json::{Value, json};
use std::io::{Cursor, Read};

#[tokio::test]
async fn models_are_listed_shown_changed_and_deleted() {
    on_each(|world| async move {
        let ada = &world.ada;
        let (id, files) = world.model(ada, "Help desk").await;
        let list = world.get("/api/models?status=stored&sortBy=quality-desc", ada).await;
        assert_eq!(
            (list.data()["models"].as_array().map(Vec::len), list.json()["meta"]["pagination"]["total"].as_u64()),
            (Some(1), Some(1))
        );
        let path = format!("/api/models/{id}");
        let model = world.get(&path, ada).await.data()["model"].clone();
        let artifacts = &model["artifacts"];
        assert_eq!(artifacts["adapterModel"]["fileName"], "adapter_model.safetensors");
        assert_eq!(artifacts["adapterModel"]["size"], files["adapter_model.safetensors"].len());
        assert_eq!(artifacts["adapterConfig"]["checksum"], sha256(&files["adapter_config.json"]));
        assert_eq!(artifacts.get("checkpoints"), None, "it has none yet");
        let job: domain::JobId = model["jobId"].as_str().expect("an id").parse().expect("an id");
        for (step, kept) in [(5, false), (10, true)] {
            let file = domain::run::ArtifactFile { name: "state.json".to_owned(), size: 7, sha256: "00".to_owned() };
            let checkpoint = db::jobs::Checkpoint {
                id: domain::CheckpointId::new(domain::Clock::now(&*world.clock)),
                attempt: 1,
                epoch: 2,
                step,
                loss: 1.0,
                best: false,
                s3_bucket: "local".to_owned(),
                s3_key: format!("checkpoints/{job}/step-{step}"),
                file_size: 7,
                created_at: domain::Clock::now(&*world.clock),
                files: if kept { vec![file] } else { Vec::new() },
            };
            let event = db::jobs::NewEvent::new("checkpoint", json!({}), checkpoint.created_at);
            let event = event.shown_as(db::jobs::Projection::Checkpoint(checkpoint));
            let change = |_: &mut db::jobs::Job, effects: &mut db::jobs::JobEffects| effects.events.push(event);
            db::jobs::update(&world.app.db, job, domain::Clock::now(&*world.clock), change).await.expect("written").expect("there");
        }
        let there = json!([{ "s3Key": format!("checkpoints/{job}/step-10"), "epoch": 2, "size": 7 }]);
        assert_eq!(world.get(&path, ada).await.data()["model"]["artifacts"]["checkpoints"], there, "what is in the store");
        assert_eq!(world.get("/api/models", ada).await.data()["models"][0]["artifacts"]["checkpoints"], there);
        assert_eq!(model["qualityMetrics"], json!({ "finalValidationLoss": 1.5 }), "what was not measured is absent");
        assert_eq!(model["datasetLineage"]["originalDataset"]["name"], "Talks");
        assert!(model["datasetLineage"]["preprocessingSteps"].as_array().is_some_and(|steps| steps.len() > 2));
        for key in ["adapterModel", "adapterConfig", "tokenizer", "allArtifacts"] {
            let url = model["downloadUrls"][key].as_str().expect("a URL");
            assert_eq!(world.fetch(url).await.status, StatusCode::OK, "{url}");
        }
        let flat = world.get("/api/models/artifacts", ada).await.data();
        assert_eq!(flat["artifacts"].as_array().map(Vec::len), Some(6));
        assert_eq!(
            (flat["artifacts"][0]["modelName"].as_str(), flat["artifacts"][0]["fileName"].as_str()),
            (Some("Help desk"), Some("adapter_model.safetensors"))
        );

        let changed =
            world.patch(&path, ada, json!({ "name": "Desk", "description": "d", "status": "archived" })).await.data()["model"].clone();
        assert_eq!(
            (changed["name"].as_str(), changed["description"].as_str(), changed["status"].as_str()),
            (Some("Desk"), Some("d"), Some("archived"))
        );
        world.patch(&path, ada, json!({ "status": "deployed" })).await.fails(400, "VALIDATION_ERROR", Some("status"));
        world.patch(&path, ada, json!({ "name": "" })).await.fails(400, "VALIDATION_ERROR", Some("name"));
        assert_eq!(world.get("/api/models?status=stored", ada).await.data()["models"], json!([]));
        let zip = world.get(&format!("{path}/download"), ada).await.data();
        world.call("DELETE", &path, Some(ada), None).await.data();
        world.get(&path, ada).await.fails(404, "MODEL_NOT_FOUND", None);
        world.fetch(zip["downloadUrl"].as_str().expect("a URL")).await.fails(404, "MODEL_NOT_FOUND", None);
    })
    .await;
}

#[tokio::test]
async fn every_file_and_a_zip_of_all_can_be_downloaded() {
    let world = World::new().await;
    let (id, files) = world.model(&world.ada, "Help desk").await;
    for (kind, name) in [
        ("adapter-model", "adapter_model.safetensors"),
        ("adapter-config", "adapter_config.json"),
        ("tokenizer", "tokenizer.json"),
        ("tokenizer-config", "tokenizer_config.json"),
        ("metadata", "metadata.json"),
        ("readme", "README.md"),
    ] {
        let link = world.get(&format!("/api/models/{id}/download?artifact={kind}"), &world.ada).await.data();
        let file = world.fetch(link["downloadUrl"].as_str().expect("a URL")).await;
        assert_eq!((link["fileName"].as_str(), &file.bytes[..]), (Some(name), &files[name][..]));
    }
    world.get(&format!("/api/models/{id}/download?artifact=weights"), &world.ada).await.fails(400, "VALIDATION_ERROR", Some("artifact"));

    let link = world.get(&format!("/api/models/{id}/download?artifact=all"), &world.ada).await.data();
    assert_eq!(link["fileName"], "Help-desk.zip");
    let url = link["downloadUrl"].as_str().expect("a URL").to_owned();
    let zip = world.fetch(&url).await;
    assert_eq!(zip.headers["content-disposition"], "attachment; filename=\"Help-desk.zip\"");
    assert_eq!(
        (link["fileSize"].as_u64(), zip.headers["content-length"].to_str().ok()),
        (Some(zip.bytes.len() as u64), Some(zip.bytes.len().to_string().as_str()))
    );
    let mut reader = zip::ZipArchive::new(Cursor::new(zip.bytes.to_vec())).expect("a ZIP");
    assert_eq!(reader.len(), files.len());
    for index in 0..files.len() {
        let mut entry = reader.by_index(index).expect("an entry");
        let mut content = Vec::new();
        entry.read_to_end(&mut content).expect("whole, with the right checksum");
        let name = entry.name().expect("plain text").into_owned();
        assert_eq!(content, files[&name], "{name}");
    }
    world.fetch(&url.replace("expires=", "expires=9")).await.fails(403, "URL_INVALID", None);
    world.fetch(&url.replace("signature=", "signature=00")).await.fails(403, "URL_INVALID", None);
    let bare = format!("{URL}/api/models/{id}/archive");
    world.fetch(&bare).await.fails(400, "VALIDATION_ERROR", Some("expires"));
    world.advance(Duration::minutes(61));
    world.fetch(&url).await.fails(403, "URL_EXPIRED", None);
}

fn sha256(bytes: &[u8]) -> Value {
    use sha2::Digest;
    json!(hex::encode(sha2::Sha256::digest(bytes)))
}
