//! Signed addresses.

use crate::world::{SAMPLE, URL, World, request};
use axum::body::Body;
use chrono::Duration;
use http::{Request, StatusCode};

#[tokio::test]
async fn an_upload_address_is_good_for_its_file_its_method_and_an_hour() {
    let world = World::new().await;
    let (_, url) = world.announce(&world.ada, "Talks", SAMPLE).await;
    let path = url.strip_prefix(URL).expect("this server").to_owned();

    world.put(&url, &[SAMPLE, b"x"].concat()).await.fails(413, "FILE_TOO_LARGE", None);
    world.put(&url, &SAMPLE[1..]).await.fails(400, "FILE_SIZE_MISMATCH", None);
    // Without an announced length the bytes are counted.
    for (bytes, code) in [([SAMPLE, b"x"].concat(), "FILE_TOO_LARGE"), (SAMPLE[1..].to_vec(), "UPLOAD_INCOMPLETE")] {
        let upload = Request::builder().method("PUT").uri(&path).body(Body::from(bytes)).expect("a request");
        assert_eq!(world.answer(upload).await.error().1, code);
    }
    world.fetch(&url).await.fails(403, "URL_INVALID", None);
    world.call("DELETE", &path, None, None).await.fails(405, "METHOD_NOT_ALLOWED", None);
    world.put(&url.replace("expires=", "expires=9"), SAMPLE).await.fails(403, "URL_INVALID", None);
    world.put(&url.replace("dataset.jsonl", "dataset.json"), SAMPLE).await.fails(403, "URL_INVALID", None);
    world.put(url.split('?').next().expect("a path"), SAMPLE).await.fails(403, "URL_INVALID", None);
    world.call("PUT", "/storage/../../etc/passwd?sig=00", None, None).await.fails(403, "URL_INVALID", None);

    assert_eq!(world.put(&url, SAMPLE).await.status, StatusCode::OK);
    assert_eq!(world.put(&url, SAMPLE).await.status, StatusCode::OK, "an upload can be repeated");
    world.advance(Duration::minutes(61));
    world.put(&url, SAMPLE).await.fails(403, "URL_EXPIRED", None);
}

#[tokio::test]
async fn a_download_gives_all_or_a_part() {
    let world = World::new().await;
    let (id, files) = world.model(&world.ada, "Adapter").await;
    let weights = &files["adapter_model.safetensors"];
    let link = world.get(&format!("/api/models/{id}/download?artifact=adapter-model"), &world.ada).await.data();
    let url = link["downloadUrl"].as_str().expect("a URL").to_owned();
    assert_eq!((link["fileName"].as_str(), link["fileSize"].as_u64()), (Some("adapter_model.safetensors"), Some(weights.len() as u64)));

    let whole = world.fetch(&url).await;
    assert_eq!((whole.status, &whole.bytes[..]), (StatusCode::OK, &weights[..]));
    assert_eq!(whole.headers["content-disposition"], "attachment; filename=\"adapter_model.safetensors\"");
    assert_eq!(whole.headers["content-length"], weights.len().to_string());
    let path = url.strip_prefix(URL).expect("this server");
    let part = |range: &str| {
        let mut request = request("GET", path, None, None);
        request.headers_mut().insert("range", range.parse().expect("a header"));
        request
    };
    let answer = world.answer(part("bytes=5-9")).await;
    assert_eq!((answer.status, &answer.bytes[..]), (StatusCode::PARTIAL_CONTENT, &weights[5..10]));
    assert_eq!(answer.headers["content-range"], format!("bytes 5-9/{}", weights.len()));
    let answer = world.answer(part("bytes=-7")).await;
    assert_eq!(&answer.bytes[..], &weights[weights.len() - 7..]);
    world.answer(part("bytes=99999999-")).await.fails(416, "RANGE_NOT_SATISFIABLE", None);
    let head = world.call("HEAD", path, None, None).await;
    assert_eq!(
        (head.status, head.bytes.len(), head.headers["content-length"].to_str().ok()),
        (StatusCode::OK, 0, Some(weights.len().to_string().as_str()))
    );
    world.put(&url, weights).await.fails(403, "URL_INVALID", None);
    world.advance(Duration::minutes(61));
    world.fetch(&url).await.fails(403, "URL_EXPIRED", None);
}
