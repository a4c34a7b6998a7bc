//! Taking one's data along, and leaving.

use crate::world::{Account, PASSWORD, SAMPLE, on_each};
use chrono::Duration;
use http::StatusCode;
use serde_json::{Value, json};
use std::io::Read;

#[tokio::test]
async fn an_account_with_its_data_goes_thirty_days_after_it_was_asked_for() {
    on_each(|world| async move {
        let dataset = world.validated(&world.ada, "Talks", SAMPLE).await;
        let (_, files) = world.model(&world.ada, "Hers").await;
        let key = world.post("/api/auth/keys", Some(&world.ada), json!({ "name": "x", "scope": "read" })).await.data();
        let key = Account { token: key["secret"].as_str().expect("a key").to_owned(), ..world.ada.clone() };
        let path = "/api/auth/me/deletion";
        world.post(path, Some(&world.ada), json!({ "password": "wrong wrong" })).await.fails(403, "WRONG_PASSWORD", Some("password"));
        let user = world.post(path, Some(&world.ada), json!({ "password": PASSWORD })).await.data()["user"].clone();
        assert!(user["deletionScheduledFor"].is_string());
        for gone in [&world.ada, &key] {
            world.get("/api/auth/me", gone).await.fails(401, "UNAUTHORIZED", None);
        }
        // Within the time its owner comes back and calls it off.
        world.advance(Duration::days(29));
        let login = json!({ "email": world.ada.email, "password": PASSWORD });
        let back = world.post("/api/auth/login", None, login.clone()).await.data();
        let ada = Account { token: back["token"].as_str().expect("a token").to_owned(), ..world.ada.clone() };
        let user = world.call("DELETE", path, Some(&ada), None).await.data()["user"].clone();
        assert_eq!(user.get("deletionScheduledFor"), None);
        world.get("/api/auth/me", &key).await.data();
        world.purge().await;
        world.advance(Duration::days(2));
        world.purge().await;
        world.get("/api/auth/me", &ada).await.data();

        world.post(path, Some(&ada), json!({ "password": PASSWORD })).await.data();
        world.advance(Duration::days(30));
        world.post("/api/auth/login", None, login.clone()).await.fails(401, "INVALID_CREDENTIALS", None);
        assert!(world.objects() > files.len());
        world.advance(Duration::seconds(1));
        world.purge().await; // Asks her runs to end,
        world.purge().await; // then removes what is left.
        assert_eq!(world.objects(), 0, "her files are gone");
        assert_eq!(db::users::by_email(&world.app.db, &world.ada.email).await.expect("query"), None);
        let id = dataset["id"].as_str().expect("an id").parse().expect("an id");
        assert_eq!(db::datasets::get_even_deleted(&world.app.db, id).await.expect("query"), None);
        let admin = world.post("/api/auth/login", None, json!({ "email": world.admin.email, "password": PASSWORD })).await.data();
        let admin = Account { token: admin["token"].as_str().expect("a token").to_owned(), ..world.admin.clone() };
        let log = world.get(&format!("/api/admin/audit?userId={}", world.ada.id), &admin).await.data()["entries"].clone();
        assert_eq!((log[0]["action"].as_str(), log[0]["subject"].get("email")), (Some("account_purged"), None));
        world.signup(&world.ada.email).await;
    })
    .await;
}

#[tokio::test]
async fn the_only_account_of_a_server_may_leave() {
    let world = crate::world::World::new().await;
    for other in [world.ada.id, world.bob.id] {
        db::users::remove(&world.app.db, other, &[]).await.expect("removed");
    }
    world.post("/api/auth/me/deletion", Some(&world.admin), json!({ "password": PASSWORD })).await.data();
}

#[tokio::test]
async fn everything_of_an_account_comes_in_one_zip() {
    on_each(|world| async move {
        let dataset = world.validated(&world.ada, "Talks", SAMPLE).await;
        let (announced, _) = world.announce(&world.ada, "Not sent", b"{}").await;
        world.model(&world.ada, "Hers").await;
        world.job(&world.bob).await;
        world.configuration(&world.ada).await;
        let answer = world.get("/api/auth/me/export", &world.ada).await;
        assert_eq!((answer.status, answer.headers["content-type"].as_bytes()), (StatusCode::OK, &b"application/zip"[..]));
        assert!(answer.headers["content-disposition"].to_str().expect("text").starts_with("attachment; filename=\"brightrun-export-"));
        let mut zip = zip::ZipArchive::new(std::io::Cursor::new(answer.bytes.to_vec())).expect("a ZIP");
        let mut entry = |name: &str| {
            let mut content = Vec::new();
            zip.by_name(name).unwrap_or_else(|_| panic!("{name} is there")).read_to_end(&mut content).expect("whole");
            content
        };
        let mut json = |name: &str| serde_json::from_slice::<Value>(&entry(name)).expect("JSON");
        assert_eq!(json("account.json")["email"], world.ada.email);
        assert_eq!(json("datasets.json").as_array().map(Vec::len), Some(3));
        assert_eq!(json("jobs.json").as_array().map(Vec::len), Some(1), "hers, and not another's");
        assert_eq!(json("models.json")[0]["name"], "Hers");
        assert_eq!(json("configurations.json")[0]["settings"]["presetId"], "balanced");
        assert_eq!((json("costs.json"), json("notifications.json").as_array().is_some()), (json!([]), true));
        let missing = json("not-included.json");
        assert!(missing.as_array().expect("a list").iter().any(|file| file["datasetId"] == announced.as_str()), "{missing}");
        assert_eq!(entry(&format!("datasets/{}/talks.jsonl", dataset["id"].as_str().expect("an id"))), SAMPLE);
        assert!(!String::from_utf8_lossy(&answer.bytes).contains("argon2"), "no hashes in it");
    })
    .await;
}
