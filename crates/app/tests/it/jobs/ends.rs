//! Attempts that end otherwise than well.

use std::sync::Arc;

use app::jobs::{StageState, Worker};
use cluster::{ClusterError, RunState};
use domain::job::{CancelReason, JobStatus};
use domain::run::TrainerEventKind as Kind;
use domain::{ErrorKind, JobId, MicroUsd};

use super::adapter;
use super::fake_cluster::ended;
use super::world::{World, checkpoint, metrics, on_each, progress, seconds, started, summary};

/// Waits for the next attempt to be due, and for its submission.
async fn next_attempt(world: &World, id: JobId, attempt: u32) -> cluster::RunSpec {
    world.until(id, |view| view.attempt == attempt).await;
    world.clock.advance(seconds(20));
    world.launch(id, attempt).await
}

#[tokio::test]
async fn a_killed_trainer_is_started_again_three_times_in_all() {
    on_each(|world| async move {
        let id = world.create().await;
        world.train(id, 1, 4.0).await;
        world.cluster.end(id, 1, ended(None, Some(9), "the last line"));
        let waiting = world.until(id, |view| view.attempt == 2).await;
        assert_eq!((waiting.status, waiting.progress, waiting.failure), (JobStatus::Queued, 10.0, None));
        world.worker.dispatch().await.expect("dispatched");
        assert_eq!(world.cluster.runs(), 1, "not before its pause is over");
        for attempt in [2, 3] {
            next_attempt(&world, id, attempt).await;
            world.say(id, attempt, 0.0, started(None));
            world.say(id, attempt, 3.0, metrics(1, 2.0, None));
            world.cluster.end(id, attempt, ended(None, Some(9), "the last line"));
        }
        let view = world.until_status(id, JobStatus::Failed).await;
        let failure = view.failure.expect("told");
        assert!(failure.message.contains("out of memory") && failure.can_retry, "{failure:?}");
        assert_eq!((failure.detail.as_deref(), view.attempt, view.stages[0].state), (Some("the last line"), 3, StageState::Stopped));
        assert_eq!(world.cost(id).await, MicroUsd(10_000), "4 s, 3 s and 3 s");
        let events = app::jobs::events(&world.app, &world.caller, app::events::Topic::Job(id), 0, 100).await.expect("events");
        let last = events.last().expect("events");
        assert!(last.terminal && last.name == "error" && last.data["canRetry"] == true && last.data["error"] == failure.message);
        let (told, _) = db::notifications::list(&world.app.db, world.caller.user_id, false, db::Page::first(9)).await.expect("told");
        let mut titles: Vec<&str> = told.rows.iter().map(|told| told.title.as_str()).collect();
        titles.sort_unstable();
        assert_eq!(titles, ["Training Failed", "Training Queued", "Training Started"], "told once each, however many attempts");
    })
    .await;
}

#[tokio::test]
async fn attempts_that_come_further_do_not_count_as_failures_in_a_row() {
    on_each(|world| async move {
        let id = world.create().await;
        let mut resumed = None;
        for attempt in 1..=5 {
            if attempt == 1 {
                world.launch(id, 1).await
            } else {
                next_attempt(&world, id, attempt).await
            };
            world.say(id, attempt, 0.0, started(resumed));
            let step = u64::from(attempt) * 10;
            world.say(id, attempt, 1.0, checkpoint(step));
            resumed = Some(step);
            world.cluster.end(id, attempt, RunState::Lost { last_lines: Vec::new() });
        }
        next_attempt(&world, id, 6).await;
        world.say(id, 6, 0.0, started(resumed));
        let view = world.until_status(id, JobStatus::Running).await;
        assert_eq!(view.resumed_from_step, Some(50));
        world.finish(id, 6, 1.0).await;
        world.until_status(id, JobStatus::Completed).await;
    })
    .await;
}

