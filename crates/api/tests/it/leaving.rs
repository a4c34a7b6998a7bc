//! Taking one's data along, and leaving.

use crate::world::{Account, PASSWORD, SAMPLE, on_each};
use chrono::Duration;
use futures::StreamExt;
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

/// What was received, without the stretches of zeros: they take no memory.
#[derive(Default)]
struct Sparse {
    /// Where each piece begins.
    pieces: std::collections::BTreeMap<u64, bytes::Bytes>,
    size: u64,
    at: u64,
}

impl Sparse {
    fn push(&mut self, piece: bytes::Bytes) {
        static ZEROS: [u8; 64 * 1024] = [0; 64 * 1024];
        let length = piece.len() as u64;
        if piece.chunks(ZEROS.len()).any(|part| part != &ZEROS[..part.len()]) {
            self.pieces.insert(self.size, piece);
        }
        self.size += length;
    }
}

impl Read for Sparse {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let before = self.pieces.range(..=self.at).next_back();
        let inside = before.filter(|(begin, piece)| self.at < *begin + piece.len() as u64);
        let next = self.pieces.range(self.at + 1..).next().map_or(self.size, |(begin, _)| *begin);
        let read = match inside {
            Some((begin, piece)) => {
                let rest = &piece[usize::try_from(self.at - begin).expect("within a piece")..];
                let read = rest.len().min(into.len());
                into[..read].copy_from_slice(&rest[..read]);
                read
            }
            None => {
                let read = usize::try_from(next.min(self.size).saturating_sub(self.at)).unwrap_or(usize::MAX).min(into.len());
                into[..read].fill(0);
                read
            }
        };
        self.at += read as u64;
        Ok(read)
    }
}

impl std::io::Seek for Sparse {
    fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
        let at = match to {
            std::io::SeekFrom::Start(at) => Some(at),
            std::io::SeekFrom::End(by) => self.size.checked_add_signed(by),
            std::io::SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(std::io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

/// `BRIGHTRUN_TEST_LARGE_EXPORT=1` writes a ZIP of more than 4 GB, which is nowhere kept: the data set is a file of holes.
#[tokio::test]
async fn an_export_of_more_than_four_gigabytes_can_be_read() {
    if std::env::var_os("BRIGHTRUN_TEST_LARGE_EXPORT").is_none() {
        eprintln!("skipped: set BRIGHTRUN_TEST_LARGE_EXPORT=1 to write a ZIP of more than 4 GB");
        return;
    }
    let world = crate::world::World::new().await;
    let size = u64::from(u32::MAX) + 100_000_000;
    let dataset = world.ready_dataset(&world.ada, "Large").await;
    let path = world.object_file(&dataset.s3_key);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::File::create(&path).expect("a file").set_len(size).expect("a file of holes");
    let answer = world.send(crate::world::request("GET", "/api/auth/me/export", Some(&world.ada), None)).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let (mut body, mut received) = (answer.into_body().into_data_stream(), Sparse::default());
    while let Some(piece) = body.next().await {
        received.push(piece.expect("whole"));
    }
    let kept: usize = received.pieces.values().map(bytes::Bytes::len).sum();
    assert!(received.size > size && kept < 10_000_000, "{} bytes, of which {kept} are kept", received.size);
    let mut zip = zip::ZipArchive::new(received).expect("a ZIP");
    let large = zip.by_name(&format!("datasets/{}/talks.jsonl", dataset.id)).expect("there");
    assert_eq!((large.size(), large.compressed_size()), (size, size));
    drop(large);
    // It begins after more than 4 GB.
    let mut missing = String::new();
    let mut last = zip.by_name("not-included.json").expect("there");
    assert!(last.header_start() > u64::from(u32::MAX));
    last.read_to_string(&mut missing).expect("whole");
    assert_eq!(missing.trim(), "[]");
}
