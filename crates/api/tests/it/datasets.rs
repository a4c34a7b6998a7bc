//! Data sets, from the announcement of a file to what was found in it.

use crate::world::{Account, SAMPLE, World, on_each, request};
use axum::body::Body;
use http::StatusCode;
use serde_json::{Value, json};

fn announcement() -> Value {
    json!({ "name": "Talks", "description": "", "format": "brightrun-lora-v4", "fileSize": 10, "fileName": "talks.jsonl" })
}

#[tokio::test]
async fn the_sample_is_uploaded_confirmed_and_validated() {
    on_each(|world| async move {
        let ada = &world.ada;
        let body = json!({
            "name": "Bike workshop", "description": "help desk", "format": "brightrun-lora-v4",
            "fileSize": SAMPLE.len(), "fileName": "bike-workshop.jsonl",
        });
        let answer = world.post("/api/datasets", Some(ada), body).await;
        assert_eq!(answer.status, StatusCode::CREATED);
        let made = answer.data();
        let id = made["datasetId"].as_str().expect("an id").to_owned();
        assert_eq!(made["uploadMethod"], "PUT");
        assert!(made["uploadFields"]["key"].as_str().is_some_and(|key| key.ends_with(&format!("{id}/dataset.jsonl"))));
        let path = format!("/api/datasets/{id}");
        let dataset = world.get(&path, ada).await.data()["dataset"].clone();
        assert_eq!((dataset["status"].as_str(), dataset["totalTrainingPairs"].as_u64()), (Some("uploading"), Some(0)));
        assert!(dataset.get("fullStatistics").is_none() && dataset.get("sampleConversations").is_none());

        let confirm = format!("{path}/confirm");
        let early = world.post(&confirm, Some(ada), Value::Null).await;
        early.fails(409, "UPLOAD_INCOMPLETE", None);
        assert_eq!(early.json()["error"]["details"]["expectedSize"], SAMPLE.len());
        assert_eq!(world.put(made["uploadUrl"].as_str().expect("a URL"), SAMPLE).await.status, StatusCode::OK);
        let confirmed = world.post(&confirm, Some(ada), Value::Null).await.data();
        assert_eq!(confirmed["status"], "validating");
        assert_eq!(world.post(&confirm, Some(ada), Value::Null).await.data()["status"], "validating");
        assert_eq!(world.app.queue.counts().await.expect("counted").pending, 1, "asking twice queues once");
        // The file that is being read cannot be exchanged.
        world.put(made["uploadUrl"].as_str().expect("a URL"), SAMPLE).await.fails(409, "ALREADY_CONFIRMED", None);

        world.validate(&id).await;
        let dataset = world.get(&path, ada).await.data()["dataset"].clone();
        assert_eq!((dataset["status"].as_str(), dataset["trainingReady"].as_bool()), (Some("ready"), Some(true)), "{dataset:#}");
        assert_eq!(dataset["totalTrainingPairs"], 168);
        assert!(dataset["totalTokens"].as_u64().is_some_and(|tokens| tokens > 1000));
        assert_eq!(dataset["sampleConversations"].as_array().map(Vec::len), Some(3));
        assert!(dataset["fullStatistics"]["topicDistribution"].as_array().is_some_and(|topics| !topics.is_empty()));
        assert!(dataset["fullStatistics"]["lengthDistribution"]["p95"].is_u64());
        assert!(!dataset["scaffolding"].as_array().expect("a list").is_empty());
        assert!(dataset.get("validationProgress").is_none() && dataset["validatedAt"].is_string());
        assert_eq!(world.post(&confirm, Some(ada), Value::Null).await.data()["status"], "ready");
        let told = world.get("/api/notifications", ada).await;
        assert_eq!(
            (told.json()["meta"]["unreadCount"].as_u64(), told.data()["notifications"][0]["type"].as_str()),
            (Some(1), Some("dataset_ready"))
        );
        let happened = world.get("/api/activity", ada).await.data();
        assert_eq!(happened["activity"][0]["type"], "dataset_uploaded");
    })
    .await;
}

