//! Who calls: from a bearer token, an API key or the session cookie, checked against its row at every request.

use super::address::address_of;
use crate::base;
use crate::error::ApiError;
use crate::limits::{Budget, RateNote};
use crate::state::ApiState;
use app::accounts::SignedIn;
use axum::extract::{ConnectInfo, FromRequestParts};
use domain::{AddressPrefix, Caller, Error, ErrorKind};
use http::header::{AUTHORIZATION, COOKIE, HOST, ORIGIN};
use http::request::Parts;
use http::{HeaderMap, Method};
use std::net::SocketAddr;

/// Name of the session cookie.
pub const SESSION_COOKIE: &str = "brightrun_session";

/// The authenticated caller. Taking it makes an operation private; it also counts against the caller's rate.
#[derive(Debug, Clone, Copy)]
pub struct Auth(pub Caller);

/// As [`Auth`], with the caller's account, which was read with the session.
#[derive(Debug, Clone)]
pub struct AuthAccount(pub SignedIn);

/// Where a session token came from.
#[derive(Debug, PartialEq, Eq)]
pub enum TokenSource {
    /// `Authorization: Bearer`.
    Bearer,
    /// The cookie.
    Cookie,
}

impl FromRequestParts<ApiState> for Auth {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, ApiError> {
        AuthAccount::from_request_parts(parts, state).await.map(|AuthAccount(who)| Self(who.caller))
    }
}

impl FromRequestParts<ApiState> for AuthAccount {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, ApiError> {
        let (token, source) = session_token(&parts.headers).ok_or_else(Error::unauthenticated)?;
        if source == TokenSource::Cookie && !is_safe(&parts.method) && !same_origin(&parts.headers, &state.app.config.public_url) {
            let message = "A request with the session cookie must come from this server's own page (Origin header).";
            return Err(Error::new(ErrorKind::Forbidden, "ORIGIN_MISMATCH", message).into());
        }
        let address = address_of(parts, state).map(AddressPrefix::of);
        let safe = is_safe(&parts.method);
        let who = app::accounts::authenticate(&state.app, &token, !safe, address).await?;
        let budget = if safe { Budget::Read } else { Budget::Write };
        state.limits.check_user(budget, who.caller.user_id, parts.extensions.get::<RateNote>()).await?;
        Ok(Self(who))
    }
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// The session token of a request. A bearer token wins over the cookie.
pub fn session_token(headers: &HeaderMap) -> Option<(String, TokenSource)> {
    if let Some(value) = headers.get(AUTHORIZATION) {
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        return scheme.eq_ignore_ascii_case("bearer").then(|| (token.trim().to_owned(), TokenSource::Bearer));
    }
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == SESSION_COOKIE)
        .map(|(_, token)| (token.to_owned(), TokenSource::Cookie))
}

/// Whether the request's `Origin` is this server: the address that it was asked under, or its public address.
pub fn same_origin(headers: &HeaderMap, public_url: &str) -> bool {
    let Some(origin) = headers.get(ORIGIN).and_then(|value| value.to_str().ok()) else { return false };
    if origin.eq_ignore_ascii_case(base::origin(public_url)) {
        return true;
    }
    let host = headers.get(HOST).and_then(|value| value.to_str().ok());
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    matches!((authority, host), (Some(authority), Some(host)) if authority.eq_ignore_ascii_case(host))
}

/// Who may read the server's figures.
#[derive(Debug)]
pub struct Scraper;

/// A request with one of these came through a proxy, so that its address says nothing.
const FORWARDED: [&str; 3] = ["forwarded", "x-forwarded-for", "x-real-ip"];

impl FromRequestParts<ApiState> for Scraper {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, ApiError> {
        if let Some(wanted) = &state.metrics_token {
            let given = session_token(&parts.headers).filter(|(_, source)| *source == TokenSource::Bearer);
            let right = given.is_some_and(|(given, _)| same(given.as_bytes(), wanted.as_bytes()));
            return if right { Ok(Self) } else { Err(Error::unauthenticated().into()) };
        }
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let local = peer.is_some_and(|peer| peer.0.ip().to_canonical().is_loopback());
        if local && !FORWARDED.iter().any(|name| parts.headers.contains_key(*name)) {
            return Ok(Self);
        }
        let message = "Figures are given to programs on the server's own machine; set BRIGHTRUN_METRICS_TOKEN to give them to others.";
        Err(Error::new(ErrorKind::Forbidden, "METRICS_CLOSED", message).into())
    }
}

/// Takes as long for a wrong secret as for the right one.
fn same(given: &[u8], wanted: &[u8]) -> bool {
    given.len() == wanted.len() && given.iter().zip(wanted).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().expect("name"), value.parse().expect("value"))).collect()
    }

    #[test]
    fn a_bearer_token_wins_over_the_cookie() {
        let both = headers(&[("authorization", "bearer abc"), ("cookie", "x=1; brightrun_session=def")]);
        assert_eq!(session_token(&both), Some(("abc".to_owned(), TokenSource::Bearer)));
        let cookie = headers(&[("cookie", "x=1; brightrun_session=def")]);
        assert_eq!(session_token(&cookie), Some(("def".to_owned(), TokenSource::Cookie)));
        assert_eq!(session_token(&headers(&[("authorization", "Basic abc")])), None);
    }

    #[test]
    fn the_origin_must_be_the_host_or_the_public_address() {
        let url = "https://train.example.org";
        assert!(same_origin(&headers(&[("origin", "http://127.0.0.1:8080"), ("host", "127.0.0.1:8080")]), url));
        assert!(same_origin(&headers(&[("origin", url), ("host", "10.0.0.5:8080")]), url));
        assert!(!same_origin(&headers(&[("origin", "https://evil.example"), ("host", "127.0.0.1:8080")]), url));
        assert!(!same_origin(&headers(&[("origin", "null"), ("host", "127.0.0.1:8080")]), url));
        assert!(!same_origin(&headers(&[("host", "127.0.0.1:8080")]), url));
    }
}
