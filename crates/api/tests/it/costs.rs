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
        slice: 0,
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
        ("startDate=%2B20300-01-01", "startDate"),
        ("timezone=Mars/Olympus", "timezone"),
        ("scope=everything", "scope"),
        ("userId=me", "userId"),
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

#[tokio::test]
async fn days_are_those_of_the_time_zone() {
    let world = World::new().await;
    let job = world.job(&world.ada).await;
    // In the evening of the first in New York, on the second in Vienna.
    record(&world, &world.ada, job, CostType::Compute, 2.0, at("2030-03-02T02:30:00Z")).await;
    let days = async |query: &str| {
        let data = world.get(&format!("/api/costs?{query}"), &world.ada).await.data();
        data["costs"].as_array().expect("a list").iter().map(|row| row["date"].as_str().expect("a day").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(days("").await, ["2030-03-02"]);
    assert_eq!(days("timezone=America/New_York").await, ["2030-03-01"]);
    assert_eq!(days("timezone=America/New_York&groupBy=month").await, ["2030-03-01"]);
    assert_eq!(days("timezone=America/New_York&startDate=2030-03-01&endDate=2030-03-01").await, ["2030-03-01"]);
    assert!(days("timezone=America/New_York&startDate=2030-03-02").await.is_empty());
    assert!(days("timezone=Europe/Vienna&endDate=2030-03-01").await.is_empty());
    // What the account has set counts where nothing is said.
    world.patch("/api/settings", &world.ada, json!({ "timezone": "America/New_York" })).await.data();
    assert_eq!(days("").await, ["2030-03-01"]);
    assert_eq!(days("endDate=2030-03-02T03:00:00Z").await, ["2030-03-01"]);
    assert!(days("startDate=2030-03-02").await.is_empty());
    assert_eq!(days("timezone=UTC").await, ["2030-03-02"]);
    let file = world.get("/api/costs/export", &world.ada).await;
    assert!(String::from_utf8_lossy(&file.bytes).contains("\r\n2030-03-01,2030-03-02T02:30:00.000Z,"));
    // An instant stands for its day in the time zone.
    assert_eq!(days("timezone=America/New_York&endDate=2030-03-02T03:00:00Z").await, ["2030-03-01"]);
}

#[tokio::test]
async fn everybodys_costs_are_for_those_who_pay_the_bill() {
    let world = World::new().await;
    for (who, usd) in [(&world.ada, 1.0), (&world.bob, 2.0), (&world.admin, 4.0)] {
        record(&world, who, world.job(who).await, CostType::ApiCalls, usd, at("2030-03-01T10:00:00Z")).await;
    }
    let total = async |who: &Account, query: &str| {
        world.get(&format!("/api/costs?{query}"), who).await.data()["summary"]["totalSpend"].as_f64().expect("a sum")
    };
    let (ada, bob) = (world.ada.id, world.bob.id);
    assert_eq!(total(&world.ada, &format!("userId={ada}")).await, 1.0);
    world.get(&format!("/api/costs?userId={bob}"), &world.ada).await.fails(404, "USER_NOT_FOUND", None);
    world.get("/api/costs?scope=all", &world.ada).await.fails(403, "FORBIDDEN", Some("scope"));
    world.get("/api/costs/export?scope=all", &world.ada).await.fails(403, "FORBIDDEN", Some("scope"));
    db::users::update(&world.app.db, bob, |user| user.role = Role::BillingAdmin).await.expect("written");
    for who in [&world.admin, &world.bob] {
        assert_eq!(total(who, "scope=all").await, 7.0);
        assert_eq!(total(who, &format!("userId={ada}")).await, 1.0);
        let nobody = uuid::Uuid::from_u128(1);
        world.get(&format!("/api/costs?userId={nobody}"), who).await.fails(404, "USER_NOT_FOUND", None);
    }
    assert_eq!((total(&world.admin, "scope=mine").await, total(&world.bob, "scope=mine").await), (4.0, 2.0));
    let all = world.get("/api/costs?scope=all", &world.bob).await.data();
    let accounts: Vec<_> =
        all["accounts"].as_array().expect("a list").iter().map(|one| (one["email"].as_str(), one["total"].as_f64())).collect();
    let costs = [(&world.admin, 4.0), (&world.bob, 2.0), (&world.ada, 1.0)];
    assert_eq!(accounts, costs.map(|(who, total)| (Some(&*who.email), Some(total))), "by account, the highest first");
    assert_eq!(world.get("/api/costs", &world.ada).await.data().get("accounts"), None, "one's own are nobody else's");
    let sums = all["summary"].clone();
    assert_eq!((sums["apiCalls"].as_f64(), sums["compute"].as_f64()), (Some(7.0), Some(0.0)));
}

#[tokio::test]
async fn a_table_has_every_record_and_no_formula() {
    on_each(|world| async move {
        let ada = &world.ada;
        let dataset = world.ready_dataset(ada, "Talks").await.id.to_string();
        let mut body = crate::world::job_body(&dataset);
        body["name"] = json!("=cmd|'/c calc', \"x\"");
        let job: JobId = world.post("/api/jobs", Some(ada), body).await.data()["jobId"].as_str().expect("an id").parse().expect("an id");
        record(&world, ada, job, CostType::Compute, 1.25, at("2030-03-01T23:30:00Z")).await;
        record(&world, ada, job, CostType::Storage, 0.000_001, at("2030-03-02T10:00:00Z")).await;
        record(&world, &world.bob, world.job(&world.bob).await, CostType::Compute, 9.0, at("2030-03-01T23:30:00Z")).await;
        let answer = world.get("/api/costs/export?timezone=Europe/Vienna", ada).await;
        assert!(answer.headers["content-type"].to_str().expect("text").starts_with("text/csv"));
        assert!(answer.headers["content-disposition"].to_str().expect("text").contains(".csv"));
        let text = String::from_utf8(answer.bytes.to_vec()).expect("UTF-8");
        let lines: Vec<&str> = text.split("\r\n").collect();
        assert_eq!(lines.len(), 4, "a header, two records, an end of line: {text}");
        let user = ada.id;
        assert_eq!(lines[0], "date,recordedAt,userId,jobId,jobName,attempt,type,amountUsd,quantity,unit,rateUsd");
        let name = "\"'=cmd|'/c calc', \"\"x\"\"\"";
        assert_eq!(lines[1], format!("2030-03-02,2030-03-01T23:30:00.000Z,{user},{job},{name},1,compute,1.250000,,,"));
        assert_eq!(lines[2], format!("2030-03-02,2030-03-02T10:00:00.000Z,{user},{job},{name},1,storage,0.000001,,,"));
        let some = world.get(&format!("/api/costs/export?jobId={job}&startDate=2030-03-02"), ada).await;
        assert_eq!(String::from_utf8_lossy(&some.bytes).matches("storage").count(), 1);
        let all = world.get("/api/costs/export", &world.admin).await;
        assert_eq!(String::from_utf8_lossy(&all.bytes).split("\r\n").count(), 5, "an administrator's has everybody's");
    })
    .await;
}

#[tokio::test]
async fn a_month_is_projected_with_what_its_jobs_are_still_estimated_to_cost() {
    let world = World::new().await;
    let ada = &world.ada;
    let month = async || world.get("/api/costs/summary", ada).await.data()["currentMonth"].clone();
    let figure = |month: &Value, name: &str| month[name].as_f64().unwrap_or_else(|| panic!("{name} in {month:#}"));
    assert_eq!(figure(&month().await, "projectedTotal"), 0.0);
    let job = world.job(ada).await;
    let row = db::jobs::get(&world.app.db, job).await.expect("read").expect("there");
    let with_job = month().await;
    assert_eq!(figure(&with_job, "committed"), row.estimated_total_cost.usd());
    assert_eq!(figure(&with_job, "projectedTotal"), row.estimated_total_cost.usd());
    assert!(with_job.get("trendPercent").is_none());
    let now = world.clock.now();
    let ended = world.job(&world.bob).await;
    record(&world, ada, ended, CostType::Storage, 3.0, now).await;
    let last = (now - chrono::Months::new(1)).max(now - chrono::Duration::days(31));
    record(&world, ada, ended, CostType::Compute, 2.0, last).await;
    let later = month().await;
    assert_eq!((figure(&later, "spent"), figure(&later, "storage"), figure(&later, "previousMonth")), (3.0, 3.0, 2.0));
    assert!(figure(&later, "projectedTotal") >= 3.0 + row.estimated_total_cost.usd());
    if figure(&later, "previousMonthToDate") > 0.0 {
        assert_eq!(figure(&later, "trendPercent"), 50.0);
    }
}
