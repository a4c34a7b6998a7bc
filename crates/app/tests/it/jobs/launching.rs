//! Estimates, acceptance, budget, places.

use std::sync::Arc;

use app::jobs::{CreateJob, JobFilter, Worker};
use cluster::ClusterError;
use db::datasets::Effects;
use domain::account::TierLimits;
use domain::dataset::DatasetStatus;
use domain::job::{GpuConfig, JobStatus};
use domain::{Caller, Clock, Error, ErrorKind, MicroUsd};
use queue::Task;
use testkit::rows;

use super::world::{World, on_each, progress, started};

#[tokio::test]
async fn an_estimate_and_a_job_say_the_same() {
    on_each(|world| async move {
        let estimate = app::jobs::estimate(&world.app, &world.caller, world.request()).await.expect("an estimate");
        assert!(estimate.within_budget && !estimate.measured && estimate.config.hyperparameters.lora_alpha == 32.0);
        assert_eq!((estimate.gpu.instance_type.as_str(), estimate.hourly_rate), ("local-cpu", MicroUsd::from_usd(super::world::RATE)));
        assert_eq!(estimate.cost, estimate.breakdown.total());
        assert!(estimate.cost_min < estimate.cost && estimate.cost < estimate.cost_max && estimate.seconds_min < estimate.seconds_max);
        assert_eq!(estimate.config.hyperparameters.max_seq_length, 512, "the preset's is bounded by the model's context");
        let created = world.try_create().await.expect("accepted");
        assert_eq!((created.status, created.cost, created.queue_position), (JobStatus::Queued, estimate.cost, Some(1)));
        let job = world.view(created.job_id).await;
        assert_eq!(
            (job.estimated_cost_max, job.total_steps, job.name.as_str()),
            (estimate.cost_max, estimate.total_steps, "Model from Talks")
        );
        assert_eq!((job.current_cost, job.progress, job.stages.len(), job.can_cancel), (MicroUsd::ZERO, 0.0, 4, true));
        assert_eq!(world.event_names(created.job_id).await, ["queue"]);
        let task = Task::LaunchJob { job_id: created.job_id, attempt: 1 };
        assert!(world.app.queue.contains(&task).await.expect("asked"), "the task was queued in the same transaction");
        let after = app::jobs::estimate(&world.app, &world.caller, world.request()).await.expect("an estimate");
        assert_eq!(after.budget.held, estimate.cost_max);
    })
    .await;
}

fn refused<T: std::fmt::Debug>(result: Result<T, Error>) -> (ErrorKind, &'static str, String) {
    let error = result.expect_err("refused");
    (error.kind, error.code, error.field.unwrap_or_default())
}

#[tokio::test]
async fn what_cannot_run_is_refused_with_its_field() {
    on_each(|world| async move {
        let (app, caller) = (&*world.app, &world.caller);
        let invalid = |field: &str| (ErrorKind::Invalid, "VALIDATION_ERROR", field.to_owned());
        let mut request = world.request();
        request.hyperparameters.lora_rank = Some(33);
        assert_eq!(refused(app::jobs::estimate(app, caller, request).await), invalid("hyperparameters.loraRank"));
        let mut request = world.request();
        request.hyperparameters.max_seq_length = Some(513);
        assert_eq!(refused(app::jobs::estimate(app, caller, request).await), invalid("hyperparameters.maxSeqLength"));
        let mut request = world.request();
        request.hyperparameters.target_modules = Some(domain::job::TargetModules::of(&["lm_head"]));
        assert_eq!(refused(app::jobs::estimate(app, caller, request).await), invalid("hyperparameters.targetModules"));
        let mut request = world.request();
        request.hyperparameters.layers_to_transform = Some(vec![2]);
        assert_eq!(refused(app::jobs::estimate(app, caller, request).await), invalid("hyperparameters.layersToTransform"));
        let mut request = world.request();
        request.hyperparameters.target_modules = Some(domain::job::TargetModules::Text(r".*\.9\.mlp\..*".into()));
        assert_eq!(refused(app::jobs::estimate(app, caller, request).await), invalid("hyperparameters.targetModules"));
        let mut request = world.request();
        request.settings.validation_split_ratio = Some(0.9);
        assert_eq!(refused(app::jobs::estimate(app, caller, request).await), invalid("validationSplitRatio"));
        let mut request = world.request();
        request.gpu = Some(GpuConfig { instance_type: "h100-80gb".into(), num_gpus: 1, spot: false });
        assert_eq!(refused(app::jobs::estimate(app, caller, request).await), invalid("gpuConfig.instanceType"));
        let mut request = world.request();
        request.base_model = Some("other/model".into());
        assert_eq!(refused(app::jobs::estimate(app, caller, request).await), invalid("baseModel"));
        let named = CreateJob { request: world.request(), name: Some("x".repeat(201)), notes: None };
        assert_eq!(refused(app::jobs::create(app, caller, named, None).await), invalid("name"));
        assert_eq!(world.app.queue.counts().await.expect("counts").pending, 0);
    })
    .await;
}

