//! The local folder: the suite, its signed URLs, and what it leaves behind.

use crate::suite;
use blob::{BlobStore, FolderStore, Grant, Key, SignatureError, SizeLimit, memory_content};
use chrono::{DateTime, Duration, Utc};
use std::path::Path;

async fn open(root: &Path) -> FolderStore {
    FolderStore::open(root, &[3; 32], "http://127.0.0.1:8080").await.expect("store")
}

fn files_below(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).expect("folder").map(|e| e.expect("entry"));
    entries.map(|e| if e.path().is_dir() { files_below(&e.path()) } else { 1 }).sum()
}

#[tokio::test]
async fn behaves_as_every_store() {
    let root = tempfile::tempdir().expect("folder");
    let store = open(root.path()).await;
    suite::run(&store).await;
    assert_eq!(files_below(&root.path().join(".incoming")), 0, "refused and broken uploads leave nothing");
}

#[tokio::test]
async fn a_signed_url_carries_an_upload_and_a_download() {
    let root = tempfile::tempdir().expect("folder");
    let store = open(root.path()).await;
    let now: DateTime<Utc> = DateTime::UNIX_EPOCH + Duration::days(20_000);
    let key = Key::parse("models/m/adapter_config.json").expect("key");
    let verify = |method: &str, url: &str, length| {
        let (key, query) = url.strip_prefix("http://127.0.0.1:8080/storage/").and_then(|r| r.split_once('?')).expect("url");
        store.verify(method, key, query, length, now)
    };

    let upload = store.signed_upload(&key, SizeLimit::Exactly(5), "application/json", now + Duration::hours(1)).await.expect("signed");
    assert_eq!((upload.method, upload.headers["content-type"].as_str()), ("PUT", "application/json"));
    let Ok(Grant::Upload { key: granted, limit }) = verify("PUT", &upload.url, None) else { panic!("refused") };
    assert_eq!((&granted, limit), (&key, SizeLimit::Exactly(5)));
    assert!(store.put(&granted, memory_content("123456"), limit).await.is_err(), "a larger body is refused");
    store.put(&granted, memory_content("12345"), limit).await.expect("put");
    assert_eq!(verify("PUT", &upload.url, Some(6)), Err(SignatureError::Size { signed: 5, announced: 6 }));

    let url = store.signed_download(&key, "config.json", now + Duration::hours(1)).await.expect("signed");
    assert_eq!(verify("GET", &url, None), Ok(Grant::Download { key: key.clone(), file_name: "config.json".to_owned() }));
    assert!(verify("PUT", &url, Some(5)).is_err() && verify("GET", &upload.url, None).is_err());
    assert!(verify("GET", &url.replace("models/m/", "models/../"), None).is_err());
    let late = store.signed_download(&key, "config.json", now).await.expect("signed");
    assert_eq!(verify("GET", &late, None), Err(SignatureError::Expired(now)));
}

#[tokio::test]
async fn an_object_is_a_file_that_outlives_the_process() {
    let root = tempfile::tempdir().expect("folder");
    let key = Key::parse("models/m/a.bin").expect("key");
    open(root.path()).await.put(&key, memory_content("abc"), SizeLimit::Exactly(3)).await.expect("put");
    std::fs::write(root.path().join(".incoming/fresh"), "half").expect("write");
    let store = open(root.path()).await;
    assert_eq!(store.head(&key).await.expect("head").map(|m| m.size), Some(3));
    assert_eq!(std::fs::read(store.local_path(&key).expect("path")).expect("file"), b"abc");
    assert!(root.path().join(".incoming/fresh").exists(), "somebody may still be writing it");
}
