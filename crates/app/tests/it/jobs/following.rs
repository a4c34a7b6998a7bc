//! Events taken in, once each, by one follower at a time.

use std::sync::Arc;

use app::jobs::{StageState, Worker};
use domain::job::{JobStage, JobStatus, LogLevel, Precision, StageGroup};
use domain::run::TrainerEventKind as Kind;
use domain::{Clock, MicroUsd};

use super::world::{checkpoint, metrics, on_each, progress, seconds, stage, started, summary};

#[tokio::test]
async fn a_run_is_shown_as_it_goes_and_completes() {
    on_each(|world| async move {
        let id = world.create().await;
        world.launch(id, 1).await;
        let view = world.until_status(id, JobStatus::Initializing).await;
        assert_eq!((view.current_cost, view.started_at), (MicroUsd::ZERO, None), "nothing is billed before the trainer runs");
        world.clock.advance(seconds(60));
        world.say(id, 1, 0.0, started(None));
        world.say(id, 1, 0.1, stage(JobStage::Initializing, StageGroup::ModelLoading));
        let plan = Kind::Plan {
            total_steps: 100,
            total_epochs: 3,
            train_examples: 135,
            validation_examples: 15,
            truncated_examples: 2,
            masked_examples: 1,
            label_tokens: 9000,
            trainable_parameters: 512,
            memory_bytes: None,
        };
        world.say(id, 1, 0.2, plan);
        world.clock.advance(seconds(2));
        world.say(id, 1, 1.0, stage(JobStage::Training, StageGroup::Training));
        world.say(id, 1, 2.0, metrics(1, 4.0, None));
        world.say(id, 1, 2.0, progress(5.0, 1));
        world.say(id, 1, 4.0, metrics(2, 3.0, Some(3.5)));
        world.say(id, 1, 4.5, checkpoint(2));
        world.say(id, 1, 4.5, Kind::Log { level: LogLevel::Info, message: "so far".into() });
        world.say(id, 1, 4.5, progress(10.0, 2));
        let view = world.until(id, |view| view.current_step == Some(2)).await;
        assert_eq!((view.status, view.stage, view.progress, view.total_steps), (JobStatus::Running, JobStage::Training, 10.0, 100));
        let (now, before) = (view.metrics.expect("now"), view.previous_metrics.expect("before"));
        assert_eq!((now.training_loss, now.validation_loss, before.training_loss), (Some(3.0), Some(3.5), Some(4.0)));
        assert_eq!(view.stages[2].state, StageState::Active);
        assert_eq!((view.stages[1].seconds, view.stages[1].state), (Some(2.0), StageState::Completed));
        assert!(view.projected_cost.expect("told") > view.current_cost && view.remaining_seconds.is_some());
        world.finish(id, 1, 10.0).await;
        let view = world.until_status(id, JobStatus::Completed).await;
        assert_eq!((view.progress, view.stage, view.can_cancel, view.can_retry), (100.0, JobStage::Completed, false, false));
        let (storage, transfer) = (MicroUsd::from_usd((1e-6 + 5.0) * 0.023), MicroUsd::from_usd(2e-6 * 0.09));
        assert_eq!(world.cost(id).await, MicroUsd(10_000) + storage + transfer);
        world.worker.idle().await;
        assert!(world.cluster.run(id, 1).forgotten);
        let names = world.event_names(id).await;
        for name in ["queue", "stage", "log", "metrics", "progress", "cost", "checkpoint", "complete"] {
            assert!(names.iter().any(|n| n == name), "no {name} in {names:?}");
        }
        assert_eq!(names.iter().filter(|n| *n == "metrics").count(), 2);
        // What clients read from each.
        let events = app::jobs::events(&world.app, &world.caller, app::events::Topic::Job(id), 0, 100).await.expect("events");
        for (name, fields) in [
            ("progress", "progress currentEpoch currentStep totalSteps estimatedTimeRemaining"),
            ("metrics", "trainingLoss validationLoss learningRate throughput"),
            ("stage", "stage message"),
            ("cost", "currentCost estimatedTotal"),
            ("checkpoint", "checkpointId step loss"),
            ("complete", "jobId artifactId finalCost"),
        ] {
            let last = events.iter().rfind(|event| event.name == name).expect("there");
            let missing: Vec<&str> = fields.split(' ').filter(|field| last.data[field].is_null()).collect();
            assert!(missing.is_empty(), "{name} has no {missing:?}: {}", last.data);
        }
        let detail = app::jobs::detail(&world.app, &world.caller, id).await.expect("detail");
        assert_eq!((detail.loss_curve.steps.as_slice(), detail.metrics_total, detail.checkpoints.len()), (&[1, 2][..], 2, 1));
        assert!(detail.logs.iter().any(|l| l.level == LogLevel::Warning && l.message.contains("1 are left out")), "{:?}", detail.logs);
        let receipt = detail.receipt.expect("a receipt");
        assert_eq!((receipt.compute, receipt.total, receipt.seconds), (MicroUsd(10_000), view.final_cost.expect("final"), 10.0));
        let model = db::models::get(&world.app.db, view.artifact_id.expect("a model")).await.expect("asked").expect("stored");
        assert_eq!((model.artifacts.len(), model.name.as_str(), model.job_id), (6, "Model from Talks", id));
        assert_eq!(model.quality_metrics.perplexity, Some(1.5_f64.exp()));
        let quality = &model.quality_metrics;
        let scores = quality.validation_scores.expect("evaluated");
        assert_eq!((quality.bleu_score, scores.task_accuracy, scores.fluency), (Some(12.5), Some(0.75), None));
        // The loss fell by five eighths, but was rising again at the end.
        assert_eq!(quality.convergence_quality.map(|q| q.as_str()), Some("good"));
        assert_eq!(quality.evaluation, summary().evaluation);
        let (told, _) = db::notifications::list(&world.app.db, world.caller.user_id, false, db::Page::first(9)).await.expect("told");
        assert_eq!(told.rows[0].title, "Training Completed!");
        assert_eq!(told.rows[0].action_url, Some(format!("/models/{}", model.id)));
        let measured = app::jobs::estimate(&world.app, &world.caller, world.request()).await.expect("an estimate");
        assert!(measured.measured && (measured.tokens_per_second - 5000.0).abs() < 1e-9 && measured.budget.held == MicroUsd::ZERO);
    })
    .await;
}

