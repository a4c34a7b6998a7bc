//! What was deleted: gone at once, restorable for a while, then removed; and what else is removed in time.

use crate::world::{Account, PASSWORD, SAMPLE, World, job_body, on_each};
use app::retention::{Purged, purge, remove_files_of};
use blob::{Key, SizeLimit, memory_content};
use chrono::Duration;
use domain::job::JobStatus;
use domain::{DatasetId, JobId, ModelId};
use http::StatusCode;
use serde_json::{Value, json};
use std::time::SystemTime;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

async fn run_purge(world: &World) -> Purged {
    purge(&world.app, &CancellationToken::new()).await.expect("it runs")
}

async fn listed(world: &World, what: &str, who: &Account, query: &str) -> Vec<Value> {
    world.get(&format!("/api/{what}{query}"), who).await.data()[what].as_array().expect("a list").clone()
}

async fn stored(world: &World, key: &str) -> bool {
    world.app.blob.head(&Key::parse(key).expect("a key")).await.expect("an answer").is_some()
}

async fn put(world: &World, key: &str) {
    let key = Key::parse(key).expect("a key");
    world.app.blob.put(&key, memory_content("x"), SizeLimit::Exactly(1)).await.expect("stored");
}

/// The same account with a new session: the old one has ended after so long.
async fn again(world: &World, who: &Account) -> Account {
    let body = json!({ "email": who.email, "password": PASSWORD });
    let token = world.post("/api/auth/login", None, body).await.data()["token"].as_str().expect("a token").to_owned();
    Account { token, ..who.clone() }
}

/// Ends a job as failed, as a worker does.
async fn fail(world: &World, job: JobId) {
    let now = domain::Clock::now(&*world.clock);
    let change = |row: &mut db::jobs::Job, _: &mut db::jobs::JobEffects| {
        row.status = JobStatus::Failed;
        row.completed_at = Some(now);
    };
    db::jobs::update(&world.app.db, job, now, change).await.expect("written").expect("there");
}

#[tokio::test]
async fn a_deleted_data_set_is_gone_at_once_and_comes_back_within_thirty_days() {
    on_each(|world| async move {
        let dataset = world.validated(&world.ada, "Talks", SAMPLE).await;
        let (id, key) = (dataset["id"].as_str().expect("an id"), dataset["s3Key"].as_str().expect("a key"));
        let (path, restore) = (format!("/api/datasets/{id}"), format!("/api/datasets/{id}/restore"));
        assert!(dataset["deletedAt"].is_null() && dataset["purgeAt"].is_null());
        world.call("DELETE", &path, Some(&world.ada), None).await.data();

        assert_eq!(listed(&world, "datasets", &world.ada, "").await.len(), 0);
        for (method, path) in
            [("GET", path.clone()), ("PATCH", path.clone()), ("DELETE", path.clone()), ("POST", format!("{path}/confirm"))]
        {
            let body = (method == "PATCH").then(|| json!({ "name": "x" }));
            world.call(method, &path, Some(&world.ada), body).await.fails(404, "DATASET_NOT_FOUND", None);
        }
        for path in ["/api/jobs", "/api/jobs/estimate"] {
            world.post(path, Some(&world.ada), job_body(id)).await.fails(404, "DATASET_NOT_FOUND", Some("datasetId"));
        }
        let deleted = listed(&world, "datasets", &world.ada, "?deleted=true").await;
        assert_eq!((deleted.len(), deleted[0]["id"].as_str()), (1, Some(id)));
        let at = |field: &str| deleted[0][field].as_str().expect("a time").parse::<chrono::DateTime<chrono::Utc>>().expect("a time");
        assert_eq!(at("purgeAt") - at("deletedAt"), Duration::days(30));
        assert_eq!(listed(&world, "datasets", &world.bob, "?deleted=true").await.len(), 0);

        world.advance(Duration::days(29));
        assert_eq!(run_purge(&world).await, Purged::default());
        let back = world.post(&restore, Some(&world.ada), Value::Null).await.data();
        assert_eq!(back["dataset"]["totalTrainingPairs"], dataset["totalTrainingPairs"]);
        world.post(&restore, Some(&world.ada), Value::Null).await.data();
        assert_eq!(listed(&world, "datasets", &world.ada, "").await.len(), 1);
        assert_eq!(listed(&world, "datasets", &world.ada, "?deleted=true").await.len(), 0);
        world.post("/api/jobs/estimate", Some(&world.ada), job_body(id)).await.data();

        world.call("DELETE", &path, Some(&world.ada), None).await.data();
        world.advance(Duration::days(30));
        let ada = again(&world, &world.ada).await;
        world.post(&restore, Some(&ada), Value::Null).await.fails(404, "DATASET_NOT_FOUND", None);
        assert_eq!(listed(&world, "datasets", &ada, "?deleted=true").await.len(), 0);
        assert!(stored(&world, key).await);
        world.advance(Duration::hours(2));
        assert_eq!(run_purge(&world).await, Purged { datasets: 1, ..Purged::default() });
        assert!(!stored(&world, key).await);
        let id: DatasetId = id.parse().expect("an id");
        assert_eq!(db::datasets::get_even_deleted(&world.app.db, id).await.expect("read"), None, "nothing was made from it");
        assert_eq!(run_purge(&world).await, Purged::default(), "a second time changes nothing");
    })
    .await;
}

