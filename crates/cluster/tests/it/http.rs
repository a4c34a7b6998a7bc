//! The client of the GPU cluster API against clusters that do what real ones do.

use std::time::Duration;

use cluster::{ClusterError, Delivered, Messenger, RunHandle, RunState, Seen, TrainerEventKind, TrainingCluster};
use domain::cluster_api::node_job_id;
use domain::job::GpuConfig;
use domain::run::{CallbackBody, CallbackTarget};
use futures::TryStreamExt;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::spec;
use crate::stand_in::{StandIn, client, json_reply, node_health, text_reply, timing};

fn accepted() -> crate::stand_in::Reply {
    json_reply(200, &json!({"job_id": "j-1"}))
}

fn job(stand_in: &StandIn) -> RunHandle {
    RunHandle(format!("{}/jobs/j-1", stand_in.url))
}

fn run() -> cluster::RunSpec {
    let mut spec = spec(1, 1, "complete");
    spec.gpu = Some(GpuConfig { instance_type: "local-cpu".into(), num_gpus: 1, spot: false });
    spec.dataset.path = None;
    spec.dataset.url = Some("https://storage.example/data?sig=1".into());
    spec
}

#[tokio::test]
async fn a_submission_has_the_fields_of_the_specification_and_is_repeated_under_the_same_key() {
    let stand_in = StandIn::start().await;
    let busy = text_reply(429, "slow down").header("retry-after", "0");
    stand_in.on("POST /jobs", vec![busy, text_reply(503, "<html>"), text_reply(502, ""), accepted()]);
    let cluster = client(&[&stand_in.url]);
    let handle = cluster.submit(&run()).await.expect("accepted in the end");
    assert_eq!(handle, job(&stand_in));
    let requests = stand_in.requests("POST /jobs");
    assert_eq!(requests.len(), 4);
    for request in &requests {
        assert_eq!(request.headers["authorization"], "Bearer the key");
        assert_eq!(request.headers["idempotency-key"], run().attempt_id.to_string().as_str());
        assert_eq!(request.body["dataset_url"], "https://storage.example/data?sig=1");
        assert_eq!(request.body["gpu_config"], json!({"instanceType": "local-cpu", "numGPUs": 1, "spot": false}));
        assert!(request.body["hyperparameters"]["loraRank"].is_number() && request.body["run"]["attempt"] == 1);
    }
}

#[tokio::test]
async fn a_refused_submission_says_what_to_do() {
    let refused = |reply| async move {
        let stand_in = StandIn::start().await;
        stand_in.on("POST /jobs", vec![reply]);
        client(&[&stand_in.url]).submit(&run()).await.expect_err("refused")
    };
    let no_route = refused(json_reply(404, &json!({"detail": "Not Found"}))).await;
    assert!(!no_route.is_transient() && no_route.to_string().contains("GPU_CLUSTER_API_URL"), "{no_route}");
    let key = refused(text_reply(401, "")).await;
    assert!(!key.is_transient() && key.to_string().contains("GPU_CLUSTER_API_KEY"), "{key}");
    let invalid = refused(json_reply(422, &json!({"error": {"message": "loraRank is too large"}}))).await;
    assert!(!invalid.is_transient() && invalid.to_string().contains("loraRank is too large"), "{invalid}");
    let elsewhere = refused(text_reply(307, "").header("location", "https://elsewhere.example/")).await;
    assert!(!elsewhere.is_transient() && elsewhere.to_string().contains("redirect"), "the key goes nowhere else: {elsewhere}");
    for odd in [text_reply(200, ""), text_reply(200, "<html>ok</html>"), json_reply(200, &json!({"ok": true})), text_reply(500, "oops")] {
        let error = refused(odd.clone()).await;
        assert!(error.is_transient(), "{odd:?} {error}");
    }
    let path = refused(json_reply(200, &json!({"job_id": "../../admin"}))).await;
    assert!(path.is_transient(), "an id that would lead elsewhere is none: {path}");
}

