//! Every list has an index behind it: whatever an operation that reads can be asked, the statements that it runs are planned.

use crate::document::{Operation, operations, resolved};
use crate::world::{SAMPLE, World, on_each};
use serde_json::Value;
use std::collections::BTreeSet;
use testkit::plans::{Statements, scan};

/// Not lists: they count everything there is, once a scrape or probe.
const COUNTS: &[&str] = &["/metrics", "/readyz", "/healthz"];

/// What reads a whole table for a reason: the rates that administrators changed are as many as there are kinds of machines, a handful.
fn reads_all_on_purpose(sql: &str) -> bool {
    sql.contains(r#"FROM "instance_overrides" ORDER BY"#)
}

/// The ways to ask: without anything, and with each value of each parameter.
fn queries(operation: Operation, dataset: &str, job: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    for parameter in operation.entry["parameters"].as_array().into_iter().flatten().filter(|parameter| parameter["in"] == "query") {
        let (name, schema) = (parameter["name"].as_str().expect("a name"), resolved(&parameter["schema"]));
        let values: Vec<String> = match (name, &schema["enum"]) {
            (_, Value::Array(values)) => values.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect(),
            ("datasetId", _) => vec![dataset.to_owned()],
            ("jobId", _) => vec![job.to_owned()],
            _ if schema["type"] == "boolean" => vec!["true".to_owned(), "false".to_owned()],
            _ => vec![parameter["example"].as_str().map_or_else(|| parameter["example"].to_string(), str::to_owned)],
        };
        all.extend(values.into_iter().map(|value| format!("?{name}={value}")));
    }
    all
}

#[tokio::test]
async fn every_list_has_an_index_behind_it() {
    on_each(|world| async move {
        let dataset = world.validated(&world.ada, "Talks", SAMPLE).await["id"].as_str().expect("an id").to_owned();
        let (model, _) = world.model(&world.ada, "Hers").await;
        let job = world.job(&world.ada).await.to_string();
        let (webhook, configuration) = (world.webhook(&world.ada).await.to_string(), world.configuration(&world.ada).await.to_string());
        let statements = Statements::record();
        let (mut problems, mut planned) = (Vec::new(), BTreeSet::new());
        for operation in operations().filter(|operation| operation.method == "get" && !COUNTS.contains(&operation.path)) {
            if operation.path.ends_with("/stream") {
                continue;
            }
            let id = match operation.path.split('/').nth(2).unwrap_or_default() {
                "datasets" => dataset.clone(),
                "models" => model.to_string(),
                "webhooks" => webhook.clone(),
                "configurations" => configuration.clone(),
                _ => job.clone(),
            };
            let who = if operation.path.starts_with("/api/admin") { &world.admin } else { &world.ada };
            for query in queries(operation, &dataset, &job) {
                let path = format!("{}{query}", operation.path.replace("{id}", &id).replace("{n}", "1"));
                world.call("GET", &path, Some(who), None).await;
                for sql in statements.take() {
                    if reads_all_on_purpose(&sql) || !planned.insert(sql.clone()) {
                        continue;
                    }
                    if let Some(scan) = scan(&world.app.db, &sql).await {
                        problems.push(format!("GET {path} reads a whole table on {scan}"));
                    }
                }
            }
        }
        assert!(problems.is_empty(), "{}", problems.join("\n"));
    })
    .await;
}

/// What runs every few seconds, whether anybody asks or not.
#[tokio::test]
async fn the_background_reads_no_whole_table() {
    on_each(|world: World| async move {
        world.job(&world.ada).await;
        let statements = Statements::record();
        app::datasets::reconcile(&world.app).await.expect("reconciled");
        let now = domain::Clock::now(&*world.clock);
        let db = &world.app.db;
        db::tasks::claim(db, "a worker", 5, now, now + chrono::Duration::seconds(30)).await.expect("claimed");
        db::tasks::any_due(db, now).await.expect("asked");
        db::tasks::is_queued(db, "a key").await.expect("asked");
        db::jobs::active(db).await.expect("listed");
        db::jobs::in_status(db, &[domain::job::JobStatus::Queued], 10).await.expect("listed");
        db::idempotency::purge(db, now).await.expect("purged");
        let mut problems = Vec::new();
        for sql in statements.take() {
            problems.extend(scan(db, &sql).await);
        }
        assert!(problems.is_empty(), "{}", problems.join("\n"));
    })
    .await;
}