#[tokio::test]
async fn a_resumed_attempt_measures_again_what_was_not_saved() {
    on_each(|world| async move {
        let id = world.create().await;
        world.train(id, 1, 4.0).await;
        world.say(id, 1, 4.5, checkpoint(3));
        world.say(id, 1, 5.0, metrics(4, 9.9, None));
        world.until(id, |view| view.metrics.as_ref().is_some_and(|m| m.step == 4)).await;
        world.say(id, 1, 5.5, Kind::Stopped { step: 4, checkpoint_saved: false });
        let spec = next_attempt(&world, id, 2).await;
        assert_eq!((spec.attempt, spec.job_id), (2, id));
        world.say(id, 2, 0.0, started(Some(3)));
        world.say(id, 2, 1.0, metrics(4, 1.0, None));
        world.until(id, |view| view.metrics.as_ref().is_some_and(|m| m.training_loss == Some(1.0))).await;
        let detail = app::jobs::detail(&world.app, &world.caller, id).await.expect("detail");
        assert_eq!((detail.loss_curve.steps, detail.loss_curve.training_loss), (vec![3, 4], vec![Some(2.0), Some(1.0)]));
        world.finish(id, 2, 2.0).await;
        world.until_status(id, JobStatus::Completed).await;
        let of_time = world.cost(id).await - MicroUsd::from_usd((1e-6 + 5.0) * 0.023) - MicroUsd::from_usd(2e-6 * 0.09);
        assert_eq!(of_time, MicroUsd(7500), "5.5 s of the first attempt, 2 s of the second");
    })
    .await;
}

#[tokio::test]
async fn an_error_that_stays_fails_at_once() {
    on_each(|world| async move {
        let id = world.create().await;
        world.launch(id, 1).await;
        world.say(id, 1, 0.0, started(None));
        let error = Kind::Error { code: "no_trainable_examples".into(), message: "Nothing to train on.".into(), transient: false };
        world.say(id, 1, 3.0, error);
        let view = world.until_status(id, JobStatus::Failed).await;
        let failure = view.failure.expect("told");
        assert_eq!(
            (failure.code.as_str(), failure.message.as_str(), failure.can_retry),
            ("no_trainable_examples", "Nothing to train on.", false)
        );
        assert_eq!(world.cost(id).await, MicroUsd::ZERO, "found before anything was trained");
        let refused = app::jobs::retry(&world.app, &world.caller, id).await.expect_err("the same would happen");
        assert_eq!((refused.kind, refused.code), (ErrorKind::Conflict, "JOB_NOT_RETRYABLE"));

        let id = world.create().await;
        world.train(id, 1, 2.0).await;
        world.cluster.end(id, 1, ended(Some(101), None, "thread 'main' panicked"));
        let failure = world.until_status(id, JobStatus::Failed).await.failure.expect("told");
        assert!(failure.code == "trainer_died" && failure.can_retry && failure.detail.is_some(), "{failure:?}");
    })
    .await;
}

#[tokio::test]
async fn a_cluster_that_refuses_is_asked_again_or_believed() {
    on_each(|world| async move {
        let id = world.create().await;
        world.cluster.refuse(ClusterError::Transient { message: "no processes left".into(), source: None });
        world.worker.dispatch().await.expect("dispatched");
        next_attempt(&world, id, 2).await;
        world.say(id, 2, 0.0, started(None));
        world.finish(id, 2, 1.0).await;
        world.until_status(id, JobStatus::Completed).await;

        let id = world.create().await;
        world.cluster.refuse(ClusterError::Permanent { message: "there is no trainer".into(), source: None });
        world.worker.dispatch().await.expect("dispatched");
        let failure = world.until_status(id, JobStatus::Failed).await.failure.expect("told");
        assert!(failure.message.contains("there is no trainer") && failure.code == "cluster_error");
        assert_eq!(world.cost(id).await, MicroUsd::ZERO);
    })
    .await;
}

