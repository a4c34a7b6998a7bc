//! What a run reports: taken in once, with its projections.

use crate::jobs::{get, owner, stored};
use crate::{at, on_each};
use db::Db;
use db::jobs::{self, Checkpoint, Job, JobAttempt, JobEffects, NewEvent, Projection, StepMetrics};
use domain::job::{JobStatus, LogLevel};
use domain::{AttemptId, CheckpointId, JobId};
use serde_json::json;
use testkit::rows::job;

fn metrics(step: u64, loss: f64) -> StepMetrics {
    StepMetrics {
        timestamp: at(i64::try_from(step).expect("small")),
        epoch: 1,
        step,
        training_loss: Some(loss),
        validation_loss: None,
        learning_rate: 2e-4,
        gradient_norm: Some(0.5),
        throughput: None,
        gpu_utilization: None,
        memory_bytes: Some(1 << 40),
    }
}

fn event(seq: u64) -> NewEvent {
    let log = Projection::Log { level: LogLevel::Info, message: format!("step {seq}"), metadata: Some(json!({ "step": seq })) };
    #[expect(clippy::cast_precision_loss, reason = "small")]
    let loss = 1.0 / seq as f64;
    let event = NewEvent::new("metrics", json!({ "step": seq }), at(i64::try_from(seq).expect("small")));
    event.from_trainer(seq).shown_as(Projection::Metrics(metrics(seq, loss))).shown_as(log)
}

async fn running(db: &Db) -> JobId {
    let (user, dataset) = owner(db).await;
    let new = Job { status: JobStatus::Running, attempt: 1, attempt_id: Some(AttemptId::new(at(0))), ..job(user, dataset, at(0)) };
    stored(db, &new).await.id
}

#[tokio::test]
async fn events_that_come_twice_at_once_and_overlapping_are_taken_in_once_and_in_order() {
    on_each(async |db| {
        let id = running(&db).await;
        // As a poll and a callback that report the same run would.
        let reporters: Vec<_> = (0..4u64)
            .map(|r| {
                let db = db.clone();
                tokio::spawn(async move {
                    for from in (1..=41u64).step_by(10) {
                        let change = move |_: &mut Job, effects: &mut JobEffects| {
                            effects.events = (from.saturating_sub(r).max(1)..from + 10).map(event).collect()
                        };
                        jobs::update(&db, id, at(100), change).await.expect("update").expect("there");
                    }
                })
            })
            .collect();
        for reporter in reporters {
            reporter.await.expect("reporter");
        }
        let events = jobs::events_after(&db, id, 0, 1000).await.expect("events");
        let numbers: Vec<_> = events.iter().map(|e| (e.seq, e.trainer_seq)).collect();
        assert_eq!(numbers, (1..=50).map(|i| (i, Some(i))).collect::<Vec<_>>());
        assert_eq!(events[9].data, json!({ "step": 10 }));
        let job = get(&db, id).await;
        assert_eq!((job.last_event_seq, job.last_trainer_seq, job.last_event_at), (50, 50, Some(at(100))));
        assert_eq!(jobs::count_metrics(&db, id).await.expect("count"), 50);
        assert_eq!(jobs::last_logs(&db, id, &jobs::LogFilter::default(), 100).await.expect("logs").len(), 50);
        let replay = jobs::events_after(&db, id, 47, 2).await.expect("events");
        assert_eq!(replay.iter().map(|e| e.seq).collect::<Vec<_>>(), [48, 49]);
    })
    .await;
}

#[tokio::test]
async fn a_resumed_run_measures_its_steps_again_and_each_step_has_one_point() {
    on_each(async |db| {
        let id = running(&db).await;
        let add = async |points: Vec<StepMetrics>, forget: Option<u64>, attempt: u32| {
            let change = move |job: &mut Job, effects: &mut JobEffects| {
                job.attempt = attempt;
                effects.forget_metrics_after = forget;
                let shown = |m| NewEvent::new("metrics", json!({}), at(1)).shown_as(Projection::Metrics(m));
                effects.events = points.into_iter().map(shown).collect();
            };
            jobs::update(&db, id, at(1), change).await.expect("update").expect("there");
        };
        add((1..=5).map(|s| metrics(s, 1.0)).collect(), None, 1).await;
        add(vec![StepMetrics { training_loss: None, gradient_norm: None, validation_loss: Some(0.7), ..metrics(5, 0.0) }], None, 1).await;
        let points = jobs::metrics_after(&db, id, Some(4), 10).await.expect("metrics");
        let last = &points[0].metrics;
        assert_eq!((points.len(), last.training_loss, last.validation_loss), (1, Some(1.0), Some(0.7)), "one step, two events");
        add(vec![metrics(3, 0.25)], Some(2), 2).await;
        let points = jobs::all_metrics(&db, id).await.expect("metrics");
        let seen: Vec<_> = points.iter().map(|p| (p.metrics.step, p.attempt, p.metrics.training_loss)).collect();
        assert_eq!(seen, [(1, 1, Some(1.0)), (2, 1, Some(1.0)), (3, 2, Some(0.25))]);
        assert_eq!(points[2].metrics.memory_bytes, Some(1 << 40));
    })
    .await;
}

#[tokio::test]
async fn checkpoints_and_attempts_are_kept_once_and_updated() {
    on_each(async |db| {
        let id = running(&db).await;
        let checkpoint = |step, loss, best| Checkpoint {
            id: CheckpointId::new(at(1)),
            attempt: 1,
            epoch: 1,
            step,
            loss,
            best,
            s3_bucket: "local".to_owned(),
            s3_key: format!("runs/{id}/checkpoints/step-{step}"),
            file_size: 1 << 33,
            created_at: at(2),
            files: Vec::new(),
        };
        let attempt = JobAttempt {
            id: AttemptId::new(at(0)),
            job_id: id,
            attempt: 1,
            status: JobStatus::Running,
            version: Some("0.1.0".to_owned()),
            handle: Some(json!({ "pid": 1 })),
            billed_seconds: 1.5,
            error_code: None,
            error_message: None,
            created_at: at(0),
            started_at: Some(at(1)),
            ended_at: None,
        };
        let (first, again, best) = (checkpoint(10, 2.0, false), checkpoint(10, 1.5, false), checkpoint(20, 1.0, true));
        let ended = JobAttempt { status: JobStatus::Failed, billed_seconds: 9.5, ended_at: Some(at(11)), ..attempt.clone() };
        let next = JobAttempt { id: AttemptId::new(at(12)), attempt: 2, billed_seconds: 0.5, ..attempt.clone() };
        let change = |_: &mut Job, effects: &mut JobEffects| {
            let shown = |c: &Checkpoint| NewEvent::new("checkpoint", json!({}), at(1)).shown_as(Projection::Checkpoint(c.clone()));
            effects.events = [&first, &best, &again].map(shown).into();
            effects.attempts = vec![attempt.clone(), ended.clone(), next.clone()];
        };
        jobs::update(&db, id, at(1), change).await.expect("update").expect("there");
        let kept = jobs::checkpoints(&db, id).await.expect("checkpoints");
        assert_eq!(kept, [Checkpoint { id: first.id, ..again }, best]);
        assert_eq!(jobs::attempts(&db, id).await.expect("attempts"), [ended, next]);
        assert!((jobs::billed_seconds(&db, id).await.expect("sum") - 10.0).abs() < 1e-9);
        assert!(jobs::billed_seconds(&db, JobId::new(at(0))).await.expect("sum").abs() < 1e-9);
    })
    .await;
}
