//! Rate limits.

use crate::world::{World, no_page, read, request};
use api::RateLimits;
use axum::extract::ConnectInfo;
use serde_json::json;
use std::net::SocketAddr;
use tower::ServiceExt;

#[tokio::test]
async fn logins_are_limited_by_address_and_requests_by_account() {
    let world = World::new().await;
    let router = world.router_with(RateLimits { logins: 2, writes: 1, reads: 3 }, no_page);
    let login = async |address: &str| {
        let mut request =
            request("POST", "/api/auth/login", None, Some(json!({ "email": "ada@example.org", "password": "wrong password" })));
        let address: SocketAddr = address.parse().expect("an address");
        request.extensions_mut().insert(ConnectInfo(address));
        read(router.clone().oneshot(request).await.expect("an answer")).await
    };
    for port in [1, 2] {
        login(&format!("10.0.0.1:{port}")).await.fails(401, "INVALID_CREDENTIALS", None);
    }
    let refused = login("10.0.0.1:3").await;
    refused.fails(429, "RATE_LIMITED", None);
    let wait: u64 = refused.headers["retry-after"].to_str().expect("text").parse().expect("seconds");
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(refused.headers["ratelimit-policy"], "\"attempts\";q=2;w=60");
    assert!(refused.headers["ratelimit"].to_str().expect("text").starts_with("\"attempts\";r=0;t="));
    login("10.0.0.2:1").await.fails(401, "INVALID_CREDENTIALS", None);

    let call = async |method: &str, path: &str, who| {
        read(router.clone().oneshot(request(method, path, Some(who), None)).await.expect("an answer")).await
    };
    for _ in 0..3 {
        let answer = call("GET", "/api/auth/me", &world.ada).await;
        assert_eq!(answer.headers["ratelimit-policy"], "\"reads\";q=3;w=60");
        answer.data();
    }
    call("GET", "/api/auth/me", &world.ada).await.fails(429, "RATE_LIMITED", None);
    call("GET", "/api/auth/me", &world.bob).await.data();
    call("POST", "/api/notifications/read-all", &world.ada).await.data();
    call("POST", "/api/notifications/read-all", &world.ada).await.fails(429, "RATE_LIMITED", None);
}

#[tokio::test]
async fn what_a_client_says_of_its_address_counts_behind_a_trusted_proxy_only() {
    let world = World::new().await;
    let router = world.router_with(RateLimits { logins: 1, writes: 1, reads: 3 }, no_page);
    let login = async |peer: &str, forwarded: &str| {
        let body = json!({ "email": "nobody@example.org", "password": "wrong password" });
        let mut request = request("POST", "/api/auth/login", None, Some(body));
        request.headers_mut().insert("x-forwarded-for", forwarded.parse().expect("a value"));
        let peer: SocketAddr = peer.parse().expect("an address");
        request.extensions_mut().insert(ConnectInfo(peer));
        read(router.clone().oneshot(request).await.expect("an answer")).await.status.as_u16()
    };
    assert_eq!(login("192.0.2.1:1", "203.0.113.1").await, 401);
    assert_eq!(login("192.0.2.1:1", "203.0.113.2").await, 429, "another name of the same client");
    assert_eq!(login("10.9.0.1:1", "203.0.113.1").await, 401);
    assert_eq!(login("10.9.0.1:1", "203.0.113.1").await, 429);
    assert_eq!(login("10.9.0.1:1", "203.0.113.9, 203.0.113.1").await, 429, "what it wrote itself is not believed");
    assert_eq!(login("10.9.0.1:1", "203.0.113.2").await, 401, "another client of the proxy");
}