#[tokio::test]
async fn a_retry_goes_on_and_pays_nothing_twice() {
    on_each(|world| async move {
        let id = world.create().await;
        world.train(id, 1, 4.0).await;
        world.cluster.end(id, 1, ended(Some(1), None, ""));
        world.until_status(id, JobStatus::Failed).await;
        assert_eq!(world.cost(id).await, MicroUsd(4000));
        let retried = app::jobs::retry(&world.app, &world.caller, id).await.expect("retried");
        assert_eq!((retried.job_id, retried.status), (id, JobStatus::Queued));
        let twice = app::jobs::retry(&world.app, &world.caller, id).await.expect_err("it is queued");
        assert_eq!(twice.code, "JOB_NOT_RETRYABLE");
        let spec = world.launch(id, 2).await;
        assert_ne!(spec.attempt_id, world.cluster.run(id, 1).spec.attempt_id);
        world.say(id, 2, 0.0, started(Some(3)));
        world.say(id, 2, 6.0, progress(90.0, 90));
        world.finish(id, 2, 6.0).await;
        let view = world.until_status(id, JobStatus::Completed).await;
        assert_eq!((view.elapsed_seconds, view.failure, view.attempt), (10.0, None, 2));
        let terms = MicroUsd::from_usd((1e-6 + 5.0) * 0.023) + MicroUsd::from_usd(2e-6 * 0.09);
        assert_eq!(world.cost(id).await, MicroUsd(10_000) + terms);
        let events = app::jobs::events(&world.app, &world.caller, app::events::Topic::Job(id), 0, 100).await.expect("events");
        assert_eq!(events.iter().filter(|e| e.terminal).count(), 1, "the first end is in the past");
    })
    .await;
}

#[tokio::test]
async fn an_adapter_that_is_not_what_was_reported_completes_nothing() {
    on_each(|world| async move {
        for (what, spoil) in SPOILT {
            let id = world.create().await;
            let spec = world.train(id, 1, 2.0).await;
            let mut files = adapter::files(&spec);
            let mut artifacts = adapter::upload(&*world.app.blob, &spec, &files).await;
            spoil(&mut files);
            let uploaded = adapter::upload(&*world.app.blob, &spec, &files).await;
            if what != "checksum" {
                artifacts = uploaded;
            }
            world.say(id, 1, 3.0, Kind::Complete { artifacts, path: "adapter".into(), summary: summary() });
            let view = world.until_status(id, JobStatus::Failed).await;
            let failure = view.failure.expect("told");
            assert!(failure.code == "invalid_artifacts" && failure.message.contains(what), "{what}: {failure:?}");
            assert_eq!(view.artifact_id, None);
            assert!(db::models::by_job(&world.app.db, id).await.expect("asked").is_none());
            let key = blob::Key::model_file(domain::ModelId(spec.attempt_id.uuid()), "README.md").expect("a key");
            assert_eq!(world.app.blob.head(&key).await.expect("asked"), None, "what was uploaded is removed");
            world.worker.idle().await;
            assert!(world.cluster.run(id, 1).forgotten);
        }
    })
    .await;
}

type Spoil = fn(&mut std::collections::BTreeMap<String, Vec<u8>>);

/// What the message names, and how the files come to it.
const SPOILT: [(&str, Spoil); 5] = [
    ("checksum", |files| {
        files.insert("README.md".into(), b"# An adaptor".to_vec());
    }),
    ("is missing", |files| {
        files.remove("tokenizer.json");
    }),
    ("diverged", |files| {
        files.insert("adapter_model.safetensors".into(), adapter::weights(4, f32::NAN));
    }),
    ("instead of", |files| {
        files.insert("adapter_model.safetensors".into(), adapter::weights(8, 1.0));
    }),
    ("does not say", |files| {
        files.insert(
            "adapter_config.json".into(),
            br#"{"peft_type":"LORA","r":8,"lora_alpha":32,"target_modules":["q_proj"],"base_model_name_or_path":"test/tiny"}"#.to_vec(),
        );
    }),
];

#[tokio::test]
async fn verification_that_was_cut_off_is_done_again() {
    on_each(|world| async move {
        let id = world.create().await;
        world.train(id, 1, 2.0).await;
        world.worker.leave().await;
        world.finish(id, 1, 3.0).await;
        // Two workers find the finished run at once; the job is completed once.
        let workers = [Arc::new(Worker::new(world.app.clone())), Arc::new(Worker::new(world.app.clone()))];
        for worker in &workers {
            worker.reconcile().await.expect("reconciled");
        }
        world.until_status(id, JobStatus::Completed).await;
        for worker in &workers {
            worker.idle().await;
        }
        let names = world.event_names(id).await;
        assert_eq!(names.iter().filter(|n| *n == "complete").count(), 1);
        let terms = MicroUsd::from_usd((1e-6 + 5.0) * 0.023) + MicroUsd::from_usd(2e-6 * 0.09);
        assert_eq!(world.cost(id).await, MicroUsd(3000) + terms);
    })
    .await;
}