#[tokio::test]
async fn throughput_counts_after_twenty_steps_for_the_same_precision_and_length() {
    on_each(|world| async move {
        let told = async |precision, packing| {
            let mut request = world.request();
            (request.settings.precision, request.settings.packing) = (Some(precision), Some(packing));
            // Packed rows are as long as a sequence may be; others have 200 tokens here.
            request.hyperparameters.max_seq_length = packing.then_some(64);
            let estimate = app::jobs::estimate(&world.app, &world.caller, request).await.expect("an estimate");
            (estimate.tokens_per_second.round(), estimate.measured)
        };
        let (guess, guess_bf16) = (told(Precision::F32, false).await, told(Precision::Bf16, false).await);
        assert!(!guess.1 && guess_bf16.0 > guess.0, "{guess:?} {guess_bf16:?}");
        let id = world.create().await;
        world.train(id, 1, 4.0).await;
        let step = async |step: u64| {
            world.say(id, 1, 4.0, metrics(step, 2.0, None));
            world.until(id, |view| view.metrics.as_ref().is_some_and(|m| m.step == step)).await;
        };
        for number in 4..22 {
            step(number).await;
        }
        assert_eq!(told(Precision::F32, false).await, guess, "nineteen are too few");
        step(22).await;
        assert_eq!(told(Precision::F32, false).await, (1000.0, true), "known while the run goes on");
        assert_eq!(told(Precision::Bf16, false).await, (1500.0, false), "another precision is a guess from it");
        assert_eq!(told(Precision::F32, true).await, (1000.0, false), "rows of another length are a guess too");
        world.finish(id, 1, 8.0).await;
        world.until_status(id, JobStatus::Completed).await;
        assert_eq!(told(Precision::F32, false).await, (1000.0, true), "a job counts once");
    })
    .await;
}

