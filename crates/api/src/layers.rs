//! What happens to every request and answer, whatever the route.

use crate::base;
use crate::error::ApiError;
use crate::limits::RateNote;
use crate::routes;
use crate::state::ApiState;
use crate::telemetry::Telemetry;
use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use domain::Error;
use http::{HeaderName, HeaderValue, Method, Uri, header};
use std::any::Any;
use std::sync::Arc;
use std::time::Instant;
use tokio_util::sync::CancellationToken;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};
use tower_http::compression::{CompressionLayer, CompressionLevel};
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::trace::TraceLayer;

/// Bytes of a body that is not a file.
const MAX_BODY: usize = 1024 * 1024;
/// Longest request id that is taken from a client, in bytes.
const MAX_REQUEST_ID: usize = 128;
/// Shorter answers are sent as they are.
const SMALL: u64 = 1024;
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Scripts come from this server only; the charts and toasts set styles by themselves. The page sends files to `storage`, where that is
/// another server.
fn content_security_policy(storage: Option<&str>) -> HeaderValue {
    const BEFORE: &str =
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'";
    const AFTER: &str = "; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";
    let storage = storage.map(|origin| format!(" {origin}")).unwrap_or_default();
    HeaderValue::from_str(&format!("{BEFORE}{storage}{AFTER}")).unwrap_or(HeaderValue::from_static("default-src 'self'"))
}

/// All routes with everything around them.
pub fn wrap(state: ApiState) -> Router {
    let (router, _) = routes::operations().split_for_parts();
    let router = router
        .route("/openapi.json", get(routes::docs::openapi_json))
        .route("/docs", get(routes::docs::docs))
        .fallback(routes::page::page)
        .method_not_allowed_fallback(method_not_allowed);
    let policy = content_security_policy(app::storage::origin(&state.app));
    let base = base::path(&state.app.config.public_url).to_owned();
    let router = around(router, state.telemetry.clone(), policy, state.stopping.clone()).with_state(state);
    if base.is_empty() {
        return router;
    }
    // Before the routes are looked at.
    let below = ServiceBuilder::new().map_request(move |request| base::strip(&base, request)).service(router);
    Router::new().fallback_service(below)
}

/// Routes that are not the platform's, with the same around them.
pub fn plain<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    let router = router.fallback(async |uri: Uri| ApiError::no_route(uri.path())).method_not_allowed_fallback(method_not_allowed);
    around(router, Arc::default(), content_security_policy(None), CancellationToken::new())
}

fn around<S: Clone + Send + Sync + 'static>(
    router: Router<S>,
    telemetry: Arc<Telemetry>,
    policy: HeaderValue,
    stopping: CancellationToken,
) -> Router<S> {
    let layers = ServiceBuilder::new()
        .map_request(without_odd_id)
        .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid))
        .layer(TraceLayer::new_for_http().make_span_with(span))
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(middleware::from_fn_with_state(stopping, say_goodbye))
        .layer(compression())
        .layer(header_layer(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")))
        .layer(header_layer(header::REFERRER_POLICY, HeaderValue::from_static("same-origin")))
        .layer(header_layer(header::CONTENT_SECURITY_POLICY, policy))
        .layer(middleware::from_fn_with_state(telemetry, count))
        .layer(middleware::from_fn(tell_limits))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(DefaultBodyLimit::max(MAX_BODY));
    router.layer(layers)
}

/// JSON and text; not what is compressed already, and never events, which a compressor would hold back.
fn compression() -> CompressionLayer<impl Predicate> {
    let worth_it = SizeAbove::new(SMALL)
        .and(NotForContentType::const_new("text/event-stream"))
        .and(NotForContentType::const_new("application/octet-stream"))
        .and(NotForContentType::const_new("application/zip"))
        .and(NotForContentType::const_new("font/"))
        .and(NotForContentType::IMAGES);
    CompressionLayer::new().gzip(true).quality(CompressionLevel::Fastest).compress_when(worth_it)
}

/// A server that stops asks its clients to go on with another connection, so that none is closed under a request.
async fn say_goodbye(State(stopping): State<CancellationToken>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if stopping.is_cancelled() {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

fn header_layer(name: HeaderName, value: HeaderValue) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, value)
}

/// A client's own request id goes into the log and back to it; one that is no plain short word is replaced.
fn without_odd_id(mut request: Request) -> Request {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    let odd = |value: &HeaderValue| value.is_empty() || value.len() > MAX_REQUEST_ID || !value.as_bytes().iter().all(plain);
    if request.headers().get_all(REQUEST_ID).iter().any(odd) {
        request.headers_mut().remove(REQUEST_ID);
    }
    request
}

/// The query is left out: it may hold a signature.
fn span<B>(request: &http::Request<B>) -> tracing::Span {
    let id = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok()).unwrap_or_default();
    tracing::info_span!("request", method = %request.method(), path = request.uri().path(), id)
}

