//! Buckets: the suite and signed URLs over HTTP, on the S3 server of the tests and, where it is installed, on Ceph's.

use crate::presign::Presigner;
use crate::radosgw::Radosgw;
use crate::suite;
use blob::{BlobStore, Error, Key, S3Config, S3Store, SizeLimit, memory_content};
use chrono::{Duration, Utc};
use domain::clock::SystemClock;
use futures::StreamExt;
use reqwest::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use reqwest::{Client, Method, StatusCode};
use std::sync::Arc;
use testkit::S3Server;

const TYPE: &str = "application/octet-stream";

fn config(server: &S3Server) -> S3Config {
    S3Config {
        bucket: S3Server::BUCKET.to_owned(),
        region: "us-east-1".to_owned(),
        endpoint: Some(server.endpoint.clone()),
        public_endpoint: None,
        path_style: true,
        access_key_id: S3Server::ACCESS_KEY.to_owned(),
        secret_access_key: S3Server::SECRET_KEY.to_owned(),
    }
}

async fn open(config: &S3Config) -> Result<S3Store, Error> {
    S3Store::open(config, Arc::new(SystemClock)).await
}

/// Makes the bucket that a store of `config` is to be in: servers begin without one.
async fn make_bucket(config: &S3Config) {
    let origin = config.endpoint.clone().expect("an address");
    let signer = Presigner {
        access_key_id: config.access_key_id.clone(),
        secret_access_key: config.secret_access_key.clone(),
        region: config.region.clone(),
        host: origin.split_once("://").expect("a scheme").1.to_owned(),
        origin,
        path: "/".to_owned(),
    };
    let url = signer.url("PUT", &config.bucket, &[], &[], Utc::now(), std::time::Duration::from_secs(60));
    let answer = Client::new().put(url).send().await.expect("an answer");
    assert!(answer.status().is_success(), "{}: {}", answer.status(), answer.text().await.unwrap_or_default());
}

/// Files of the server that are no objects of the bucket: its notes, and parts of unfinished uploads.
fn parts(server: &S3Server) -> Vec<String> {
    let names = std::fs::read_dir(server.folder()).expect("folder").map(|e| e.expect("entry").file_name().into_string().expect("a name"));
    names.filter(|name| name.contains(".part-")).collect()
}

#[tokio::test]
async fn behaves_as_every_store() {
    let server = S3Server::start();
    let store = open(&config(&server)).await.expect("store");
    suite::run(&store).await;
    assert_eq!(parts(&server), Vec::<String>::new(), "broken uploads leave no parts");
}

#[tokio::test]
async fn a_signed_url_is_good_for_what_was_signed_only() {
    let server = S3Server::start();
    signed_urls(&open(&config(&server)).await.expect("store")).await;
}

#[tokio::test]
async fn a_bucket_is_used_as_soon_as_it_was_made() {
    let server = S3Server::start();
    let config = S3Config { bucket: "made-now".to_owned(), ..config(&server) };
    assert!(open(&config).await.is_err());
    make_bucket(&config).await;
    suite::run(&open(&config).await.expect("store")).await;
}

#[tokio::test]
async fn ceph_behaves_as_every_store() {
    let Some(ceph) = Radosgw::start() else { return };
    make_bucket(&ceph.config).await;
    let store = open(&ceph.config).await.expect("store");
    suite::run(&store).await;
    let download = signed_urls(&store).await;
    let answer = Client::new().get(download).send().await.expect("an answer");
    assert_eq!(answer.headers()[CONTENT_DISPOSITION], "attachment; filename=\"my _adapter_.json\"");
    assert_eq!(answer.headers()[CONTENT_TYPE], TYPE);
}

