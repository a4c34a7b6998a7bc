//! Jobs: admission, transitions, lists, leases.

use crate::{at, on_each};
use db::jobs::{self, Budget, Job, JobEffects, JobFilter, JobSort, NewEvent};
use db::tasks::NewTask;
use db::throughputs;
use db::{Db, Error, Page, tasks};
use domain::job::{JobStatus, LogLevel, Precision};
use domain::{AttemptId, DatasetId, JobId, MicroUsd, UserId};
use serde_json::json;
use std::convert::Infallible;
use testkit::rows::{job, ready_dataset, stored_user};
use uuid::Uuid;

pub async fn owner(db: &Db) -> (UserId, DatasetId) {
    let ada = stored_user(db, "ada@example.com", at(0)).await;
    (ada.id, ready_dataset(db, ada.id, "talks", at(0)).await.id)
}

pub async fn stored(db: &Db, job: &Job) -> Job {
    let admit = |_: Budget| Ok::<(), Infallible>(());
    match jobs::insert(db, job, JobEffects::default(), at(0), admit).await.expect("insert") {
        Ok(job) => job,
        Err(never) => match never {},
    }
}

pub async fn get(db: &Db, id: JobId) -> Job {
    jobs::get(db, id).await.expect("get").expect("there")
}

fn launch(id: JobId) -> NewTask {
    let dedupe_key = Some(format!("launch:{id}"));
    NewTask { id: Uuid::now_v7(), payload: json!({}), dedupe_key, run_at: at(0), max_attempts: 3, created_at: at(0) }
}

#[tokio::test]
async fn launches_at_once_never_hold_more_than_the_budget() {
    on_each(async |db| {
        let (user, dataset) = owner(&db).await;
        let launches: Vec<_> = (0..8)
            .map(|i| {
                let (db, new) = (db.clone(), job(user, dataset, at(i)));
                tokio::spawn(async move {
                    let mut effects = JobEffects::default();
                    effects.tasks.push(launch(new.id));
                    effects.events.push(NewEvent::new("queue", json!({}), at(i)));
                    let budget = MicroUsd(2_000_000);
                    let admit = |b: Budget| if b.spent + b.held + new.budget_hold <= budget { Ok(()) } else { Err(b.held) };
                    jobs::insert(&db, &new, effects, at(0), admit).await
                })
            })
            .collect();
        let mut admitted = 0;
        for launch in launches {
            match launch.await.expect("task").expect("insert") {
                Ok(job) => {
                    admitted += 1;
                    assert_eq!((job.last_event_seq, job == get(&db, job.id).await), (1, true));
                }
                Err(held) => assert_eq!(held, MicroUsd(2_000_000)),
            }
        }
        let queued = tasks::counts(&db, at(9)).await.expect("counts").pending;
        assert_eq!((admitted, queued), (4, 4), "a job and its task come together");
        assert_eq!(jobs::held_budget(&db, user).await.expect("held"), MicroUsd(2_000_000));
    })
    .await;
}

#[tokio::test]
async fn an_idempotency_key_makes_one_job() {
    on_each(async |db| {
        let (user, dataset) = owner(&db).await;
        let new = Job { idempotency_key: Some("k".to_owned()), ..job(user, dataset, at(0)) };
        let first = stored(&db, &new).await;
        let again = Job { id: JobId::new(at(1)), ..new };
        let mut effects = JobEffects::default();
        effects.tasks.push(launch(again.id));
        let result = jobs::insert(&db, &again, effects, at(0), |_| Ok::<(), Infallible>(())).await;
        assert!(matches!(result, Err(Error::Duplicate(_))), "{result:?}");
        assert_eq!(tasks::counts(&db, at(9)).await.expect("counts").pending, 0, "nothing of it stays");
        let found = jobs::by_idempotency_key(&db, user, "k").await.expect("query").map(|j| j.id);
        assert_eq!(found, Some(first.id));
        let nobody = job(UserId::new(at(0)), dataset, at(2));
        let result = jobs::insert(&db, &nobody, JobEffects::default(), at(0), |_| Ok::<(), Infallible>(())).await;
        assert!(matches!(result, Err(Error::Reference(_))), "{result:?}");
    })
    .await;
}