#[tokio::test]
async fn the_sample_that_comes_with_the_server_is_one_request_away() {
    on_each(|world| async move {
        let ada = &world.ada;
        let ask = || {
            let mut request = request("POST", "/api/datasets/sample", Some(ada), None);
            request.headers_mut().insert("idempotency-key", "first".parse().expect("a header"));
            world.answer(request)
        };
        let answer = ask().await;
        assert_eq!(answer.status, StatusCode::CREATED);
        let made = answer.data();
        assert_eq!(made["status"], "validating");
        let id = made["datasetId"].as_str().expect("an id").to_owned();
        assert_eq!(ask().await.data()["datasetId"], id.as_str(), "the same request makes one data set");
        world.validate(&id).await;
        assert_eq!(ask().await.data()["status"], "ready");
        let dataset = world.get(&format!("/api/datasets/{id}"), ada).await.data()["dataset"].clone();
        assert_eq!((dataset["trainingReady"].as_bool(), dataset["totalTrainingPairs"].as_u64()), (Some(true), Some(168)));
        world.get(&format!("/api/datasets/{id}"), &world.bob).await.fails(404, "DATASET_NOT_FOUND", None);
    })
    .await;
}

#[tokio::test]
async fn a_broken_file_ends_with_findings_that_say_where() {
    let world = World::new().await;
    let dataset = world.validated(&world.ada, "Broken", b"{\"messages\": [\n").await;
    assert_eq!((dataset["status"].as_str(), dataset["trainingReady"].as_bool()), (Some("error"), Some(false)), "{dataset:#}");
    assert!(dataset["errorMessage"].as_str().is_some_and(|message| !message.is_empty()));
    let finding = &dataset["findings"][0]["findings"][0];
    assert_eq!(finding["severity"], "error");
    assert!(finding["fix"].as_str().is_some_and(|fix| !fix.is_empty()));
    assert!(dataset["findingCounts"]["error"].as_u64() > Some(0));
    let empty = world.validated(&world.ada, "Empty", b"").await;
    assert_eq!((empty["status"].as_str(), empty["findings"][0]["code"].as_str()), (Some("error"), Some("empty_file")));
    let told = world.get("/api/notifications", &world.ada).await.data();
    assert_eq!(told["notifications"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn what_cannot_be_announced_is_refused_with_its_field() {
    let world = World::new().await;
    for (field, value, status, code) in [
        ("name", json!(" "), 400, "VALIDATION_ERROR"),
        ("name", json!("x".repeat(201)), 400, "VALIDATION_ERROR"),
        ("description", json!("x".repeat(5001)), 400, "VALIDATION_ERROR"),
        ("format", json!("parquet"), 400, "VALIDATION_ERROR"),
        ("fileSize", json!(-1), 400, "VALIDATION_ERROR"),
        ("fileSize", json!("10"), 400, "VALIDATION_ERROR"),
        ("fileSize", json!(10_000_001), 413, "FILE_TOO_LARGE"),
        ("fileName", json!("talks.csv"), 400, "VALIDATION_ERROR"),
        ("fileName", json!("talks"), 400, "VALIDATION_ERROR"),
        ("bucket", json!("mine"), 400, "VALIDATION_ERROR"),
    ] {
        let mut body = announcement();
        body[field] = value;
        world.post("/api/datasets", Some(&world.ada), body).await.fails(status, code, Some(field));
    }
    let broken = request("POST", "/api/datasets", Some(&world.ada), None).map(|_| Body::from("{\"name\": "));
    let answer = world.answer(broken).await;
    answer.fails(400, "VALIDATION_ERROR", None);
    assert!(answer.json()["error"]["message"].as_str().is_some_and(|text| text.contains("line 1")));
    let mut form = request("POST", "/api/datasets", Some(&world.ada), None).map(|_| Body::from("name=x"));
    form.headers_mut().insert("content-type", "application/x-www-form-urlencoded".parse().expect("a header"));
    world.answer(form).await.fails(415, "UNSUPPORTED_MEDIA_TYPE", None);
    let large = request("POST", "/api/datasets", Some(&world.ada), Some(json!({ "name": "x".repeat(1_100_000) })));
    world.answer(large).await.fails(413, "PAYLOAD_TOO_LARGE", None);
}

#[tokio::test]
async fn an_idempotency_key_makes_one_data_set() {
    on_each(|world| async move {
        let with = async |key: &str, body: Value| {
            let mut request = request("POST", "/api/datasets", Some(&world.ada), Some(body));
            request.headers_mut().insert("idempotency-key", key.parse().expect("a header"));
            world.answer(request).await
        };
        let first = with("k1", announcement()).await.data();
        let again = with("k1", announcement()).await.data();
        assert_eq!(first["datasetId"], again["datasetId"]);
        let mut other = announcement();
        other["name"] = json!("Other");
        with("k1", other).await.fails(409, "IDEMPOTENCY_KEY_REUSED", Some("Idempotency-Key"));
        assert_ne!(with("k2", announcement()).await.data()["datasetId"], first["datasetId"]);
        with(&"k".repeat(201), announcement()).await.fails(400, "VALIDATION_ERROR", Some("Idempotency-Key"));
        let mut wrong = announcement();
        wrong["fileSize"] = json!(10_000_001);
        assert_eq!(with("k3", wrong).await.status, StatusCode::PAYLOAD_TOO_LARGE);
        with("k3", announcement()).await.data();
    })
    .await;
}

#[tokio::test]
async fn lists_are_paged_sorted_filtered_and_searched() {
    on_each(|world| async move {
        for name in ["Apple", "cherry", "Banana"] {
            world.announce(&world.ada, name, name.as_bytes()).await;
            world.advance(chrono::Duration::seconds(1));
        }
        world.ready_dataset(&world.ada, "Dates 100%").await;
        world.announce(&world.bob, "Elderberry", b"x").await;
        let names = async |query: &str| {
            let answer = world.get(&format!("/api/datasets{query}"), &world.ada).await.data();
            let names = answer["datasets"].as_array().expect("a list").iter().map(|d| d["name"].as_str().expect("a name").to_owned());
            names.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(names("").await, "Dates 100% Banana cherry Apple");
        assert_eq!(names("?sortBy=name-asc").await, "Apple Banana cherry Dates 100%");
        assert_eq!(names("?sortBy=size-asc&status=uploading").await, "Apple Banana cherry");
        assert_eq!(names("?sortBy=pairs-desc&pageSize=1").await, "Dates 100%");
        assert_eq!(names("?sortBy=date-asc&page=2&pageSize=3").await, "Dates 100%");
        assert_eq!(names("?trainingReady=true").await, "Dates 100%");
        assert_eq!(names("?trainingReady=false&format=brightrun-lora-v4&sortBy=name-desc").await, "cherry Banana Apple");
        assert_eq!(names("?search=AN").await, "Banana");
        assert_eq!(names("?search=0%25").await, "Dates 100%");
        assert_eq!(names("?search=&format=all&trainingReady=all&status=all&format=").await.split(' ').count(), 5);
        assert_eq!(names("?format=sharegpt").await, "");
        let meta = world.get("/api/datasets?pageSize=3&search=a", &world.ada).await.json()["meta"].clone();
        assert_eq!(meta["pagination"], json!({ "page": 1, "pageSize": 3, "total": 3, "hasMore": false }));
        assert_eq!(meta["stats"], json!({ "totalDatasets": 4, "trainingReady": 1, "totalConversations": 40, "totalTrainingPairs": 150 }));
    })
    .await;
    let world = World::new().await;
    for (query, field) in [
        ("page=0", "page"),
        ("page=x", "page"),
        ("pageSize=101", "pageSize"),
        ("sortBy=colour-asc", "sortBy"),
        ("format=parquet", "format"),
        ("trainingReady=maybe", "trainingReady"),
        ("status=lost", "status"),
    ] {
        world.get(&format!("/api/datasets?{query}"), &world.ada).await.fails(400, "VALIDATION_ERROR", Some(field));
    }
}

#[tokio::test]
async fn a_data_set_is_renamed_and_deleted() {
    let world = World::new().await;
    let dataset = world.ready_dataset(&world.ada, "Talks").await;
    let path = format!("/api/datasets/{}", dataset.id);
    let changed = world.patch(&path, &world.ada, json!({ "name": " New name ", "description": "d" })).await.data()["dataset"].clone();
    assert_eq!((changed["name"].as_str(), changed["description"].as_str()), (Some("New name"), Some("d")));
    world.patch(&path, &world.ada, json!({ "name": "" })).await.fails(400, "VALIDATION_ERROR", Some("name"));
    world.patch(&path, &world.ada, json!({ "status": "ready" })).await.fails(400, "VALIDATION_ERROR", Some("status"));
    let gone = world.call("DELETE", &path, Some(&world.ada), None).await.data();
    assert_eq!(gone["message"], "Dataset marked for deletion");
    world.get(&path, &world.ada).await.fails(404, "DATASET_NOT_FOUND", None);
    assert_eq!(world.get("/api/datasets", &world.ada).await.data()["datasets"], json!([]));
    let job = world.post("/api/jobs", Some(&world.ada), crate::world::job_body(&dataset.id.to_string())).await;
    job.fails(404, "DATASET_NOT_FOUND", Some("datasetId"));
}

#[tokio::test]
async fn a_data_set_that_is_deleted_while_it_waits_is_not_validated() {
    let world = World::new().await;
    let (id, url) = world.announce(&world.ada, "Talks", SAMPLE).await;
    world.put(&url, SAMPLE).await;
    world.post(&format!("/api/datasets/{id}/confirm"), Some(&world.ada), Value::Null).await.data();
    world.call("DELETE", &format!("/api/datasets/{id}"), Some(&world.ada), None).await.data();
    world.validate(&id).await;
    assert_eq!(world.get("/api/notifications", &world.ada).await.data()["notifications"], json!([]));
}

#[tokio::test]
async fn a_file_can_be_sent_through_the_server() {
    let world = World::new().await;
    let (id, _) = world.announce(&world.ada, "Talks", SAMPLE).await;
    let path = format!("/api/datasets/{id}/upload");
    let send = async |who: &Account, bytes: &[u8]| {
        let mut upload = request("PUT", &path, Some(who), None).map(|_| Body::from(bytes.to_vec()));
        upload.headers_mut().insert("content-length", bytes.len().into());
        world.answer(upload).await
    };
    send(&world.ada, &SAMPLE[1..]).await.fails(400, "FILE_SIZE_MISMATCH", None);
    send(&world.ada, &[SAMPLE, b"x"].concat()).await.fails(413, "FILE_SIZE_MISMATCH", None);
    // Without an announced length the bytes are counted.
    let unannounced = request("PUT", &path, Some(&world.ada), None).map(|_| Body::from([SAMPLE, b"x"].concat()));
    world.answer(unannounced).await.fails(413, "FILE_TOO_LARGE", None);
    send(&world.ada, SAMPLE).await.data();
    world.post(&format!("/api/datasets/{id}/confirm"), Some(&world.ada), Value::Null).await.data();
    send(&world.ada, SAMPLE).await.fails(409, "ALREADY_CONFIRMED", None);
}

#[tokio::test]
async fn the_beginning_of_a_file_can_be_tried() {
    let world = World::new().await;
    let check = async |content: &str, format: &str| {
        let body = json!({ "content": content, "format": format });
        world.post("/api/datasets/validate", Some(&world.ada), body).await
    };
    let head = std::str::from_utf8(&SAMPLE[..100_000]).expect("ASCII");
    let report = check(head, "brightrun-lora-v4").await.data();
    assert_eq!((report["isValid"].as_bool(), report["errors"].as_array().map(Vec::len)), (Some(true), Some(0)), "{report:#}");
    assert!(report["statistics"]["estimatedPairs"].as_u64() > Some(5));
    assert!(report["statistics"]["sampleConversation"]["messages"][0]["content"].is_string());
    let report = check("this is no data set\n", "brightrun-lora-v4").await.data();
    assert_eq!(report["isValid"], false, "{report:#}");
    assert!(report["errors"][0]["message"].is_string() && report["errors"][0]["fix"].is_string());
    check(&"x".repeat(110_000), "brightrun-lora-v4").await.fails(400, "VALIDATION_ERROR", Some("content"));
    check("{}", "csv").await.fails(400, "VALIDATION_ERROR", Some("format"));
}
