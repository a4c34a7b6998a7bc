//! Signing up, in and out.

use crate::world::{PASSWORD, World, on_each, read, request, server_with};
use app::SignupMode;
use axum::body::Body;
use chrono::Duration;
use http::{Request, StatusCode};
use serde_json::{Value, json};
use testkit::TestDatabase;
use tower::ServiceExt;

#[tokio::test]
async fn an_account_signs_up_logs_in_changes_its_name_and_logs_out() {
    on_each(|world| async move {
        let body = json!({ "email": " Eve@Example.org", "password": PASSWORD, "name": "Eve", "organization": "Acme" });
        let answer = world.post("/api/auth/signup", None, body).await;
        assert_eq!(answer.status, StatusCode::CREATED);
        let data = answer.data();
        assert_eq!((data["user"]["email"].as_str(), data["user"]["role"].as_str()), (Some("eve@example.org"), Some("user")));
        assert!(data["user"]["createdAt"].as_str().is_some_and(|at| at.ends_with('Z')), "{data:#}");

        let data = world.post("/api/auth/login", None, json!({ "email": "EVE@example.org", "password": PASSWORD })).await.data();
        assert!(data["expiresAt"].as_str().is_some_and(|at| at.ends_with('Z')));
        let mut eve = world.ada.clone();
        eve.token = data["token"].as_str().expect("a token").to_owned();
        assert_eq!(world.get("/api/auth/me", &eve).await.data()["user"]["organization"], "Acme");
        let changed = world.patch("/api/auth/me", &eve, json!({ "name": "Eva", "organization": "" })).await.data();
        assert_eq!((changed["user"]["name"].as_str(), changed["user"].get("organization")), (Some("Eva"), None));

        world.post("/api/auth/logout", Some(&eve), Value::Null).await.data();
        world.get("/api/auth/me", &eve).await.fails(401, "UNAUTHORIZED", None);
    })
    .await;
}

#[tokio::test]
async fn the_first_account_is_admin_and_no_other() {
    let world = World::new().await;
    let role = async |who| world.get("/api/auth/me", who).await.data()["user"]["role"].clone();
    assert_eq!((role(&world.admin).await, role(&world.ada).await), (json!("admin"), json!("user")));
}

