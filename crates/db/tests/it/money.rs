//! Costs and adapters: what must never be there twice.

use crate::jobs::{get, owner, stored};
use crate::{at, on_each};
use db::costs::{self, CostFilter, CostRecord};
use db::jobs::{self, Job, JobEffects};
use db::models::{self, ModelArtifact, ModelFilter, ModelSort, StoredFile};
use db::{Direction, Page};
use domain::cost::CostType;
use domain::job::JobStatus;
use domain::model::{ModelStatus, QualityMetrics};
use domain::{CostRecordId, DatasetId, JobId, MicroUsd, ModelId, UserId};
use serde_json::json;
use testkit::rows::job;

fn cost(user: UserId, job: JobId, attempt: u32, cost_type: CostType, amount: i64, seconds: i64) -> CostRecord {
    CostRecord {
        id: CostRecordId::new(at(seconds)),
        user_id: user,
        job_id: Some(job),
        attempt,
        cost_type,
        slice: 0,
        amount: MicroUsd(amount),
        details: Some(json!({ "seconds": 1.5 })),
        billing_period: at(0),
        recorded_at: at(seconds),
    }
}

#[tokio::test]
async fn a_job_costs_the_sum_of_its_records_and_a_repeated_step_never_bills_twice() {
    on_each(async |db| {
        let (user, dataset) = owner(&db).await;
        let id = stored(&db, &job(user, dataset, at(0))).await.id;
        let bill = async |records: Vec<CostRecord>| {
            jobs::update(&db, id, at(1), |_: &mut Job, effects: &mut JobEffects| effects.costs = records).await.expect("update");
            get(&db, id).await.current_cost
        };
        let compute = |attempt, amount| cost(user, id, attempt, CostType::Compute, amount, i64::from(attempt) * 10);
        assert_eq!(bill(vec![compute(1, 100), cost(user, id, 0, CostType::Storage, 10, 30)]).await, MicroUsd(110));
        assert_eq!(bill(vec![compute(1, 150)]).await, MicroUsd(160), "the same attempt");
        assert_eq!(bill(vec![compute(2, 5)]).await, MicroUsd(165), "another attempt");
        jobs::update(&db, id, at(2), |j, _| j.current_cost = MicroUsd(1)).await.expect("update");
        assert_eq!(get(&db, id).await.current_cost, MicroUsd(165), "nobody else sets it");
        let of = |from, until| CostFilter { user_id: Some(user), job_id: None, from: Some(at(from)), until: Some(at(until)) };
        let listed = costs::list(&db, &of(10, 21)).await.expect("list");
        assert_eq!(listed.iter().map(|c| (c.attempt, c.amount)).collect::<Vec<_>>(), [(1, MicroUsd(150)), (2, MicroUsd(5))]);
        assert_eq!(costs::sum(&db, &of(30, 31)).await.expect("sum"), MicroUsd(10));
        assert_eq!(costs::sum(&db, &of(31, 99)).await.expect("sum"), MicroUsd::ZERO);
        assert_eq!(costs::spent_in_month(&db, user, at(0)).await.expect("spent"), MicroUsd(165));
        assert_eq!(costs::spent_in_month(&db, user, at(9)).await.expect("spent"), MicroUsd::ZERO);
        let sums = costs::two_months(&db, user, (at(0), at(15), at(25), at(31))).await.expect("sums");
        assert_eq!(sums.month, [(CostType::Compute, MicroUsd::ZERO), (CostType::Storage, MicroUsd(10))].into());
        assert_eq!((sums.before, sums.before_to_date), (MicroUsd(155), MicroUsd(150)));
        costs::upsert(&db, &[compute(2, 6)]).await.expect("upsert");
        assert_eq!(costs::sum(&db, &CostFilter { job_id: Some(id), ..CostFilter::default() }).await.expect("sum"), MicroUsd(166));
    })
    .await;
}

