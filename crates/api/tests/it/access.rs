//! Sessions, API keys, passwords, confirmed addresses.

use crate::world::{Account, PASSWORD, World, on_each};
use chrono::Duration;
use http::StatusCode;
use serde_json::{Value, json};

async fn login(world: &World, account: &Account, password: &str) -> Account {
    world.advance(Duration::seconds(1));
    let data = world.post("/api/auth/login", None, json!({ "email": account.email, "password": password })).await.data();
    Account { token: data["token"].as_str().expect("a token").to_owned(), ..account.clone() }
}

#[tokio::test]
async fn sessions_are_listed_and_revoked_one_by_one_or_all_others() {
    on_each(|world| async move {
        let (second, third) = (login(&world, &world.ada, PASSWORD).await, login(&world, &world.ada, PASSWORD).await);
        let sessions = world.get("/api/auth/sessions", &third).await.data()["sessions"].clone();
        let sessions = sessions.as_array().expect("a list");
        assert_eq!((sessions.len(), &sessions[0]["current"], &sessions[1]["current"]), (3, &json!(true), &json!(false)));
        let path = format!("/api/auth/sessions/{}", sessions[1]["id"].as_str().expect("an id"));
        world.call("DELETE", &path, Some(&world.bob), None).await.fails(404, "SESSION_NOT_FOUND", None);
        world.call("DELETE", &path, Some(&third), None).await.data();
        world.call("DELETE", &path, Some(&third), None).await.fails(404, "SESSION_NOT_FOUND", None);
        world.get("/api/auth/me", &second).await.fails(401, "UNAUTHORIZED", None);
        world.get("/api/auth/me", &world.ada).await.data();
        world.post("/api/auth/sessions/revoke-others", Some(&third), Value::Null).await.data();
        world.get("/api/auth/me", &world.ada).await.fails(401, "UNAUTHORIZED", None);
        assert_eq!(world.get("/api/auth/sessions", &third).await.data()["sessions"].as_array().expect("a list").len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_password_is_changed_by_who_knows_it_and_other_sessions_end() {
    on_each(|world| async move {
        let other = login(&world, &world.ada, PASSWORD).await;
        let change = |current: &str, new: &str| json!({ "currentPassword": current, "newPassword": new });
        let path = "/api/auth/password";
        world.post(path, Some(&world.ada), change("wrong wrong", "another fine one")).await.fails(
            403,
            "WRONG_PASSWORD",
            Some("currentPassword"),
        );
        world.post(path, Some(&world.ada), change(PASSWORD, "short")).await.fails(400, "VALIDATION_ERROR", Some("newPassword"));
        world.post(path, Some(&world.ada), change(PASSWORD, "another fine one")).await.data();
        world.get("/api/auth/me", &world.ada).await.data();
        world.get("/api/auth/me", &other).await.fails(401, "UNAUTHORIZED", None);
        let old = world.post("/api/auth/login", None, json!({ "email": world.ada.email, "password": PASSWORD })).await;
        old.fails(401, "INVALID_CREDENTIALS", None);
        let ada = login(&world, &world.ada, "another fine one").await;
        let told = world.get("/api/notifications", &ada).await.data()["notifications"][0].clone();
        assert_eq!((told["type"].as_str(), told["title"].as_str()), (Some("account"), Some("Password changed")));
    })
    .await;
}

/// The token in the only mail that was sent.
async fn mailed_token(world: &World, page: &str) -> String {
    world.settle().await;
    let start = format!("{}/{page}#token=", crate::world::URL);
    let mails: Vec<_> = world.outbox.take().into_iter().filter(|mail| mail.text.contains(&start)).collect();
    assert_eq!(mails.len(), 1, "{mails:#?}");
    let (text, html) = (&mails[0].text, &mails[0].html);
    let token = text.split(&start).nth(1).and_then(|rest| rest.split_whitespace().next()).expect("a link").to_owned();
    assert!(html.contains(&format!("{start}{token}")), "{html}");
    token
}

#[tokio::test]
async fn a_forgotten_password_is_reset_once_within_an_hour_by_a_link() {
    on_each(|world| async move {
        let forgot = async |email: &str| world.post("/api/auth/password/forgot", None, json!({ "email": email })).await;
        let reset = async |token: &str, password: &str| {
            world.post("/api/auth/password/reset", None, json!({ "token": token, "password": password })).await
        };
        let (known, unknown) = (forgot(" ADA@example.org").await, forgot("nobody@example.org").await);
        assert_eq!((known.status, known.json()), (unknown.status, unknown.json()), "whether there is an account is not told");
        let token = mailed_token(&world, "reset-password").await;
        reset(&token, "short").await.fails(400, "VALIDATION_ERROR", Some("password"));
        reset("x", "another fine one").await.fails(403, "TOKEN_INVALID", Some("token"));
        reset(&token, "another fine one").await.data();
        world.get("/api/auth/me", &world.ada).await.fails(401, "UNAUTHORIZED", None);
        let ada = login(&world, &world.ada, "another fine one").await;
        assert_eq!(world.get("/api/auth/me", &ada).await.data()["user"]["emailVerified"], true, "the mail arrived");
        reset(&token, "yet another one").await.fails(403, "TOKEN_INVALID", Some("token"));

        forgot(&world.ada.email).await.data();
        let token = mailed_token(&world, "reset-password").await;
        world.advance(Duration::minutes(61));
        reset(&token, "yet another one").await.fails(403, "TOKEN_INVALID", Some("token"));
        // However often it is asked for, an account has three links at most.
        for _ in 0..5 {
            forgot(&world.ada.email).await.data();
            world.settle().await;
        }
        assert_eq!(world.outbox.take().iter().filter(|mail| mail.text.contains("reset-password")).count(), 3);
    })
    .await;
}

#[tokio::test]
async fn another_address_counts_when_its_link_is_opened_and_tells_nobody_whose_it_is() {
    on_each(|world| async move {
        let verified = |user: &mut db::users::User| user.email_verified_at = Some(user.created_at);
        db::users::update(&world.app.db, world.ada.id, verified).await.expect("written").expect("there");
        let change = |email: &str, password: &str| json!({ "email": email, "currentPassword": password });
        let ada = &world.ada;
        world.patch("/api/auth/me", ada, json!({ "email": "a@example.org" })).await.fails(400, "VALIDATION_ERROR", Some("currentPassword"));
        world.patch("/api/auth/me", ada, change("a@example.org", "wrong")).await.fails(403, "WRONG_PASSWORD", Some("currentPassword"));
        world.patch("/api/auth/me", ada, change("nothing", PASSWORD)).await.fails(400, "VALIDATION_ERROR", Some("email"));
        let (_, key) = world.api_key(ada, "write").await;
        let program = crate::world::Account { token: key, ..ada.clone() };
        world.patch("/api/auth/me", &program, change("a@example.org", PASSWORD)).await.fails(403, "SESSION_REQUIRED", None);
        let same = world.patch("/api/auth/me", ada, change(" ADA@example.org", PASSWORD)).await.data();
        assert_eq!(same.get("pendingEmail"), None, "it has that one already");

        let free = world.patch("/api/auth/me", ada, change("New@example.org", PASSWORD)).await.data();
        assert_eq!((free["user"]["email"].as_str(), free["pendingEmail"].as_str()), (Some("ada@example.org"), Some("new@example.org")));
        world.settle().await;
        let mails = world.outbox.take();
        let to = |address: &str| mails.iter().find(|mail| mail.to == address).unwrap_or_else(|| panic!("{mails:#?}"));
        assert!(to("ada@example.org").text.contains("change your password"));
        let token = to("new@example.org").text.split("verify-email#token=").nth(1).and_then(|rest| rest.split_whitespace().next());
        let token = token.expect("a link").to_owned();

        let taken = world.patch("/api/auth/me", ada, change("bob@example.org", PASSWORD)).await.data();
        assert_eq!(taken["pendingEmail"], "bob@example.org", "answered as one that is free");
        world.settle().await;
        let mails = world.outbox.take();
        let told = mails.iter().find(|mail| mail.to == "bob@example.org").expect("its owner is told");
        assert!(!told.text.contains("token="), "{}", told.text);

        world.post("/api/auth/email/verify", None, json!({ "token": token })).await.data();
        let me = world.get("/api/auth/me", ada).await.data();
        assert_eq!((me["user"]["email"].as_str(), me["user"]["emailVerified"].as_bool()), (Some("new@example.org"), Some(true)));
        world.post("/api/auth/email/verify", None, json!({ "token": token })).await.fails(403, "TOKEN_INVALID", Some("token"));
        let old = json!({ "email": "ada@example.org", "password": PASSWORD });
        world.post("/api/auth/login", None, old).await.fails(401, "INVALID_CREDENTIALS", None);
        world.post("/api/auth/login", None, json!({ "email": "new@example.org", "password": PASSWORD })).await.data();
        let log = world.get("/api/admin/audit", &world.admin).await.data().to_string();
        assert!(log.contains("email_change_requested") && log.contains("email_changed"), "{log}");
        world.settle().await;
        assert!(world.outbox.take().iter().any(|mail| mail.to == "ada@example.org" && mail.text.contains("not used for it any more")));

        // A link that waits is worthless once the password is changed.
        world.patch("/api/auth/me", ada, change("third@example.org", PASSWORD)).await.data();
        world.settle().await;
        let mails = world.outbox.take();
        let third = mails.iter().find(|mail| mail.to == "third@example.org").expect("a mail");
        let token = third.text.split("verify-email#token=").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("a link");
        let password = json!({ "currentPassword": PASSWORD, "newPassword": "another fine one" });
        world.post("/api/auth/password", Some(ada), password).await.data();
        world.post("/api/auth/email/verify", None, json!({ "token": token })).await.fails(403, "TOKEN_INVALID", Some("token"));
    })
    .await;
}

#[tokio::test]
async fn an_address_is_confirmed_by_the_link_that_signing_up_sends() {
    on_each(|world| async move {
        let eve = world.signup("eve@example.org").await;
        let token = mailed_token(&world, "verify-email").await;
        assert_eq!(world.get("/api/auth/me", &eve).await.data()["user"]["emailVerified"], false);
        world.post("/api/auth/email/verify", None, json!({ "token": "x" })).await.fails(403, "TOKEN_INVALID", Some("token"));
        world.post("/api/auth/email/verify", None, json!({ "token": token })).await.data();
        assert_eq!(world.get("/api/auth/me", &eve).await.data()["user"]["emailVerified"], true);
        world.post("/api/auth/email/verify", None, json!({ "token": token })).await.fails(403, "TOKEN_INVALID", Some("token"));
        world.post("/api/auth/email/send-verification", Some(&eve), Value::Null).await.data();
        world.settle().await;
        assert!(world.outbox.take().is_empty(), "it is confirmed already");
    })
    .await;
}

#[tokio::test]
async fn an_api_key_is_shown_once_and_good_for_its_scope_until_it_is_revoked_or_over() {
    on_each(|world| async move {
        let expires = world.app.clock.now() + Duration::hours(1);
        let body = json!({ "name": "backup", "scope": "read", "expiresAt": expires });
        let made = world.post("/api/auth/keys", Some(&world.ada), body).await;
        assert_eq!(made.status, StatusCode::CREATED);
        let made = made.data();
        let secret = made["secret"].as_str().expect("the key").to_owned();
        assert!(secret.starts_with("br_") && secret.starts_with(made["key"]["hint"].as_str().expect("a hint")));
        let reader = Account { token: secret.clone(), ..world.ada.clone() };
        assert_eq!(world.get("/api/auth/me", &reader).await.data()["user"]["email"], world.ada.email);
        world.post("/api/notifications/read-all", Some(&reader), Value::Null).await.fails(403, "KEY_READ_ONLY", None);
        world.advance(Duration::seconds(1));
        let made = world.post("/api/auth/keys", Some(&world.ada), json!({ "name": "deploy", "scope": "write" })).await.data();
        let writer = Account { token: made["secret"].as_str().expect("the key").to_owned(), ..world.ada.clone() };
        world.post("/api/notifications/read-all", Some(&writer), Value::Null).await.data();
        for (method, path) in [("GET", "/api/auth/keys"), ("GET", "/api/auth/sessions"), ("POST", "/api/auth/logout")] {
            world.call(method, path, Some(&writer), None).await.fails(403, "SESSION_REQUIRED", None);
        }
        let told = world.get("/api/notifications", &world.ada).await.data()["notifications"].clone();
        assert_eq!((told.as_array().map(Vec::len), &told[0]["title"]), (Some(2), &json!("New API key")));
        assert!(told[0]["message"].as_str().is_some_and(|text| text.contains("deploy") && !text.contains("br_")), "{told}");
        let listed = world.get("/api/auth/keys", &world.ada).await;
        assert!(!String::from_utf8_lossy(&listed.bytes).contains(&secret), "it is shown once");
        let listed = listed.data()["keys"].clone();
        assert_eq!((listed[0]["name"].as_str(), listed[1]["name"].as_str()), (Some("deploy"), Some("backup")));
        assert!(listed[1]["lastUsedAt"].is_string());

        let path = format!("/api/auth/keys/{}", made["key"]["id"].as_str().expect("an id"));
        world.call("DELETE", &path, Some(&world.bob), None).await.fails(404, "KEY_NOT_FOUND", None);
        world.call("DELETE", &path, Some(&world.ada), None).await.data();
        world.get("/api/auth/me", &writer).await.fails(401, "UNAUTHORIZED", None);
        world.advance(Duration::minutes(61));
        world.get("/api/auth/me", &reader).await.fails(401, "UNAUTHORIZED", None);
        let past = json!({ "name": "x", "scope": "read", "expiresAt": "2020-01-01T00:00:00Z" });
        world.post("/api/auth/keys", Some(&world.ada), past).await.fails(400, "VALIDATION_ERROR", Some("expiresAt"));
        world.post("/api/auth/keys", Some(&world.ada), json!({ "name": "x", "scope": "all" })).await.fails(
            400,
            "VALIDATION_ERROR",
            Some("scope"),
        );
    })
    .await;
}

#[tokio::test]
async fn no_secret_is_kept_as_it_was_given() {
    let world = World::new().await;
    let key = world.post("/api/auth/keys", Some(&world.ada), json!({ "name": "x", "scope": "read" })).await.data();
    let invited = world.post("/api/admin/invitations", Some(&world.admin), json!({ "email": "eve@example.org" })).await.data();
    world.outbox.take();
    world.post("/api/auth/password/forgot", None, json!({ "email": world.ada.email })).await.data();
    let token = mailed_token(&world, "reset-password").await;
    let file = std::fs::read(world.database_file()).expect("the database's file");
    let log = std::fs::read(format!("{}-wal", world.database_file().display())).unwrap_or_default();
    let text = format!("{}{}", String::from_utf8_lossy(&file), String::from_utf8_lossy(&log));
    let secrets = [key["secret"].as_str(), invited["token"].as_str(), Some(&token), Some(PASSWORD)];
    for secret in secrets.into_iter().map(|secret| secret.expect("a secret")) {
        assert!(!text.contains(secret), "a secret can be read in the database");
    }
    assert!(text.contains("$argon2id$v=19$m=19456,t=2,p=1$"), "it looked at the right file");
}

#[tokio::test]
async fn how_to_get_in_is_told_to_everybody() {
    let world = World::new().await;
    let options = world.call("GET", "/api/auth/options", None, None).await.data();
    assert_eq!(options, json!({ "signup": "open", "firstAccount": false, "passwordReset": true }));
}
