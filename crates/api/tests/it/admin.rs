//! Accounts, invitations, instance types and the audit log, for administrators.

use crate::world::{Account, PASSWORD, World, on_each, read, request, server_with};
use app::SignupMode;
use chrono::Duration;
use domain::Role;
use http::StatusCode;
use serde_json::{Value, json};
use tower::ServiceExt;

#[tokio::test]
async fn accounts_are_found_and_their_rights_changed() {
    on_each(|world| async move {
        let found = world.get("/api/admin/users?search=ADA@&pageSize=1", &world.admin).await;
        assert_eq!(
            (found.json()["meta"]["pagination"]["total"].clone(), found.data()["users"][0]["email"].clone()),
            (json!(1), json!("ada@example.org"))
        );
        assert_eq!(world.get("/api/admin/users?search=%25", &world.admin).await.data()["users"], json!([]), "no wildcards");
        let page = world.get("/api/admin/users?page=2&pageSize=2", &world.admin).await;
        assert_eq!(
            (page.data()["users"].as_array().map(Vec::len), page.json()["meta"]["pagination"]["hasMore"].clone()),
            (Some(1), json!(false))
        );
        assert_eq!(world.get("/api/admin/users?role=admin", &world.admin).await.data()["users"].as_array().map(Vec::len), Some(1));

        let path = format!("/api/admin/users/{}", world.ada.id);
        let body = json!({ "role": "billing_admin", "subscriptionTier": "enterprise", "monthlyBudget": 12.5 });
        let user = world.patch(&path, &world.admin, body).await.data()["user"].clone();
        assert_eq!(
            (user["role"].as_str(), user["subscriptionTier"].as_str(), user["monthlyBudget"].as_f64()),
            (Some("billing_admin"), Some("enterprise"), Some(12.5))
        );
        let user = world.patch(&path, &world.admin, json!({ "monthlyBudget": null })).await.data()["user"].clone();
        assert_eq!((user.get("monthlyBudget"), user["role"].as_str()), (None, Some("billing_admin")));
        for (body, field) in
            [(json!({ "monthlyBudget": -1 }), "monthlyBudget"), (json!({ "role": "king" }), "role"), (json!({ "email": "x" }), "email")]
        {
            world.patch(&path, &world.admin, body).await.fails(400, "VALIDATION_ERROR", Some(field));
        }
        world.patch("/api/admin/users/00000000-0000-0000-0000-000000000001", &world.admin, json!({})).await.fails(
            404,
            "USER_NOT_FOUND",
            None,
        );
    })
    .await;
}

#[tokio::test]
async fn a_disabled_account_is_out_at_once_and_the_last_admin_stays() {
    on_each(|world| async move {
        let key = world.post("/api/auth/keys", Some(&world.ada), json!({ "name": "x", "scope": "read" })).await.data();
        let key = crate::world::Account { token: key["secret"].as_str().expect("a key").to_owned(), ..world.ada.clone() };
        let path = format!("/api/admin/users/{}", world.ada.id);
        world.patch(&path, &world.admin, json!({ "disabled": true })).await.data();
        world.get("/api/auth/me", &world.ada).await.fails(401, "UNAUTHORIZED", None);
        world.get("/api/auth/me", &key).await.fails(401, "UNAUTHORIZED", None);
        let login = json!({ "email": world.ada.email, "password": PASSWORD });
        world.post("/api/auth/login", None, login.clone()).await.fails(401, "INVALID_CREDENTIALS", None);
        world.patch(&path, &world.admin, json!({ "disabled": false })).await.data();
        world.post("/api/auth/login", None, login).await.data();
        world.get("/api/auth/me", &world.ada).await.fails(401, "UNAUTHORIZED", None);

        let own = format!("/api/admin/users/{}", world.admin.id);
        for body in [json!({ "role": "user" }), json!({ "disabled": true })] {
            world.patch(&own, &world.admin, body).await.fails(409, "LAST_ADMIN", None);
        }
        world.post("/api/auth/me/deletion", Some(&world.admin), json!({ "password": PASSWORD })).await.fails(409, "LAST_ADMIN", None);
        world.patch(&path, &world.admin, json!({ "role": "admin" })).await.data();
        world.patch(&own, &world.admin, json!({ "role": "user" })).await.data();
        world.get("/api/admin/users", &world.admin).await.fails(403, "FORBIDDEN", None);
    })
    .await;
}