#[tokio::test]
async fn of_many_transitions_from_one_state_one_happens() {
    on_each(async |db| {
        let (user, dataset) = owner(&db).await;
        let id = stored(&db, &job(user, dataset, at(0))).await.id;
        let racers: Vec<_> = (0..6)
            .map(|i| {
                let db = db.clone();
                let to = if i % 2 == 0 { JobStatus::Cancelled } else { JobStatus::Initializing };
                tokio::spawn(async move {
                    jobs::update(&db, id, at(1), |job, effects| {
                        let may = job.status == JobStatus::Queued;
                        if may {
                            job.status = to;
                            effects.events.push(NewEvent::new(to.as_str(), json!({}), at(1)));
                        }
                        may.then_some(to)
                    })
                    .await
                })
            })
            .collect();
        let mut won = Vec::new();
        for racer in racers {
            won.extend(racer.await.expect("task").expect("update").expect("there"));
        }
        let job = get(&db, id).await;
        assert_eq!((won.as_slice(), job.last_event_seq, job.updated_at), ([job.status].as_slice(), 1, at(1)));
        assert_eq!(jobs::update(&db, JobId::new(at(0)), at(1), |_, _| ()).await.expect("update"), None);
        jobs::update(&db, id, at(50), |_, _| ()).await.expect("update");
        assert_eq!(get(&db, id).await.updated_at, at(1), "nothing changed, so nothing is written");
    })
    .await;
}

#[tokio::test]
async fn a_retry_is_given_the_budget_and_starts_its_numbers_anew() {
    on_each(async |db| {
        let (user, dataset) = owner(&db).await;
        let (first, second) = (AttemptId::new(at(0)), AttemptId::new(at(1)));
        let new = Job { attempt: 1, attempt_id: Some(first), ..job(user, dataset, at(0)) };
        let id = stored(&db, &new).await.id;
        let step = |seq: u64, progress: f64| {
            let db = db.clone();
            async move {
                let change = move |job: &mut Job, effects: &mut JobEffects| {
                    job.progress = progress;
                    effects.events.push(NewEvent::new("progress", json!({ "progress": progress }), at(1)).from_trainer(seq));
                };
                jobs::update(&db, id, at(1), change).await.expect("update").expect("there");
                let job = get(&db, id).await;
                (job.progress, job.last_trainer_seq, job.last_event_seq)
            }
        };
        assert_eq!(step(1, 40.0).await, (40.0, 1, 1));
        assert_eq!(step(2, 30.0).await, (40.0, 2, 2), "progress never goes back");
        jobs::update(&db, id, at(2), |job, _| (job.status, job.budget_hold) = (JobStatus::Failed, MicroUsd::ZERO)).await.expect("fail");
        let retry = |job: &mut Job, _: &mut JobEffects, budget: Budget| {
            (job.status, job.attempt, job.attempt_id) = (JobStatus::Queued, 2, Some(second));
            (job.last_trainer_seq, job.progress, job.budget_hold) = (0, 0.0, MicroUsd(7));
            budget
        };
        let budget = jobs::update_within_budget(&db, id, at(0), at(3), retry).await.expect("retry").expect("there");
        assert_eq!(budget, Budget::default());
        assert_eq!(step(1, 20.0).await, (20.0, 1, 3), "a new attempt counts from 1, the log goes on");
        let events = jobs::events_after(&db, id, 0, 10).await.expect("events");
        let numbers: Vec<_> = events.iter().map(|e| (e.seq, e.attempt_id, e.trainer_seq)).collect();
        assert_eq!(numbers, [(1, Some(first), Some(1)), (2, Some(first), Some(2)), (3, Some(second), Some(1))]);
        assert_eq!(jobs::held_budget(&db, user).await.expect("held"), MicroUsd(7));
    })
    .await;
}