/// Uploads and downloads by signed URLs, and what they refuse. Answers the URL of a download.
async fn signed_urls(store: &S3Store) -> String {
    let http = Client::new();
    let key = Key::parse("models/m/adapter_config.json").expect("key");
    let in_an_hour = Utc::now() + Duration::hours(1);
    let upload = store.signed_upload(&key, SizeLimit::Exactly(5), TYPE, in_an_hour).await.expect("signed");
    assert_eq!((upload.method, upload.headers["content-type"].as_str()), ("PUT", TYPE));
    let send = async |method: Method, url: &str, kind: Option<&str>, body: &'static str| {
        let mut request = http.request(method, url).body(body);
        if let Some(kind) = kind {
            request = request.header(CONTENT_TYPE, kind);
        }
        request.send().await.expect("an answer").status()
    };
    let forbidden = StatusCode::FORBIDDEN;
    for body in ["1234", "123456", ""] {
        assert_eq!(send(Method::PUT, &upload.url, Some(TYPE), body).await, forbidden, "another size: {body}");
    }
    for kind in [Some("text/html"), None] {
        assert_eq!(send(Method::PUT, &upload.url, kind, "12345").await, forbidden, "another type: {kind:?}");
    }
    for method in [Method::GET, Method::POST, Method::DELETE] {
        let status = send(method.clone(), &upload.url, Some(TYPE), "12345").await;
        assert!(status.is_client_error(), "{method}: {status}");
    }
    for (from, to) in [("models/m/", "models/n/"), ("Expires=3", "Expires=4"), ("content-length%3B", "")] {
        assert!(upload.url.contains(from), "{}", upload.url);
        assert_eq!(send(Method::PUT, &upload.url.replacen(from, to, 1), Some(TYPE), "12345").await, forbidden, "{from} to {to}");
    }
    let chunked = futures::stream::once(async { Ok::<_, std::io::Error>("12345") });
    let chunked = http.put(&upload.url).header(CONTENT_TYPE, TYPE).body(reqwest::Body::wrap_stream(chunked));
    assert!(chunked.send().await.expect("an answer").status().is_client_error(), "a size that is not announced");
    assert_eq!(store.head(&key).await.expect("head"), None, "nothing that was refused is stored");

    assert_eq!(send(Method::PUT, &upload.url, Some(TYPE), "12345").await, StatusCode::OK);
    assert_eq!(store.head(&key).await.expect("head").map(|m| m.size), Some(5));
    let any_size = store.signed_upload(&key, SizeLimit::AtMost(10), TYPE, in_an_hour).await.expect("signed");
    assert_eq!(send(Method::PUT, &any_size.url, Some(TYPE), "1234567").await, StatusCode::OK);

    let download = store.signed_download(&key, "my \"adapter\".json", in_an_hour).await.expect("signed");
    let answer = http.get(&download).send().await.expect("an answer");
    assert_eq!((answer.status(), answer.text().await.expect("text").as_str()), (StatusCode::OK, "1234567"));
    assert!(download.contains("response-content-disposition=attachment"), "{download}");
    let part = http.get(&download).header("range", "bytes=2-3").send().await.expect("an answer");
    assert_eq!((part.status(), part.text().await.expect("text").as_str()), (StatusCode::PARTIAL_CONTENT, "34"));
    assert_eq!(send(Method::PUT, &download, Some(TYPE), "x").await, forbidden);
    let renamed = download.replacen("my%20", "your%20", 1);
    assert_ne!(renamed, download);
    assert_eq!(send(Method::GET, &renamed, None, "").await, forbidden, "the name is signed too");

    let ended = store.signed_download(&key, "x", Utc::now() + Duration::milliseconds(1100)).await.expect("signed");
    let limit = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while send(Method::GET, &ended, None, "").await != forbidden {
        assert!(std::time::Instant::now() < limit, "an URL of a second still works");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    download
}

#[tokio::test]
async fn a_large_upload_that_breaks_off_leaves_no_part() {
    let server = S3Server::start();
    let store = open(&config(&server)).await.expect("store");
    let key = suite::key("broken.bin");
    let piece = bytes::Bytes::from(vec![1u8; 4 * 1024 * 1024]);
    let pieces = move |count| {
        futures::stream::iter((0..count).map({
            let piece = piece.clone();
            move |_| Ok(piece.clone())
        }))
    };
    let size = SizeLimit::Exactly(80 * 1024 * 1024);
    let gone = futures::stream::once(async { Err(std::io::Error::new(std::io::ErrorKind::ConnectionReset, "gone")) });
    let broken = store.put(&key, pieces(15).chain(gone).boxed(), size).await;
    assert!(matches!(broken, Err(Error::Content(_))), "{broken:?}");
    let short = store.put(&key, pieces(15).boxed(), size).await;
    assert!(matches!(short, Err(Error::TooShort { .. })), "{short:?}");
    let long = store.put(&key, pieces(25).boxed(), size).await;
    assert!(matches!(long, Err(Error::TooLarge { .. })), "{long:?}");
    assert_eq!((parts(&server).len(), store.head(&key).await.expect("head")), (0, None));

    // Dropped while parts are on their way: they are removed by a task of their own.
    let endless = pieces(15).chain(futures::stream::pending()).boxed();
    let dropped = tokio::time::timeout(std::time::Duration::from_secs(60), async {
        let mut put = Box::pin(store.put(&key, endless, size));
        while parts(&server).is_empty() {
            assert!(futures::poll!(put.as_mut()).is_pending());
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    });
    dropped.await.expect("a part arrives");
    let limit = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !parts(&server).is_empty() {
        assert!(std::time::Instant::now() < limit, "{:?}", parts(&server));
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_store_that_cannot_be_used_is_named_at_once() {
    let server = S3Server::start();
    let error = async |change: fn(&mut S3Config)| {
        let mut config = config(&server);
        change(&mut config);
        let error = open(&config).await.err().expect("refused");
        let source = std::error::Error::source(&error).map(|e| format!(": {e}")).unwrap_or_default();
        format!("{error}{source}")
    };
    let no_bucket = error(|c| c.bucket = "elsewhere".to_owned()).await;
    assert!(no_bucket.contains("there is no bucket elsewhere"), "{no_bucket}");
    let wrong_secret = error(|c| c.secret_access_key = "guess".to_owned()).await;
    assert!(!wrong_secret.contains("guess") && wrong_secret.contains("things"), "{wrong_secret}");
    let nobody = error(|c| c.endpoint = Some("http://127.0.0.1:1".to_owned())).await;
    assert!(nobody.contains("does not answer"), "{nobody}");
    let no_address = error(|c| c.endpoint = Some("storage:9000".to_owned())).await;
    assert!(no_address.contains("storage:9000"), "{no_address}");
}

#[tokio::test]
async fn what_is_not_ours_is_never_listed() {
    let server = S3Server::start();
    let store = open(&config(&server)).await.expect("store");
    let folder = server.bucket_folder();
    std::fs::create_dir_all(folder.join("models/m/deep/er/still/more")).expect("folder");
    for name in ["models/m/deep/er/still/more/x", "models/a b", "other"] {
        std::fs::write(folder.join(name), "x").expect("file");
    }
    store.put(&suite::key("a.json"), memory_content("x"), SizeLimit::Exactly(1)).await.expect("put");
    assert_eq!(suite::listed(&store, "models").await, [suite::key("a.json").to_string()]);
}