#[tokio::test]
async fn an_admin_hands_a_reset_link_over_where_no_mail_is_sent() {
    let world = World::new().await;
    let made = world.post(&format!("/api/admin/users/{}/password-reset", world.bob.id), Some(&world.admin), Value::Null).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let made = made.data();
    assert!(made["url"].as_str().expect("a link").ends_with(made["token"].as_str().expect("a token")));
    world.post("/api/auth/password/reset", None, json!({ "token": made["token"], "password": "another fine one" })).await.data();
    world.post("/api/auth/login", None, json!({ "email": world.bob.email, "password": "another fine one" })).await.data();
}

#[tokio::test]
async fn a_server_by_invitation_takes_whoever_has_a_good_one_once() {
    for database in testkit::databases() {
        let folder = tempfile::tempdir().expect("a folder");
        let (router, clock) = server_with(&database, folder.path(), SignupMode::Invite).await;
        let call = async |method: &str, path: &str, who: Option<&crate::world::Account>, body: Value| {
            read(router.clone().oneshot(request(method, path, who, Some(body))).await.expect("an answer")).await
        };
        let signup = async |email: &str, invitation: Option<&str>| {
            let mut body = json!({ "email": email, "password": PASSWORD, "name": "Someone" });
            if let Some(token) = invitation {
                body["invitation"] = token.into();
            }
            call("POST", "/api/auth/signup", None, body).await
        };
        let options = call("GET", "/api/auth/options", None, Value::Null).await.data();
        assert_eq!((&options["signup"], &options["firstAccount"]), (&json!("open"), &json!(true)));
        let first = signup("root@example.org", None).await.data();
        let admin = crate::world::Account {
            id: first["user"]["id"].as_str().expect("an id").parse().expect("an id"),
            email: "root@example.org".to_owned(),
            token: first["token"].as_str().expect("a token").to_owned(),
        };
        let options = call("GET", "/api/auth/options", None, Value::Null).await.data();
        assert_eq!((&options["signup"], &options["firstAccount"]), (&json!("invite"), &json!(false)));
        let invite = async |body: Value| {
            clock.advance(Duration::seconds(1));
            call("POST", "/api/admin/invitations", Some(&admin), body).await.data()
        };
        let bound = invite(json!({ "email": "Eve@example.org", "role": "billing_admin" })).await;
        let (open, over, revoked) = (invite(Value::Null).await, invite(json!({ "expiresInDays": 1 })).await, invite(Value::Null).await);
        assert_eq!(bound["mailed"], true);
        let token = |made: &Value| made["token"].as_str().expect("a token").to_owned();
        let path = format!("/api/admin/invitations/{}", revoked["invitation"]["id"].as_str().expect("an id"));
        call("DELETE", &path, Some(&admin), Value::Null).await.data();
        call("DELETE", &path, Some(&admin), Value::Null).await.fails(404, "INVITATION_NOT_FOUND", None);
        clock.advance(Duration::days(2));

        // Without a good invitation nothing is told, not even whether the address is taken.
        for (email, invitation) in [
            ("root@example.org", None),
            ("mallory@example.org", None),
            ("mallory@example.org", Some("x".to_owned())),
            ("mallory@example.org", Some(token(&bound))),
            ("mallory@example.org", Some(token(&over))),
            ("mallory@example.org", Some(token(&revoked))),
        ] {
            signup(email, invitation.as_deref()).await.fails(403, "INVITATION_INVALID", None);
        }
        let eve = signup("eve@example.org", Some(&token(&bound))).await.data();
        assert_eq!(eve["user"]["role"], "billing_admin");
        signup("mallory@example.org", Some(&token(&bound))).await.fails(403, "INVITATION_INVALID", None);
        // Two at once with one invitation: one gets in.
        let (one, two, with) = (token(&open), token(&open), async |email: &str, token: &str| signup(email, Some(token)).await.status);
        let (one, two) = futures::future::join(with("a@example.org", &one), with("b@example.org", &two)).await;
        assert_eq!(usize::from(one == 201) + usize::from(two == 201), 1, "{one} {two}");
        let listed = call("GET", "/api/admin/invitations", Some(&admin), Value::Null).await;
        let states: Vec<Value> = listed.data()["invitations"].as_array().expect("a list").iter().map(|i| i["state"].clone()).collect();
        assert_eq!(states, ["revoked", "expired", "used", "used"]);
        assert!(!String::from_utf8_lossy(&listed.bytes).contains(&token(&open)), "it is shown once");
    }
}

