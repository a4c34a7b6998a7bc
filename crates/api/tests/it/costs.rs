//! Costs: whose, of when, and the month against the budget.

use crate::world::{Account, World, on_each};
use chrono::{DateTime, Utc};
use domain::cost::CostType;
use domain::{Clock, CostRecordId, JobId, MicroUsd, Role};
use serde_json::{Value, json};

async fn record(world: &World, who: &Account, job: JobId, kind: CostType, usd: f64, at: DateTime<Utc>) {
    let record = db::costs::CostRecord {
        id: CostRecordId::new(at),
        user_id: who.id,
        job_id: Some(job),
        attempt: 1,
        cost_type: kind,
        amount: MicroUsd::from_usd(usd),
        details: None,
        billing_period: at,
        recorded_at: at,
    };
    db::costs::upsert(&world.app.db, &[record]).await.expect("written");
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

#[tokio::test]
async fn costs_are_listed_by_time_and_by_owner() {
    on_each(|world| async move {
        let (first, second, bobs) = (world.job(&world.ada).await, world.job(&world.ada).await, world.job(&world.bob).await);
        record(&world, &world.ada, first, CostType::Compute, 1.25, at("2030-03-01T10:00:00Z")).await;
        record(&world, &world.ada, first, CostType::Storage, 0.25, at("2030-03-01T11:00:00Z")).await;
        record(&world, &world.ada, second, CostType::Compute, 4.5, at("2030-03-05T23:59:59Z")).await;
        record(&world, &world.bob, bobs, CostType::DataTransfer, 10.0, at("2030-03-02T00:00:00Z")).await;
        let costs = async |who: &Account, query: &str| world.get(&format!("/api/costs{query}"), who).await.data();
        let days = |data: &Value| {
            data["costs"].as_array().expect("a list").iter().map(|row| row["date"].as_str().expect("a day").to_owned()).collect::<Vec<_>>()
        };

        let all = costs(&world.ada, "").await;
        assert_eq!(days(&all), ["2030-03-01", "2030-03-05"]);
        assert_eq!(
            all["costs"][0],
            json!({ "date": "2030-03-01", "compute": 1.25, "storage": 0.25, "dataTransfer": 0.0, "apiCalls": 0.0, "total": 1.5 })
        );
        assert_eq!((all["summary"]["totalSpend"].as_f64(), all["summary"]["averageJobCost"].as_f64()), (Some(6.0), Some(3.0)));
        assert_eq!(
            (all["summary"]["mostExpensiveJob"]["id"].as_str(), all["summary"]["mostExpensiveJob"]["cost"].as_f64()),
            (Some(second.to_string().as_str()), Some(4.5))
        );
        assert_eq!(days(&costs(&world.ada, "?groupBy=month").await), ["2030-03-01"]);
        assert_eq!(days(&costs(&world.ada, "?groupBy=week").await), ["2030-02-25", "2030-03-04"]);
        // The last day is included.
        assert_eq!(days(&costs(&world.ada, "?startDate=2030-03-02&endDate=2030-03-05").await), ["2030-03-05"]);
        assert_eq!(days(&costs(&world.ada, "?endDate=2030-03-04T12:00:00Z").await), ["2030-03-01"]);
        assert_eq!(costs(&world.ada, &format!("?jobId={first}")).await["summary"]["totalSpend"], 1.5);
        world.get(&format!("/api/costs?jobId={bobs}"), &world.ada).await.fails(404, "JOB_NOT_FOUND", None);

        assert_eq!(costs(&world.admin, "").await["summary"]["totalSpend"], 16.0);
        db::users::update(&world.app.db, world.bob.id, |user| user.role = Role::BillingAdmin).await.expect("written");
        assert_eq!(costs(&world.bob, "").await["summary"]["totalSpend"], 16.0);
        assert_eq!(costs(&world.bob, &format!("?jobId={first}")).await["summary"]["totalSpend"], 1.5);
        world.get(&format!("/api/jobs/{first}"), &world.bob).await.fails(404, "JOB_NOT_FOUND", None);
    })
    .await;
    let world = World::new().await;
    for (query, field) in [
        ("startDate=March", "startDate"),
        ("endDate=2030-13-01", "endDate"),
        ("groupBy=year", "groupBy"),
        ("startDate=2030-02-01&endDate=2030-01-01", "endDate"),
    ] {
        world.get(&format!("/api/costs?{query}"), &world.ada).await.fails(400, "VALIDATION_ERROR", Some(field));
    }
}

#[tokio::test]
async fn the_month_is_told_against_the_budget() {
    let world = World::new().await;
    let job = world.job(&world.ada).await;
    let month = world.get("/api/costs/summary", &world.ada).await.data();
    assert_eq!(
        (month["currentMonth"]["spent"].as_f64(), month["currentMonth"].get("budget"), &month["alerts"]),
        (Some(0.0), None, &json!([]))
    );
    assert!(month["currentMonth"]["held"].as_f64() > Some(0.0), "{month:#}");
    record(&world, &world.ada, job, CostType::Compute, 9.6, world.clock.now()).await;
    db::users::update(&world.app.db, world.ada.id, |user| user.monthly_budget = Some(MicroUsd::from_usd(10.0))).await.expect("written");
    let month = world.get("/api/costs/summary", &world.ada).await.data();
    let current = &month["currentMonth"];
    assert_eq!((current["spent"].as_f64(), current["budget"].as_f64(), current["remaining"].as_f64()), (Some(9.6), Some(10.0), Some(0.4)));
    assert!(current["projectedTotal"].as_f64() >= Some(9.6) && current["daysRemaining"].is_u64());
    let alerts: Vec<_> =
        month["alerts"].as_array().expect("a list").iter().map(|alert| (alert["threshold"].as_u64(), alert["type"].as_str())).collect();
    assert_eq!(alerts, [(Some(95), Some("critical")), (Some(80), Some("warning"))]);
}
