//! What a read costs: its database statements, counted.

use crate::world::{World, on_each};
use serde_json::json;

/// Each read with its statements. A figure that grows is a decision: docs/benchmarks.md has them.
async fn reads(world: &World) -> Vec<(String, u64)> {
    let job = world.job(&world.ada).await;
    let (model, _) = world.model(&world.ada, "Hers").await;
    world.notification(&world.ada).await;
    let dataset = world.ready_dataset(&world.ada, "Talks").await.id;
    vec![
        ("/api/auth/me".to_owned(), 1),
        ("/api/catalogue".to_owned(), 1),
        ("/api/jobs?pageSize=1".to_owned(), 4),
        (format!("/api/jobs/{job}"), 6),
        (format!("/api/jobs/{job}/metrics?points=100"), 3),
        (format!("/api/jobs/{job}/logs"), 3),
        ("/api/notifications?pageSize=1".to_owned(), 3),
        ("/api/costs/summary".to_owned(), 4),
        ("/api/activity".to_owned(), 3),
        ("/api/datasets?pageSize=1".to_owned(), 3),
        (format!("/api/datasets/{dataset}"), 3),
        ("/api/models".to_owned(), 4),
        (format!("/api/models/{model}"), 8),
    ]
}

#[tokio::test]
async fn reads_take_few_statements() {
    on_each(|world| async move {
        let reads = reads(&world).await;
        // What is kept for a moment is there, and the session was seen this minute.
        world.get("/api/jobs", &world.ada).await.data();
        let mut wrong = Vec::new();
        for (path, expected) in reads {
            let before = world.app.db.figures().statements;
            world.get(&path, &world.ada).await.data();
            let took = world.app.db.figures().statements - before;
            if took != expected {
                wrong.push(format!("GET {path}: {took} statements, not {expected}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    })
    .await;
}

#[tokio::test]
async fn what_is_kept_for_a_moment_is_forgotten_when_it_is_changed() {
    on_each(|world| async move {
        let job = world.job(&world.ada).await;
        let shown = async || {
            let offered = world.get("/api/catalogue", &world.ada).await.data()["instanceTypes"].clone();
            let offered = offered.as_array().expect("a list").iter().find(|i| i["id"] == "local-cpu").expect("there").clone();
            let of_job = world.get(&format!("/api/jobs/{job}"), &world.ada).await.data()["job"].to_string();
            (offered["displayName"].as_str().expect("a name").to_owned(), offered["ratePerHour"].clone(), of_job)
        };
        let before = shown().await;
        let change = json!({ "displayName": "The old laptop", "ratePerHour": 0.07 });
        world.patch("/api/admin/instances/local-cpu", &world.admin, change).await.data();
        let after = shown().await;
        assert_ne!(before.0, after.0);
        assert_eq!((&*after.0, &after.1), ("The old laptop", &json!(0.07)));
        assert!(after.2.contains("The old laptop"), "{}", after.2);
    })
    .await;
}