async fn count(State(telemetry): State<Arc<Telemetry>>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let (method, route) = (request.method().clone(), request.extensions().get::<MatchedPath>().cloned());
    let response = next.run(request).await;
    telemetry.count(&method, route.as_ref().map(MatchedPath::as_str), response.status(), began.elapsed());
    response
}

/// Says how the caller stands where the request counted against a limit.
async fn tell_limits(mut request: Request, next: Next) -> Response {
    let note = RateNote::default();
    request.extensions_mut().insert(note.clone());
    let mut response = next.run(request).await;
    if let Some(stand) = note.stand() {
        stand.tell(response.headers_mut());
    }
    response
}

async fn method_not_allowed(method: Method, uri: Uri) -> ApiError {
    ApiError::method_not_allowed(&method, uri.path())
}

fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned());
    ApiError::from(Error::internal(format!("a handler panicked: {text}"))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use http::StatusCode;
    use tower::ServiceExt;

    #[tokio::test]
    async fn a_handler_that_panics_answers_in_json_with_the_request_id() {
        async fn boom() -> &'static str {
            panic!("boom")
        }
        let router: Router<()> =
            around(Router::new().route("/boom", get(boom)), Arc::default(), content_security_policy(None), CancellationToken::new());
        let request = Request::builder().uri("/boom").header("x-request-id", "abc").body(Body::empty()).expect("a request");
        let answer = router.oneshot(request).await.expect("an answer");
        assert_eq!((answer.status(), answer.headers()["x-request-id"].as_bytes()), (StatusCode::INTERNAL_SERVER_ERROR, &b"abc"[..]));
        let body = axum::body::to_bytes(answer.into_body(), 10_000).await.expect("a body");
        let body: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!((body["success"].as_bool(), body["error"]["code"].as_str()), (Some(false), Some("INTERNAL_ERROR")));
        assert!(!body.to_string().contains("boom"), "the inside stays inside");
    }

    #[test]
    fn the_page_may_send_files_to_the_storage() {
        let policy = |storage| content_security_policy(storage).to_str().expect("text").to_owned();
        assert!(policy(None).contains("connect-src 'self'; worker-src"), "{}", policy(None));
        assert!(policy(Some("https://things.s3.example.com")).contains("connect-src 'self' https://things.s3.example.com; worker-src"));
    }

    #[tokio::test]
    async fn a_request_id_that_is_no_plain_word_is_replaced() {
        for odd in ["<b>", "a b", "", &"x".repeat(MAX_REQUEST_ID + 1)] {
            let router: Router<()> =
                around(Router::new().route("/", get(|| async {})), Arc::default(), content_security_policy(None), CancellationToken::new());
            let request = Request::builder().uri("/").header("x-request-id", odd).body(Body::empty()).expect("a request");
            let answer = router.oneshot(request).await.expect("an answer");
            assert_eq!(answer.headers()["x-request-id"].len(), 36, "{odd}");
        }
    }
}