#[tokio::test]
async fn a_job_is_followed_through_answers_that_cannot_be_read() {
    let stand_in = StandIn::start().await;
    let replies = vec![
        text_reply(200, ""),
        text_reply(200, "<html>maintenance</html>"),
        text_reply(500, "{}"),
        text_reply(429, "{}").header("retry-after", "soon"),
        text_reply(403, "no"),
        json_reply(200, &json!({"status": "IN_QUEUE"})),
        json_reply(200, &json!({"status": "WARPING"})),
        json_reply(200, &json!({"status": "IN_PROGRESS", "progress": 40, "current_step": 4, "executionTime": 2000})),
    ];
    stand_in.on("GET /jobs/j-1", replies);
    let cluster = client(&[&stand_in.url]);
    let (mut seen, mut failures, mut kinds) = (Seen::default(), 0, Vec::new());
    while seen.progress < 40.0 {
        match cluster.events(&job(&stand_in), &seen, Duration::from_millis(20)).await {
            Ok(batch) => {
                assert_eq!(batch.state, RunState::Running);
                for event in batch.events {
                    seen.seq = event.seq;
                    match &event.kind {
                        TrainerEventKind::Started { .. } => seen.started_at = Some(event.at),
                        TrainerEventKind::Progress { progress, .. } => seen.progress = *progress,
                        TrainerEventKind::Stage { message, .. } => seen.stage_message = Some(message.clone()),
                        _ => {}
                    }
                    kinds.push(event.kind);
                }
            }
            Err(error) => {
                assert!(error.is_transient(), "{error}");
                failures += 1;
            }
        }
    }
    assert_eq!(failures, 5);
    let [waiting, started, training, progress] = &kinds[..] else { panic!("{kinds:?}") };
    assert!(matches!(waiting, TrainerEventKind::Stage { message, .. } if message == "Waiting for a GPU"));
    assert!(matches!(started, TrainerEventKind::Started { .. }) && matches!(training, TrainerEventKind::Stage { .. }));
    assert!(matches!(progress, TrainerEventKind::Progress { step: 4, .. }));
}

#[tokio::test]
async fn a_cluster_of_somebody_elses_is_asked_now_and_then_only() {
    let stand_in = StandIn::start().await;
    stand_in.on("GET /jobs/j-1", vec![json_reply(200, &json!({"status": "running"}))]);
    let urls = vec![stand_in.url.clone()];
    let timing = cluster::Timing { poll: Duration::from_secs(3600), ..timing() };
    let config = cluster::HttpConfig { urls, key: "k".into(), clock: std::sync::Arc::new(domain::clock::SystemClock), timing };
    let cluster = cluster::HttpCluster::new(config).expect("a client");
    for _ in 0..5 {
        cluster.events(&job(&stand_in), &Seen::default(), Duration::from_millis(1)).await.expect("asked or not");
    }
    // The first answer shows whose it is; from then on the pause holds.
    assert_eq!(stand_in.requests("GET /jobs/j-1").len(), 2);
}

#[tokio::test]
async fn a_job_that_the_cluster_forgot_is_unknown_once_that_is_certain() {
    let stand_in = StandIn::start().await;
    let running = json_reply(200, &json!({"status": "running"}));
    stand_in.on("GET /jobs/j-1", vec![text_reply(404, "blip"), running, text_reply(404, "gone")]);
    let cluster = client(&[&stand_in.url]);
    let ask = || async { cluster.events(&job(&stand_in), &Seen::default(), Duration::ZERO).await };
    assert!(ask().await.is_ok(), "one 404 is not believed");
    let mut last = ask().await;
    while last.is_ok() {
        tokio::time::sleep(timing().poll).await;
        last = ask().await;
    }
    assert!(matches!(last, Err(ClusterError::Unknown { .. })), "{last:?}");
    let ours = json!({"success": false, "error": {"code": "JOB_NOT_FOUND", "message": "no"}});
    stand_in.on("GET /jobs/j-1", vec![json_reply(404, &ours)]);
    let before = stand_in.requests("GET /jobs/j-1").len();
    tokio::time::sleep(timing().poll * 2).await;
    assert!(matches!(ask().await, Err(ClusterError::Unknown { .. })));
    assert_eq!(stand_in.requests("GET /jobs/j-1").len(), before + 1, "a node of ours is believed at once");
    let elsewhere = RunHandle("http://127.0.0.1:1/jobs/j-1".into());
    assert!(matches!(cluster.events(&elsewhere, &Seen::default(), Duration::ZERO).await, Err(ClusterError::Unknown { .. })));
}

