//! Cancelling in every state.

use std::sync::Arc;

use app::jobs::{StageState, Worker};
use domain::job::{CancelReason, JobStatus};
use domain::notification::{NotificationKind, NotificationPriority};
use domain::{ErrorKind, MicroUsd};

use super::world::{on_each, started};

#[tokio::test]
async fn a_queued_job_is_cancelled_at_once_and_costs_nothing() {
    on_each(|world| async move {
        let id = world.create().await;
        let hold = world.view(id).await.estimated_cost_max;
        let cancelled = app::jobs::cancel(&world.app, &world.caller, id, Some(CancelReason::WrongConfig)).await.expect("cancelled");
        assert_eq!((cancelled.cost, cancelled.refund), (MicroUsd::ZERO, hold));
        let view = world.view(id).await;
        assert_eq!((view.status, view.cancel_reason, view.can_retry), (JobStatus::Cancelled, Some(CancelReason::WrongConfig), true));
        assert_eq!(world.event_names(id).await, ["queue", "cancelled"]);
        world.worker.reconcile().await.expect("reconciled");
        assert_eq!(world.cluster.runs(), 0, "its task finds nothing to do");
        let again = app::jobs::cancel(&world.app, &world.caller, id, None).await.expect_err("it has ended");
        assert_eq!((again.kind, again.code), (ErrorKind::Conflict, "JOB_NOT_CANCELLABLE"));
        let estimate = app::jobs::estimate(&world.app, &world.caller, world.request()).await.expect("an estimate");
        assert_eq!(estimate.budget.held, MicroUsd::ZERO);
    })
    .await;
}

#[tokio::test]
async fn a_job_that_initializes_is_cancelled_and_costs_nothing() {
    on_each(|world| async move {
        let id = world.create().await;
        world.launch(id, 1).await;
        world.until_status(id, JobStatus::Initializing).await;
        let cancelled = app::jobs::cancel(&world.app, &world.caller, id, None).await.expect("cancelled");
        assert_eq!((cancelled.cost, world.cost(id).await), (MicroUsd::ZERO, MicroUsd::ZERO));
        world.worker.idle().await;
        assert!(world.cluster.run(id, 1).cancelled);
    })
    .await;
}

#[tokio::test]
async fn a_running_job_costs_what_ran() {
    on_each(|world| async move {
        let id = world.create().await;
        world.train(id, 1, 4.0).await;
        let hold = world.view(id).await.estimated_cost_max;
        let cancelled = app::jobs::cancel(&world.app, &world.caller, id, Some(CancelReason::NoLongerNeeded)).await.expect("cancelled");
        assert_eq!((cancelled.cost, cancelled.refund), (MicroUsd(4000), hold - MicroUsd(4000)));
        assert_eq!(world.cost(id).await, MicroUsd(4000));
        let view = world.view(id).await;
        assert_eq!((view.status, view.stages[2].state), (JobStatus::Cancelled, StageState::Stopped));
        let events = app::jobs::events(&world.app, &world.caller, app::events::Topic::Job(id), 0, 100).await.expect("events");
        let last = events.last().expect("events");
        assert!(last.terminal && last.name == "cancelled" && last.data["reason"] == "no_longer_needed", "{last:?}");
        assert_eq!(last.data["refundAmount"].as_f64(), Some((hold - MicroUsd(4000)).usd()), "the hold without the cost");
        let (told, _) = db::notifications::list(&world.app.db, world.caller.user_id, false, db::Page::first(9)).await.expect("told");
        let told = told.rows.iter().find(|told| told.kind == NotificationKind::JobCancelled).expect("its owner is told");
        assert_eq!((told.title.as_str(), told.priority), ("Training Cancelled", NotificationPriority::Medium));
        assert!(world.cluster.run(id, 1).cancelled);
        let again = app::jobs::cancel(&world.app, &world.caller, id, None).await.expect_err("it has ended");
        assert_eq!(again.code, "JOB_NOT_CANCELLABLE");
    })
    .await;
}

#[tokio::test]
async fn a_job_that_nobody_follows_can_be_cancelled_too() {
    on_each(|world| async move {
        let id = world.create().await;
        world.train(id, 1, 4.0).await;
        world.worker.leave().await;
        let cancelled = app::jobs::cancel(&world.app, &world.caller, id, None).await.expect("cancelled");
        assert_eq!(cancelled.cost, MicroUsd(4000));
        assert!(world.cluster.run(id, 1).cancelled);
    })
    .await;
}

#[tokio::test]
async fn a_request_that_a_crash_interrupted_is_finished_by_the_reconciler() {
    on_each(|world| async move {
        let id = world.create().await;
        world.launch(id, 1).await;
        world.say(id, 1, 0.0, started(None));
        world.until_status(id, JobStatus::Running).await;
        world.worker.leave().await;
        let now = domain::Clock::now(&*world.clock);
        let request = |job: &mut db::jobs::Job, _: &mut db::jobs::JobEffects| job.cancel_requested_at = Some(now);
        db::jobs::update(&world.app.db, id, now, request).await.expect("requested");
        let other = Arc::new(Worker::new(world.app.clone()));
        other.reconcile().await.expect("reconciled");
        world.until_status(id, JobStatus::Cancelled).await;
        let platform =
            app::jobs::cancel(&world.app, &world.caller, id, Some(CancelReason::Budget)).await.expect_err("not the owner's reason");
        assert_eq!(platform.field.as_deref(), Some("reason"));
    })
    .await;
}