#[tokio::test]
async fn what_a_job_was_made_from_stays_by_name_and_its_costs_stay() {
    on_each(|world| async move {
        let dataset = world.validated(&world.ada, "Talks", SAMPLE).await;
        let (id, key) = (dataset["id"].as_str().expect("an id"), dataset["s3Key"].as_str().expect("a key"));
        let job = world.post("/api/jobs", Some(&world.ada), job_body(id)).await.data();
        let job: JobId = job["jobId"].as_str().expect("an id").parse().expect("an id");
        world.call("DELETE", &format!("/api/datasets/{id}"), Some(&world.ada), None).await.data();
        world.advance(Duration::days(31));
        assert_eq!(run_purge(&world).await, Purged::default(), "an accepted job still reads its file");
        assert!(stored(&world, key).await);

        world.complete(job).await;
        assert_eq!(run_purge(&world).await.datasets, 1);
        assert!(!stored(&world, key).await);
        let kept = db::datasets::get_even_deleted(&world.app.db, id.parse().expect("an id")).await.expect("read").expect("a tombstone");
        assert_eq!((kept.name.as_str(), kept.file_size, kept.sha256.is_some()), ("Talks", SAMPLE.len() as u64, true));
        assert!(kept.statistics.is_none() && kept.findings.is_empty() && kept.sample.is_empty(), "nothing that the file said");
        let ada = again(&world, &world.ada).await;
        let job = world.get(&format!("/api/jobs/{job}"), &ada).await.data();
        assert_eq!(job["job"]["status"], "completed");
        assert_eq!(run_purge(&world).await, Purged::default());
    })
    .await;
}

#[tokio::test]
async fn a_deleted_model_is_not_downloadable_comes_back_and_is_removed_in_the_end() {
    on_each(|world| async move {
        let (id, files) = world.model(&world.ada, "Adapter").await;
        let (path, restore) = (format!("/api/models/{id}"), format!("/api/models/{id}/restore"));
        let download = format!("/api/models/{id}/download?artifact=all");
        let archive = world.get(&download, &world.ada).await.data()["downloadUrl"].as_str().expect("a URL").to_owned();
        world.call("DELETE", &path, Some(&world.ada), None).await.data();
        for path in [&path, &download] {
            world.get(path, &world.ada).await.fails(404, "MODEL_NOT_FOUND", None);
        }
        world.fetch(&archive).await.fails(404, "MODEL_NOT_FOUND", None);
        assert_eq!(listed(&world, "models", &world.ada, "").await.len(), 0);
        let deleted = listed(&world, "models", &world.ada, "?deleted=true").await;
        assert!(deleted.len() == 1 && deleted[0]["purgeAt"].is_string(), "{deleted:?}");

        world.advance(Duration::days(29));
        world.post(&restore, Some(&world.ada), Value::Null).await.data();
        assert_eq!(listed(&world, "models", &world.ada, "").await.len(), 1);
        world.get(&download, &world.ada).await.data();

        world.call("DELETE", &path, Some(&world.ada), None).await.data();
        world.advance(Duration::days(30) + Duration::hours(2));
        let ada = again(&world, &world.ada).await;
        world.post(&restore, Some(&ada), Value::Null).await.fails(404, "MODEL_NOT_FOUND", None);
        assert_eq!(run_purge(&world).await.models, 1);
        for name in files.keys() {
            assert!(!stored(&world, &format!("models/{id}/{name}")).await, "{name}");
        }
        assert_eq!(run_purge(&world).await.models, 0);
        let jobs = listed(&world, "jobs", &ada, "").await;
        assert_eq!(jobs.len(), 1, "the job is history");
    })
    .await;
}

