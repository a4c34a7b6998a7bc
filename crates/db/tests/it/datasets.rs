//! Data sets.

use crate::{at, on_each};
use db::datasets::{self, DatasetFilter, DatasetSort, DatasetTotals};
use db::tasks::{self, NewTask};
use db::{Db, Direction, Page};
use domain::dataset::{DatasetFormat, DatasetStatistics, DatasetStatus, Finding, FindingGroup, Message, SampleConversation, Severity};
use domain::{DatasetId, UserId};
use serde_json::json;
use testkit::rows::{dataset, ready_dataset, stored_user};
use uuid::Uuid;

fn task(key: &str) -> NewTask {
    NewTask {
        id: Uuid::new_v4(),
        payload: json!({ "key": key }),
        dedupe_key: Some(key.to_owned()),
        run_at: at(0),
        max_attempts: 3,
        created_at: at(0),
    }
}

#[tokio::test]
async fn what_validation_found_is_read_back_as_it_was_written() {
    on_each(async |db| {
        let ada = stored_user(&db, "ada@example.com", at(0)).await;
        let mut expected = dataset(ada.id, "talks", at(0));
        datasets::insert(&db, &expected).await.expect("insert");
        assert_eq!(datasets::get(&db, expected.id).await.expect("get").as_ref(), Some(&expected));
        expected.status = DatasetStatus::Ready;
        expected.statistics = Some(DatasetStatistics {
            total_training_pairs: u64::from(u32::MAX) + 1,
            avg_tokens_per_turn: 0.1 + 0.2,
            quality_score: Some(4.5),
            vertical: Some("Finanz-Beratung für Ältere".to_owned()),
            ..DatasetStatistics::default()
        });
        let finding = Finding {
            code: "invalid_json".to_owned(),
            severity: Severity::Error,
            line: Some(7),
            column: Some(3),
            pointer: None,
            message: "not JSON".to_owned(),
            fix: "mend it".to_owned(),
        };
        expected.findings = vec![FindingGroup { code: finding.code.clone(), severity: Severity::Error, count: 9, findings: vec![finding] }];
        let message = Message { role: "user".to_owned(), content: "a \u{1F600} \"quote\" \\ and\nmore".to_owned(), trained: true };
        let (persona, emotional_arc, topic) = (None, None, None);
        expected.sample =
            vec![SampleConversation { conversation_id: "1".to_owned(), persona, emotional_arc, topic, messages: vec![message] }];
        let change =
            |d: &mut datasets::Dataset, _: &mut datasets::Effects| *d = datasets::Dataset { updated_at: d.updated_at, ..expected.clone() };
        datasets::update(&db, expected.id, at(5), change).await.expect("update").expect("there");
        expected.updated_at = at(5);
        assert_eq!(datasets::get(&db, expected.id).await.expect("get"), Some(expected));
    })
    .await;
}

#[tokio::test]
async fn of_many_who_would_start_validation_one_does_and_queues_one_task() {
    on_each(async |db| {
        let ada = stored_user(&db, "ada@example.com", at(0)).await;
        let row = dataset(ada.id, "talks", at(0));
        datasets::insert(&db, &row).await.expect("insert");
        let starts: Vec<_> = (0..6)
            .map(|_| {
                let (db, id) = (db.clone(), row.id);
                tokio::spawn(async move {
                    datasets::update(&db, id, at(1), |d, effects| {
                        let may = matches!(d.status, DatasetStatus::Uploading | DatasetStatus::Error);
                        if may {
                            d.status = DatasetStatus::Validating;
                            effects.tasks.push(task("validate"));
                        }
                        may
                    })
                    .await
                })
            })
            .collect();
        let mut started = 0;
        for start in starts {
            started += usize::from(start.await.expect("task").expect("update").expect("there"));
        }
        assert_eq!((started, tasks::counts(&db, at(9)).await.expect("counts").pending), (1, 1));
        datasets::set_progress(&db, row.id, 42.0, at(3)).await.expect("progress");
        let row = datasets::get(&db, row.id).await.expect("get").expect("there");
        assert_eq!((row.validation_progress, row.updated_at), (Some(42.0), at(3)));
        assert_eq!(datasets::stale_validating(&db, at(3), 10).await.expect("stale").len(), 0);
        assert_eq!(datasets::stale_validating(&db, at(4), 10).await.expect("stale").len(), 1);
    })
    .await;
}

async fn listed(db: &Db, filter: DatasetFilter, sort: DatasetSort, direction: Direction) -> Vec<String> {
    let page = datasets::list(db, &filter, sort, direction, Page::first(10)).await.expect("list");
    assert_eq!(page.total, page.rows.len() as u64);
    page.rows.into_iter().map(|d| d.name).collect()
}