#[tokio::test]
async fn jobs_are_listed_counted_and_have_a_place_in_the_queue() {
    on_each(async |db| {
        let (user, dataset) = owner(&db).await;
        let bob = stored_user(&db, "bob@example.com", at(0)).await.id;
        let mut ids = Vec::new();
        for (i, status) in [JobStatus::Queued, JobStatus::Running, JobStatus::Queued, JobStatus::Completed].into_iter().enumerate() {
            let now = at(i64::try_from(i).expect("small"));
            let owner = if i == 2 { bob } else { user };
            let cost = MicroUsd(if i == 1 { 9 } else { 1 });
            ids.push(stored(&db, &Job { status, current_cost: cost, ..job(owner, dataset, now) }).await.id);
        }
        let list = async |filter: JobFilter, sort| {
            let page = jobs::list(&db, &filter, sort, Page::first(10)).await.expect("list");
            page.rows.iter().map(|j| ids.iter().position(|id| *id == j.job.id).expect("known")).collect::<Vec<_>>()
        };
        let mine = || JobFilter { user_id: Some(user), ..JobFilter::default() };
        assert_eq!(list(mine(), JobSort::CreatedDesc).await, [3, 1, 0]);
        assert_eq!(list(JobFilter::default(), JobSort::CreatedAsc).await, [0, 1, 2, 3]);
        assert_eq!(list(JobFilter { statuses: vec![JobStatus::Running, JobStatus::Queued], ..mine() }, JobSort::CostDesc).await, [1, 0]);
        let counts = jobs::counts(&db, &mine()).await.expect("counts");
        assert_eq!(counts.get(&JobStatus::Queued), Some(&1));
        assert_eq!(counts.get(&JobStatus::Failed), None);
        let all = jobs::rows(&db, &JobFilter::default(), JobSort::CreatedAsc, Page::first(10)).await.expect("rows");
        assert!(all.iter().all(|named| named.dataset_name == "talks"), "{all:?}");
        let places = jobs::queue_positions(&db, all.iter().map(|named| &named.job)).await.expect("places");
        assert_eq!(places, [(ids[0], 1), (ids[2], 2)].into());
        for (number, total) in [(1, 3), (2, 3), (9, 3)] {
            let page = jobs::list(&db, &mine(), JobSort::CreatedAsc, Page { number, size: 2 }).await.expect("list");
            assert_eq!(page.total, total, "page {number}");
        }
        let courses = jobs::courses(&db, user, 2).await.expect("courses");
        assert_eq!(courses.iter().map(|course| course.id).collect::<Vec<_>>(), [ids[3], ids[1]]);
        assert_eq!((jobs::owner(&db, ids[2]).await.expect("asked"), courses[0].status), (Some(bob), JobStatus::Completed));
        let active = jobs::active(&db).await.expect("active");
        assert_eq!(active.iter().map(|j| j.id).collect::<Vec<_>>(), ids[..3]);
        assert_eq!(jobs::in_status(&db, &[JobStatus::Queued], 1).await.expect("queued").len(), 1);
    })
    .await;
}

#[tokio::test]
async fn throughput_is_a_mean_of_the_last_runs_of_the_same_kind() {
    on_each(async |db| {
        let (user, dataset) = owner(&db).await;
        let id = stored(&db, &job(user, dataset, at(0))).await.id;
        let measure = async |precision, length_bucket, tokens_per_second| {
            let (base_model, instance_type) = ("brightrun/tiny-chat".to_owned(), "local-cpu".to_owned());
            let run = throughputs::Run { base_model, instance_type, num_gpus: 1, precision, length_bucket, tokens_per_second };
            let change = |_: &mut Job, effects: &mut JobEffects| effects.throughput = Some(run);
            jobs::update(&db, id, at(1), change).await.expect("update").expect("there");
        };
        let told = async |model: &str, instance: &str, gpus| {
            let mut rows = throughputs::of(&db, model, instance, gpus).await.expect("query");
            rows.sort_by_key(|m| (m.precision.as_str(), m.length_bucket));
            rows.into_iter().map(|m| (m.precision, m.length_bucket, m.tokens_per_second)).collect::<Vec<_>>()
        };
        for speed in [100.0, 300.0, 500.0] {
            measure(Precision::F32, 256, speed).await;
        }
        measure(Precision::F32, 512, 50.0).await;
        measure(Precision::Bf16, 256, 900.0).await;
        let all = told("brightrun/tiny-chat", "local-cpu", 1).await;
        assert_eq!(all, [(Precision::Bf16, 256, 900.0), (Precision::F32, 256, 300.0), (Precision::F32, 512, 50.0)]);
        assert!(told("brightrun/tiny-chat", "h100-80gb", 1).await.is_empty() && told("other", "local-cpu", 1).await.is_empty());
        assert!(told("brightrun/tiny-chat", "local-cpu", 2).await.is_empty());
        // What is long ago fades: a machine that became faster is believed after some runs.
        for _ in 0..20 {
            measure(Precision::F32, 256, 1000.0).await;
        }
        let (_, _, speed) = told("brightrun/tiny-chat", "local-cpu", 1).await[1];
        assert!((980.0..1000.0).contains(&speed), "{speed}");
    })
    .await;
}