#[tokio::test]
async fn slow_huge_and_broken_answers_are_given_up() {
    let stand_in = StandIn::start().await;
    let cluster = client(&[&stand_in.url]);
    let slow = json_reply(200, &json!({"status": "running"})).after(Duration::from_secs(30));
    for reply in [slow, text_reply(200, &"x".repeat(17 << 20))] {
        stand_in.on("GET /jobs/j-1", vec![reply]);
        let error = cluster.events(&job(&stand_in), &Seen::default(), Duration::ZERO).await.expect_err("given up");
        assert!(error.is_transient(), "{error}");
    }
    // Accepts connections and drops them.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let mut buffer = [0; 16];
            let _ = connection.read(&mut buffer).await;
        }
    });
    let cluster = client(&[&url]);
    let handle = RunHandle(format!("{url}/jobs/j-1"));
    let mut answers = 0;
    let lost = loop {
        match cluster.events(&handle, &Seen::default(), Duration::ZERO).await {
            Ok(batch) => break batch,
            Err(error) => assert!(error.is_transient(), "{error}"),
        }
        answers += 1;
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert!(answers > 0 && matches!(lost.state, RunState::Lost { .. }), "given up after a while: {lost:?}");
    cluster.cancel(&handle).await.expect("there is nobody to ask any more");
    assert!(!cluster.health().await.ok);
}

#[tokio::test]
async fn a_cancelled_job_is_asked_for_until_it_is_gone() {
    let stand_in = StandIn::start().await;
    let cluster = client(&[&stand_in.url]);
    let status = |word: &str| json_reply(200, &json!({ "status": word }));
    stand_in.on("POST /jobs/j-1/cancel", vec![text_reply(200, "")]);
    stand_in.on("GET /jobs/j-1", vec![status("running"), status("running"), text_reply(200, "{}"), status("CANCELLED")]);
    cluster.cancel(&job(&stand_in)).await.expect("gone");
    assert_eq!(stand_in.requests("GET /jobs/j-1").len(), 4);
    stand_in.on("POST /jobs/j-1/cancel", vec![text_reply(409, "already ended")]);
    stand_in.on("GET /jobs/j-1", vec![text_reply(404, "")]);
    cluster.cancel(&job(&stand_in)).await.expect("what is not there is gone");
    stand_in.on("GET /jobs/j-1", vec![status("running")]);
    let error = cluster.cancel(&job(&stand_in)).await.expect_err("it goes on");
    assert!(error.is_transient() && error.to_string().contains("has not stopped"), "{error}");
    stand_in.on("POST /jobs/j-1/cancel", vec![text_reply(500, "")]);
    assert!(cluster.cancel(&job(&stand_in)).await.is_err(), "a cancel that was refused is not taken for one");
}

#[tokio::test]
async fn a_run_goes_to_the_node_with_the_most_free_places_and_back_to_where_it_runs() {
    let (full, half) = (StandIn::start().await, StandIn::start().await);
    let mine = node_job_id(run().job_id, 1);
    full.on("GET /health", vec![json_reply(200, &node_health(1, &["x-1"]))]);
    half.on("GET /health", vec![json_reply(200, &node_health(3, &["y-1"]))]);
    for node in [&full, &half] {
        node.on("POST /jobs", vec![json_reply(201, &json!({ "job_id": mine }))]);
    }
    let cluster = client(&[&full.url, &half.url]);
    let health = cluster.health().await;
    assert_eq!((health.ok, health.running, health.capacity), (true, 2, Some(4)));
    assert_eq!(cluster.submit(&run()).await.expect("taken"), RunHandle(format!("{}/jobs/{mine}", half.url)));
    // Its answer was lost, and it is submitted again when another node has more places.
    full.on("GET /health", vec![json_reply(200, &node_health(9, &[]))]);
    half.on("GET /health", vec![json_reply(200, &node_health(3, &[&mine]))]);
    tokio::time::sleep(timing().health_age * 2).await;
    assert_eq!(cluster.submit(&run()).await.expect("known"), RunHandle(format!("{}/jobs/{mine}", half.url)));
    assert!(full.requests("POST /jobs").is_empty());
}