#[tokio::test]
async fn what_cannot_be_an_account_is_refused_with_its_field() {
    let world = World::new().await;
    for (change, field) in [
        (json!({ "email": "not an address" }), "email"),
        (json!({ "password": "short" }), "password"),
        (json!({ "password": "password123" }), "password"),
        (json!({ "name": "  " }), "name"),
        (json!({ "organization": "x".repeat(201) }), "organization"),
        (json!({ "name": 7 }), "name"),
        (json!({ "role": "admin" }), "role"),
    ] {
        let mut body = json!({ "email": "eve@example.org", "password": PASSWORD, "name": "Eve" });
        body.as_object_mut().expect("an object").extend(change.as_object().expect("an object").clone());
        world.post("/api/auth/signup", None, body).await.fails(400, "VALIDATION_ERROR", Some(field));
    }
    let body = json!({ "email": "eve@example.org", "password": PASSWORD });
    world.post("/api/auth/signup", None, body).await.fails(400, "VALIDATION_ERROR", Some("name"));
    let body = json!({ "email": "ADA@example.org", "password": PASSWORD, "name": "Ada" });
    world.post("/api/auth/signup", None, body).await.fails(409, "EMAIL_TAKEN", Some("email"));
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_look_the_same() {
    let world = World::new().await;
    let wrong = world.post("/api/auth/login", None, json!({ "email": "ada@example.org", "password": "something else" })).await;
    let unknown = world.post("/api/auth/login", None, json!({ "email": "eve@example.org", "password": "something else" })).await;
    wrong.fails(401, "INVALID_CREDENTIALS", None);
    assert_eq!(wrong.json(), unknown.json());
}

/// Shortest of several, so that what else the machine does counts little.
async fn shortest_login(world: &World, email: &str) -> std::time::Duration {
    let mut shortest = std::time::Duration::MAX;
    for _ in 0..5 {
        let started = std::time::Instant::now();
        let body = json!({ "email": email, "password": "something else" });
        world.post("/api/auth/login", None, body).await.fails(401, "INVALID_CREDENTIALS", None);
        shortest = shortest.min(started.elapsed());
    }
    shortest
}

/// A password is hashed also where there is none to compare it with, which takes most of the time by far.
#[tokio::test]
async fn a_failed_login_takes_as_long_whoever_is_named() {
    let world = World::new().await;
    let disabled = world.signup("gone@example.org").await;
    let now = domain::Clock::now(&*world.clock);
    db::users::update(&world.app.db, disabled.id, |user| user.disabled_at = Some(now)).await.expect("written");
    // What is made once is made by the first.
    shortest_login(&world, "nobody@example.org").await;
    let known = shortest_login(&world, "ada@example.org").await;
    for email in ["eve@example.org", &disabled.email] {
        let other = shortest_login(&world, email).await;
        assert!(other < known * 4 && known < other * 4, "{email}: {other:?} instead of {known:?}");
    }
}

#[tokio::test]
async fn a_closed_server_takes_the_first_account_only() {
    let (database, folder) = (TestDatabase::sqlite(), tempfile::tempdir().expect("a folder"));
    let (router, _) = server_with(&database, folder.path(), SignupMode::Closed).await;
    for (email, status) in [("root@example.org", 201), ("eve@example.org", 403)] {
        let body = json!({ "email": email, "password": PASSWORD, "name": "Someone" });
        let answer = read(router.clone().oneshot(request("POST", "/api/auth/signup", None, Some(body))).await.expect("an answer")).await;
        assert_eq!(answer.status.as_u16(), status, "{:?}", answer.json());
    }
}

#[tokio::test]
async fn tokens_that_are_not_ours_or_are_over_are_refused() {
    let world = World::new().await;
    let with = |header: &str| {
        let request = Request::builder().uri("/api/auth/me").header("authorization", header).header("x-user-id", world.ada.id.to_string());
        request.body(Body::empty()).expect("a request")
    };
    let (start, signature) = world.ada.token.rsplit_once('.').expect("a JWT");
    let flipped: String = signature.chars().rev().collect();
    for header in ["Bearer ", "Bearer abc", "Basic YWRhOmE=", &format!("Bearer {start}."), &format!("Bearer {start}.{flipped}")] {
        let answer = world.answer(with(header)).await;
        answer.fails(401, "UNAUTHORIZED", None);
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
        assert!(answer.headers.contains_key("x-request-id"));
    }
    world.advance(Duration::days(29));
    world.get("/api/auth/me", &world.ada).await.data();
    world.advance(Duration::days(2));
    world.get("/api/auth/me", &world.ada).await.fails(401, "UNAUTHORIZED", None);
}

#[tokio::test]
async fn the_cookie_works_for_pages_of_this_server_only() {
    let world = World::new().await;
    let answer = world.post("/api/auth/login", None, json!({ "email": "ada@example.org", "password": PASSWORD })).await;
    let cookie = answer.headers["set-cookie"].to_str().expect("text").to_owned();
    for part in ["brightrun_session=", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=2592000"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Secure"), "the public address is plain http");
    let pair = cookie.split(';').next().expect("a pair").to_owned();
    let with = |method: &str, path: &str, origin: Option<&str>| {
        let mut request =
            Request::builder().method(method).uri(path).header("cookie", format!("other=1; {pair}")).header("host", "10.0.0.1:80");
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        request.body(Body::empty()).expect("a request")
    };
    world.answer(with("GET", "/api/auth/me", None)).await.data();
    for origin in [None, Some("https://evil.example"), Some("null")] {
        world.answer(with("POST", "/api/notifications/read-all", origin)).await.fails(403, "ORIGIN_MISMATCH", None);
    }
    for origin in ["http://10.0.0.1:80", "http://brightrun.test"] {
        world.answer(with("POST", "/api/notifications/read-all", Some(origin))).await.data();
    }
    let out = world.answer(with("POST", "/api/auth/logout", Some("http://brightrun.test"))).await;
    assert!(out.headers["set-cookie"].to_str().expect("text").contains("Max-Age=0"));
    world.answer(with("GET", "/api/auth/me", None)).await.fails(401, "UNAUTHORIZED", None);
}