#[tokio::test]
async fn rates_that_an_admin_changes_count_in_the_catalogue_and_in_estimates() {
    on_each(|world| async move {
        let dataset = world.ready_dataset(&world.ada, "Talks").await.id.to_string();
        let cost = async || world.post("/api/jobs/estimate", Some(&world.ada), crate::world::job_body(&dataset)).await;
        let before = cost().await.data();
        let path = "/api/admin/instances/local-cpu";
        let changed = world.patch(path, &world.admin, json!({ "ratePerHour": 5.0, "displayName": "The old tower" })).await.data();
        assert_eq!(changed["instance"]["configuredRatePerHour"], 0.05);
        let shown = world.get("/api/catalogue", &world.ada).await.data()["instanceTypes"][0].clone();
        assert_eq!((shown["displayName"].as_str(), shown["ratePerHour"].as_f64()), (Some("The old tower"), Some(5.0)));
        let after = cost().await.data();
        assert!(after["cost"]["total"].as_f64() > before["cost"]["total"].as_f64(), "{before:#} {after:#}");
        // Partial changes leave the rest; null goes back to what is configured.
        let changed = world.patch(path, &world.admin, json!({ "ratePerHour": null, "offered": false })).await.data();
        assert_eq!((&changed["instance"]["ratePerHour"], &changed["instance"]["displayName"]), (&json!(0.05), &json!("The old tower")));
        cost().await.fails(400, "VALIDATION_ERROR", Some("gpuConfig.instanceType"));
        world.patch(path, &world.admin, json!({ "ratePerHour": -1 })).await.fails(400, "VALIDATION_ERROR", Some("ratePerHour"));
        world.patch("/api/admin/instances/none", &world.admin, json!({})).await.fails(404, "INSTANCE_NOT_FOUND", None);
        // What the cluster does not have cannot be offered.
        let far = world.patch("/api/admin/instances/h100-80gb", &world.admin, json!({ "offered": true })).await.data();
        assert_eq!(far["instance"]["available"], false);
        assert_eq!(world.get("/api/admin/instances", &world.admin).await.data()["instances"].as_array().map(Vec::len), Some(4));
    })
    .await;
}

#[tokio::test]
async fn the_audit_log_tells_who_did_what_and_no_secret() {
    on_each(|world| async move {
        let wrong = json!({ "email": world.ada.email, "password": "not the password" });
        world.advance(Duration::seconds(1));
        world.post("/api/auth/login", None, wrong).await.fails(401, "INVALID_CREDENTIALS", None);
        world.advance(Duration::seconds(1));
        let key = world.post("/api/auth/keys", Some(&world.ada), json!({ "name": "x", "scope": "write" })).await.data();
        world.advance(Duration::seconds(1));
        world.patch(&format!("/api/admin/users/{}", world.ada.id), &world.admin, json!({ "role": "billing_admin" })).await.data();
        let log = world.get("/api/admin/audit?pageSize=100", &world.admin).await;
        let text = String::from_utf8_lossy(&log.bytes).into_owned();
        for secret in [key["secret"].as_str().expect("a key"), PASSWORD, "not the password", &world.ada.token] {
            assert!(!text.contains(secret));
        }
        let entries = log.data()["entries"].clone();
        let actions: Vec<&str> = entries.as_array().expect("a list").iter().filter_map(|entry| entry["action"].as_str()).collect();
        assert_eq!(actions, ["role_changed", "key_created", "login_failed", "signup", "signup", "signup"]);
        let change = &entries[0];
        assert_eq!(
            (change["actor"]["email"].as_str(), change["subject"]["email"].as_str()),
            (Some("root@example.org"), Some("ada@example.org"))
        );
        assert_eq!(change["details"], json!({ "from": "user", "to": "billing_admin" }));
        assert!(change["via"].as_str().is_some_and(|via| via.starts_with("session:")));
        let hers = world.get(&format!("/api/admin/audit?userId={}", world.ada.id), &world.admin).await.json();
        assert_eq!(hers["meta"]["pagination"]["total"], 4);
        let failed = world.get("/api/admin/audit?action=login_failed", &world.admin).await.data();
        assert_eq!(failed["entries"].as_array().map(Vec::len), Some(1));
        world.get("/api/admin/audit?action=nothing", &world.admin).await.fails(400, "VALIDATION_ERROR", Some("action"));
    })
    .await;
}

