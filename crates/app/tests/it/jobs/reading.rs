//! What is read of jobs.

use app::jobs::{JobFilter, LogsQuery, MetricsQuery, UpdateJob};
use domain::job::{JobStatus, LogLevel};
use domain::run::TrainerEventKind as Kind;

use super::world::{metrics, on_each, progress, started};

#[tokio::test]
async fn metrics_and_logs_come_in_pages_and_samples() {
    on_each(|world| async move {
        let id = world.create().await;
        world.launch(id, 1).await;
        world.say(id, 1, 0.0, started(None));
        for step in 1..=300 {
            let loss = if step == 200 { 50.0 } else { 2.0 };
            world.say(id, 1, 1.0, metrics(step, loss, None));
        }
        world.say(id, 1, 1.0, Kind::Log { level: LogLevel::Warning, message: "A Strange thing".into() });
        world.say(id, 1, 1.0, progress(50.0, 300));
        world.until(id, |view| view.current_step == Some(300)).await;
        let read = |query| app::jobs::metrics(&world.app, &world.caller, id, query);
        let first = read(MetricsQuery::Page { cursor: None, limit: 200 }).await.expect("a page");
        assert_eq!((first.points.len(), first.total), (200, 300));
        let second = read(MetricsQuery::Page { cursor: first.next_cursor, limit: 200 }).await.expect("a page");
        assert_eq!((second.points.len(), second.points[0].metrics.step, second.next_cursor), (100, 201, None));
        let sampled = read(MetricsQuery::Sampled { points: 20 }).await.expect("a sample");
        assert!(sampled.points.len() <= 22 && sampled.points.iter().any(|p| p.metrics.step == 200), "the spike survives");
        assert!(read(MetricsQuery::Page { cursor: Some("x".into()), limit: 2 }).await.is_err());

        let logs = |query| app::jobs::logs(&world.app, &world.caller, id, query);
        let warnings = LogsQuery { level: Some(LogLevel::Warning), limit: 10, ..LogsQuery::default() };
        assert_eq!(logs(warnings).await.expect("lines").logs.len(), 1);
        let found = LogsQuery { search: Some("strange".into()), limit: 10, ..LogsQuery::default() };
        assert_eq!(logs(found).await.expect("lines").logs[0].message, "A Strange thing");
        let page = logs(LogsQuery { limit: 1, ..LogsQuery::default() }).await.expect("lines");
        let rest = logs(LogsQuery { cursor: page.next_cursor, limit: 9, ..LogsQuery::default() }).await.expect("lines");
        assert_eq!((page.logs.len(), rest.logs.len(), rest.next_cursor), (1, 1, None));
    })
    .await;
}

#[tokio::test]
async fn jobs_are_listed_counted_and_renamed() {
    on_each(|world| async move {
        let (first, second) = (world.create().await, world.create().await);
        app::jobs::cancel(&world.app, &world.caller, first, None).await.expect("cancelled");
        let filter = JobFilter { statuses: vec![JobStatus::Queued], page: 1, page_size: 10, ..JobFilter::default() };
        let list = app::jobs::list(&world.app, &world.caller, filter).await.expect("a list");
        assert_eq!((list.total, list.jobs[0].id, list.counts.queued, list.counts.cancelled), (1, second, 1, 1));
        assert_eq!((list.jobs[0].dataset_name.as_str(), list.jobs[0].dataset_pairs), ("Talks", 150));
        let change = UpdateJob { name: Some("  Helpdesk 2 ".into()), notes: Some("try a lower rate".into()) };
        let view = app::jobs::update(&world.app, &world.caller, second, change).await.expect("renamed");
        assert_eq!((view.name.as_str(), view.notes.as_deref()), ("Helpdesk 2", Some("try a lower rate")));
        let change = UpdateJob { name: Some("   ".into()), notes: None };
        let error = app::jobs::update(&world.app, &world.caller, second, change).await.expect_err("empty");
        assert_eq!(error.field.as_deref(), Some("name"));
    })
    .await;
}
