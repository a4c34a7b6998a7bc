//! Everything outside the API: the web page.

use crate::base;
use crate::error::ApiError;
use crate::state::{ApiState, PageFile};
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use std::borrow::Cow;

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
    let named = Some(name).filter(|name| !name.is_empty() && *name != INDEX);
    if let Some(file) = named.and_then(|name| file(state.page, name, &headers)) {
        return Ok(file);
    }
    // A missing script must not come back as a page.
    if name.starts_with("assets/") {
        return Err(ApiError::no_route(path));
    }
    index(&state, &headers).ok_or_else(|| ApiError::no_route(path))
}

const INDEX: &str = "index.html";

/// The page itself. It names its parts relative to itself (`./assets/…`), and is given out under every address: they get the path that the
/// server lies below.
fn index(state: &ApiState, headers: &HeaderMap) -> Option<Response> {
    let content = (state.page)(INDEX)?;
    let text = String::from_utf8_lossy(&content);
    let base = base::path(&state.app.config.public_url);
    let text = text.replace("=\"./", &format!("=\"{base}/"));
    Some(answer(INDEX, "", Cow::Owned(text.into_bytes()), headers))
}

/// Encodings that the build lays beside the files that are worth it, best first.
const ENCODINGS: [(&str, &str); 2] = [("br", "br"), ("gzip", "gz")];

/// The file as it is, or, where the client takes it and the build made it, compressed.
fn file(page: PageFile, name: &str, headers: &HeaderMap) -> Option<Response> {
    let mut accepted = ENCODINGS.iter().filter(|(encoding, _)| accepts(headers, encoding));
    let encoded = accepted.find_map(|(encoding, ending)| Some((*encoding, page(&format!("{name}.{ending}"))?)));
    let (encoding, content) = match encoded {
        Some((encoding, content)) => (Some(encoding), content),
        None => (None, page(name)?),
    };
    let mut response = answer(name, encoding.unwrap_or_default(), content, headers);
    if let Some(encoding) = encoding {
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response.headers_mut().insert(VARY, HeaderValue::from_static("accept-encoding"));
    Some(response)
}

fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    let given = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    given.flat_map(|value| value.split(',')).any(|choice| {
        let (name, weight) = choice.split_once(';').unwrap_or((choice, ""));
        let refused = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok()) == Some(0.0);
        name.trim().eq_ignore_ascii_case(encoding) && !refused
    })
}

fn answer(name: &str, encoding: &str, content: Cow<'static, [u8]>, headers: &HeaderMap) -> Response {
    let hashed = name.starts_with("assets/");
    // The name of a hashed file is its fingerprint already.
    let tag = if hashed { format!("\"{name}{encoding}\"") } else { format!("\"{:016x}{encoding}\"", fingerprint(&content)) };
    let caching = if hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
    let known = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()).is_some_and(|value| value == tag);
    let content = match content {
        Cow::Borrowed(content) => Bytes::from_static(content),
        Cow::Owned(content) => Bytes::from(content),
    };
    let mut response = if known { StatusCode::NOT_MODIFIED.into_response() } else { Body::from(content).into_response() };
    let answer = response.headers_mut();
    answer.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    answer.insert(CONTENT_TYPE, HeaderValue::from_static(content_type(name)));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        answer.insert(ETAG, tag);
    }
    response
}

/// Media types of what a built page consists of.
fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// Tells versions of a file apart; FNV-1a, as nothing depends on it but a cache.
fn fingerprint(content: &[u8]) -> u64 {
    content.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}
