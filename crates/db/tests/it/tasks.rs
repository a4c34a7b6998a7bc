//! The queue's table.

use crate::{at, on_each};
use db::tasks::{self, NewTask, PutBack, TaskCounts};
use serde_json::json;
use std::collections::BTreeSet;
use uuid::Uuid;

fn task(number: i64, key: Option<&str>) -> NewTask {
    NewTask {
        id: Uuid::now_v7(),
        payload: json!({ "number": number }),
        dedupe_key: key.map(str::to_owned),
        run_at: at(number),
        max_attempts: 3,
        created_at: at(0),
    }
}

#[tokio::test]
async fn each_task_is_claimed_by_one_worker() {
    on_each(async |db| {
        let all: Vec<NewTask> = (0..30).map(|i| task(i, None)).collect();
        assert_eq!(tasks::push(&db, &all).await.expect("push"), 30);
        let workers: Vec<_> = (0..6)
            .map(|w| {
                let db = db.clone();
                tokio::spawn(async move {
                    let mut mine = Vec::new();
                    while tasks::any_due(&db, at(100)).await.expect("due") {
                        mine.extend(tasks::claim(&db, &format!("w{w}"), 4, at(100), at(130)).await.expect("claim"));
                    }
                    mine
                })
            })
            .collect();
        let (mut claimed, mut ids) = (0, BTreeSet::new());
        for worker in workers {
            for task in worker.await.expect("worker") {
                assert_eq!((task.attempt, task.max_attempts), (1, 3));
                claimed += 1;
                ids.insert(task.id);
            }
        }
        assert_eq!((claimed, ids.len()), (30, 30));
    })
    .await;
}

#[tokio::test]
async fn a_task_waits_for_its_time_and_the_oldest_goes_first() {
    on_each(async |db| {
        tasks::push(&db, &[task(20, None), task(10, None)]).await.expect("push");
        assert!(!tasks::any_due(&db, at(9)).await.expect("due"));
        assert!(tasks::claim(&db, "w", 9, at(9), at(40)).await.expect("claim").is_empty());
        let claimed = tasks::claim(&db, "w", 1, at(20), at(50)).await.expect("claim");
        assert_eq!(claimed[0].payload, json!({ "number": 10 }));
        let counts = TaskCounts { pending: 1, running: 1, failed: 0, oldest_due: Some(at(20)) };
        assert_eq!(tasks::counts(&db, at(25)).await.expect("counts"), counts);
    })
    .await;
}

#[tokio::test]
async fn a_lease_that_ran_out_frees_the_task_and_its_old_holder_is_shut_out() {
    on_each(async |db| {
        let new = task(0, None);
        tasks::push(&db, std::slice::from_ref(&new)).await.expect("push");
        tasks::claim(&db, "dead", 1, at(0), at(30)).await.expect("claim");
        assert!(tasks::renew(&db, new.id, "dead", at(40)).await.expect("renew"));
        assert!(!tasks::any_due(&db, at(39)).await.expect("due"));
        let again = tasks::claim(&db, "next", 1, at(40), at(70)).await.expect("claim");
        assert_eq!((again[0].id, again[0].attempt), (new.id, 2));
        assert!(!tasks::renew(&db, new.id, "dead", at(90)).await.expect("renew"));
        assert!(!tasks::finish(&db, new.id, "dead").await.expect("finish"));
        assert!(!tasks::give_up(&db, new.id, "dead", "no", at(41)).await.expect("give up"));
        let put_back = PutBack::Released { run_at: at(41) };
        assert!(!tasks::put_back(&db, new.id, "dead", put_back).await.expect("put back"));
        assert_eq!(tasks::expire_all(&db, at(50)).await.expect("expire"), 1);
        assert_eq!(tasks::claim(&db, "third", 1, at(50), at(80)).await.expect("claim")[0].attempt, 3);
        assert!(tasks::finish(&db, new.id, "third").await.expect("finish"));
        assert_eq!(tasks::counts(&db, at(99)).await.expect("counts"), TaskCounts::default());
    })
    .await;
}

#[tokio::test]
async fn of_one_key_one_task_waits_and_one_runs() {
    on_each(async |db| {
        let (first, second) = (task(0, Some("k")), task(0, Some("k")));
        assert_eq!(tasks::push(&db, &[first.clone(), task(0, Some("k"))]).await.expect("push"), 1);
        tasks::claim(&db, "w", 9, at(1), at(30)).await.expect("claim");
        assert!(tasks::is_queued(&db, "k").await.expect("queued"));
        assert_eq!(tasks::push(&db, std::slice::from_ref(&second)).await.expect("push"), 1, "what comes while it runs is not lost");
        assert!(!tasks::any_due(&db, at(2)).await.expect("due"), "but waits for it");
        let retry = PutBack::Retry { run_at: at(5), error: "busy".to_owned() };
        assert!(tasks::put_back(&db, first.id, "w", retry).await.expect("put back"), "the one that waits takes its place");
        let claimed = tasks::claim(&db, "w", 9, at(2), at(30)).await.expect("claim");
        assert_eq!(claimed.iter().map(|t| t.id).collect::<Vec<_>>(), [second.id]);
        assert!(tasks::finish(&db, second.id, "w").await.expect("finish"));
        assert!(!tasks::is_queued(&db, "k").await.expect("queued"));
        assert_eq!(tasks::push(&db, &[task(0, Some("k"))]).await.expect("push"), 1, "done, so it may come again");
    })
    .await;
}

#[tokio::test]
async fn a_failed_try_counts_and_a_released_one_does_not() {
    on_each(async |db| {
        let new = task(0, Some("k"));
        tasks::push(&db, std::slice::from_ref(&new)).await.expect("push");
        let claim = async |now| tasks::claim(&db, "w", 1, at(now), at(now + 30)).await.expect("claim");
        claim(0).await;
        let retry = PutBack::Retry { run_at: at(5), error: "busy".to_owned() };
        assert!(tasks::put_back(&db, new.id, "w", retry).await.expect("retry"));
        assert!(claim(4).await.is_empty());
        let second = claim(5).await;
        assert_eq!((second[0].attempt, second[0].last_error.as_deref()), (2, Some("busy")));
        assert!(tasks::put_back(&db, new.id, "w", PutBack::Released { run_at: at(6) }).await.expect("release"));
        assert_eq!(claim(6).await[0].attempt, 2);
        assert!(tasks::give_up(&db, new.id, "w", "broken", at(7)).await.expect("give up"));
        assert!(claim(1000).await.is_empty());
        assert_eq!(tasks::counts(&db, at(8)).await.expect("counts").failed, 1);
        assert_eq!(tasks::push(&db, &[task(0, Some("k"))]).await.expect("push"), 1, "given up, so it may come again");
        assert_eq!((tasks::purge(&db, at(7)).await.expect("purge"), tasks::purge(&db, at(8)).await.expect("purge")), (0, 1));
    })
    .await;
}