#[tokio::test]
async fn the_audit_log_tells_what_was_taken_away_brought_back_and_changed() {
    on_each(|world| async move {
        let ada = &world.ada;
        let dataset = world.ready_dataset(ada, "Talks").await.id;
        let (model, _) = world.model(ada, "Hers").await;
        let webhook = world.webhook(ada).await;
        let mut done = vec![("webhook_created", webhook.to_string())];
        let mut act = async |method: &str, path: String, who, body, action, subject: String| {
            world.advance(Duration::seconds(1));
            world.call(method, &path, Some(who), body).await.data();
            done.push((action, subject));
        };
        for (kind, id) in [("dataset", dataset.to_string()), ("model", model.to_string())] {
            let path = format!("/api/{kind}s/{id}");
            let (deleted, restored) =
                if kind == "dataset" { ("dataset_deleted", "dataset_restored") } else { ("model_deleted", "model_restored") };
            act("DELETE", path.clone(), ada, None, deleted, id.clone()).await;
            act("POST", format!("{path}/restore"), ada, None, restored, id.clone()).await;
            act("DELETE", path, &world.admin, None, deleted, id).await;
        }
        let path = format!("/api/webhooks/{webhook}");
        act("PATCH", path.clone(), ada, Some(json!({ "enabled": false })), "webhook_changed", webhook.to_string()).await;
        act("POST", format!("{path}/rotate"), ada, None, "webhook_secret_rotated", webhook.to_string()).await;
        act("DELETE", path, ada, None, "webhook_deleted", webhook.to_string()).await;
        act("PATCH", "/api/settings".to_owned(), ada, Some(json!({ "monthlyBudget": 7 })), "budget_changed", ada.id.to_string()).await;
        world.advance(Duration::seconds(1));
        // What changes nothing is no act.
        world.post(&format!("/api/datasets/{dataset}/restore"), Some(ada), Value::Null).await.data();
        world.post(&format!("/api/datasets/{dataset}/restore"), Some(ada), Value::Null).await.data();
        world.patch("/api/settings", ada, json!({ "monthlyBudget": 7 })).await.data();
        done.push(("dataset_restored", dataset.to_string()));
        let entries = world.get("/api/admin/audit?pageSize=100", &world.admin).await.data()["entries"].clone();
        let entries = entries.as_array().expect("a list");
        let found: Vec<(&str, String)> = entries
            .iter()
            .map(|entry| (entry["action"].as_str().expect("an act"), entry["subject"]["id"].as_str().unwrap_or_default().to_owned()))
            .filter(|(action, _)| *action != "signup")
            .rev()
            .collect();
        assert_eq!(found, done);
        let admins = entries.iter().find(|entry| entry["action"] == "model_deleted").expect("there");
        assert_eq!((&admins["actor"]["email"], &admins["details"]["owner"]), (&json!("root@example.org"), &json!(ada.id)));
        let budget = entries.iter().find(|entry| entry["action"] == "budget_changed").expect("there");
        assert_eq!(budget["details"], json!({ "own": true, "from": null, "to": 7.0 }));
    })
    .await;
}

#[tokio::test]
async fn an_admin_finds_the_things_of_every_account_and_nobody_else_does() {
    on_each(|world| async move {
        let (ada, bob) = (world.ada.id, world.bob.id);
        world.model(&world.ada, "Hers").await;
        let nobody = uuid::Uuid::from_u128(1);
        for (what, count) in [("datasets", 1), ("jobs", 1), ("models", 1)] {
            let list = async |who: &Account, query: &str| world.get(&format!("/api/{what}{query}"), who).await;
            let seen = list(&world.admin, &format!("?userId={ada}")).await;
            assert_eq!(seen.data()[what].as_array().map(Vec::len), Some(count), "{what}");
            assert_eq!(seen.data()[what][0]["userId"], ada.to_string());
            assert_eq!(list(&world.admin, "").await.data()[what], json!([]), "one's own where nobody is named");
            assert_eq!(list(&world.admin, &format!("?userId={bob}")).await.data()[what], json!([]));
            assert_eq!(list(&world.ada, &format!("?userId={ada}")).await.data()[what].as_array().map(Vec::len), Some(count));
            for (who, user) in [(&world.bob, ada.uuid()), (&world.bob, nobody), (&world.admin, nobody)] {
                list(who, &format!("?userId={user}")).await.fails(404, "USER_NOT_FOUND", None);
            }
            list(&world.admin, "?userId=me").await.fails(400, "VALIDATION_ERROR", Some("userId"));
        }
    })
    .await;
}

#[tokio::test]
async fn billing_admins_administer_nothing() {
    let world = World::new().await;
    let billing = world.signup_as("billing@example.org", Role::BillingAdmin).await;
    for path in ["/api/admin/users", "/api/admin/invitations", "/api/admin/instances", "/api/admin/audit"] {
        world.get(path, &billing).await.fails(403, "FORBIDDEN", None);
    }
}
