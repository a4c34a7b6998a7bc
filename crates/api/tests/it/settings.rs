//! Settings, webhooks, and the stream of notifications.

use crate::world::{World, on_each, request};
use domain::MicroUsd;
use futures::StreamExt;
use http::StatusCode;
use serde_json::{Value, json};

#[tokio::test]
async fn settings_are_changed_piece_by_piece() {
    on_each(|world| async move {
        let ada = &world.ada;
        let get = async || world.get("/api/settings", ada).await.data();
        let first = get().await;
        assert_eq!((first["timezone"].as_str(), first.get("monthlyBudget"), first.get("budgetInForce")), (Some("UTC"), None, None));
        assert_eq!(first["notifications"]["job_failed"], json!({ "inApp": true, "mail": true, "webhook": true }));
        assert_eq!(first["notifications"]["weekly_summary"]["inApp"], false);
        let body = json!({
            "notifications": { "job_failed": { "mail": false } }, "monthlyBudget": 12.5, "timezone": "Europe/Vienna",
            "defaultBaseModel": "test/tiny", "defaultInstanceType": "local-cpu",
        });
        let changed = world.patch("/api/settings", ada, body).await.data();
        assert_eq!(changed, get().await);
        assert_eq!(changed["notifications"]["job_failed"], json!({ "inApp": true, "mail": false, "webhook": true }));
        assert_eq!((changed["monthlyBudget"].as_f64(), changed["budgetInForce"].as_f64()), (Some(12.5), Some(12.5)));
        assert_eq!((changed["timezone"].as_str(), changed["defaultBaseModel"].as_str()), (Some("Europe/Vienna"), Some("test/tiny")));
        let taken_back = world.patch("/api/settings", ada, json!({ "monthlyBudget": null, "defaultBaseModel": null })).await.data();
        assert_eq!((taken_back.get("monthlyBudget"), taken_back.get("defaultBaseModel")), (None, None));
        assert_eq!(taken_back["timezone"], "Europe/Vienna");
        for (body, field) in [
            (json!({ "monthlyBudget": -1 }), "monthlyBudget"),
            (json!({ "monthlyBudget": "much" }), "monthlyBudget"),
            (json!({ "timezone": "Mars/Olympus" }), "timezone"),
            (json!({ "defaultBaseModel": "x" }), "defaultBaseModel"),
            (json!({ "defaultInstanceType": "x" }), "defaultInstanceType"),
            (json!({ "notifications": { "x": {} } }), "notifications.x"),
            (json!({ "colour": "red" }), "colour"),
        ] {
            world.patch("/api/settings", ada, body).await.fails(400, "VALIDATION_ERROR", Some(field));
        }
    })
    .await;
}

#[tokio::test]
async fn ones_own_budget_is_below_what_is_allowed_and_refuses_launches() {
    let world = World::new().await;
    let ada = &world.ada;
    db::users::update(&world.app.db, ada.id, |user| user.monthly_budget = Some(MicroUsd::from_usd(10.0))).await.expect("written");
    world.patch("/api/settings", ada, json!({ "monthlyBudget": 11 })).await.fails(400, "VALIDATION_ERROR", Some("monthlyBudget"));
    let view = world.patch("/api/settings", ada, json!({ "monthlyBudget": 0 })).await.data();
    assert_eq!((view["budgetAllowed"].as_f64(), view["budgetInForce"].as_f64()), (Some(10.0), Some(0.0)));
    let dataset = world.ready_dataset(ada, "Talks").await.id.to_string();
    let refused = world.post("/api/jobs", Some(ada), crate::world::job_body(&dataset)).await;
    refused.fails(402, "BUDGET_EXCEEDED", None);
    assert_eq!(refused.json()["error"]["details"]["monthlyBudget"], 0.0);
    world.patch("/api/settings", ada, json!({ "monthlyBudget": null })).await.data();
    world.post("/api/jobs", Some(ada), crate::world::job_body(&dataset)).await.data();
    assert_eq!(world.get("/api/costs/summary", ada).await.data()["currentMonth"]["budget"], 10.0);
}

