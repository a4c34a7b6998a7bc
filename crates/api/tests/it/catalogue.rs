//! What is on offer, and what the server tells of itself.

use crate::world::{World, read, request};
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{HeaderName, Request, StatusCode};
use serde_json::json;
use std::net::SocketAddr;
use tower::ServiceExt;

#[tokio::test]
async fn the_catalogue_has_models_machines_presets_and_limits() {
    let world = World::new().await;
    let data = world.get("/api/catalogue", &world.ada).await.data();
    assert_eq!(data["baseModels"][0]["id"], "test/tiny");
    assert!(data["baseModels"][0].get("path").is_none(), "where files are is nobody's business");
    let h100 = data["instanceTypes"].as_array().expect("a list").iter().find(|i| i["id"] == "h100-80gb").expect("the specification's");
    assert_eq!((h100["ratePerHour"].as_f64(), h100["available"].as_bool()), (Some(4.5), Some(false)));
    let presets: Vec<_> = data["presets"].as_array().expect("a list").iter().map(|preset| preset["id"].as_str().expect("an id")).collect();
    assert_eq!(presets, ["conservative", "balanced", "aggressive"]);
    assert_eq!(data["presets"][1]["hyperparameters"]["maxSeqLength"], 512, "no more than the base model reads");
    assert_eq!(data["limits"]["loraRank"], json!({ "min": 1.0, "max": 256.0 }));
    assert_eq!((data["maxFileSize"].as_u64(), data["minTrainableExamples"].as_u64()), (Some(10_000_000), Some(10)));
}

#[tokio::test]
async fn the_server_tells_how_it_is() {
    let world = World::new().await;
    let health = world.call("GET", "/healthz", None, None).await;
    assert_eq!((health.status, health.json()), (StatusCode::OK, json!({ "status": "ok", "version": "0.0.0" })));
    assert_eq!(world.call("GET", "/readyz", None, None).await.json()["status"], "ok");
    world.job(&world.ada).await;
    let figures = world.answer(from("127.0.0.1:9", &[])).await;
    let text = String::from_utf8(figures.bytes.to_vec()).expect("text");
    for line in [
        "brightrun_users 3",
        "brightrun_datasets 1",
        "brightrun_jobs{status=\"queued\"} 1",
        "brightrun_http_requests_total{method=\"GET\",route=\"/healthz\",class=\"2xx\"} 1",
        "brightrun_db_connections{state=\"idle\"}",
        "brightrun_db_statements_total{outcome=\"failed\"} 0",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    world.app.db.clone().close().await.expect("closed");
    let broken = world.call("GET", "/readyz", None, None).await;
    assert_eq!((broken.status, broken.json()["status"].as_str()), (StatusCode::SERVICE_UNAVAILABLE, Some("unavailable")));
    assert!(broken.json()["problems"][0].as_str().is_some_and(|problem| problem.starts_with("database")));
    // What depends on it says so, and no more.
    let answer = world.get("/api/datasets", &world.ada).await;
    assert!(answer.status.is_server_error(), "{}", answer.status);
    assert!(!answer.json()["error"]["message"].as_str().expect("a message").contains("sqlite"));
}

#[tokio::test]
async fn the_document_and_its_page_are_served() {
    let world = World::new().await;
    assert_eq!(world.call("GET", "/openapi.json", None, None).await.json(), api::openapi());
    let docs = world.call("GET", "/docs", None, None).await;
    let page = String::from_utf8(docs.bytes.to_vec()).expect("text");
    assert!(page.contains("/api/jobs/{id}/stream") && page.contains("TrainingJob") && !page.contains("<script"));
}

/// A request for the figures from an address.
fn from(address: &str, headers: &[(&'static str, &str)]) -> Request<Body> {
    let mut request = request("GET", "/metrics", None, None);
    let address: SocketAddr = address.parse().expect("an address");
    request.extensions_mut().insert(ConnectInfo(address));
    request.headers_mut().extend(headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().expect("a value"))));
    request
}

#[tokio::test]
async fn figures_are_for_the_own_machine_or_for_the_token() {
    let world = World::new().await;
    for address in ["127.0.0.1:9", "[::1]:9", "[::ffff:127.0.0.1]:9"] {
        assert_eq!(world.answer(from(address, &[])).await.status, StatusCode::OK, "{address}");
    }
    world.answer(from("10.0.0.7:9", &[])).await.fails(403, "METRICS_CLOSED", None);
    world.answer(from("127.0.0.1:9", &[("x-forwarded-for", "10.0.0.7")])).await.fails(403, "METRICS_CLOSED", None);
    world.call("GET", "/metrics", None, None).await.fails(403, "METRICS_CLOSED", None);

    let router = world.router_with_metrics_token("a token for figures");
    let ask = async |request| read(router.clone().oneshot(request).await.expect("an answer")).await;
    ask(from("127.0.0.1:9", &[])).await.fails(401, "UNAUTHORIZED", None);
    ask(from("10.0.0.7:9", &[("authorization", "Bearer a token for figurez")])).await.fails(401, "UNAUTHORIZED", None);
    assert_eq!(ask(from("10.0.0.7:9", &[("authorization", "Bearer a token for figures")])).await.status, StatusCode::OK);
}

#[tokio::test]
async fn requests_are_counted_by_route_however_many_addresses_there_are() {
    let world = World::new().await;
    let before = String::from_utf8(world.answer(from("127.0.0.1:9", &[])).await.bytes.to_vec()).expect("text");
    for _ in 0..30 {
        let id = uuid::Uuid::new_v4();
        world.get(&format!("/api/jobs/{id}"), &world.ada).await.fails(404, "JOB_NOT_FOUND", None);
        world.call("GET", &format!("/no/such/{id}"), None, None).await;
        world.call("PATCH", &format!("/api/jobs/{id}"), None, Some(serde_json::json!({}))).await.fails(401, "UNAUTHORIZED", None);
        world.answer(request("BREW", "/api/jobs", None, None)).await;
    }
    let text = String::from_utf8(world.answer(from("127.0.0.1:9", &[])).await.bytes.to_vec()).expect("text");
    for line in [
        r#"brightrun_http_requests_total{method="GET",route="/api/jobs/{id}",class="4xx"} 30"#,
        r#"brightrun_http_requests_total{method="PATCH",route="/api/jobs/{id}",class="4xx"} 30"#,
        r#"brightrun_http_requests_total{method="OTHER",route="/api/jobs",class="4xx"} 30"#,
        r#"brightrun_http_request_seconds_bucket{method="GET",route="/api/jobs/{id}",le="+Inf"} 30"#,
        r#"brightrun_http_request_seconds_count{method="GET",route="page"} 30"#,
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
    let rows = |text: &str| text.lines().filter(|line| line.starts_with("brightrun_http_requests_total")).count();
    assert_eq!(rows(&text), rows(&before) + 5, "four routes and the figures themselves");
    // Every bucket holds those before it.
    let buckets =
        text.lines().filter(|line| line.starts_with(r#"brightrun_http_request_seconds_bucket{method="GET",route="/api/jobs/{id}""#));
    let buckets: Vec<u64> = buckets.map(|line| line.rsplit(' ').next().expect("a number").parse().expect("a number")).collect();
    assert!(buckets.is_sorted() && buckets.len() == 10, "{buckets:?}");
}
