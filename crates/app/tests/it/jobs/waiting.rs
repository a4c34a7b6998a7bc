//! Jobs that wait, runs that say nothing, and those who watch.

use std::sync::Arc;

use app::events::{Next, Topic};
use app::jobs::Worker;
use chrono::Duration;
use cluster::RunState;
use domain::Clock;
use domain::account::TierLimits;
use domain::job::{CancelReason, JobStatus, LogLevel};

use super::fake_cluster::ended;
use super::world::{World, checkpoint, on_each, progress, seconds, started};

#[tokio::test]
async fn a_run_that_says_nothing_is_lost_and_made_anew() {
    on_each(|world| async move {
        let id = world.create().await;
        world.train(id, 1, 2.0).await;
        world.say(id, 1, 3.0, checkpoint(5));
        world.until(id, |view| view.last_event_seq > 0).await;
        world.clock.advance(Duration::minutes(59));
        world.say(id, 1, 3.0, progress(30.0, 30));
        world.until(id, |view| view.current_step == Some(30)).await;
        world.clock.advance(Duration::minutes(61));
        let view = world.until(id, |view| view.attempt == 2).await;
        assert_eq!((view.status, view.failure), (JobStatus::Queued, None));
        assert!(world.cluster.run(id, 1).cancelled, "it was told to stop");
        let logs = db::jobs::last_logs(&world.app.db, id, &db::jobs::LogFilter::default(), 9).await.expect("logs");
        assert!(logs.iter().any(|line| line.message.contains("Nothing was heard")), "{logs:?}");
        assert_eq!(db::jobs::attempts(&world.app.db, id).await.expect("attempts")[0].error_code.as_deref(), Some("run_silent"));
    })
    .await;
}

#[tokio::test]
async fn a_silent_run_that_has_ended_after_all_is_taken_at_its_word() {
    on_each(|world| async move {
        let id = world.create().await;
        world.train(id, 1, 2.0).await;
        let word = world.finished(id, 1, 3.0).await;
        *world.cluster.last_word.lock().expect("no panic") = Some(word);
        world.clock.advance(Duration::minutes(61));
        let view = world.until_status(id, JobStatus::Completed).await;
        assert_eq!((view.attempt, view.failure), (1, None));
        assert!(world.cluster.run(id, 1).cancelled, "it was told to stop, and had ended");
    })
    .await;
}

#[tokio::test]
async fn a_run_that_ended_while_nobody_asked_is_heard_before_it_is_given_up() {
    on_each(|world| async move {
        let id = world.create().await;
        world.train(id, 1, 2.0).await;
        world.worker.leave().await;
        world.clock.advance(Duration::minutes(90));
        world.finish(id, 1, 3.0).await;
        *world.cluster.unreachable.lock().expect("no panic") = true;
        let worker = Arc::new(Worker::new(world.app.clone()));
        worker.reconcile().await.expect("taken up again");
        let followed = || async { db::jobs::get(&world.app.db, id).await.expect("read").expect("there").lease_owner.is_some() };
        let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(20);
        while !followed().await {
            assert!(tokio::time::Instant::now() < deadline, "followed in time");
            tokio::task::yield_now().await;
        }
        assert_eq!(world.view(id).await.attempt, 1);
        *world.cluster.unreachable.lock().expect("no panic") = false;
        let view = world.until_status(id, JobStatus::Completed).await;
        assert_eq!((view.attempt, world.cluster.run(id, 1).cancelled), (1, false));
        worker.leave().await;
    })
    .await;
}

