//! Training jobs: requests and answers. What happens to a job is tested with the use cases.

use crate::world::{World, job_body, on_each, request};
use domain::job::{JobStatus, LogLevel};
use http::StatusCode;
use serde_json::{Value, json};

/// The hyperparameters as the specification's clients send them, all thirteen.
fn all_thirteen() -> Value {
    json!({
        "learningRate": 0.0002, "batchSize": 4, "numEpochs": 2, "warmupSteps": 10, "loraRank": 8, "loraAlpha": 16, "loraDropout": 0.05,
        "targetModules": ["q_proj", "v_proj"], "optimizerType": "adamw", "weightDecay": 0.01, "gradientAccumulationSteps": 1,
        "maxGradNorm": 1, "scheduler": "cosine",
    })
}

#[tokio::test]
async fn a_job_is_estimated_created_listed_and_changed() {
    on_each(|world| async move {
        let ada = &world.ada;
        let dataset = world.ready_dataset(ada, "Talks").await.id.to_string();
        let estimate = json!({
            "datasetId": dataset, "hyperparameters": all_thirteen(), "gpuConfig": { "instanceType": "local-cpu", "numGPUs": 1 },
        });
        let estimate = world.post("/api/jobs/estimate", Some(ada), estimate).await.data();
        let (cost, duration) = (&estimate["cost"], &estimate["duration"]);
        let number = |value: &Value| value.as_f64().expect("a number");
        let terms = ["compute", "storage", "dataTransfer"].iter().map(|term| number(&cost["breakdown"][term]["total"])).sum::<f64>();
        assert!((terms - number(&cost["total"])).abs() < 1e-9 && cost["currency"] == "USD", "{cost:#}");
        assert!(number(&duration["min"]) <= number(&duration["estimated"]) && number(&duration["estimated"]) <= number(&duration["max"]));
        assert!(number(&estimate["tokensPerSecond"]) > 0.0 && estimate["totalSteps"].as_u64() > Some(0));

        let mut body = job_body(&dataset);
        body["hyperparameters"] = all_thirteen();
        for (key, value) in [
            ("name", json!("First")),
            ("notes", json!("try")),
            ("earlyStoppingPatience", json!(3)),
            ("validationSplitRatio", json!(0.2)),
            ("checkpointInterval", json!(50)),
            ("seed", json!(7)),
            ("maxDurationHours", json!(2)),
            ("warmupRatio", json!(0.1)),
            ("maxSeqLength", json!(256)),
            ("packing", json!(true)),
            ("overlongExamples", json!("drop")),
            ("precision", json!("bf16")),
            ("evaluationExamples", json!(4)),
            ("evaluationMinutes", json!(2.5)),
            ("spot", json!(false)),
        ] {
            body[key] = value;
        }
        let answer = world.post("/api/jobs", Some(ada), body).await;
        assert_eq!(answer.status, StatusCode::CREATED);
        let made = answer.data();
        assert_eq!((made["status"].as_str(), made["queuePosition"].as_u64()), (Some("queued"), Some(1)));
        let held = ["gpuCost", "storageCost", "dataCost"].iter().map(|term| number(&made["estimatedCost"][term])).sum::<f64>();
        assert!((held - number(&made["estimatedCost"]["total"])).abs() < 1e-9);
        let path = format!("/api/jobs/{}", made["jobId"].as_str().expect("an id"));
        let job = world.get(&path, ada).await.data()["job"].clone();
        assert_eq!(
            (job["name"].as_str(), job["presetId"].as_str(), job["progress"].as_f64()),
            (Some("First"), Some("balanced"), Some(0.0))
        );
        assert_eq!(
            (job["hyperparameters"]["maxSeqLength"].as_u64(), job["hyperparameters"]["warmupRatio"].as_f64()),
            (Some(256), Some(0.1))
        );
        assert_eq!((job["settings"]["seed"].as_u64(), job["gpuConfig"]["numGPUs"].as_u64()), (Some(7), Some(1)));
        assert_eq!(job["stages"].as_array().map(Vec::len), Some(4));
        for list in ["metricsHistory", "checkpoints", "logs"] {
            assert!(job[list].is_array(), "{list}");
        }
        let changed = world.patch(&path, ada, json!({ "name": "Second", "notes": "" })).await.data()["job"].clone();
        assert_eq!((changed["name"].as_str(), changed.get("notes")), (Some("Second"), None));
        let list = world.get("/api/jobs?status=queued&sortBy=cost-desc", ada).await;
        assert_eq!((list.data()["jobs"][0]["name"].as_str(), list.json()["meta"]["counts"]["queued"].as_u64()), (Some("Second"), Some(1)));
        assert_eq!(world.get("/api/jobs?status=running", ada).await.data()["jobs"], json!([]));
        assert_eq!(world.get("/api/jobs", &world.bob).await.data()["jobs"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_trained_is_refused_with_its_field() {
    let world = World::new().await;
    let ready = world.ready_dataset(&world.ada, "Talks").await.id.to_string();
    for (change, field) in [
        (json!({ "hyperparameters": { "loraRank": 0 } }), "hyperparameters.loraRank"),
        (json!({ "hyperparameters": { "loraRank": 200 } }), "hyperparameters.loraRank"),
        (json!({ "hyperparameters": { "loraRank": "8" } }), "hyperparameters.loraRank"),
        (json!({ "hyperparameters": { "learningRate": 2 } }), "hyperparameters.learningRate"),
        (json!({ "hyperparameters": { "targetModules": ["lm_head"] } }), "hyperparameters.targetModules"),
        (json!({ "hyperparameters": { "targetModules": 5 } }), "hyperparameters.targetModules"),
        (json!({ "hyperparameters": { "targetModules": "(q_proj" } }), "hyperparameters.targetModules"),
        (json!({ "hyperparameters": { "layersToTransform": [99] } }), "hyperparameters.layersToTransform"),
        (json!({ "hyperparameters": { "targetModules": ".*q_proj", "layersToTransform": [0] } }), "hyperparameters.layersToTransform"),
        (json!({ "hyperparameters": { "useRslora": "yes" } }), "hyperparameters.useRslora"),
        (json!({ "hyperparameters": { "optimizerType": "lion" } }), "hyperparameters.optimizerType"),
        (json!({ "hyperparameters": { "optimizerType": 5 } }), "hyperparameters.optimizerType"),
        // Names that clients of other platforms use, and figures that are not the client's to give.
        (json!({ "hyperparameters": { "rank": 8 } }), "hyperparameters.rank"),
        (json!({ "hyperparameters": { "epochs": 3 } }), "hyperparameters.epochs"),
        (json!({ "gpuConfig": { "type": "a100-80gb", "count": 1 } }), "gpuConfig.count"),
        (json!({ "presetId": "fast" }), "presetId"),
        (json!({ "estimatedCost": 0.01 }), "estimatedCost"),
        (json!({ "gpuConfig": { "instanceType": "local-cpu", "numGPUs": 3 } }), "gpuConfig.numGPUs"),
        (json!({ "gpuConfig": { "instanceType": "abacus", "numGPUs": 1 } }), "gpuConfig.instanceType"),
        (json!({ "gpuConfig": { "instanceType": "local-cpu" } }), "gpuConfig.numGPUs"),
        (json!({ "presetId": "wild" }), "presetId"),
        (json!({ "packing": "yes" }), "packing"),
        (json!({ "validationSplitRatio": 0.9 }), "validationSplitRatio"),
        (json!({ "baseModel": "acme/none" }), "baseModel"),
        (json!({ "datasetId": "x" }), "datasetId"),
        (json!({ "budget": 5 }), "budget"),
    ] {
        let mut body = job_body(&ready);
        body.as_object_mut().expect("an object").extend(change.as_object().expect("an object").clone());
        let (status, code, named) = world.post("/api/jobs", Some(&world.ada), body).await.error();
        assert_eq!((status, code.as_str(), named.as_deref()), (400, "VALIDATION_ERROR", Some(field)), "{change}");
    }
    let (uploading, _) = world.announce(&world.ada, "Not yet", b"x").await;
    let (status, _, field) = world.post("/api/jobs", Some(&world.ada), job_body(&uploading)).await.error();
    assert_eq!((status, field.as_deref()), (409, Some("datasetId")));
    let mut body = job_body(&ready);
    body.as_object_mut().expect("an object").remove("presetId");
    world.post("/api/jobs", Some(&world.ada), body).await.fails(400, "VALIDATION_ERROR", Some("presetId"));
    world.get("/api/jobs?status=lost", &world.ada).await.fails(400, "VALIDATION_ERROR", Some("status"));
}

#[tokio::test]
async fn an_idempotency_key_makes_one_job() {
    let world = World::new().await;
    let dataset = world.ready_dataset(&world.ada, "Talks").await.id.to_string();
    let create = async |body: Value| {
        let mut request = request("POST", "/api/jobs", Some(&world.ada), Some(body));
        request.headers_mut().insert("idempotency-key", "once".parse().expect("a header"));
        world.answer(request).await
    };
    let mut other = job_body(&dataset);
    other["validationSplitRatio"] = json!(0.9);
    create(other.clone()).await.fails(400, "VALIDATION_ERROR", Some("validationSplitRatio"));
    let first = create(job_body(&dataset)).await.data()["jobId"].clone();
    assert_eq!(create(job_body(&dataset)).await.data()["jobId"], first);
    create(other).await.fails(409, "IDEMPOTENCY_KEY_REUSED", Some("Idempotency-Key"));
    assert_eq!(world.get("/api/jobs", &world.ada).await.json()["meta"]["pagination"]["total"], 1);
}

#[tokio::test]
async fn a_job_is_cancelled_with_a_reason_and_tried_again() {
    let world = World::new().await;
    let path = format!("/api/jobs/{}", world.job(&world.ada).await);
    world.post(&format!("{path}/retry"), Some(&world.ada), Value::Null).await.fails(409, "JOB_NOT_RETRYABLE", None);
    world.post(&format!("{path}/cancel"), Some(&world.ada), json!({ "reason": "bored" })).await.fails(
        400,
        "VALIDATION_ERROR",
        Some("reason"),
    );
    let done = world.post(&format!("{path}/cancel"), Some(&world.ada), json!({ "reason": "wrong_config" })).await.data();
    assert_eq!((done["status"].as_str(), done["finalCost"].as_f64()), (Some("cancelled"), Some(0.0)));
    assert!(done["refundAmount"].as_f64() > Some(0.0) && done["message"].is_string());
    let job = world.get(&path, &world.ada).await.data()["job"].clone();
    assert_eq!(
        (job["status"].as_str(), job["cancelReason"].as_str(), job["canRetry"].as_bool()),
        (Some("cancelled"), Some("wrong_config"), Some(true))
    );
    // Without a body, too.
    world.post(&format!("{path}/cancel"), Some(&world.ada), Value::Null).await.fails(409, "JOB_NOT_CANCELLABLE", None);
    let again = world.post(&format!("{path}/retry"), Some(&world.ada), Value::Null).await;
    assert_eq!((again.status, again.data()["status"].as_str()), (StatusCode::CREATED, Some("queued")));
}

#[tokio::test]
async fn metrics_and_logs_are_paged_and_filtered() {
    let world = World::new().await;
    let job = world.job(&world.ada).await;
    let now = domain::Clock::now(&*world.clock);
    let change = |_: &mut db::jobs::Job, effects: &mut db::jobs::JobEffects| {
        for step in 1..=300_u64 {
            let loss = if step == 177 { 9.0 } else { 1.0 };
            let metrics = db::jobs::StepMetrics {
                timestamp: now,
                epoch: 1,
                step,
                training_loss: Some(loss),
                validation_loss: (step % 100 == 0).then_some(0.5),
                learning_rate: 1e-4,
                gradient_norm: Some(0.1),
                throughput: Some(1000.0),
                gpu_utilization: None,
                memory_bytes: None,
            };
            effects.events.push(db::jobs::NewEvent::new("metrics", json!({}), now).shown_as(db::jobs::Projection::Metrics(metrics)));
        }
        for (level, message) in [(LogLevel::Info, "Loading"), (LogLevel::Warning, "3 examples were CUT"), (LogLevel::Info, "Training")] {
            let line = db::jobs::Projection::Log { level, message: message.to_owned(), metadata: None };
            effects.events.push(db::jobs::NewEvent::new("log", json!({}), now).shown_as(line));
        }
    };
    db::jobs::update(&world.app.db, job, now, change).await.expect("written");
    let path = format!("/api/jobs/{job}");

    let first = world.get(&format!("{path}/metrics?limit=200"), &world.ada).await;
    let cursor = first.json()["meta"]["cursor"].clone();
    assert_eq!((first.data()["points"].as_array().map(Vec::len), first.data()["total"].as_u64()), (Some(200), Some(300)));
    assert_eq!(cursor["hasMore"], true);
    let rest = world.get(&format!("{path}/metrics?limit=200&cursor={}", cursor["next"].as_str().expect("a cursor")), &world.ada).await;
    assert_eq!((rest.data()["points"][0]["step"].as_u64(), rest.json()["meta"]["cursor"]["hasMore"].as_bool()), (Some(201), Some(false)));
    let few = world.get(&format!("{path}/metrics?points=40"), &world.ada).await.data();
    let few = few["points"].as_array().expect("a list");
    assert!(few.len() <= 45 && few.iter().any(|point| point["trainingLoss"] == 9.0), "{}", few.len());
    world.get(&format!("{path}/metrics?points=1"), &world.ada).await.fails(400, "VALIDATION_ERROR", Some("points"));
    world.get(&format!("{path}/metrics?points=9&cursor=1"), &world.ada).await.fails(400, "VALIDATION_ERROR", Some("points"));
    world.get(&format!("{path}/metrics?cursor=x"), &world.ada).await.fails(400, "VALIDATION_ERROR", Some("cursor"));

    let messages = async |query: &str| {
        let found = world.get(&format!("{path}/logs{query}"), &world.ada).await.data();
        found["logs"].as_array().expect("a list").iter().map(|line| line["message"].as_str().expect("text").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(messages("").await, ["Loading", "3 examples were CUT", "Training"]);
    assert_eq!(messages("?level=warning").await, ["3 examples were CUT"]);
    assert_eq!(messages("?search=cut").await, ["3 examples were CUT"]);
    assert_eq!(messages("?limit=1").await, ["Loading"]);
    let file = world.get(&format!("{path}/logs/download"), &world.ada).await;
    assert_eq!((file.status, file.headers["content-type"].as_bytes()), (StatusCode::OK, &b"text/plain; charset=utf-8"[..]));
    assert!(file.headers["content-disposition"].to_str().is_ok_and(|value| value.contains(&format!("{job}.log"))));
    let lines = String::from_utf8(file.bytes.to_vec()).expect("text");
    assert_eq!(lines.lines().count(), 3);
    assert!(lines.lines().nth(1).is_some_and(|line| line.ends_with(" WARNING 3 examples were CUT")), "{lines}");
    let file = world.get(&format!("{path}/logs/download?level=info&search=load"), &world.ada).await;
    assert!(String::from_utf8_lossy(&file.bytes).ends_with("INFO    Loading\n"));
    world.get(&format!("{path}/logs?level=loud"), &world.ada).await.fails(400, "VALIDATION_ERROR", Some("level"));
    let detail = world.get(&path, &world.ada).await.data()["job"].clone();
    let curve = &detail["lossCurve"];
    let length = |key: &str| curve[key].as_array().map(Vec::len);
    assert!(length("steps") == length("trainingLoss") && length("steps") == length("validationLoss") && length("steps") > Some(100));
    assert_eq!((detail["metricsTotal"].as_u64(), detail["logs"].as_array().map(Vec::len)), (Some(300), Some(3)));
    assert_eq!(detail["status"], JobStatus::Queued.as_str());
}