#[tokio::test]
async fn a_data_set_must_be_ready_ones_own_and_there() {
    on_each(|world| async move {
        let stranger = rows::stored_user(&world.app.db, "eve@example.com", world.clock.now()).await;
        let eve = Caller { user_id: stranger.id, ..world.caller };
        let missing = (ErrorKind::NotFound, "DATASET_NOT_FOUND", "datasetId".to_owned());
        assert_eq!(refused(app::jobs::estimate(&world.app, &eve, world.request()).await), missing);
        let job = world.create().await;
        assert_eq!(refused(app::jobs::get(&world.app, &eve, job).await).1, "JOB_NOT_FOUND");
        assert_eq!(refused(app::jobs::cancel(&world.app, &eve, job, None).await).1, "JOB_NOT_FOUND");
        assert_eq!(refused(app::jobs::retry(&world.app, &eve, job).await).1, "JOB_NOT_FOUND");
        assert_eq!(refused(app::jobs::events(&world.app, &eve, app::events::Topic::Job(job), 0, 9).await).1, "JOB_NOT_FOUND");
        assert_eq!(app::jobs::list(&world.app, &eve, filter()).await.expect("a list").total, 0);

        let set = |status: DatasetStatus, deleted: bool| {
            let now = world.clock.now();
            db::datasets::update(&world.app.db, world.dataset.id, now, move |d: &mut db::datasets::Dataset, _: &mut Effects| {
                d.status = status;
                d.deleted_at = deleted.then_some(now);
            })
        };
        set(DatasetStatus::Validating, false).await.expect("set");
        let not_ready = (ErrorKind::Conflict, "DATASET_NOT_READY", "datasetId".to_owned());
        assert_eq!(refused(world.try_create().await), not_ready);
        set(DatasetStatus::Ready, true).await.expect("set");
        assert_eq!(refused(world.try_create().await), missing);
    })
    .await;
}

fn filter() -> JobFilter {
    JobFilter { page: 1, page_size: 20, ..JobFilter::default() }
}

#[tokio::test]
async fn the_same_key_makes_one_job() {
    on_each(|world| async move {
        let create = |key| {
            let job = CreateJob { request: world.request(), name: Some("Mine".into()), notes: Some("why".into()) };
            app::jobs::create(&world.app, &world.caller, job, key)
        };
        let first = create(Some("k")).await.expect("accepted");
        let again = create(Some("k")).await.expect("the same");
        assert!(!first.replayed && again.replayed && first.job_id == again.job_id);
        let (a, b) = tokio::join!(create(Some("race")), create(Some("race")));
        assert_eq!(a.expect("accepted").job_id, b.expect("accepted").job_id);
        assert_eq!(app::jobs::list(&world.app, &world.caller, filter()).await.expect("a list").counts.queued, 2);
    })
    .await;
}

#[tokio::test]
async fn a_launch_that_would_pass_the_budget_is_refused() {
    for database in testkit::databases() {
        let world = World::new(database).await;
        let needed = app::jobs::estimate(&world.app, &world.caller, world.request()).await.expect("an estimate").cost_max;
        let budget = MicroUsd(needed.0 * 3 / 2);
        db::users::update(&world.app.db, world.caller.user_id, |user| user.monthly_budget = Some(budget)).await.expect("set");
        let first = world.create().await;
        let (kind, code, _) = refused(world.try_create().await);
        assert_eq!((kind, code), (ErrorKind::PaymentRequired, "BUDGET_EXCEEDED"));
        let shown = app::jobs::estimate(&world.app, &world.caller, world.request()).await.expect("an estimate");
        assert!(!shown.within_budget && shown.budget.held == needed);
        app::jobs::cancel(&world.app, &world.caller, first, None).await.expect("cancelled");
        world.create().await;
    }
}

