//! Saved configurations.

use crate::world::{Answer, World, on_each, read, request};
use http::StatusCode;
use serde_json::{Value, json};

const PATH: &str = "/api/configurations";

fn settings() -> Value {
    json!({
        "presetId": "aggressive", "baseModel": "test/tiny", "hyperparameters": { "loraRank": 4, "learningRate": 3e-4 },
        "gpuConfig": { "instanceType": "local-cpu", "numGPUs": 1, "spot": false }, "seed": 7, "packing": true,
    })
}

async fn save(world: &World, name: &str) -> Value {
    world.post(PATH, Some(&world.ada), json!({ "name": name, "settings": settings() })).await.data()["configuration"].clone()
}

#[tokio::test]
async fn configurations_are_saved_listed_changed_and_deleted() {
    on_each(|world| async move {
        let ada = &world.ada;
        let created = world.post(PATH, Some(ada), json!({ "name": " Long ", "settings": settings() })).await;
        assert_eq!(created.status, StatusCode::CREATED);
        let first = created.data()["configuration"].clone();
        assert_eq!((&first["name"], &first["settings"]), (&json!("Long"), &settings()), "as it was said, and nothing else");
        world.advance(chrono::Duration::minutes(1));
        let second = save(&world, "Short").await;
        world.advance(chrono::Duration::minutes(1));
        let names = async || {
            let list = world.get(PATH, ada).await;
            let list = list.data()["configurations"].as_array().expect("a list").clone();
            list.iter().map(|one| one["name"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names().await, ["Short", "Long"]);
        let page = world.get(&format!("{PATH}?pageSize=1&page=2"), ada).await.json();
        assert_eq!((page["meta"]["pagination"]["total"].as_u64(), &page["data"]["configurations"][0]), (Some(2), &first));
        let path = format!("{PATH}/{}", first["id"].as_str().expect("an id"));
        let renamed = world.patch(&path, ada, json!({ "name": "Longer" })).await.data()["configuration"].clone();
        assert_eq!((&renamed["name"], &renamed["settings"], &renamed["createdAt"]), (&json!("Longer"), &settings(), &first["createdAt"]));
        let replaced = world.patch(&path, ada, json!({ "settings": { "presetId": "balanced" } })).await.data()["configuration"].clone();
        assert_eq!(
            (&replaced["name"], &replaced["settings"]),
            (&json!("Longer"), &json!({ "presetId": "balanced", "hyperparameters": {} }))
        );
        assert_eq!(names().await, ["Longer", "Short"]);
        world.call("DELETE", &path, Some(ada), None).await.data();
        world.call("DELETE", &path, Some(ada), None).await.fails(404, "CONFIGURATION_NOT_FOUND", None);
        assert_eq!(names().await, [second["name"].as_str().expect("a name")]);
        assert_eq!(world.get(PATH, &world.admin).await.data()["configurations"], json!([]), "nobody sees another's");
    })
    .await;
}

#[tokio::test]
async fn what_was_saved_makes_a_job() {
    let world = World::new().await;
    let saved = save(&world, "Long").await;
    let mut body = saved["settings"].clone();
    body["datasetId"] = json!(world.ready_dataset(&world.ada, "Talks").await.id);
    let id = world.post("/api/jobs", Some(&world.ada), body).await.data()["jobId"].as_str().expect("an id").to_owned();
    let job = world.get(&format!("/api/jobs/{id}"), &world.ada).await.data()["job"].clone();
    assert_eq!((job["hyperparameters"]["loraRank"].as_u64(), job["hyperparameters"]["numEpochs"].as_u64()), (Some(4), Some(5)));
}

#[tokio::test]
async fn a_name_is_given_once_and_by_each_account() {
    on_each(|world| async move {
        save(&world, "Long").await;
        let other = save(&world, "Short").await;
        let body = json!({ "name": "Long", "settings": settings() });
        world.post(PATH, Some(&world.ada), body.clone()).await.fails(409, "CONFIGURATION_NAME_TAKEN", Some("name"));
        let path = format!("{PATH}/{}", other["id"].as_str().expect("an id"));
        world.patch(&path, &world.ada, json!({ "name": "Long" })).await.fails(409, "CONFIGURATION_NAME_TAKEN", Some("name"));
        world.patch(&path, &world.ada, json!({ "name": "Short" })).await.data();
        world.post(PATH, Some(&world.bob), body).await.data();
    })
    .await;
}

#[tokio::test]
async fn what_no_job_could_have_is_not_saved() {
    let world = World::new().await;
    let cases = [
        (json!({ "name": "  " }), "name"),
        (json!({ "name": "x".repeat(81) }), "name"),
        (json!({ "settings": { "presetId": "x" } }), "settings.presetId"),
        (json!({ "settings": { "presetId": "balanced", "datasetId": "x" } }), "settings.datasetId"),
        (json!({ "settings": { "presetId": "balanced", "baseModel": "x" } }), "settings.baseModel"),
        (json!({ "settings": { "presetId": "balanced", "maxDurationHours": 1000 } }), "settings.maxDurationHours"),
        (json!({ "settings": { "presetId": "balanced", "hyperparameters": { "loraRank": 0 } } }), "settings.hyperparameters.loraRank"),
        (
            json!({ "settings": { "presetId": "balanced", "hyperparameters": { "maxSeqLength": 513 } } }),
            "settings.hyperparameters.maxSeqLength",
        ),
        (
            json!({ "settings": { "presetId": "balanced", "gpuConfig": { "instanceType": "x", "numGPUs": 1 } } }),
            "settings.gpuConfig.instanceType",
        ),
        (
            json!({ "settings": { "presetId": "balanced", "gpuConfig": { "instanceType": "local-cpu", "numGPUs": 3 } } }),
            "settings.gpuConfig.numGPUs",
        ),
    ];
    let saved = save(&world, "Fine").await;
    let path = format!("{PATH}/{}", saved["id"].as_str().expect("an id"));
    for (wrong, field) in cases {
        let mut body = json!({ "name": "Long", "settings": settings() });
        body.as_object_mut().expect("an object").extend(wrong.as_object().expect("an object").clone());
        world.post(PATH, Some(&world.ada), body).await.fails(400, "VALIDATION_ERROR", Some(field));
        world.patch(&path, &world.ada, wrong).await.fails(400, "VALIDATION_ERROR", Some(field));
    }
    assert_eq!(world.get(PATH, &world.ada).await.data()["configurations"], json!([saved]));
    // A machine that is not there now can be there tomorrow.
    let later = json!({ "presetId": "balanced", "gpuConfig": { "instanceType": "h100-80gb", "numGPUs": 8 } });
    world.post(PATH, Some(&world.ada), json!({ "name": "Large", "settings": later })).await.data();
}

#[tokio::test]
async fn an_account_keeps_a_hundred() {
    let world = World::new().await;
    for number in 0..100 {
        world.post(PATH, Some(&world.ada), json!({ "name": format!("{number}"), "settings": { "presetId": "balanced" } })).await.data();
    }
    let more = json!({ "name": "more", "settings": { "presetId": "balanced" } });
    world.post(PATH, Some(&world.ada), more.clone()).await.fails(409, "TOO_MANY_CONFIGURATIONS", None);
    world.post(PATH, Some(&world.bob), more).await.data();
}

#[tokio::test]
async fn the_same_request_saves_once() {
    on_each(|world| async move {
        let send = async |name: &str, key: &str| -> Answer {
            let body = json!({ "name": name, "settings": settings() });
            let mut request = request("POST", PATH, Some(&world.ada), Some(body));
            request.headers_mut().insert("idempotency-key", key.parse().expect("a header"));
            read(world.send(request).await).await
        };
        let (first, again) = (send("Long", "one").await, send("Long", "one").await);
        assert_eq!((first.status, again.status, first.data()), (StatusCode::CREATED, StatusCode::CREATED, again.data()));
        send("Other", "one").await.fails(409, "IDEMPOTENCY_KEY_REUSED", Some("Idempotency-Key"));
        send("Long", "two").await.fails(409, "CONFIGURATION_NAME_TAKEN", Some("name"));
        assert_eq!(world.get(PATH, &world.ada).await.data()["configurations"].as_array().map(Vec::len), Some(1));
    })
    .await;
}