#[tokio::test]
async fn uploads_that_never_ended_and_files_without_a_row_are_removed() {
    on_each(|world| async move {
        let (half, url) = world.announce(&world.ada, "Half", SAMPLE).await;
        assert_eq!(world.put(&url, SAMPLE).await.status, StatusCode::OK);
        let (_, _) = world.announce(&world.ada, "Never sent", SAMPLE).await;
        let whole = world.validated(&world.ada, "Whole", SAMPLE).await;
        let (model, _) = world.model(&world.ada, "Adapter").await;
        let job = world.job(&world.ada).await;
        let attempt = db::jobs::get(&world.app.db, job).await.expect("read").expect("there").attempt_id.expect("an attempt");
        let nobody = Uuid::from_u128(9);
        let kept = [
            whole["s3Key"].as_str().expect("a key").to_owned(),
            format!("models/{model}/README.md"),
            format!("models/{attempt}/README.md"),
            format!("checkpoints/{job}/checkpoint-epoch-1-step-2/state.json"),
            "models/no-id/x.json".to_owned(),
        ];
        let orphans = [
            format!("datasets/{}/{nobody}/dataset.jsonl", world.ada.id),
            format!("models/{nobody}/README.md"),
            format!("checkpoints/{nobody}/checkpoint-epoch-1-step-2/state.json"),
        ];
        let fresh = format!("models/{}/README.md", Uuid::from_u128(10));
        for key in kept[2..].iter().chain(&orphans).chain([&fresh]) {
            put(&world, key).await;
        }
        let path = world.app.blob.local_path(&Key::parse(&fresh).expect("a key")).expect("a folder");
        let soon = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(domain::Clock::now(&*world.clock).timestamp().unsigned_abs());
        std::fs::File::options()
            .append(true)
            .open(path)
            .expect("a file")
            .set_modified(soon + std::time::Duration::from_secs(6 * 86400 - 3600))
            .expect("set");

        world.advance(Duration::days(6));
        let purged = run_purge(&world).await;
        assert_eq!((purged.uploads, purged.orphans, purged.checkpoint_files, purged.failures), (0, 2, 1, 0), "{purged:?}");
        for key in kept.iter().chain([&fresh]) {
            assert!(stored(&world, key).await, "{key}");
        }
        for key in &orphans {
            assert!(!stored(&world, key).await, "{key}");
        }
        world.advance(Duration::days(2));
        let purged = run_purge(&world).await;
        assert_eq!((purged.uploads, purged.orphans), (2, 1), "{purged:?}");
        world.get(&format!("/api/datasets/{half}"), &world.ada).await.fails(404, "DATASET_NOT_FOUND", None);
        assert!(listed(&world, "datasets", &world.ada, "").await.iter().all(|d| d["status"] != "uploading"));
    })
    .await;
}

#[tokio::test]
async fn what_ended_runs_left_is_removed_after_a_month() {
    let world = World::new().await;
    let (failed, live) = (world.job(&world.ada).await, world.job(&world.ada).await);
    fail(&world, failed).await;
    let nobody = JobId(Uuid::from_u128(9));
    let folder = |job: JobId| world.app.config.runs_dir.join(job.to_string());
    for job in [failed, live, nobody] {
        std::fs::create_dir_all(folder(job).join("attempt-1")).expect("a folder");
        std::fs::write(folder(job).join("attempt-1/stderr.log"), "x").expect("a file");
        put(&world, &format!("checkpoints/{job}/checkpoint-epoch-1-step-2/state.json")).await;
    }
    std::fs::create_dir_all(world.app.config.runs_dir.join("other")).expect("a folder");
    let purged = run_purge(&world).await;
    assert_eq!((purged.runs, purged.checkpoint_files), (1, 1), "that of a job that is gone: {purged:?}");
    assert!(folder(failed).exists() && !folder(nobody).exists());
    world.advance(Duration::days(31));
    let purged = run_purge(&world).await;
    assert_eq!((purged.runs, purged.checkpoint_files), (1, 1), "{purged:?}");
    assert!(!folder(failed).exists() && folder(live).exists() && world.app.config.runs_dir.join("other").exists());
}