#[tokio::test]
async fn events_are_taken_in_once_whoever_follows() {
    on_each(|world| async move {
        let id = world.create().await;
        world.train(id, 1, 4.0).await;
        let before = world.event_names(id).await;
        // The follower dies: its lease runs out, and another worker finds the same run.
        world.worker.leave().await;
        let view = world.view(id).await;
        assert_eq!(view.status, JobStatus::Running, "the run goes on without a follower");
        let other = Arc::new(Worker::new(world.app.clone()));
        other.reconcile().await.expect("reconciled");
        world.say(id, 1, 6.0, metrics(4, 1.9, None));
        world.say(id, 1, 6.0, progress(12.0, 4));
        world.until(id, |view| view.current_step == Some(4)).await;
        let after = world.event_names(id).await;
        assert_eq!(after[..before.len()], before[..]);
        assert_eq!(after.iter().filter(|n| *n == "metrics").count(), 2, "{after:?}");
        world.finish(id, 1, 8.0).await;
        world.until_status(id, JobStatus::Completed).await;
        assert_eq!(world.event_names(id).await.iter().filter(|n| *n == "complete").count(), 1);
        other.idle().await;
    })
    .await;
}

#[tokio::test]
async fn a_lease_that_is_held_keeps_others_away_until_it_runs_out() {
    on_each(|world| async move {
        let id = world.create().await;
        world.train(id, 1, 4.0).await;
        world.worker.leave().await;
        let (now, db) = (world.clock.now(), &world.app.db);
        assert!(db::jobs::acquire_lease(db, id, "dead", now, now + seconds(8)).await.expect("taken"));
        let other = Arc::new(Worker::new(world.app.clone()));
        other.reconcile().await.expect("reconciled");
        other.idle().await;
        world.say(id, 1, 6.0, progress(20.0, 5));
        assert_eq!(world.view(id).await.current_step, Some(3), "somebody else holds it");
        world.clock.advance(seconds(9));
        other.reconcile().await.expect("reconciled");
        world.until(id, |view| view.current_step == Some(5)).await;
        assert_eq!(*world.cluster.submissions.lock().expect("no panic"), 1);
    })
    .await;
}

#[tokio::test]
async fn a_follower_that_lost_its_lease_writes_nothing() {
    on_each(|world| async move {
        let id = world.create().await;
        world.train(id, 1, 4.0).await;
        let steal = |job: &mut db::jobs::Job, _: &mut db::jobs::JobEffects| job.lease_owner = Some("thief".into());
        db::jobs::update(&world.app.db, id, world.clock.now(), steal).await.expect("stolen");
        world.say(id, 1, 6.0, progress(50.0, 50));
        world.worker.idle().await;
        assert_eq!(world.view(id).await.current_step, Some(3));
    })
    .await;
}

#[tokio::test]
async fn progress_never_goes_back_and_bursts_are_thinned() {
    on_each(|world| async move {
        let id = world.create().await;
        world.launch(id, 1).await;
        world.say(id, 1, 0.0, started(None));
        world.until_status(id, JobStatus::Running).await;
        world.worker.leave().await;
        for (percent, step) in [(30.0, 30), (20.0, 31), (25.0, 32)] {
            world.say(id, 1, 1.0, progress(percent, step));
        }
        world.say(id, 1, 1.0, progress(f64::NAN, 33));
        world.say(id, 1, 1.0, progress(0.0, 34));
        let other = Arc::new(Worker::new(world.app.clone()));
        other.reconcile().await.expect("reconciled");
        let view = world.until(id, |view| view.current_step == Some(34)).await;
        assert_eq!(view.progress, 0.0, "of a burst only the last is kept");
        world.say(id, 1, 2.0, progress(40.0, 40));
        world.until(id, |view| view.current_step == Some(40)).await;
        world.say(id, 1, 3.0, progress(35.0, 41));
        let view = world.until(id, |view| view.current_step == Some(41)).await;
        assert_eq!(view.progress, 40.0);
    })
    .await;
}
