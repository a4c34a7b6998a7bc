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
        assert_eq!(dataset["uploadedAt"], dataset["createdAt"], "until it is confirmed");
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
    let told = told["notifications"].as_array().expect("a list");
    assert!(told.len() == 2 && told.iter().all(|told| told["type"] == "dataset_failed"), "{told:#?}");
}

#[tokio::test]
async fn what_cannot_be_announced_is_refused_with_its_field() {
    let world = World::new().await;
    for (field, value, status, code) in [
        ("name", json!(" "), 400, "VALIDATION_ERROR"),
        ("name", json!("x".repeat(201)), 400, "VALIDATION_ERROR"),
        ("description", json!("x".repeat(5001)), 400, "VALIDATION_ERROR"),
        ("format", json!("parquet"), 400, "VALIDATION_ERROR"),
        ("format", json!("brightrun_lora_v4"), 400, "VALIDATION_ERROR"),
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

/// The sample with a repeated line, a line that is no JSON, and an address in an answer.
fn with_faults() -> Vec<u8> {
    let mut lines: Vec<String> = std::str::from_utf8(SAMPLE).expect("text").lines().map(str::to_owned).collect();
    lines[3] = lines[3].replace("\"target_response\":\"", "\"target_response\":\"Write to jo@acme.org. ");
    lines.push(lines[5].clone());
    lines.push("{\"broken".to_owned());
    lines.push(lines[6].clone());
    lines.join("\n").into_bytes()
}

#[tokio::test]
async fn fixes_are_looked_at_and_then_make_a_new_version() {
    on_each(|world| async move {
        let bytes = with_faults();
        let parent = world.validated(&world.ada, "Talks", &bytes).await;
        let id = parent["id"].as_str().expect("an id").to_owned();
        let group = parent["findings"].as_array().expect("findings").iter().find(|group| group["code"] == "duplicate").expect("found");
        assert_eq!(group["fixes"], json!(["drop_duplicates"]));
        assert!(group["title"].is_string() && group["meaning"].is_string());
        assert_eq!((parent["version"].as_u64(), &parent["children"]), (Some(1), &json!([])));
        let path = format!("/api/datasets/{id}/fixes");
        let wanted = json!(["drop_duplicates", "drop_rejected", "mask_personal_data"]);

        let looked = world.post(&path, Some(&world.ada), json!({ "fixes": wanted, "preview": true })).await;
        assert_eq!(looked.status, StatusCode::OK);
        let preview = looked.data()["preview"].clone();
        assert_eq!((preview["figures"]["dropped"].as_u64(), preview["figures"]["changed"].as_u64()), (Some(3), Some(1)), "{preview:#}");
        assert_eq!((preview["complete"].as_bool(), preview["changes"].as_array().map(Vec::len)), (Some(true), Some(4)));
        assert!(
            preview["changes"][0]["after"][0]
                .as_array()
                .expect("messages")
                .iter()
                .any(|m| m["content"].as_str().is_some_and(|t| t.contains("[email]")))
        );
        assert_eq!(
            world.get(&format!("/api/datasets/{id}"), &world.ada).await.data()["dataset"]["children"],
            json!([]),
            "a look makes nothing"
        );

        let mut request = request("POST", &path, Some(&world.ada), Some(json!({ "fixes": wanted })));
        request.headers_mut().insert("idempotency-key", "f1".parse().expect("a header"));
        let made = world.answer(request).await;
        assert_eq!(made.status, StatusCode::CREATED);
        let new = made.data()["datasetId"].as_str().expect("an id").to_owned();
        world.validate(&new).await;
        let child = world.get(&format!("/api/datasets/{new}"), &world.ada).await.data()["dataset"].clone();
        assert_eq!((child["status"].as_str(), child["name"].as_str()), (Some("ready"), Some("Talks v2")), "{child:#}");
        assert_eq!((child["version"].as_u64(), child["parentId"].as_str(), &child["appliedFixes"]), (Some(2), Some(id.as_str()), &wanted));
        assert_eq!((child["totalTrainingPairs"].as_u64(), child["findingCounts"]["error"].as_u64()), (Some(168), Some(0)));
        assert_eq!(child["fixFigures"]["examplesAfter"], 168);
        assert!(child["fileSize"].as_u64().is_some_and(|size| size > 0 && size < bytes.len() as u64));
        assert!(
            !child["findings"]
                .as_array()
                .expect("findings")
                .iter()
                .any(|group| ["email_address", "duplicate"].contains(&group["code"].as_str().unwrap_or_default()))
        );
        let parent = world.get(&format!("/api/datasets/{id}"), &world.ada).await.data()["dataset"].clone();
        assert_eq!((parent["children"][0]["id"].as_str(), parent["children"][0]["version"].as_u64()), (Some(new.as_str()), Some(2)));
        assert_eq!(parent["fileSize"].as_u64(), Some(bytes.len() as u64), "nothing is changed in place");
        // Done again, as after a crash, it is the same; what is made is not made again.
        world.validate(&new).await;
        assert_eq!(world.get(&format!("/api/datasets/{new}"), &world.ada).await.data()["dataset"], child);
        world.call("DELETE", &format!("/api/datasets/{new}"), Some(&world.ada), None).await.data();
        assert_eq!(world.get(&format!("/api/datasets/{id}"), &world.ada).await.data()["dataset"]["children"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn fixes_that_cannot_be_are_refused() {
    let world = World::new().await;
    let dataset = world.ready_dataset(&world.ada, "Talks").await;
    let path = format!("/api/datasets/{}/fixes", dataset.id);
    world.post(&path, Some(&world.ada), json!({ "fixes": [] })).await.fails(400, "VALIDATION_ERROR", Some("fixes"));
    world.post(&path, Some(&world.ada), json!({ "fixes": ["polish"] })).await.error();
    world.post(&path, Some(&world.ada), json!({ "fixes": ["drop_duplicates"], "name": "" })).await.fails(
        400,
        "VALIDATION_ERROR",
        Some("name"),
    );
    let (early, _) = world.announce(&world.ada, "Early", SAMPLE).await;
    let path = format!("/api/datasets/{early}/fixes");
    world.post(&path, Some(&world.ada), json!({ "fixes": ["drop_duplicates"] })).await.fails(409, "DATASET_NOT_VALIDATED", None);
    // A file in another encoding cannot be used, and can be mended.
    let wide: Vec<u8> = std::str::from_utf8(SAMPLE).expect("text").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let dataset = world.validated(&world.ada, "Wide", &wide).await;
    assert_eq!(dataset["status"], "error");
    let path = format!("/api/datasets/{}/fixes", dataset["id"].as_str().expect("an id"));
    let made = world.post(&path, Some(&world.ada), json!({ "fixes": ["repair_encoding"], "name": "Narrow" })).await.data();
    let new = made["datasetId"].as_str().expect("an id").to_owned();
    world.validate(&new).await;
    let new = world.get(&format!("/api/datasets/{new}"), &world.ada).await.data()["dataset"].clone();
    assert_eq!(
        (new["status"].as_str(), new["name"].as_str(), new["totalTrainingPairs"].as_u64()),
        (Some("ready"), Some("Narrow"), Some(168))
    );
    // What cannot be read to its end is said with the reason.
    let broken = world.validated(&world.ada, "Broken", b"{\"training_pairs\": [{\"a\" 1}]}").await;
    let path = format!("/api/datasets/{}/fixes", broken["id"].as_str().expect("an id"));
    world.post(&path, Some(&world.ada), json!({ "fixes": ["drop_duplicates"], "preview": true })).await.fails(
        409,
        "DATASET_UNREADABLE",
        None,
    );
    let made = world.post(&path, Some(&world.ada), json!({ "fixes": ["drop_duplicates"] })).await.data();
    let new = made["datasetId"].as_str().expect("an id").to_owned();
    let id: domain::DatasetId = new.parse().expect("an id");
    let error =
        app::datasets::run_validation(&world.app, id, &tokio_util::sync::CancellationToken::new()).await.expect_err("it cannot be made");
    app::datasets::fail_validation(&world.app, id, &error.to_string()).await.expect("noted");
    assert_eq!(world.get(&format!("/api/datasets/{new}"), &world.ada).await.data()["dataset"]["status"], "error");
}

#[tokio::test]
async fn conversations_are_read_page_by_page() {
    let world = World::new().await;
    let dataset = world.validated(&world.ada, "Talks", SAMPLE).await;
    let id = dataset["id"].as_str().expect("an id").to_owned();
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let answer = world.get(&format!("/api/datasets/{id}/conversations?limit=7{cursor}"), &world.ada).await;
        for one in answer.data()["conversations"].as_array().expect("a list") {
            assert!(one["messages"].as_array().is_some_and(|messages| messages.len() > 2) && one["persona"].is_string(), "{one:#}");
            seen.push(one["conversationId"].as_str().expect("an id").to_owned());
        }
        match answer.json()["meta"]["cursor"]["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len() as u64, dataset["totalConversations"].as_u64().expect("a number"));
    seen.dedup();
    assert_eq!(seen.len() as u64, dataset["totalConversations"].as_u64().expect("a number"), "each once");
    let path = format!("/api/datasets/{id}/conversations");
    let found = world.get(&format!("{path}?limit=50&search=CHAIN"), &world.ada).await.data()["conversations"].clone();
    let found = found.as_array().expect("a list");
    assert!(!found.is_empty() && found.len() < seen.len() && found.iter().all(|one| one.to_string().to_lowercase().contains("chain")));
    let long = "x".repeat(201);
    world.get(&format!("{path}?search={long}"), &world.ada).await.fails(400, "VALIDATION_ERROR", Some("search"));
    world.get(&format!("{path}?limit=51"), &world.ada).await.fails(400, "VALIDATION_ERROR", Some("limit"));
    world.get(&format!("{path}?cursor=zz"), &world.ada).await.fails(400, "VALIDATION_ERROR", Some("cursor"));
    let (early, _) = world.announce(&world.ada, "Early", SAMPLE).await;
    world.get(&format!("/api/datasets/{early}/conversations"), &world.ada).await.fails(409, "DATASET_NOT_VALIDATED", None);
}

#[tokio::test]
async fn data_sets_are_exported_in_other_formats() {
    let world = World::new().await;
    let dataset = world.validated(&world.ada, "Talks", SAMPLE).await;
    let path = format!("/api/datasets/{}/export", dataset["id"].as_str().expect("an id"));
    let file = world.get(&format!("{path}?format=openai-chat"), &world.ada).await;
    assert_eq!(file.status, StatusCode::OK);
    assert!(file.headers["content-disposition"].to_str().is_ok_and(|name| name.ends_with(".openai-chat.jsonl\"")));
    let report = world.get(&format!("{path}/report?format=openai-chat"), &world.ada).await.data();
    assert_eq!((report["examples"].as_u64(), report["complete"].as_bool()), (Some(168), Some(true)), "{report:#}");
    assert_eq!(report["bytes"].as_u64(), Some(file.bytes.len() as u64));
    assert!(report["losses"].as_array().expect("a list").iter().any(|loss| loss["code"] == "labels" && loss["count"] == 168));
    let again = world.validated(&world.ada, "Again", &file.bytes).await;
    assert_eq!((again["format"].as_str(), again["totalTrainingPairs"].as_u64()), (Some("openai-chat"), Some(168)));
    world.get(&format!("{path}?format=brightrun-lora-v3"), &world.ada).await.fails(400, "VALIDATION_ERROR", Some("format"));
    world.get(&format!("{path}?format=csv"), &world.ada).await.fails(400, "VALIDATION_ERROR", Some("format"));
    let broken = world.validated(&world.ada, "Broken", b"x").await;
    let path = format!("/api/datasets/{}/export", broken["id"].as_str().expect("an id"));
    world.get(&path, &world.ada).await.fails(409, "DATASET_NOT_READY", None);
}

/// What a browser asks for: it takes every answer compressed.
#[tokio::test]
async fn downloads_that_are_made_while_they_are_sent_are_whole_also_when_compressed() {
    let world = World::new().await;
    let dataset = world.validated(&world.ada, "Talks", SAMPLE).await;
    let job = world.job(&world.ada).await;
    let export = format!("/api/datasets/{}/export", dataset["id"].as_str().expect("an id"));
    let formats = ["openai-chat", "sharegpt", "alpaca", "prompt-completion", "brightrun-lora-v4"];
    let exports = formats.iter().map(|format| format!("{export}?format={format}"));
    let others = [format!("/api/jobs/{job}/logs/download"), "/api/costs/export".to_owned(), "/api/auth/me/export".to_owned()];
    for path in exports.chain(others) {
        let mut request = crate::world::request("GET", &path, Some(&world.ada), None);
        request.headers_mut().insert("accept-encoding", "gzip".parse().expect("a header"));
        let answer = world.answer(request).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        let compressed = answer.headers.get("content-encoding").is_some_and(|coding| coding == "gzip");
        assert_eq!(compressed, answer.bytes.starts_with(&[0x1f, 0x8b]), "{path}");
        assert!(compressed || !path.contains("format="), "{path}");
        let length = |bytes: &[u8]| bytes.last_chunk::<4>().map(|length| u32::from_le_bytes(*length) as usize);
        if compressed {
            // The file's length stands at the end of a gzip.
            assert_eq!(length(&answer.bytes), Some(world.get(&path, &world.ada).await.bytes.len()), "{path}");
        }
    }
}