#[tokio::test]
async fn a_used_up_budget_and_a_full_time_stop_a_job_that_can_go_on_later() {
    on_each(|world| async move {
        let id = world.create().await;
        world.train(id, 1, 2.0).await;
        db::users::update(&world.app.db, world.caller.user_id, |u| u.monthly_budget = Some(MicroUsd(10_000))).await.expect("set");
        world.say(id, 1, 8.5, progress(50.0, 50));
        world.until(id, |view| view.current_step == Some(50)).await;
        world.say(id, 1, 9.7, progress(55.0, 55));
        world.say(id, 1, 11.0, progress(60.0, 60));
        let view = world.until_status(id, JobStatus::Cancelled).await;
        assert_eq!((view.cancel_reason, view.can_retry), (Some(CancelReason::Budget), true));
        assert!(world.cluster.run(id, 1).cancelled);
        let refused = app::jobs::retry(&world.app, &world.caller, id).await.expect_err("the budget is used up");
        assert_eq!(refused.code, "BUDGET_EXCEEDED");
        let (told, _) = db::notifications::list(&world.app.db, world.caller.user_id, false, db::Page::first(9)).await.expect("told");
        let titles: Vec<&str> = told.rows.iter().map(|n| n.title.as_str()).collect();
        assert!(titles.contains(&"Budget Exceeded") && titles.iter().filter(|t| **t == "Budget Warning").count() == 1, "{titles:?}");

        db::users::update(&world.app.db, world.caller.user_id, |u| u.monthly_budget = None).await.expect("set");
        app::jobs::retry(&world.app, &world.caller, id).await.expect("retried");
        world.launch(id, 2).await;
        world.say(id, 2, 0.0, started(None));
        world.until_status(id, JobStatus::Running).await;
        world.clock.advance(seconds(24 * 3600));
        let view = world.until_status(id, JobStatus::Cancelled).await;
        assert_eq!(view.cancel_reason, Some(CancelReason::MaxDuration));
    })
    .await;
}

#[tokio::test]
async fn a_budget_of_nothing_stops_what_runs() {
    on_each(|world| async move {
        let id = world.create().await;
        world.train(id, 1, 2.0).await;
        db::users::update(&world.app.db, world.caller.user_id, |u| u.monthly_budget = Some(MicroUsd::ZERO)).await.expect("set");
        world.say(id, 1, 8.5, progress(50.0, 50));
        let view = world.until_status(id, JobStatus::Cancelled).await;
        assert_eq!((view.cancel_reason, view.can_retry), (Some(CancelReason::Budget), true));
        let (told, _) = db::notifications::list(&world.app.db, world.caller.user_id, false, db::Page::first(9)).await.expect("told");
        assert!(told.rows.iter().any(|told| told.title == "Budget Exceeded"), "{told:?}");
    })
    .await;
}

#[tokio::test]
async fn a_worker_that_leaves_stops_its_runs_and_the_next_goes_on() {
    on_each(|world| async move {
        let id = world.create().await;
        let stop = tokio_util::sync::CancellationToken::new();
        let running = tokio::spawn(app::jobs::run_worker(world.app.clone(), stop.clone()));
        world.cluster.submitted(id, 1).await;
        world.say(id, 1, 0.0, started(None));
        world.until_status(id, JobStatus::Running).await;
        world.say(id, 1, 1.0, checkpoint(5));
        world.say(id, 1, 1.0, Kind::Stopped { step: 5, checkpoint_saved: true });
        stop.cancel();
        running.await.expect("it ended");
        assert!(*world.cluster.shut_down.lock().expect("no panic"));
        let view = world.until(id, |view| view.attempt == 2).await;
        assert_eq!((view.status, view.failure), (JobStatus::Queued, None));
        world.launch(id, 2).await;
        world.say(id, 2, 0.0, started(Some(5)));
        world.until_status(id, JobStatus::Running).await;
    })
    .await;
}