#[tokio::test]
async fn no_signature_of_an_address_is_written_down() {
    on_each(|world| async move {
        const SECRET: &str = "c0ffee5ec2e7";
        let id = world.create().await;
        world.train(id, 1, 2.0).await;
        let said = format!("cannot read (https://s3.example.org/b/k?X-Amz-Signature={SECRET}): closed");
        let kind = |message: String| cluster::TrainerEventKind::Log { level: LogLevel::Warning, message };
        world.say(id, 1, 2.5, kind(said.clone()));
        let error = cluster::TrainerEventKind::Error { code: "run_failed".to_owned(), message: said.clone(), transient: false };
        world.say(id, 1, 3.0, error);
        let view = world.until_status(id, JobStatus::Failed).await;
        assert!(view.failure.as_ref().is_some_and(|failure| failure.message.contains("https://s3.example.org/b/k?…")), "{view:?}");
        let dead = world.create().await;
        world.train(dead, 1, 2.0).await;
        world.cluster.end(dead, 1, ended(Some(1), None, &said));
        world.until_status(dead, JobStatus::Failed).await;
        for id in [id, dead] {
            let events = app::jobs::events(&world.app, &world.caller, Topic::Job(id), 0, 100).await.expect("events");
            let logs = db::jobs::last_logs(&world.app.db, id, &db::jobs::LogFilter::default(), 99).await.expect("logs");
            let row = db::jobs::get(&world.app.db, id).await.expect("read").expect("there");
            let attempts = db::jobs::attempts(&world.app.db, id).await.expect("attempts");
            let told = db::notifications::list(&world.app.db, world.caller.user_id, false, db::Page::first(99)).await.expect("told");
            let all = format!("{events:?} {logs:?} {row:?} {attempts:?} {told:?}");
            assert!(all.contains("s3.example.org") && !all.contains(SECRET), "{all}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_run_that_stops_at_its_time_limit_is_cancelled_for_that_reason() {
    on_each(|world| async move {
        let id = world.create().await;
        world.train(id, 1, 2.0).await;
        world.say(id, 1, 24.0 * 3600.0, cluster::TrainerEventKind::Stopped { step: 40, checkpoint_saved: true });
        world.cluster.end(id, 1, ended(Some(3), None, ""));
        let view = world.until_status(id, JobStatus::Cancelled).await;
        assert_eq!((view.cancel_reason, view.can_retry, view.attempt), (Some(CancelReason::MaxDuration), true, 1));
    })
    .await;
}

#[tokio::test]
async fn who_waits_knows_when_and_is_warned_once_of_a_long_wait() {
    on_each(|world| async move {
        *world.cluster.capacity.lock().expect("no panic") = Some(1);
        let (first, second, third) = (world.try_create().await, world.try_create().await, world.try_create().await);
        let accepted = [first, second, third].map(|created| created.expect("accepted"));
        let told = accepted.each_ref().map(|created| created.expected_start_at.expect("known"));
        assert!(told[0] <= world.clock.now() && told[0] < told[1] && told[1] < told[2], "{told:?}");
        assert_eq!(accepted.each_ref().map(|created| created.queue_position), [Some(1), Some(2), Some(3)]);
        let [first, second, third] = accepted.map(|created| created.job_id);
        world.launch(first, 1).await;
        let seconds_of = |view: &app::jobs::JobView| (view.expected_start_at.expect("known") - world.clock.now()).num_seconds();
        let (two, three) = (world.view(second).await, world.view(third).await);
        assert_eq!((two.queue_position, three.queue_position), (Some(1), Some(2)));
        let (until_two, until_three) = (seconds_of(&two), seconds_of(&three));
        assert!(until_two > 0 && until_three > until_two, "{until_two} {until_three}");
        assert_eq!(world.view(first).await.expected_start_at, None);
        for _ in 0..3 {
            world.clock.advance(Duration::minutes(40));
            world.worker.dispatch().await.expect("dispatched");
        }
        let logs = db::jobs::last_logs(&world.app.db, third, &db::jobs::LogFilter::default(), 9).await.expect("logs");
        let warned = logs.iter().filter(|line| line.level == LogLevel::Warning && line.message.contains("waiting for 80 minutes"));
        assert_eq!(warned.count(), 1, "{logs:?}");
        assert!(app::health::figures(&world.app).await.expect("figures").oldest_queued_seconds >= 7200);
    })
    .await;
}

#[tokio::test]
async fn two_workers_together_keep_the_tiers_limit() {
    for database in testkit::databases() {
        let world = World::with(database, TierLimits { concurrent_jobs: 2, ..TierLimits::default() }).await;
        for _ in 0..6 {
            world.create().await;
        }
        let others: Vec<_> = (0..3).map(|_| Arc::new(Worker::new(world.app.clone()))).collect();
        let dispatched = futures::future::join_all(others.iter().map(|worker| worker.dispatch())).await;
        dispatched.into_iter().for_each(|done| done.expect("dispatched"));
        let counts = db::jobs::counts(&world.app.db, &db::jobs::JobFilter::default()).await.expect("counts");
        assert_eq!(counts.get(&JobStatus::Queued), Some(&4), "{counts:?}");
        for worker in others {
            worker.leave().await;
        }
    }
}

#[tokio::test]
async fn all_who_watch_are_handed_the_same_frames_and_a_slow_one_is_told() {
    on_each(|world| async move {
        let id = world.create().await;
        let (hub, db) = (&world.app.hub, &world.app.db);
        let mut watchers = Vec::new();
        for _ in 0..3 {
            watchers.push(hub.subscribe(db, Topic::Job(id)).await.expect("subscribed"));
        }
        let mut account = hub.subscribe(db, Topic::Account(world.caller.user_id)).await.expect("subscribed");
        assert_eq!(hub.waiting(), (2, 4));
        world.launch(id, 1).await;
        let mut frames = Vec::new();
        for watcher in &mut watchers {
            let Next::Frame(frame) = watcher.next().await else { panic!("an event") };
            frames.push(frame);
        }
        assert!(frames.iter().all(|frame| Arc::ptr_eq(frame, &frames[0])), "read once");
        let Next::Frame(frame) = account.next().await else { panic!("an event") };
        assert_eq!((frame.event.job_id, frame.number), (id, frame.event.user_seq));
        world.say(id, 1, 0.0, started(None));
        for step in 1..=400_u32 {
            world.say(id, 1, 1.0, super::world::metrics(u64::from(step), 1.0, None));
        }
        world.say(id, 1, 1.0, progress(90.0, 400));
        world.until(id, |view| view.current_step == Some(400)).await;
        let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(20);
        let behind = async {
            loop {
                if let Next::Behind = watchers[0].next().await {
                    return;
                }
            }
        };
        tokio::time::timeout_at(deadline, behind).await.expect("told in time");
        drop((watchers, account));
        assert_eq!(hub.waiting(), (0, 0));
        world.cluster.end(id, 1, RunState::Lost { last_lines: Vec::new() });
        world.clock.advance(seconds(1));
    })
    .await;
}

#[tokio::test]
async fn events_are_numbered_by_account_without_a_gap_however_many_jobs_write() {
    on_each(|world| async move {
        let mut jobs = Vec::new();
        for _ in 0..4 {
            jobs.push(world.create().await);
        }
        let user = world.caller.user_id;
        let write = |job| {
            let app = world.app.clone();
            tokio::spawn(async move {
                for n in 0..10 {
                    let now = app.clock.now();
                    let event = db::jobs::NewEvent::new("log", serde_json::json!({ "n": n }), now);
                    let change = |_: &mut db::jobs::Job, effects: &mut db::jobs::JobEffects| effects.events.push(event);
                    db::jobs::update(&app.db, job, now, change).await.expect("written");
                }
            })
        };
        let writers: Vec<_> = jobs.iter().map(|job| write(*job)).collect();
        // Whoever reads meanwhile never sees a number before an earlier one.
        let mut seen = 0;
        while seen < 44 {
            for event in db::jobs::user_events_after(&world.app.db, user, seen, 7).await.expect("events") {
                assert_eq!(event.user_seq, seen + 1);
                seen = event.user_seq;
            }
        }
        for writer in writers {
            writer.await.expect("written");
        }
        assert_eq!(db::jobs::last_user_seqs(&world.app.db, &[user]).await.expect("read").get(&user), Some(&44));
    })
    .await;
}