#[tokio::test]
async fn one_worker_holds_a_job_until_its_lease_ends() {
    on_each(async |db| {
        let (user, dataset) = owner(&db).await;
        let id = stored(&db, &job(user, dataset, at(0))).await.id;
        assert!(jobs::acquire_lease(&db, id, "a", at(0), at(30)).await.expect("acquire"));
        assert!(!jobs::acquire_lease(&db, id, "b", at(29), at(60)).await.expect("held"));
        assert!(jobs::acquire_lease(&db, id, "a", at(10), at(40)).await.expect("its own"));
        assert!(jobs::renew_lease(&db, id, "a", at(50)).await.expect("renew"));
        assert!(jobs::acquire_lease(&db, id, "b", at(50), at(80)).await.expect("it ran out"));
        assert!(!jobs::renew_lease(&db, id, "a", at(90)).await.expect("lost"));
        jobs::release_lease(&db, id, "a").await.expect("not its own");
        assert_eq!(get(&db, id).await.lease_owner.as_deref(), Some("b"));
        jobs::release_lease(&db, id, "b").await.expect("release");
        assert!(jobs::acquire_lease(&db, id, "a", at(51), at(80)).await.expect("free"));
    })
    .await;
}

#[tokio::test]
async fn log_lines_are_found_by_level_and_text() {
    on_each(async |db| {
        let (user, dataset) = owner(&db).await;
        let id = stored(&db, &job(user, dataset, at(0))).await.id;
        let line = |level, message: &str| {
            let log = jobs::Projection::Log { level, message: message.to_owned(), metadata: None };
            NewEvent::new("log", json!({ "message": message }), at(1)).shown_as(log)
        };
        let change = |_: &mut Job, effects: &mut JobEffects| {
            effects.events = vec![
                line(LogLevel::Info, "Reading 100% of it"),
                NewEvent::new("stage", json!({}), at(1)),
                line(LogLevel::Warning, "cut 3 examples"),
                line(LogLevel::Info, "done"),
            ];
        };
        jobs::update(&db, id, at(1), change).await.expect("update");
        let logs = async |filter: jobs::LogFilter, after| {
            let lines = jobs::logs(&db, id, &filter, after, 10).await.expect("logs");
            lines.iter().map(|l| (l.seq, l.message.clone())).collect::<Vec<_>>()
        };
        let all = jobs::LogFilter::default();
        assert_eq!(logs(all.clone(), 1).await, [(3, "cut 3 examples".to_owned()), (4, "done".to_owned())]);
        let warnings = jobs::LogFilter { level: Some(LogLevel::Warning), ..all.clone() };
        assert_eq!(logs(warnings, 0).await, [(3, "cut 3 examples".to_owned())]);
        let search = jobs::LogFilter { search: Some("100% OF".to_owned()), ..all.clone() };
        assert_eq!(logs(search, 0).await, [(1, "Reading 100% of it".to_owned())]);
        let last = jobs::last_logs(&db, id, &all, 2).await.expect("logs");
        assert_eq!(last.iter().map(|l| l.seq).collect::<Vec<_>>(), [3, 4]);
    })
    .await;
}
