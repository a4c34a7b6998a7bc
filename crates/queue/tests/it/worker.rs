//! What becomes of tasks.

use crate::handler::{Answer, Report, World, task};
use Answer::{Done, Hang, Panic, Permanent, Transient, UntilStopped};
use Report::{Dropped, GaveUp, Tried};
use db::tasks::{self, TaskCounts};
use queue::{Settings, Task, WorkerOptions};
use std::time::{Duration, Instant};

const ONE: WorkerOptions = WorkerOptions { concurrency: 1, only_worker: false };
const SECOND: Duration = Duration::from_secs(1);

async fn on_each(test: impl AsyncFn(World)) {
    on_each_with(Settings::default(), test).await;
}

async fn on_each_with(settings: Settings, test: impl AsyncFn(World)) {
    for database in testkit::databases() {
        // Shown when the test fails.
        println!("on {}", database.kind);
        test(World::new(database.migrated().await, settings)).await;
    }
}

#[tokio::test]
async fn a_task_is_done_soon_after_it_is_queued_and_then_gone() {
    on_each(async |mut world| {
        let (worker, stop) = world.start(ONE);
        world.barrier(1).await;
        let start = Instant::now();
        world.barrier(2).await;
        println!("picked up after {:?}", start.elapsed());
        // A task of a transaction of somebody else's, whom nobody told to wake us.
        let prepared = world.queue.prepare(&task(3));
        let start = Instant::now();
        tasks::push(&world.db, &[prepared]).await.expect("push");
        assert_eq!(world.report().await, Tried(3, 1));
        println!("found after {:?}", start.elapsed());
        stop.cancel();
        worker.await.expect("worker");
        assert_eq!(world.queue.counts().await.expect("counts"), TaskCounts::default());
    })
    .await;
}

#[tokio::test]
async fn a_passing_error_is_tried_three_times_with_a_pause_that_doubles() {
    on_each(async |mut world| {
        world.answer(1, [Transient, Panic, Transient]);
        let _worker = world.start(ONE);
        world.barrier(1).await;
        world.barrier(2).await;
        world.advance(SECOND * 4);
        world.barrier(3).await;
        world.advance(SECOND);
        assert_eq!(world.report().await, Tried(1, 2), "after 5 seconds");
        world.barrier(4).await;
        world.advance(SECOND * 9);
        world.barrier(5).await;
        world.advance(SECOND);
        assert_eq!(world.report().await, Tried(1, 3), "after 10 more");
        assert_eq!(world.report().await, GaveUp(1, "busy".to_owned()));
        world.advance(SECOND * 10_000);
        world.barrier(6).await;
        let counts = world.queue.counts().await.expect("counts");
        assert_eq!((counts.failed, counts.pending), (1, 0));
        assert_eq!(world.queue.purge(chrono::Duration::days(30)).await.expect("purge"), 0);
        assert_eq!(world.queue.purge(chrono::Duration::seconds(1)).await.expect("purge"), 1);
    })
    .await;
}

#[tokio::test]
async fn a_final_error_is_given_up_at_once_and_told_until_it_is_heard() {
    on_each(async |mut world| {
        world.answer(1, [Permanent, Done]);
        world.be_deaf(1);
        let _worker = world.start(ONE);
        world.barrier(1).await;
        assert_eq!(world.report().await, GaveUp(1, "broken".to_owned()));
        world.barrier(2).await;
        // Nobody heard it. The lease ends, and as tries are left the work is tried again; done twice it is as done once.
        world.advance(SECOND * 30);
        assert_eq!(world.report().await, Tried(1, 2));
        world.answer(3, [Permanent]);
        world.barrier(3).await;
        assert_eq!(world.report().await, GaveUp(3, "broken".to_owned()));
        world.barrier(4).await;
        assert_eq!(world.queue.counts().await.expect("counts").failed, 1);
    })
    .await;
}

#[tokio::test]
async fn what_a_killed_worker_leaves_is_done_by_another_when_its_lease_ends() {
    on_each(async |mut world| {
        world.answer(1, [Hang]);
        let (first, _) = world.start(ONE);
        world.barrier(1).await;
        first.abort();
        assert_eq!(world.report().await, Dropped(1));
        let _second = world.start(ONE);
        world.advance(SECOND * 29);
        world.barrier(2).await;
        world.advance(SECOND);
        assert_eq!(world.report().await, Tried(1, 2));
        world.barrier(3).await;
        assert!(!world.queue.contains(&task(1)).await.expect("query"));
    })
    .await;
}

#[tokio::test]
async fn the_only_worker_takes_over_at_once() {
    on_each(async |mut world| {
        world.answer(1, [Hang]);
        let (first, _) = world.start(ONE);
        world.barrier(1).await;
        first.abort();
        assert_eq!(world.report().await, Dropped(1));
        let _second = world.start(WorkerOptions { only_worker: true, ..ONE });
        assert_eq!(world.report().await, Tried(1, 2));
    })
    .await;
}