#[tokio::test]
async fn two_attempts_of_a_job_never_run_at_once() {
    let (first, second) = (StandIn::start().await, StandIn::start().await);
    let (old, new) = (node_job_id(run().job_id, 1), node_job_id(run().job_id, 2));
    first.on("GET /health", vec![json_reply(200, &node_health(1, &[&old]))]);
    first.on(&format!("POST /jobs/{old}/cancel"), vec![json_reply(200, &json!({}))]);
    first.on(&format!("GET /jobs/{old}"), vec![json_reply(200, &json!({"status": "cancelled", "going_on": false, "events": []}))]);
    second.on("GET /health", vec![json_reply(200, &node_health(1, &[]))]);
    second.on("POST /jobs", vec![json_reply(201, &json!({ "job_id": new }))]);
    let cluster = client(&[&first.url, &second.url]);
    cluster.submit(&cluster::RunSpec { attempt: 2, ..run() }).await.expect("taken");
    assert_eq!(first.requests(&format!("POST /jobs/{old}/cancel")).len(), 1);
}

#[tokio::test]
async fn a_run_that_no_node_can_take_waits_or_fails_with_the_reason() {
    let node = StandIn::start().await;
    let cluster = client(&[&node.url, "http://127.0.0.1:1"]);
    node.on("GET /health", vec![json_reply(200, &node_health(1, &["x-1"]))]);
    assert!(matches!(cluster.submit(&run()).await, Err(ClusterError::Busy { capacity: 1 })));
    let mut other = run();
    other.base_model.revision = "2".into();
    let error = cluster.submit(&other).await.expect_err("not there");
    assert!(error.is_transient() && error.to_string().contains("127.0.0.1:1"), "the silent node may have it: {error}");
    let error = client(&[&node.url]).submit(&other).await.expect_err("not there");
    assert!(!error.is_transient() && error.to_string().contains("base model m"), "{error}");
    node.on("POST /jobs", vec![json_reply(503, &json!({"error": {"code": "BUSY", "message": "full"}}))]);
    node.on("GET /health", vec![json_reply(200, &node_health(2, &["x-1"]))]);
    tokio::time::sleep(timing().health_age * 2).await;
    assert!(matches!(cluster.submit(&run()).await, Err(ClusterError::Busy { .. })), "another was faster");
    assert!(!client(&["http://127.0.0.1:1"]).health().await.ok);
}

#[tokio::test]
async fn runs_that_are_alive_are_listed_and_forgotten_where_the_nodes_are_ours() {
    let node = StandIn::start().await;
    let name = json!({"job_id": run().job_id, "attempt_id": run().attempt_id, "attempt": 1});
    let listed: Value = json!({"jobs": [{"job_id": "a-1", "running": true, "run": name, "origin": "here"},
        {"job_id": "a-2", "running": false, "run": name}]});
    node.on("GET /health", vec![json_reply(200, &node_health(1, &["a-1"]))]);
    node.on("GET /jobs", vec![json_reply(200, &listed)]);
    node.on("DELETE /jobs/a-1", vec![text_reply(500, ""), text_reply(204, "")]);
    let cluster = client(&[&node.url]);
    let alive = cluster.alive().await.expect("listed");
    assert_eq!(alive.len(), 1);
    assert_eq!((alive[0].run.job_id, alive[0].origin.as_deref()), (run().job_id, Some("here")));
    cluster.forget(&alive[0].handle).await.expect("forgotten");
    let foreign = StandIn::start().await;
    let cluster = client(&[&foreign.url]);
    assert!(cluster.alive().await.expect("nothing is known").is_empty());
    cluster.forget(&job(&foreign)).await.expect("nothing to do");
    assert!(foreign.requests("DELETE /jobs/j-1").is_empty());
}

