//! What clusters report by themselves.

use super::adapter;
use super::world::{World, checkpoint, on_each, progress, started, summary};
use app::jobs::SignedCall;
use blob::Key;
use chrono::Duration;
use cluster::TrainerEventKind as Kind;
use cluster::callback::sign;
use domain::Clock;
use domain::job::{JobStatus, LogLevel};
use domain::run::{ArtifactFile, CHECKPOINT_FILES, CallbackAnswer, CallbackBody, CheckpointGrant, RunSpec, TrainerEvent};
use serde_json::{Value, json};

fn event(world: &World, seq: u64, elapsed_seconds: f64, kind: Kind) -> TrainerEvent {
    TrainerEvent { seq, at: world.clock.now(), elapsed_seconds, kind }
}

async fn send(world: &World, spec: &RunSpec, body: &impl serde::Serialize) -> domain::Result<CallbackAnswer> {
    let body = serde_json::to_vec(body).expect("JSON");
    let (timestamp, signature) = sign(&spec.callback.as_ref().expect("a target").secret, world.clock.now(), &body);
    app::jobs::report(&world.app, SignedCall { timestamp: &timestamp, signature: &signature, body: &body }).await
}

async fn report(world: &World, spec: &RunSpec, events: Vec<TrainerEvent>) -> domain::Result<CallbackAnswer> {
    send(world, spec, &CallbackBody { job_id: spec.job_id, attempt_id: spec.attempt_id, events }).await
}

#[tokio::test]
async fn a_run_that_only_calls_back_is_followed_to_its_end() {
    on_each(|world| async move {
        let id = world.create().await;
        let spec = world.launch(id, 1).await;
        let first = vec![event(&world, 1, 0.0, started(None)), event(&world, 2, 1.0, progress(10.0, 3))];
        for _ in 0..2 {
            assert_eq!(report(&world, &spec, first.clone()).await.expect("taken in").last_seq, 2);
        }
        let view = world.view(id).await;
        assert_eq!((view.status, view.current_step), (JobStatus::Running, Some(3)));
        // Late and double, but with something new; and one that leaves a gap.
        let again = vec![first[1].clone(), event(&world, 3, 2.0, progress(20.0, 6))];
        assert_eq!(report(&world, &spec, again).await.expect("taken in").last_seq, 3);
        let gap = report(&world, &spec, vec![event(&world, 5, 2.0, progress(30.0, 9))]).await.expect_err("4 is missing");
        assert_eq!((gap.code, gap.details), ("EVENTS_MISSING", Some(json!({ "expectedSeq": 4 }))));
        let names = world.event_names(id).await;
        assert_eq!(names.iter().filter(|name| *name == "progress").count(), 2, "{names:?}");

        let artifacts = adapter::upload(&*world.app.blob, &spec, &adapter::files(&spec)).await;
        let last = event(&world, 4, 3.0, Kind::Complete { artifacts, path: "adapter".into(), summary: summary() });
        assert_eq!(report(&world, &spec, vec![last.clone()]).await.expect("taken in").last_seq, 4);
        world.until_status(id, JobStatus::Completed).await;
        assert_eq!(report(&world, &spec, vec![last]).await.expect("known").last_seq, 4);
        assert_eq!(world.event_names(id).await.iter().filter(|name| *name == "complete").count(), 1);
        world.cost(id).await;
    })
    .await;
}

#[tokio::test]
async fn an_end_that_was_called_back_is_acted_on_by_whoever_follows_next() {
    on_each(|world| async move {
        let id = world.create().await;
        let spec = world.launch(id, 1).await;
        report(&world, &spec, vec![event(&world, 1, 0.0, started(None))]).await.expect("taken in");
        world.until_status(id, JobStatus::Running).await;
        world.worker.leave().await;
        let error = Kind::Error { code: "loss_not_finite".into(), message: "The loss exploded.".into(), transient: false };
        report(&world, &spec, vec![event(&world, 2, 1.0, error)]).await.expect("taken in");
        assert_eq!(world.view(id).await.status, JobStatus::Running, "nobody acts on it yet");
        let other = std::sync::Arc::new(app::jobs::Worker::new(world.app.clone()));
        other.reconcile().await.expect("reconciled");
        let view = world.until_status(id, JobStatus::Failed).await;
        assert_eq!(view.failure.expect("a failure").code, "loss_not_finite");
        app::jobs::retry(&world.app, &world.caller, id).await.expect("retried");
        other.dispatch().await.expect("dispatched");
        let second = world.cluster.submitted(id, 2).await;
        let late = report(&world, &spec, vec![event(&world, 3, 9.0, progress(90.0, 90))]).await.expect_err("superseded");
        assert_eq!(late.code, "ATTEMPT_SUPERSEDED");
        assert_ne!(spec.callback.expect("a target").secret, second.callback.expect("a target").secret);
    })
    .await;
}

