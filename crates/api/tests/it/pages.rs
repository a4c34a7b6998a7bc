//! Lists by page: whatever they are sorted by, pages neither overlap nor leave anything out, also where all rows are equal.

use crate::document::{Operation, operations, resolved};
use crate::world::{Account, World, on_each};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The orders that a list declares; one without a name where it has but one.
fn orders(operation: Operation) -> Vec<String> {
    let parameters = operation.entry["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    let sort = parameters.iter().find(|parameter| parameter["name"] == "sortBy");
    let values = sort.and_then(|sort| resolved(&sort["schema"])["enum"].as_array());
    match values {
        Some(values) => values.iter().filter_map(Value::as_str).map(|value| format!("&sortBy={value}")).collect(),
        None => vec![String::new()],
    }
}

/// Ids of all rows, two a page.
async fn all(world: &World, path: &str, query: &str, who: &Account) -> (Vec<String>, u64) {
    let mut ids = Vec::new();
    for page in 1.. {
        let answer = world.get(&format!("{path}?page={page}&pageSize=2{query}"), who).await;
        let (data, meta) = (answer.data(), answer.json()["meta"]["pagination"].clone());
        let rows = data.as_object().expect("an object").values().find_map(Value::as_array).expect("a list").clone();
        assert!(rows.len() <= 2, "{path}: {}", rows.len());
        let id = |row: &Value| row["id"].as_str().map_or_else(|| row.to_string(), str::to_owned);
        ids.extend(rows.iter().map(id));
        if meta["hasMore"] == false {
            return (ids, meta["total"].as_u64().expect("a total"));
        }
    }
    unreachable!("a list ends")
}

#[tokio::test]
async fn pages_of_equal_rows_neither_overlap_nor_leave_anything_out() {
    on_each(|world| async move {
        let who = &world.admin;
        // The clock stands still, so that rows are alike in all that lists are sorted by.
        for n in 0..5 {
            world.model(who, "Same").await;
            world.notification(who).await;
            world.post("/api/webhooks", Some(who), json!({ "url": "https://example.org/hook" })).await.data();
            world.post("/api/admin/invitations", Some(who), json!({})).await.data();
            let name = format!("configuration {n}");
            world.post("/api/configurations", Some(who), json!({ "name": name, "settings": { "presetId": "balanced" } })).await.data();
            world.stored_account().await;
        }
        let webhook = world.get("/api/webhooks", who).await.data()["webhooks"][0]["id"].as_str().expect("an id").to_owned();
        for _ in 0..5 {
            world.post(&format!("/api/webhooks/{webhook}/test"), Some(who), Value::Null).await.data();
        }
        let mut seen = BTreeSet::new();
        for operation in operations().filter(|operation| operation.method == "get") {
            let parameters = operation.entry["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
            // Pages of files count models, of which each has several.
            if !parameters.iter().any(|parameter| parameter["name"] == "pageSize") || operation.path == "/api/models/artifacts" {
                continue;
            }
            let path = operation.path.replace("{id}", &webhook);
            for query in orders(operation) {
                let (ids, total) = all(&world, &path, &query, who).await;
                let different: BTreeSet<&String> = ids.iter().collect();
                assert!(ids.len() >= 5, "{path}{query} has {} rows", ids.len());
                assert_eq!((different.len(), total), (ids.len(), ids.len() as u64), "{path}{query}: {ids:?}");
            }
            seen.insert(operation.path);
        }
        for list in ["/api/datasets", "/api/jobs", "/api/models", "/api/notifications", "/api/admin/users", "/api/admin/audit"] {
            assert!(seen.contains(list), "{list} is no list by page: {seen:?}");
        }
    })
    .await;
}
