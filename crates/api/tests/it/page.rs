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