#[tokio::test]
async fn a_file_is_read_on_where_the_connection_broke_off_and_the_key_stays_with_its_owner() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let server = tokio::spawn(async move {
        let mut heads = Vec::new();
        for part in [
            "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n0123",
            "HTTP/1.1 206 Partial Content\r\ncontent-range: bytes 4-9/10\r\ncontent-length: 6\r\n\r\n456789",
        ] {
            let (mut connection, _) = listener.accept().await.expect("a connection");
            let mut head = vec![0; 4096];
            let read = connection.read(&mut head).await.expect("a request");
            heads.push(String::from_utf8_lossy(&head[..read]).to_lowercase());
            connection.write_all(part.as_bytes()).await.expect("sent");
        }
        heads
    });
    let node = StandIn::start().await;
    let cluster = client(&[&node.url]);
    let content = cluster.fetch(&format!("{url}/adapter?sig=1")).await.expect("opened");
    let content: Vec<u8> = content
        .try_fold(Vec::new(), |mut all, part| async move {
            all.extend_from_slice(&part);
            Ok(all)
        })
        .await
        .expect("read");
    assert_eq!(content, b"0123456789");
    let heads = server.await.expect("served");
    assert!(heads[1].contains("range: bytes=4-") && heads.iter().all(|head| !head.contains("authorization")), "{heads:?}");
    node.on("GET /files/a", vec![text_reply(200, "x")]);
    drop(cluster.fetch(&format!("{}/files/a", node.url)).await.expect("opened"));
    assert_eq!(node.requests("GET /files/a")[0].headers["authorization"], "Bearer the key");
    let absent = cluster.fetch(&format!("{}/files/b?sig=secret", node.url)).await.err().expect("not there");
    assert!(!absent.is_transient() && !absent.to_string().contains("secret"), "{absent}");
}

#[tokio::test]
async fn a_report_is_signed_and_its_answer_is_understood() {
    let platform = StandIn::start().await;
    let url = format!("{}/callback", platform.url);
    let target = CallbackTarget { url: url.clone(), checkpoints_url: url, secret: "of the attempt".into() };
    let report = CallbackBody { job_id: run().job_id, attempt_id: run().attempt_id, events: Vec::new() };
    let error = |code: &str, details: Value| json!({"success": false, "error": {"code": code, "message": "m", "details": details}});
    let messenger = Messenger::new().expect("a messenger");
    for (reply, expected) in [
        (json_reply(200, &json!({"success": true, "data": {"lastSeq": 7}})), Delivered::UpTo(7)),
        (json_reply(409, &error("EVENTS_MISSING", json!({"expectedSeq": 3}))), Delivered::Expects(3)),
        (json_reply(409, &error("ATTEMPT_SUPERSEDED", Value::Null)), Delivered::Unwanted),
        (json_reply(404, &error("JOB_NOT_FOUND", Value::Null)), Delivered::Unwanted),
        (json_reply(401, &error("SIGNATURE_EXPIRED", Value::Null)), Delivered::Later),
        (text_reply(404, "<html>"), Delivered::Later),
        (text_reply(502, ""), Delivered::Later),
        (text_reply(200, "ok"), Delivered::Later),
    ] {
        platform.on("POST /callback", vec![reply]);
        assert_eq!(messenger.deliver(&target, &report, chrono::Utc::now()).await, expected);
    }
    let sent = &platform.requests("POST /callback")[0];
    let header = |name: &str| sent.headers[name].to_str().expect("text").to_owned();
    let body = serde_json::to_vec(&report).expect("JSON");
    let (timestamp, signature) = (header("x-brightrun-timestamp"), header("x-brightrun-signature"));
    cluster::callback::verify("of the attempt", &timestamp, &signature, &body, chrono::Utc::now()).expect("signed");
}

#[test]
fn an_address_that_is_none_is_refused_at_the_start() {
    for urls in [vec![], vec!["ftp://x".to_owned()], vec!["undefined/run".to_owned()]] {
        let config =
            cluster::HttpConfig { urls, key: "k".into(), clock: std::sync::Arc::new(domain::clock::SystemClock), timing: timing() };
        let error = cluster::HttpCluster::new(config).err().expect("refused");
        assert!(error.to_string().contains("GPU_CLUSTER_API_URL"), "{error}");
    }
}
