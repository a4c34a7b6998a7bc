//! Validation of uploaded files: what a worker does, and what is left when it cannot.

use crate::world::{SAMPLE, World, on_each};
use db::tasks;
use domain::{DatasetId, ErrorKind};
use serde::Deserialize;
use serde_json::Value;
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// How a fixture is to end.
#[derive(Deserialize)]
struct Expected {
    path: String,
    outcome: String,
}

fn fixtures() -> (std::path::PathBuf, Vec<Expected>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/datasets");
    let table = std::fs::read(folder.join("expected.json")).expect("the table of fixtures");
    (folder, serde_json::from_slice(&table).expect("a list"))
}

#[tokio::test]
async fn every_fixture_ends_as_its_table_says_and_the_server_goes_on() {
    let world = World::new().await;
    let (folder, expected) = fixtures();
    assert!(expected.len() > 20);
    for fixture in expected {
        let bytes = std::fs::read(folder.join(&fixture.path)).expect("a fixture");
        let dataset = world.validated(&world.ada, &fixture.path, &bytes).await;
        let status = dataset["status"].as_str().expect("a status");
        assert_eq!(status == "error", fixture.outcome == "error", "{}: {dataset:#}", fixture.path);
        if fixture.outcome == "error" {
            let first = &dataset["findings"][0]["findings"][0];
            assert!(first["message"].is_string() && first["fix"].is_string(), "{}", fixture.path);
            assert!(!dataset["errorMessage"].as_str().expect("why").is_empty() && dataset["trainingReady"] == false);
        } else {
            assert_eq!(dataset["trainingReady"], true, "{}", fixture.path);
        }
    }
    world.get("/readyz", &world.ada).await;
}

/// A confirmed data set that nobody has validated yet.
async fn confirmed(world: &World) -> DatasetId {
    let (id, url) = world.announce(&world.ada, "Talks", SAMPLE).await;
    world.put(&url, SAMPLE).await;
    world.post(&format!("/api/datasets/{id}/confirm"), Some(&world.ada), Value::Null).await.data();
    id.parse().expect("an id")
}

async fn status(world: &World, id: DatasetId) -> Value {
    world.get(&format!("/api/datasets/{id}"), &world.ada).await.data()["dataset"]["status"].clone()
}

#[tokio::test]
async fn an_interrupted_validation_is_done_again() {
    on_each(|world| async move {
        let id = confirmed(&world).await;
        let stop = CancellationToken::new();
        stop.cancel();
        let error = app::datasets::run_validation(&world.app, id, &stop).await.expect_err("interrupted");
        assert_eq!((error.kind, status(&world, id).await), (ErrorKind::Unavailable, "validating".into()));
        world.validate(&id.to_string()).await;
        assert_eq!(status(&world, id).await, "ready");
        // Done twice, it says so once.
        world.validate(&id.to_string()).await;
        assert_eq!(world.get("/api/notifications", &world.ada).await.json()["meta"]["unreadCount"], 1);
    })
    .await;
}

#[tokio::test]
async fn a_file_that_is_gone_ends_the_data_set_and_tells_its_owner() {
    let world = World::new().await;
    let id = confirmed(&world).await;
    let row = db::datasets::get(&world.app.db, id).await.expect("read").expect("there");
    world.app.blob.delete(&blob::Key::parse(&row.s3_key).expect("a key")).await.expect("deleted");
    let error = app::datasets::run_validation(&world.app, id, &CancellationToken::new()).await.expect_err("gone");
    assert_eq!(error.kind, ErrorKind::NotFound);
    app::datasets::fail_validation(&world.app, id, &error.message).await.expect("told");
    let dataset = world.get(&format!("/api/datasets/{id}"), &world.ada).await.data()["dataset"].clone();
    assert_eq!((dataset["status"].as_str(), dataset.get("validationProgress")), (Some("error"), None));
    let told = world.get("/api/notifications", &world.ada).await.data();
    assert!(told["notifications"][0]["message"].as_str().is_some_and(|text| text.contains("no such file")), "{told:#}");
}

#[tokio::test]
async fn a_validation_that_lost_its_task_is_queued_again() {
    on_each(|world| async move {
        let id = confirmed(&world).await;
        let (db, now) = (&world.app.db, domain::Clock::now(&*world.clock));
        let pending = async || world.app.queue.counts().await.expect("counted").pending;
        app::datasets::reconcile(&world.app).await.expect("reconciled");
        assert_eq!(pending().await, 1, "its task waits already");
        let until = now + chrono::Duration::seconds(30);
        let task = tasks::claim(db, "a worker", 1, now, until).await.expect("claimed").remove(0);
        assert!(tasks::finish(db, task.id, "a worker").await.expect("removed"));
        app::datasets::reconcile(&world.app).await.expect("reconciled");
        assert_eq!(pending().await, 0, "not before it was silent for a while");
        world.advance(chrono::Duration::seconds(11));
        app::datasets::reconcile(&world.app).await.expect("reconciled");
        assert_eq!(pending().await, 1);
        world.validate(&id.to_string()).await;
        assert_eq!(status(&world, id).await, "ready");
    })
    .await;
}