#[tokio::test]
async fn a_job_is_launched_once_with_addresses_that_outlive_it() {
    on_each(|world| async move {
        let id = world.create().await;
        let other = Arc::new(Worker::new(world.app.clone()));
        let (a, b) = tokio::join!(world.worker.dispatch(), other.dispatch());
        a.and(b).expect("dispatched");
        let spec = world.cluster.submitted(id, 1).await;
        world.say(id, 1, 0.0, started(None));
        world.until_status(id, JobStatus::Running).await;
        assert_eq!((*world.cluster.submissions.lock().expect("no panic"), world.cluster.runs()), (1, 1));
        let url = spec.dataset.url.expect("a signed URL");
        assert!(url.contains(&world.dataset.s3_key) && spec.dataset.path.is_none());
        let expires: i64 = url.split("expires=").nth(1).and_then(|r| r.split('&').next()).expect("expiry").parse().expect("a number");
        assert!(expires - world.clock.now().timestamp() >= 48 * 3600, "24 h of running and as much again");
        assert_eq!(spec.output.uploads.len(), domain::run::ARTIFACT_FILES.len());
        world.worker.reconcile().await.expect("reconciled");
        other.reconcile().await.expect("reconciled");
        assert_eq!(*world.cluster.submissions.lock().expect("no panic"), 1, "nobody submits it again");
    })
    .await;
}

#[tokio::test]
async fn a_job_waits_for_a_place_of_its_tier_and_of_the_cluster() {
    for database in testkit::databases() {
        let world = World::with(database, TierLimits { concurrent_jobs: 1, ..TierLimits::default() }).await;
        let (first, second) = (world.create().await, world.create().await);
        assert_eq!(world.view(second).await.queue_position, Some(2));
        world.launch(first, 1).await;
        world.worker.dispatch().await.expect("dispatched");
        assert_eq!((world.cluster.runs(), world.view(second).await.status), (1, JobStatus::Queued));
        assert_eq!(world.event_names(second).await, ["queue", "queue"], "it was told of its new place");
        assert_eq!(world.view(second).await.queue_position, Some(1));
        world.say(first, 1, 0.0, started(None));
        world.finish(first, 1, 1.0).await;
        world.until_status(first, JobStatus::Completed).await;
        world.cluster.submitted(second, 1).await;
    }
    for database in testkit::databases() {
        let world = World::new(database).await;
        *world.cluster.capacity.lock().expect("no panic") = Some(0);
        let id = world.create().await;
        world.worker.reconcile().await.expect("reconciled");
        assert_eq!((world.cluster.runs(), world.view(id).await.status), (0, JobStatus::Queued));
        *world.cluster.capacity.lock().expect("no panic") = Some(1);
        world.cluster.refuse(ClusterError::Busy { capacity: 1 });
        world.worker.reconcile().await.expect("reconciled");
        world.until(id, |view| view.last_event_seq >= 3).await;
        world.worker.reconcile().await.expect("reconciled");
        assert_eq!(world.cluster.submitted(id, 1).await.attempt, 1, "no attempt is lost by a cluster that was full");
    }
}

#[tokio::test]
async fn a_task_that_was_lost_is_no_job_that_is_lost() {
    on_each(|world| async move {
        let id = world.create().await;
        let claimed = db::tasks::claim(&world.app.db, "w", 9, world.clock.now(), world.clock.now()).await.expect("claimed");
        assert_eq!(claimed.len(), 1);
        assert!(db::tasks::finish(&world.app.db, claimed[0].id, "w").await.expect("removed"), "as if a crash had eaten it");
        world.worker.reconcile().await.expect("reconciled");
        world.cluster.submitted(id, 1).await;
        world.say(id, 1, 0.0, started(None));
        world.say(id, 1, 1.0, progress(5.0, 1));
        world.until(id, |view| view.current_step == Some(1)).await;
    })
    .await;
}