#[tokio::test]
async fn an_interrupted_removal_goes_on_and_one_that_fails_changes_no_row() {
    let world = World::new().await;
    let dataset = world.validated(&world.ada, "Talks", SAMPLE).await;
    let (id, key) = (dataset["id"].as_str().expect("an id"), dataset["s3Key"].as_str().expect("a key"));
    world.call("DELETE", &format!("/api/datasets/{id}"), Some(&world.ada), None).await.data();
    world.advance(Duration::days(31));
    let stopped = CancellationToken::new();
    stopped.cancel();
    assert!(purge(&world.app, &stopped).await.is_err());
    assert!(stored(&world, key).await);

    // A folder where the file was cannot be removed as a file.
    let path = world.app.blob.local_path(&Key::parse(key).expect("a key")).expect("a folder");
    std::fs::remove_file(&path).expect("removed");
    std::fs::create_dir(&path).expect("made");
    let purged = run_purge(&world).await;
    assert_eq!((purged.datasets, purged.failures), (0, 1));
    assert!(db::datasets::get_even_deleted(&world.app.db, id.parse().expect("an id")).await.expect("read").is_some());
    // As after a crash between the file and the row: the file is gone, the row is not.
    std::fs::remove_dir(&path).expect("removed");
    assert_eq!(run_purge(&world).await.datasets, 1);
}

#[tokio::test]
async fn all_files_of_an_account_can_be_removed_and_nobody_elses() {
    let world = World::new().await;
    let hers = world.validated(&world.ada, "Talks", SAMPLE).await;
    let (model, _) = world.model(&world.ada, "Adapter").await;
    let (his, _) = world.model(&world.bob, "His").await;
    let job = world.job(&world.ada).await;
    put(&world, &format!("checkpoints/{job}/checkpoint-epoch-1-step-2/state.json")).await;
    std::fs::create_dir_all(world.app.config.runs_dir.join(job.to_string())).expect("a folder");
    let files = domain::run::ARTIFACT_FILES.len() as u64;
    assert_eq!(remove_files_of(&world.app, world.ada.id).await.expect("removed"), files + 2);
    assert_eq!(remove_files_of(&world.app, world.ada.id).await.expect("again"), 0);
    assert!(!stored(&world, hers["s3Key"].as_str().expect("a key")).await && !stored(&world, &format!("models/{model}/README.md")).await);
    assert!(stored(&world, &format!("models/{his}/README.md")).await && !world.app.config.runs_dir.join(job.to_string()).exists());
}

#[tokio::test]
async fn a_restore_keeps_to_the_quota_which_counts_announced_files() {
    let world = World::new().await;
    // Room for three, but for one byte.
    let mut large = testkit::rows::dataset(world.ada.id, "Large", domain::Clock::now(&*world.clock));
    large.file_size = domain::account::TierLimits::default().max_storage + 1 - 3 * SAMPLE.len() as u64;
    db::datasets::insert(&world.app.db, &large).await.expect("stored");
    let (first, _) = world.announce(&world.ada, "First", SAMPLE).await;
    world.call("DELETE", &format!("/api/datasets/{first}"), Some(&world.ada), None).await.data();
    for name in ["Second", "Third"] {
        world.announce(&world.ada, name, SAMPLE).await;
    }
    let refused = world.post(&format!("/api/datasets/{first}/restore"), Some(&world.ada), Value::Null).await;
    refused.fails(413, "STORAGE_QUOTA_EXCEEDED", Some("fileSize"));
    assert_eq!(refused.json()["error"]["details"]["used"], large.file_size + 2 * SAMPLE.len() as u64);
    let body = json!({ "name": "x", "description": "", "format": "alpaca", "fileSize": SAMPLE.len(), "fileName": "x.json" });
    world.post("/api/datasets", Some(&world.ada), body.clone()).await.fails(413, "STORAGE_QUOTA_EXCEEDED", Some("fileSize"));
    assert_eq!(world.post("/api/datasets", Some(&world.bob), body).await.status, StatusCode::CREATED);
    let unknown = ModelId(Uuid::from_u128(1));
    world.post(&format!("/api/models/{unknown}/restore"), Some(&world.ada), Value::Null).await.fails(404, "MODEL_NOT_FOUND", None);
}