#[tokio::test]
async fn a_task_that_kills_its_workers_is_given_up() {
    on_each(async |mut world| {
        world.answer(1, [Hang, Hang, Hang]);
        world.push(1).await;
        for attempt in 1..=3 {
            let (worker, _) = world.start(ONE);
            assert_eq!(world.report().await, Tried(1, attempt));
            worker.abort();
            assert_eq!(world.report().await, Dropped(1));
            world.advance(SECOND * 30);
        }
        let _last = world.start(ONE);
        assert_eq!(world.report().await, GaveUp(1, "the worker ended while it worked on it".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn a_worker_that_lost_its_lease_stops_and_settles_nothing() {
    let settings = Settings { lease: Duration::from_millis(60), ..Settings::default() };
    on_each_with(settings, async |mut world| {
        world.answer(1, [Hang, Hang]);
        let (worker, stop) = world.start(ONE);
        world.barrier(1).await;
        let start = domain::Clock::now(&*world.clock);
        // It keeps its lease while it works: after each step of the clock it is extended by as much.
        for step in 1..=5 {
            world.advance(settings.lease / 2);
            let until = start + chrono::Duration::milliseconds(30 * step + 59);
            while tasks::any_due(&world.db, until).await.expect("due") {
                tokio::task::yield_now().await;
            }
        }
        tasks::expire_all(&world.db, start).await.expect("expire");
        // Somebody else may be quicker than the renewal, or not: then it is claimed the next time.
        let long = start + chrono::Duration::days(1);
        loop {
            tasks::expire_all(&world.db, start).await.expect("expire");
            if !tasks::claim(&world.db, "other", 1, long, long + chrono::Duration::days(1)).await.expect("claim").is_empty() {
                break;
            }
        }
        assert_eq!(world.report().await, Dropped(1));
        world.barrier(2).await;
        stop.cancel();
        worker.await.expect("worker");
        let counts = world.queue.counts().await.expect("counts");
        assert_eq!((counts.running, counts.failed), (1, 0), "the other one has it still");
    })
    .await;
}

#[tokio::test]
async fn a_worker_that_stops_puts_back_what_it_has_not_done_and_the_try_does_not_count() {
    let settings = Settings { grace: Duration::from_millis(20), ..Settings::default() };
    on_each_with(settings, async |mut world| {
        world.answer(1, [UntilStopped]);
        world.answer(2, [Hang]);
        let (worker, stop) = world.start(WorkerOptions { concurrency: 2, ..ONE });
        world.barrier(1).await;
        world.barrier(2).await;
        stop.cancel();
        worker.await.expect("worker");
        assert_eq!(world.report().await, Dropped(2), "it did not stop by itself");
        assert_eq!(world.queue.counts().await.expect("counts").pending, 2);
        let _next = world.start(ONE);
        assert_eq!((world.report().await, world.report().await), (Tried(1, 1), Tried(2, 1)));
    })
    .await;
}

#[tokio::test]
async fn a_task_waits_once_and_runs_once_at_a_time() {
    on_each(async |mut world| {
        assert!(world.queue.push(&task(1)).await.expect("push"));
        assert!(!world.queue.push(&task(1)).await.expect("push"), "it waits already");
        world.answer(1, [UntilStopped]);
        let (worker, stop) = world.start(WorkerOptions { concurrency: 4, ..ONE });
        assert_eq!(world.report().await, Tried(1, 1));
        assert!(world.queue.push(&task(1)).await.expect("push"), "what comes while it runs is not lost");
        world.barrier(2).await;
        stop.cancel();
        worker.await.expect("worker");
        let counts = world.queue.counts().await.expect("counts");
        assert_eq!((counts.pending, counts.running), (1, 0), "the interrupted one and the waiting one are one");
    })
    .await;
}

#[tokio::test]
async fn many_workers_share_the_work() {
    on_each(async |mut world| {
        let workers: Vec<_> = (0..3).map(|_| world.start(WorkerOptions { concurrency: 2, ..ONE })).collect();
        for number in 1..=24 {
            world.push(number).await;
        }
        let mut done = Vec::new();
        for _ in 0..24 {
            match world.report().await {
                Tried(number, 1) => done.push(number),
                other => assert_eq!(other, Tried(0, 1), "each is tried once"),
            }
        }
        done.sort_unstable();
        assert_eq!(done, (1..=24).collect::<Vec<_>>());
        for (worker, stop) in workers {
            stop.cancel();
            worker.await.expect("worker");
        }
        assert_eq!(world.queue.counts().await.expect("counts"), TaskCounts::default());
    })
    .await;
}

#[tokio::test]
async fn a_task_of_a_kind_that_is_not_known_is_kept_as_failed_and_a_later_one_waits_for_its_time() {
    on_each(async |mut world| {
        let mut unknown = world.queue.prepare(&task(1));
        unknown.payload = serde_json::json!({ "task": "make_coffee" });
        let launch = Task::LaunchJob { job_id: domain::JobId(uuid::Uuid::from_u128(9)), attempt: 1 };
        let later = world.queue.prepare_at(&launch, domain::Clock::now(&*world.clock) + chrono::Duration::seconds(8));
        tasks::push(&world.db, &[unknown, later]).await.expect("push");
        let _worker = world.start(ONE);
        world.barrier(2).await;
        let counts = world.queue.counts().await.expect("counts");
        assert_eq!((counts.failed, counts.pending), (1, 1));
        world.advance(SECOND * 8);
        assert_eq!(world.report().await, Tried(0, 1));
    })
    .await;
}