#[tokio::test]
async fn only_what_is_signed_with_the_attempts_key_and_in_time_is_taken_in() {
    on_each(|world| async move {
        let id = world.create().await;
        let spec = world.launch(id, 1).await;
        let body = CallbackBody { job_id: id, attempt_id: spec.attempt_id, events: vec![event(&world, 1, 0.0, started(None))] };
        let body = serde_json::to_vec(&body).expect("JSON");
        let secret = spec.callback.clone().expect("a target").secret;
        let (timestamp, signature) = sign(&secret, world.clock.now(), &body);
        let call = async |timestamp: &str, signature: &str, body: &[u8]| {
            app::jobs::report(&world.app, SignedCall { timestamp, signature, body }).await.map_err(|e| e.code)
        };
        assert_eq!(call(&timestamp, "v1=00", &body).await, Err("SIGNATURE_INVALID"));
        assert_eq!(call(&timestamp, &signature, b"{}").await, Err("SIGNATURE_INVALID"));
        assert_eq!(call("", "", b"\xff").await, Err("SIGNATURE_INVALID"));
        world.clock.advance(Duration::seconds(301));
        assert_eq!(call(&timestamp, &signature, &body).await, Err("SIGNATURE_EXPIRED"));
        assert_eq!(world.view(id).await.status, JobStatus::Initializing);
        // What this version cannot read keeps its number and is shown; what has no number is refused.
        let odd = json!({ "seq": 1, "at": world.clock.now(), "elapsedSeconds": 0, "type": "sparkle" });
        let report = |events: Value| json!({ "jobId": id, "attemptId": spec.attempt_id, "events": events });
        assert_eq!(send(&world, &spec, &report(json!([odd]))).await.expect("taken in").last_seq, 1);
        let logs = db::jobs::last_logs(&world.app.db, id, &db::jobs::LogFilter::default(), 9).await.expect("logs");
        assert!(logs.iter().any(|line| line.level == LogLevel::Warning && line.message.contains("sparkle")), "{logs:?}");
        for bad in [json!([{ "type": "progress" }]), json!(7), json!([odd, odd])] {
            assert_eq!(send(&world, &spec, &report(bad)).await.expect_err("refused").code, "VALIDATION_ERROR");
        }
        let nobody = json!({ "jobId": spec.attempt_id, "attemptId": spec.attempt_id, "events": [] });
        assert_eq!(send(&world, &spec, &nobody).await.expect_err("no such job").code, "JOB_NOT_FOUND");
    })
    .await;
}

#[tokio::test]
async fn checkpoints_are_stored_listed_pruned_and_gone_on_from() {
    on_each(|world| async move {
        let id = world.create().await;
        let spec = world.launch(id, 1).await;
        world.say(id, 1, 0.0, started(None));
        world.until_status(id, JobStatus::Running).await;
        for step in [5_u64, 10, 15, 20, 25] {
            let files: Vec<_> =
                CHECKPOINT_FILES.iter().map(|name| ArtifactFile { name: (*name).into(), size: step, sha256: "00".into() }).collect();
            let wish = CheckpointGrant { job_id: id, attempt_id: spec.attempt_id, step, epoch: 1, files: files.clone() };
            let body = serde_json::to_vec(&wish).expect("JSON");
            let (timestamp, signature) = sign(&spec.callback.as_ref().expect("a target").secret, world.clock.now(), &body);
            let call = SignedCall { timestamp: &timestamp, signature: &signature, body: &body };
            let granted = app::jobs::grant_checkpoint(&world.app, call).await.expect("granted");
            assert_eq!(granted.len(), 5);
            for name in CHECKPOINT_FILES {
                let key = Key::checkpoint(id, 1, step, name).expect("a key");
                assert!(granted[name].url.contains(key.as_str()), "{}", granted[name].url);
                let content = blob::memory_content(vec![1; usize::try_from(step).expect("small")]);
                world.app.blob.put(&key, content, blob::SizeLimit::Exactly(step)).await.expect("stored");
            }
            // The first is the best.
            let Kind::Checkpoint { epoch, loss, path, size, .. } = checkpoint(step) else { panic!("a checkpoint") };
            world.say(id, 1, 1.0, Kind::Checkpoint { step, epoch, loss, path, size, best: step == 5 });
            world.say(id, 1, 1.0, Kind::CheckpointStored { step, epoch: 1, files });
        }
        world.say(id, 1, 2.0, progress(50.0, 50));
        world.until(id, |view| view.current_step == Some(50)).await;
        // Whoever takes in the next events has removed what is not kept.
        world.say(id, 1, 2.0, progress(51.0, 51));
        world.until(id, |view| view.current_step == Some(51)).await;
        let list = app::jobs::checkpoints(&world.app, &world.caller, id).await.expect("a list");
        let stored: Vec<u64> = list.iter().filter(|c| c.files.len() == 5).map(|c| c.step).collect();
        assert_eq!((list.len(), stored), (5, vec![5, 15, 20, 25]));
        assert!(list[0].key.starts_with(&format!("checkpoints/{id}/")) && list[4].expires_at.is_some() && list[1].expires_at.is_none());
        let there = async |step| {
            let key = Key::checkpoint(id, 1, step, "state.json").expect("a key");
            world.app.blob.head(&key).await.expect("looked").is_some()
        };
        assert!(there(5).await && !there(10).await && there(25).await);

        let failed = Kind::Error { code: "io_error".into(), message: "A disk failed.".into(), transient: true };
        world.say(id, 1, 3.0, failed);
        world.until(id, |view| view.attempt == 2).await;
        world.clock.advance(Duration::seconds(10));
        let next = world.launch(id, 2).await.resume_from.expect("a checkpoint");
        assert_eq!((next.step, next.files.len(), next.files["state.json"].size), (25, 5, 25));
    })
    .await;
}
