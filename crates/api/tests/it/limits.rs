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
    login("10.0.0.2:1").await.fails(401, "INVALID_CREDENTIALS", None);

    let call = async |method: &str, path: &str, who| {
        read(router.clone().oneshot(request(method, path, Some(who), None)).await.expect("an answer")).await
    };
    for _ in 0..3 {
        call("GET", "/api/auth/me", &world.ada).await.data();
    }
    call("GET", "/api/auth/me", &world.ada).await.fails(429, "RATE_LIMITED", None);
    call("GET", "/api/auth/me", &world.bob).await.data();
    call("POST", "/api/notifications/read-all", &world.ada).await.data();
    call("POST", "/api/notifications/read-all", &world.ada).await.fails(429, "RATE_LIMITED", None);
}