fn adapter(user: UserId, job: JobId, dataset: DatasetId, seconds: i64, loss: Option<f64>, size: u64) -> ModelArtifact {
    let file = |name: &str, size| StoredFile { name: name.to_owned(), size, sha256: "00".to_owned(), key: format!("models/x/{name}") };
    ModelArtifact {
        id: ModelId::new(at(seconds)),
        user_id: user,
        job_id: job,
        dataset_id: dataset,
        name: format!("adapter {seconds}"),
        version: "1.0.0".to_owned(),
        description: None,
        status: ModelStatus::Stored,
        base_model: "brightrun/tiny-chat".to_owned(),
        quality_metrics: QualityMetrics { final_validation_loss: loss, ..QualityMetrics::default() },
        training_summary: json!({ "totalSteps": 81 }),
        configuration: json!({}),
        artifacts: vec![file("adapter_model.safetensors", size), file("adapter_config.json", 1)],
        parent_model_id: None,
        deployed_at: None,
        deleted_at: None,
        created_at: at(seconds),
        updated_at: at(seconds),
    }
}

#[tokio::test]
async fn a_job_that_completes_twice_has_one_adapter() {
    on_each(async |db| {
        let (user, dataset) = owner(&db).await;
        let id = stored(&db, &job(user, dataset, at(0))).await.id;
        let (first, second) = (adapter(user, id, dataset, 1, None, 9), adapter(user, id, dataset, 2, None, 9));
        for made in [&first, &second] {
            let change = |job: &mut Job, effects: &mut JobEffects| {
                (job.status, job.artifact_id) = (JobStatus::Completed, job.artifact_id.or(Some(made.id)));
                effects.model = Some(made.clone());
            };
            jobs::update(&db, id, at(3), change).await.expect("update").expect("there");
        }
        assert_eq!(get(&db, id).await.artifact_id, Some(first.id));
        assert_eq!(models::get(&db, first.id).await.expect("get").as_ref(), Some(&first));
        assert_eq!(models::get(&db, second.id).await.expect("get"), None);
        assert_eq!(models::insert(&db, &second).await.expect("insert"), first);
        assert_eq!(models::by_job(&db, id).await.expect("by job"), Some(first));
    })
    .await;
}

#[tokio::test]
async fn adapters_are_listed_changed_and_softly_deleted() {
    on_each(async |db| {
        let (user, dataset) = owner(&db).await;
        let mut ids = Vec::new();
        for (i, loss, size) in [(1, Some(2.0), 10), (2, None, 30), (3, Some(1.0), 20)] {
            let job = stored(&db, &job(user, dataset, at(i))).await;
            let mut made = adapter(user, job.id, dataset, i, loss, size);
            made.parent_model_id = ids.first().copied();
            ids.push(models::insert(&db, &made).await.expect("insert").id);
        }
        let mine = ModelFilter { user_id: Some(user), ..ModelFilter::default() };
        let list = async |sort| {
            let page = models::list(&db, &mine, sort, Direction::Descending, Page::first(10)).await.expect("list");
            page.rows.iter().map(|m| ids.iter().position(|id| *id == m.id).expect("known")).collect::<Vec<_>>()
        };
        assert_eq!((list(ModelSort::Created).await, list(ModelSort::Quality).await), (vec![2, 1, 0], vec![2, 0, 1]));
        assert_eq!(list(ModelSort::Size).await, [1, 2, 0]);
        let children = models::children(&db, &ids).await.expect("children");
        assert_eq!(children, [(ids[0], ids[1..].to_vec())].into());
        assert_eq!(models::totals(&db, Some(user)).await.expect("totals"), (3, 63));
        let archive = |m: &mut ModelArtifact| m.status = ModelStatus::Archived;
        models::update(&db, ids[0], at(9), archive).await.expect("update").expect("there");
        let archived = ModelFilter { status: Some(ModelStatus::Archived), ..mine.clone() };
        let page = models::list(&db, &archived, ModelSort::Created, Direction::Ascending, Page::first(10)).await.expect("list");
        assert_eq!(page.rows.iter().map(|m| (m.id, m.updated_at)).collect::<Vec<_>>(), [(ids[0], at(9))]);
        models::update(&db, ids[2], at(10), |m| m.deleted_at = Some(at(10))).await.expect("delete").expect("there");
        assert_eq!((models::get(&db, ids[2]).await.expect("get"), list(ModelSort::Created).await), (None, vec![1, 0]));
    })
    .await;
}