async fn three(db: &Db, owner: UserId) -> [DatasetId; 3] {
    let mut ids = Vec::new();
    for (i, (name, quality, pairs, size)) in
        [("beta 50%", Some(3.0), 10, 300), ("Alpha", None, 500, 100), ("gamma_x", Some(4.5), 20, 200)].into_iter().enumerate()
    {
        let mut row = dataset(owner, name, at(i64::try_from(i).expect("small")));
        let statistics = DatasetStatistics {
            quality_score: quality,
            total_training_pairs: pairs,
            total_conversations: 3,
            ..DatasetStatistics::default()
        };
        (row.statistics, row.file_size) = (Some(statistics), size);
        row.review_recommended = i == 2;
        (row.training_ready, row.description) = (i != 1, format!("Ärger {i}"));
        if i == 2 {
            row.format = DatasetFormat::Sharegpt;
        }
        datasets::insert(db, &row).await.expect("insert");
        ids.push(row.id);
    }
    ids.try_into().expect("three")
}

#[tokio::test]
async fn lists_are_filtered_searched_sorted_and_paged() {
    on_each(async |db| {
        let ada = stored_user(&db, "ada@example.com", at(0)).await;
        let bob = stored_user(&db, "bob@example.com", at(0)).await;
        three(&db, ada.id).await;
        ready_dataset(&db, bob.id, "alpha of Bob", at(9)).await;
        let mine = || DatasetFilter { user_id: Some(ada.id), ..DatasetFilter::default() };
        use DatasetSort::{Created, Name, Pairs, Quality, Size};
        use Direction::{Ascending, Descending};
        for (sort, direction, expected) in [
            (Created, Descending, ["gamma_x", "Alpha", "beta 50%"]),
            (Name, Ascending, ["Alpha", "beta 50%", "gamma_x"]),
            (Size, Descending, ["beta 50%", "gamma_x", "Alpha"]),
            (Quality, Descending, ["gamma_x", "beta 50%", "Alpha"]),
            (Quality, Ascending, ["beta 50%", "gamma_x", "Alpha"]),
            (Pairs, Descending, ["Alpha", "gamma_x", "beta 50%"]),
        ] {
            assert_eq!(listed(&db, mine(), sort, direction).await, expected, "{sort:?} {direction:?}");
        }
        let search = async |text: &str| listed(&db, DatasetFilter { search: Some(text.to_owned()), ..mine() }, Name, Ascending).await;
        assert_eq!(search("ALPHA").await, ["Alpha"]);
        assert_eq!(search("50%").await, ["beta 50%"]);
        assert_eq!(search("a_x").await, ["gamma_x"]);
        assert_eq!(search("%").await, ["beta 50%"]);
        assert_eq!(search("\\").await, Vec::<String>::new());
        assert_eq!(search("Ärger 1").await, ["Alpha"]);
        assert_eq!(search(" ").await.len(), 3);
        let only = async |filter| listed(&db, filter, Name, Ascending).await;
        assert_eq!(only(DatasetFilter { format: Some(DatasetFormat::Sharegpt), ..mine() }).await, ["gamma_x"]);
        assert_eq!(only(DatasetFilter { training_ready: Some(false), ..mine() }).await, ["Alpha"]);
        assert_eq!(only(DatasetFilter { needs_review: Some(true), ..mine() }).await, ["Alpha", "gamma_x"]);
        assert_eq!(only(DatasetFilter { needs_review: Some(false), ..mine() }).await, ["beta 50%"]);
        assert_eq!(only(DatasetFilter { status: Some(DatasetStatus::Ready), ..mine() }).await, Vec::<String>::new());
        assert_eq!(only(DatasetFilter::default()).await.len(), 4);
        let second = datasets::list(&db, &mine(), Created, Ascending, Page { number: 2, size: 2 }).await.expect("list");
        assert_eq!((second.total, second.rows.len(), second.rows[0].name.as_str()), (3, 1, "gamma_x"));
    })
    .await;
}

#[tokio::test]
async fn a_deleted_data_set_is_seen_only_by_what_was_made_from_it() {
    on_each(async |db| {
        let ada = stored_user(&db, "ada@example.com", at(0)).await;
        let [first, ..] = three(&db, ada.id).await;
        let totals = DatasetTotals { datasets: 3, ready: 2, conversations: 9, training_pairs: 530, bytes: 600 };
        assert_eq!(datasets::totals(&db, Some(ada.id)).await.expect("totals"), totals);
        datasets::update(&db, first, at(8), |d, _| d.deleted_at = Some(at(8))).await.expect("delete").expect("there");
        assert_eq!(datasets::get(&db, first).await.expect("get"), None);
        assert_eq!(datasets::update(&db, first, at(9), |_, _| ()).await.expect("update"), None);
        assert_eq!(datasets::get_even_deleted(&db, first).await.expect("get").and_then(|d| d.deleted_at), Some(at(8)));
        let totals = DatasetTotals { datasets: 2, ready: 1, conversations: 6, training_pairs: 520, bytes: 300 };
        assert_eq!(datasets::totals(&db, None).await.expect("totals"), totals);
        assert_eq!(datasets::totals(&db, Some(UserId::new(at(0)))).await.expect("totals"), DatasetTotals::default());
    })
    .await;
}
