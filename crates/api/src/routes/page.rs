//! Everything outside the API: the web page.

use crate::error::ApiError;
use crate::state::{ApiState, Asset};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};

/// A file of the page, or the page itself for every other address: its router knows them.
pub async fn page(State(state): State<ApiState>, method: Method, uri: Uri, headers: HeaderMap) -> Result<Response, ApiError> {
    let path = uri.path();
    if path == "/api" || path.starts_with("/api/") || path.starts_with("/storage/") {
        return Err(ApiError::no_route(path));
    }
    if method != Method::GET && method != Method::HEAD {
        return Err(ApiError::method_not_allowed(&method, path));
    }
    let name = path.trim_start_matches('/');
    if let Some(asset) = state.page.asset(name).filter(|_| !name.is_empty()) {
        return Ok(file(asset, &headers));
    }
    // A missing script must not come back as a page.
    if name.starts_with("assets/") {
        return Err(ApiError::no_route(path));
    }
    let index = state.page.asset("index.html").ok_or_else(|| ApiError::no_route(path))?;
    Ok(file(Asset { immutable: false, ..index }, &headers))
}

fn file(asset: Asset, headers: &HeaderMap) -> Response {
    let tag = format!("\"{:016x}\"", fingerprint(&asset.content));
    let caching = if asset.immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
    let known = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()).is_some_and(|value| value == tag);
    let mut response = if known { StatusCode::NOT_MODIFIED.into_response() } else { asset.content.into_response() };
    let answer = response.headers_mut();
    answer.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    for (name, value) in [(CONTENT_TYPE, asset.content_type), (ETAG, tag)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            answer.insert(name, value);
        }
    }
    response
}

/// Tells versions of a file apart; FNV-1a, as nothing depends on it but a cache.
fn fingerprint(content: &[u8]) -> u64 {
    content.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}
