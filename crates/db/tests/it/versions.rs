//! Versions of data sets.

use crate::{at, on_each};
use db::datasets::versions::{self, Lineage, Version};
use db::datasets::{self, Dataset};
use db::tasks::{self, NewTask};
use domain::dataset::{DatasetFix, FixFigures};
use testkit::rows::{dataset, stored_user};
use uuid::Uuid;

fn version(child: &Dataset, parent: &Dataset) -> Version {
    let fixes = vec![DatasetFix::DropDuplicates, DatasetFix::MaskSecrets];
    Version { dataset_id: child.id, parent_id: parent.id, version: 2, fixes, report: None, made_at: None }
}

fn task(key: &str) -> NewTask {
    let payload = serde_json::json!({});
    NewTask { id: Uuid::new_v4(), payload, dedupe_key: Some(key.to_owned()), run_at: at(0), max_attempts: 3, created_at: at(0) }
}

#[tokio::test]
async fn a_version_is_stored_with_its_task_and_read_back() {
    on_each(async |db| {
        let ada = stored_user(&db, "ada@example.com", at(0)).await;
        let (parent, child) = (dataset(ada.id, "talks", at(0)), dataset(ada.id, "talks v2", at(1)));
        datasets::insert(&db, &parent).await.expect("insert");
        let mut expected = version(&child, &parent);
        versions::insert(&db, &child, &expected, task("v")).await.expect("insert");
        assert!(tasks::is_queued(&db, "v").await.expect("query"));
        assert_eq!(versions::get(&db, child.id).await.expect("get").as_ref(), Some(&expected));
        assert_eq!(versions::get(&db, parent.id).await.expect("get"), None);
        let lineage = async |id| versions::lineage(&db, id, 10).await.expect("lineage");
        let of_parent = Lineage { version: None, children: vec![(expected.clone(), "talks v2".to_owned())] };
        assert_eq!(lineage(parent.id).await, of_parent);
        assert_eq!(lineage(child.id).await, Lineage { version: Some(expected.clone()), children: Vec::new() });

        let report = FixFigures { dropped: 3, by_fix: [(DatasetFix::DropDuplicates, 3)].into(), ..FixFigures::default() };
        versions::made(&db, child.id, 77, &report, at(2)).await.expect("made");
        (expected.report, expected.made_at) = (Some(report), Some(at(2)));
        assert_eq!(versions::get(&db, child.id).await.expect("get"), Some(expected));
        assert_eq!(datasets::get(&db, child.id).await.expect("get").expect("there").file_size, 77);

        datasets::update(&db, child.id, at(3), |dataset, _| dataset.deleted_at = Some(at(3))).await.expect("update").expect("there");
        assert_eq!(lineage(parent.id).await, Lineage::default(), "what is deleted is not named");
    })
    .await;
}

#[tokio::test]
async fn a_version_that_cannot_be_stored_leaves_nothing() {
    on_each(async |db| {
        let ada = stored_user(&db, "ada@example.com", at(0)).await;
        let parent = dataset(ada.id, "talks", at(0));
        datasets::insert(&db, &parent).await.expect("insert");
        let mut taken = dataset(ada.id, "other", at(1));
        taken.s3_key.clone_from(&parent.s3_key);
        versions::insert(&db, &taken, &version(&taken, &parent), task("v")).await.expect_err("the key is taken");
        assert_eq!(datasets::get(&db, taken.id).await.expect("get"), None);
        assert_eq!(versions::get(&db, taken.id).await.expect("get"), None);
        assert!(!tasks::is_queued(&db, "v").await.expect("query"));
    })
    .await;
}
