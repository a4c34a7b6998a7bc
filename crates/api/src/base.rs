//! The path that all of the server lies below, where its public address has one: `/brightrun` of `https://example.org/brightrun`.
//!
//! Requests are taken with that path and without it, so that a proxy may hand it on or take it away.

use axum::extract::Request;
use http::Uri;
use http::uri::PathAndQuery;

/// Scheme, host and port of an address, and its path; the path is empty or begins with `/` and does not end with it.
fn parts(url: &str) -> (&str, &str) {
    let after_scheme = url.find("://").map_or(0, |at| at + 3);
    let end = url[after_scheme..].find(['/', '?', '#']).map_or(url.len(), |at| after_scheme + at);
    let (origin, rest) = url.split_at(end);
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    (origin, path.trim_end_matches('/'))
}

/// The path of the public address; empty where it has none.
pub fn path(public_url: &str) -> &str {
    parts(public_url).1
}

/// Scheme, host and port of the public address.
pub fn origin(public_url: &str) -> &str {
    parts(public_url).0
}

/// The request as if the server lay at the root. One that does not lie below `base` stays as it is.
pub fn strip(base: &str, mut request: Request) -> Request {
    if let Some(uri) = stripped(base, request.uri()) {
        *request.uri_mut() = uri;
    }
    request
}

fn stripped(base: &str, uri: &Uri) -> Option<Uri> {
    let rest = uri.path().strip_prefix(base)?;
    if !rest.is_empty() && !rest.starts_with('/') {
        return None;
    }
    let path = if rest.is_empty() { "/" } else { rest };
    let with_query = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(with_query).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_address_has_an_origin_and_perhaps_a_path() {
        assert_eq!(parts("https://example.org"), ("https://example.org", ""));
        assert_eq!(parts("https://example.org/"), ("https://example.org", ""));
        assert_eq!(parts("http://[::1]:3000/a/b/"), ("http://[::1]:3000", "/a/b"));
        assert_eq!(parts("https://example.org/run?x=/y"), ("https://example.org", "/run"));
    }

    #[test]
    fn only_the_path_itself_is_taken_away() {
        let given = |uri: &str| stripped("/run", &uri.parse().expect("an address")).map(|uri| uri.to_string());
        assert_eq!(given("/run").as_deref(), Some("/"));
        assert_eq!(given("/run/").as_deref(), Some("/"));
        assert_eq!(given("/run/api/jobs?page=2").as_deref(), Some("/api/jobs?page=2"));
        assert_eq!(given("/run?x=1").as_deref(), Some("/?x=1"));
        assert_eq!(given("/running/api"), None);
        assert_eq!(given("/api/jobs"), None);
    }
}