#[tokio::test]
async fn webhooks_are_made_changed_tried_and_deleted() {
    on_each(|world| async move {
        let ada = &world.ada;
        let body = json!({ "url": "https://example.org/hook", "events": ["job_failed", "job_complete", "job_failed"] });
        let created = world.post("/api/webhooks", Some(ada), body).await;
        assert_eq!(created.status, StatusCode::CREATED);
        let created = created.data();
        assert!(created["secret"].as_str().is_some_and(|secret| secret.starts_with("whsec_") && secret.len() > 40));
        let id = created["webhook"]["id"].as_str().expect("an id").to_owned();
        let path = format!("/api/webhooks/{id}");
        let shown = world.get(&path, ada).await.data();
        assert!(!shown.to_string().contains("whsec_"), "the secret is shown once");
        assert_eq!(shown["webhook"]["events"], json!(["job_complete", "job_failed"]));
        let changed = world.patch(&path, ada, json!({ "enabled": false, "events": [] })).await.data();
        assert_eq!((&changed["webhook"]["enabled"], &changed["webhook"]["events"]), (&json!(false), &json!([])));
        let rotated = world.post(&format!("{path}/rotate"), Some(ada), Value::Null).await.data();
        assert!(rotated["secret"].as_str().is_some_and(|secret| secret.starts_with("whsec_")) && rotated["secret"] != created["secret"]);
        assert!(rotated["webhook"]["oldSecretUntil"].is_string());
        let test = world.post(&format!("{path}/test"), Some(ada), Value::Null).await.data();
        let log = world.get(&format!("{path}/deliveries"), ada).await.json();
        assert_eq!((log["meta"]["pagination"]["total"].as_u64(), &log["data"]["deliveries"][0]["id"]), (Some(1), &test["deliveryId"]));
        assert_eq!(log["data"]["deliveries"][0]["status"], "pending");
        assert_eq!(world.get("/api/webhooks", ada).await.data()["webhooks"].as_array().map(Vec::len), Some(1));
        assert_eq!(world.get("/api/webhooks", &world.bob).await.data()["webhooks"].as_array().map(Vec::len), Some(0));
        world.call("DELETE", &path, Some(ada), None).await.data();
        world.get(&path, ada).await.fails(404, "WEBHOOK_NOT_FOUND", None);
        for (body, field) in [
            (json!({ "url": "ftp://example.org" }), "url"),
            (json!({ "url": "https://me:pw@example.org" }), "url"),
            (json!({ "url": "https://example.org", "events": ["x"] }), "events[0]"),
            (json!({ "url": "https://example.org", "description": "x".repeat(201) }), "description"),
        ] {
            world.post("/api/webhooks", Some(ada), body).await.fails(400, "VALIDATION_ERROR", Some(field));
        }
        for _ in 0..20 {
            world.post("/api/webhooks", Some(ada), json!({ "url": "https://example.org" })).await.data();
        }
        world.post("/api/webhooks", Some(ada), json!({ "url": "https://example.org" })).await.fails(409, "TOO_MANY_WEBHOOKS", None);
    })
    .await;
}

/// The next event of a stream: its name, number and data.
async fn next(body: &mut axum::body::BodyDataStream, pending: &mut String) -> (String, Option<u64>, Value) {
    loop {
        if let Some((block, rest)) = pending.clone().split_once("\n\n") {
            rest.clone_into(pending);
            let field =
                |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(|text| text.trim_start_matches(": ").to_owned());
            if let Some(name) = field("event") {
                let data = serde_json::from_str(&field("data").expect("data")).expect("JSON");
                return (name, field("id").and_then(|id| id.parse().ok()), data);
            }
            continue;
        }
        let chunk =
            tokio::time::timeout(std::time::Duration::from_secs(20), body.next()).await.expect("in time").expect("goes on").expect("whole");
        pending.push_str(std::str::from_utf8(&chunk).expect("text"));
    }
}

async fn open(world: &World, after: Option<u64>) -> axum::body::BodyDataStream {
    let mut request = request("GET", "/api/notifications/stream", Some(&world.ada), None);
    if let Some(after) = after {
        request.headers_mut().insert("last-event-id", after.to_string().parse().expect("a header"));
    }
    let response = world.send(request).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    response.into_body().into_data_stream()
}

#[tokio::test]
async fn notifications_come_live_and_after_a_pause_none_is_missed() {
    on_each(|world| async move {
        world.notification(&world.ada).await;
        let (mut one, mut two, mut pending, mut pending_two) =
            (open(&world, None).await, open(&world, None).await, String::new(), String::new());
        let (name, id, data) = next(&mut one, &mut pending).await;
        assert_eq!((name.as_str(), id, data["unreadCount"].as_u64()), ("connected", None, Some(1)));
        next(&mut two, &mut pending_two).await;
        world.notification(&world.bob).await;
        let told = world.notification(&world.ada).await;
        for (body, pending) in [(&mut one, &mut pending), (&mut two, &mut pending_two)] {
            let (name, id, data) = next(body, pending).await;
            assert_eq!((name.as_str(), id, data["unreadCount"].as_u64()), ("notification", Some(2), Some(2)));
            assert_eq!(data["notification"]["id"], told.to_string());
        }
        assert_eq!(world.app.feed.following(), (1, 2));
        drop((one, two));
        world.notification(&world.ada).await;
        let (mut again, mut pending) = (open(&world, Some(1)).await, String::new());
        next(&mut again, &mut pending).await;
        let ids = [next(&mut again, &mut pending).await.1, next(&mut again, &mut pending).await.1];
        assert_eq!(ids, [Some(2), Some(3)]);
        world.stopping.cancel();
        assert!(again.next().await.is_none(), "the stream ends with the server");
    })
    .await;
}
