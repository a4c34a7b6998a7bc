//! The web page around the API.

use crate::world::{World, read, request};
use api::RateLimits;
use http::StatusCode;
use std::borrow::Cow;
use tower::ServiceExt;

fn page(path: &str) -> Option<Cow<'static, [u8]>> {
    let content: &'static [u8] = match path {
        "index.html" => b"<!doctype html>",
        "assets/main-1a2b.js" => b"start()",
        "favicon.svg" => b"<svg/>",
        "assets/main-1a2b.js.br" => b"brotli",
        "assets/main-1a2b.js.gz" => b"gzip",
        _ => return None,
    };
    Some(Cow::Borrowed(content))
}

#[tokio::test]
async fn every_address_outside_the_api_is_the_page() {
    let world = World::new().await;
    let router = world.router_with(RateLimits::default(), page);
    let get = async |path: &str| read(router.clone().oneshot(request("GET", path, None, None)).await.expect("an answer")).await;
    for path in ["/", "/datasets", "/training/jobs/123", "/index.html"] {
        let answer = get(path).await;
        assert_eq!((answer.status, &answer.bytes[..]), (StatusCode::OK, &b"<!doctype html>"[..]), "{path}");
        assert_eq!(
            (answer.headers["cache-control"].to_str().ok(), answer.headers["content-type"].to_str().ok()),
            (Some("no-cache"), Some("text/html; charset=utf-8"))
        );
        let policy = answer.headers["content-security-policy"].to_str().expect("text");
        assert!(policy.contains("script-src 'self';"), "{policy}");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    }
    let script = get("/assets/main-1a2b.js").await;
    assert_eq!(
        (&script.bytes[..], script.headers["content-type"].to_str().ok()),
        (&b"start()"[..], Some("text/javascript; charset=utf-8"))
    );
    assert_eq!(script.headers["cache-control"], "public, max-age=31536000, immutable");
    let mut known = request("GET", "/favicon.svg", None, None);
    known.headers_mut().insert("if-none-match", get("/favicon.svg").await.headers["etag"].clone());
    assert_eq!(read(router.clone().oneshot(known).await.expect("an answer")).await.status, StatusCode::NOT_MODIFIED);
    get("/assets/main-old.js").await.fails(404, "NOT_FOUND", None);
    get("/api/unknown").await.fails(404, "NOT_FOUND", None);
    let post = read(router.clone().oneshot(request("POST", "/datasets", None, None)).await.expect("an answer")).await;
    post.fails(405, "METHOD_NOT_ALLOWED", None);
}

#[tokio::test]
async fn the_page_and_long_answers_are_compressed_where_the_client_takes_it() {
    let world = World::new().await;
    let router = world.router_with(RateLimits::default(), page);
    let get = async |path: &str, accept: &str, who| {
        let mut request = request("GET", path, who, None);
        request.headers_mut().insert("accept-encoding", accept.parse().expect("a value"));
        let answer = read(router.clone().oneshot(request).await.expect("an answer")).await;
        let encoding = answer.headers.get("content-encoding").map(|value| value.to_str().expect("text").to_owned());
        (encoding, answer)
    };
    for (accept, encoding, content) in
        [("gzip, br", Some("br"), &b"brotli"[..]), ("gzip;q=0.5, br;q=0", Some("gzip"), b"gzip"), ("identity", None, b"start()")]
    {
        let (given, answer) = get("/assets/main-1a2b.js", accept, None).await;
        assert_eq!((given.as_deref(), &answer.bytes[..]), (encoding, content), "{accept}");
        assert_eq!(answer.headers["content-type"], "text/javascript; charset=utf-8");
        assert!(answer.headers.get_all("vary").iter().any(|value| value == "accept-encoding"));
    }
    let tags = [get("/assets/main-1a2b.js", "br", None).await.1, get("/assets/main-1a2b.js", "gzip", None).await.1];
    assert_ne!(tags[0].headers["etag"], tags[1].headers["etag"], "each encoding is a version of its own");

    let (encoding, long) = get("/api/catalogue", "gzip", Some(&world.ada)).await;
    assert_eq!((encoding.as_deref(), &long.bytes[..2]), (Some("gzip"), &[0x1f, 0x8b][..]));
    assert_eq!(get("/api/auth/me", "gzip", Some(&world.ada)).await.0, None, "a short answer is not worth it");
    // Events would wait in the compressor.
    let job = world.job(&world.ada).await;
    world.complete(job).await;
    assert_eq!(get(&format!("/api/jobs/{job}/stream"), "gzip", Some(&world.ada)).await.0, None);
}
