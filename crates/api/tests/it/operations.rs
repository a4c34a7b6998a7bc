//! Every operation of the OpenAPI document: who may call it. An operation without a row here fails.

use crate::world::{Account, World, job_body, request};
use domain::Role;
use http::StatusCode;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Who may call an operation; what each actor is answered follows from it: see [`Who::expected`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    /// Anybody.
    Public,
    /// Anybody with a signed address, or with a token that was sent.
    Signed,
    /// Programs of the server's own machine, whoever calls them.
    Machine,
    /// Every account, for itself.
    Own,
    /// The owner of the thing that the path names, and admins.
    Dataset,
    Job,
    Model,
    /// The owner of the thing only.
    Notification,
    Webhook,
    Configuration,
    /// Every account for itself, logged in: not with an API key.
    Session,
    /// The same, for a session or a key of its own.
    LoginSession,
    ApiKey,
    /// Admins.
    Admin,
    /// Admins that are logged in.
    AdminSession,
    /// The same, for an account or an invitation, which are nobody's.
    Account,
    Invitation,
}

/// Who calls. The things that paths name are the owner's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Actor {
    Anonymous,
    Owner,
    Other,
    BillingAdmin,
    Admin,
    /// The owner with an API key that only reads.
    ReadKey,
    /// The owner with an API key that reads and writes.
    WriteKey,
    /// An admin with an API key that only reads.
    AdminReadKey,
}

const ACTORS: [Actor; 8] =
    [Actor::Anonymous, Actor::Owner, Actor::Other, Actor::BillingAdmin, Actor::Admin, Actor::ReadKey, Actor::WriteKey, Actor::AdminReadKey];

/// What an actor is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answered {
    Unauthorized,
    Forbidden,
    NotFound,
    /// A failure, whatever it is: the address is not signed.
    Refused,
    /// Whatever the thing's state and the body lead to, but not that the caller may not, and no fault of the server.
    Allowed,
}

impl Answered {
    fn is(self, status: StatusCode) -> bool {
        match self {
            Self::Unauthorized => status == StatusCode::UNAUTHORIZED,
            Self::Forbidden => status == StatusCode::FORBIDDEN,
            Self::NotFound => status == StatusCode::NOT_FOUND,
            Self::Refused => status.is_client_error(),
            Self::Allowed => status.as_u16() < 500 && ![401, 403, 404, 405, 429].contains(&status.as_u16()),
        }
    }
}

impl Who {
    /// What `actor` is answered to an operation of this method.
    fn expected(self, method: &str, actor: Actor) -> Answered {
        use Actor as A;
        let sessions_only =
            matches!(self, Self::Session | Self::LoginSession | Self::ApiKey | Self::AdminSession | Self::Account | Self::Invitation);
        let admins_only = matches!(self, Self::Admin | Self::AdminSession | Self::Account | Self::Invitation);
        match (self, actor) {
            (Self::Public, _) => Answered::Allowed,
            (Self::Signed, _) => Answered::Refused,
            (Self::Machine, _) => Answered::Forbidden,
            (_, A::Anonymous) => Answered::Unauthorized,
            (_, A::ReadKey | A::AdminReadKey) if method != "GET" => Answered::Forbidden,
            (_, A::ReadKey | A::WriteKey | A::AdminReadKey) if sessions_only => Answered::Forbidden,
            (_, A::Admin | A::AdminReadKey) if admins_only => Answered::Allowed,
            _ if admins_only => Answered::Forbidden,
            (Self::Own | Self::Session, _) | (_, A::Owner | A::ReadKey | A::WriteKey) => Answered::Allowed,
            (Self::Dataset | Self::Job | Self::Model, A::Admin | A::AdminReadKey) => Answered::Allowed,
            (_, A::Other | A::BillingAdmin | A::Admin | A::AdminReadKey) => Answered::NotFound,
        }
    }
}

/// Operations after which the caller's session is over: they are called by accounts of their own.
const SPENDING: &[(&str, &str)] = &[
    ("POST", "/api/auth/logout"),
    ("POST", "/api/auth/me/deletion"),
    ("POST", "/api/auth/password"),
    ("POST", "/api/auth/sessions/revoke-others"),
];

const OPERATIONS: &[(&str, &str, Who)] = &[
    ("POST", "/api/auth/signup", Who::Public),
    ("POST", "/api/auth/login", Who::Public),
    ("POST", "/api/auth/logout", Who::Session),
    ("GET", "/api/auth/options", Who::Public),
    ("GET", "/api/auth/sessions", Who::Session),
    ("DELETE", "/api/auth/sessions/{id}", Who::LoginSession),
    ("POST", "/api/auth/sessions/revoke-others", Who::Session),
    ("GET", "/api/auth/keys", Who::Session),
    ("POST", "/api/auth/keys", Who::Session),
    ("DELETE", "/api/auth/keys/{id}", Who::ApiKey),
    ("POST", "/api/auth/password", Who::Session),
    ("POST", "/api/auth/password/forgot", Who::Public),
    ("POST", "/api/auth/password/reset", Who::Signed),
    ("POST", "/api/auth/email/verify", Who::Signed),
    ("POST", "/api/auth/email/send-verification", Who::Own),
    ("POST", "/api/auth/me/deletion", Who::Session),
    ("DELETE", "/api/auth/me/deletion", Who::Session),
    ("GET", "/api/auth/me/export", Who::Own),
    ("GET", "/api/admin/users", Who::Admin),
    ("PATCH", "/api/admin/users/{id}", Who::Account),
    ("POST", "/api/admin/users/{id}/password-reset", Who::Account),
    ("GET", "/api/admin/invitations", Who::Admin),
    ("POST", "/api/admin/invitations", Who::AdminSession),
    ("DELETE", "/api/admin/invitations/{id}", Who::Invitation),
    ("GET", "/api/admin/instances", Who::Admin),
    ("PATCH", "/api/admin/instances/{id}", Who::Admin),
    ("GET", "/api/admin/audit", Who::Admin),
    ("GET", "/api/auth/me", Who::Own),
    ("PATCH", "/api/auth/me", Who::Own),
    ("GET", "/api/datasets", Who::Own),
    ("POST", "/api/datasets", Who::Own),
    ("POST", "/api/datasets/validate", Who::Own),
    ("POST", "/api/datasets/sample", Who::Own),
    ("GET", "/api/datasets/{id}", Who::Dataset),
    ("PATCH", "/api/datasets/{id}", Who::Dataset),
    ("DELETE", "/api/datasets/{id}", Who::Dataset),
    ("POST", "/api/datasets/{id}/confirm", Who::Dataset),
    ("POST", "/api/datasets/{id}/restore", Who::Dataset),
    ("PUT", "/api/datasets/{id}/upload", Who::Dataset),
    ("POST", "/api/datasets/{id}/fixes", Who::Dataset),
    ("GET", "/api/datasets/{id}/conversations", Who::Dataset),
    ("GET", "/api/datasets/{id}/examples/{n}", Who::Dataset),
    ("GET", "/api/datasets/{id}/export", Who::Dataset),
    ("GET", "/api/datasets/{id}/export/report", Who::Dataset),
    ("GET", "/api/jobs", Who::Own),
    // The data set that these name must be the caller's: see `things_of_others_cannot_be_trained_on`.
    ("POST", "/api/jobs", Who::Own),
    ("POST", "/api/jobs/estimate", Who::Own),
    ("GET", "/api/jobs/{id}", Who::Job),
    ("PATCH", "/api/jobs/{id}", Who::Job),
    ("GET", "/api/jobs/{id}/stream", Who::Job),
    ("GET", "/api/jobs/{id}/metrics", Who::Job),
    ("GET", "/api/jobs/{id}/logs", Who::Job),
    ("GET", "/api/jobs/{id}/logs/download", Who::Job),
    ("GET", "/api/jobs/stream", Who::Own),
    ("GET", "/api/jobs/{id}/checkpoints", Who::Job),
    ("GET", "/api/jobs/{id}/examples/{n}", Who::Job),
    ("POST", "/api/jobs/callback", Who::Signed),
    ("POST", "/api/jobs/callback/checkpoints", Who::Signed),
    ("POST", "/api/jobs/{id}/cancel", Who::Job),
    ("POST", "/api/jobs/{id}/retry", Who::Job),
    ("GET", "/api/models", Who::Own),
    ("GET", "/api/models/artifacts", Who::Own),
    ("GET", "/api/models/{id}", Who::Model),
    ("PATCH", "/api/models/{id}", Who::Model),
    ("DELETE", "/api/models/{id}", Who::Model),
    ("POST", "/api/models/{id}/restore", Who::Model),
    ("GET", "/api/models/{id}/download", Who::Model),
    ("GET", "/api/models/{id}/archive", Who::Signed),
    ("GET", "/api/costs", Who::Own),
    ("GET", "/api/costs/summary", Who::Own),
    ("GET", "/api/costs/export", Who::Own),
    ("GET", "/api/notifications", Who::Own),
    ("POST", "/api/notifications/read-all", Who::Own),
    ("GET", "/api/notifications/stream", Who::Own),
    ("PATCH", "/api/notifications/{id}/read", Who::Notification),
    ("DELETE", "/api/notifications/{id}", Who::Notification),
    ("GET", "/api/settings", Who::Own),
    ("PATCH", "/api/settings", Who::Own),
    ("GET", "/api/webhooks", Who::Own),
    ("POST", "/api/webhooks", Who::Own),
    ("GET", "/api/webhooks/{id}", Who::Webhook),
    ("PATCH", "/api/webhooks/{id}", Who::Webhook),
    ("DELETE", "/api/webhooks/{id}", Who::Webhook),
    ("POST", "/api/webhooks/{id}/rotate", Who::Webhook),
    ("POST", "/api/webhooks/{id}/test", Who::Webhook),
    ("GET", "/api/webhooks/{id}/deliveries", Who::Webhook),
    ("GET", "/api/configurations", Who::Own),
    ("POST", "/api/configurations", Who::Own),
    ("PATCH", "/api/configurations/{id}", Who::Configuration),
    ("DELETE", "/api/configurations/{id}", Who::Configuration),
    ("GET", "/api/catalogue", Who::Own),
    ("GET", "/api/activity", Who::Own),
    ("GET", "/healthz", Who::Public),
    ("GET", "/readyz", Who::Public),
    ("GET", "/metrics", Who::Machine),
    ("GET", "/storage/{key}", Who::Signed),
    ("PUT", "/storage/{key}", Who::Signed),
];

fn documented() -> BTreeMap<(String, String), Value> {
    let document = api::openapi();
    let mut all = BTreeMap::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            all.insert((method.to_uppercase(), path.clone()), operation.clone());
        }
    }
    all
}

#[test]
fn every_operation_has_a_row_and_says_who_may_call_it() {
    let mut documented = documented();
    for (method, path, who) in OPERATIONS {
        let operation = documented.remove(&((*method).to_owned(), (*path).to_owned()));
        let operation = operation.unwrap_or_else(|| panic!("{method} {path} is not in the document: remove its row"));
        let public = !operation["security"].to_string().contains("bearer");
        assert_eq!(public, matches!(who, Who::Public | Who::Signed | Who::Machine), "{method} {path}: {}", operation["security"]);
    }
    assert!(documented.is_empty(), "operations without a row: {:?}", documented.keys());
}

/// A body that would be accepted.
fn body(method: &str, path: &str, dataset: &str) -> Option<Value> {
    match (method, path) {
        ("POST", "/api/datasets") => {
            Some(json!({ "name": "x", "description": "", "format": "alpaca", "fileSize": 1, "fileName": "x.json" }))
        }
        ("POST", "/api/datasets/validate") => Some(json!({ "content": "{}", "format": "alpaca" })),
        ("POST", "/api/auth/signup") => {
            let email = format!("{}@example.org", Uuid::now_v7());
            Some(json!({ "email": email, "password": crate::world::PASSWORD, "name": "x" }))
        }
        ("POST", "/api/auth/keys") => Some(json!({ "name": "x", "scope": "read" })),
        ("POST", "/api/auth/password") => Some(json!({ "currentPassword": crate::world::PASSWORD, "newPassword": "another fine one" })),
        ("POST", "/api/auth/password/forgot") => Some(json!({ "email": "ada@example.org" })),
        ("POST", "/api/auth/password/reset") => Some(json!({ "token": "x", "password": "another fine one" })),
        ("POST", "/api/auth/email/verify") => Some(json!({ "token": "x" })),
        ("POST", "/api/auth/me/deletion") => Some(json!({ "password": crate::world::PASSWORD })),
        ("PATCH", path) if path.starts_with("/api/admin/users/") => Some(json!({ "monthlyBudget": 5 })),
        ("PATCH", path) if path.starts_with("/api/admin/instances/") => Some(json!({ "ratePerHour": 0.06 })),
        ("POST", "/api/auth/login") => Some(json!({ "email": "ada@example.org", "password": crate::world::PASSWORD })),
        ("POST", path) if path.ends_with("/fixes") => Some(json!({ "fixes": ["drop_duplicates"] })),
        ("POST", "/api/jobs" | "/api/jobs/estimate") => Some(job_body(dataset)),
        ("POST", "/api/configurations") => Some(json!({ "name": Uuid::now_v7().to_string(), "settings": { "presetId": "balanced" } })),
        ("POST", "/api/webhooks") => Some(json!({ "url": "https://example.org/hook" })),
        ("PATCH", "/api/webhooks/{id}") => Some(json!({ "description": "x" })),
        ("PATCH", "/api/settings") => Some(json!({ "timezone": "UTC" })),
        ("PATCH", path) if !path.contains("notifications") => Some(json!({ "name": "x" })),
        _ => None,
    }
}

#[tokio::test]
async fn nobody_gets_in_without_a_session() {
    let world = World::new().await;
    let mut revoked = world.ada.clone();
    revoked.token = world.post("/api/auth/login", None, json!({ "email": revoked.email, "password": crate::world::PASSWORD })).await.data()
        ["token"]
        .as_str()
        .expect("a token")
        .to_owned();
    world.post("/api/auth/logout", Some(&revoked), Value::Null).await.data();
    let mut forged = world.ada.clone();
    forged.token = "eyJhbGciOiJIUzI1NiJ9.e30.x".to_owned();
    for (method, path, who) in OPERATIONS {
        if matches!(who, Who::Public | Who::Signed | Who::Machine) {
            continue;
        }
        let path = path.replace("{id}", &Uuid::from_u128(1).to_string());
        for account in [None, Some(&forged), Some(&revoked)] {
            let answer = world.call(method, &path, account, body(method, &path, "00000000-0000-0000-0000-000000000001")).await;
            assert_eq!(answer.error().0, 401, "{method} {path}: {:?}", answer.json());
        }
    }
}

/// A new thing of the owner's of the kind that the path names.
async fn thing(world: &World, who: Who) -> Option<Uuid> {
    match who {
        Who::Dataset => Some(world.ready_dataset(&world.ada, "Hers").await.id.uuid()),
        Who::Job => Some(world.job(&world.ada).await.uuid()),
        Who::Model => Some(world.model(&world.ada, "Hers").await.0.uuid()),
        Who::Notification => Some(world.notification(&world.ada).await.uuid()),
        Who::Webhook => Some(world.webhook(&world.ada).await),
        Who::Configuration => Some(world.configuration(&world.ada).await),
        Who::LoginSession => Some(world.login_session(&world.ada).await),
        Who::ApiKey => Some(world.api_key(&world.ada, "read").await.0),
        Who::Account => Some(world.stored_account().await.uuid()),
        Who::Invitation => {
            let made = world.post("/api/admin/invitations", Some(&world.admin), json!({})).await.data();
            Some(made["invitation"]["id"].as_str().expect("an id").parse().expect("an id"))
        }
        Who::Public | Who::Signed | Who::Machine | Who::Own | Who::Session | Who::Admin | Who::AdminSession => None,
    }
}

/// The path of a thing. Instance types have names of their own.
fn at(path: &str, id: Uuid) -> String {
    let id = if path.starts_with("/api/admin/instances/") { "local-cpu".to_owned() } else { id.to_string() };
    path.replace("{id}", &id).replace("{n}", "1")
}

/// The matrix: every operation × every actor.
#[tokio::test]
async fn every_operation_answers_every_actor_as_its_row_says() {
    let world = World::new().await;
    let billing = world.signup_as("billing@example.org", Role::BillingAdmin).await;
    // For bodies that name a data set: it must be the caller's.
    let mut datasets = BTreeMap::new();
    for account in [&world.ada, &world.bob, &billing, &world.admin] {
        datasets.insert(account.email.clone(), world.ready_dataset(account, "Own").await.id.to_string());
    }
    let key = async |account: &Account, scope| Account { token: world.api_key(account, scope).await.1, ..account.clone() };
    let (read_key, write_key) = (key(&world.ada, "read").await, key(&world.ada, "write").await);
    let admin_key = key(&world.admin, "read").await;
    let mut wrong = Vec::new();
    for (method, path, who) in OPERATIONS {
        for actor in ACTORS {
            let id = thing(&world, *who).await.unwrap_or_default();
            let spent;
            let account = match actor {
                Actor::Anonymous => None,
                Actor::ReadKey => Some(&read_key),
                Actor::WriteKey => Some(&write_key),
                Actor::AdminReadKey => Some(&admin_key),
                _ if SPENDING.contains(&(method, path)) => {
                    spent = world.signup(&format!("{}@example.org", Uuid::now_v7())).await;
                    Some(&spent)
                }
                Actor::Owner => Some(&world.ada),
                Actor::Other => Some(&world.bob),
                Actor::BillingAdmin => Some(&billing),
                Actor::Admin => Some(&world.admin),
            };
            let dataset = account.and_then(|account| datasets.get(&account.email)).map_or("", String::as_str);
            let request = request(method, &at(path, id), account, body(method, path, dataset));
            let (status, expected) = (world.send(request).await.status(), who.expected(method, actor));
            if !expected.is(status) {
                wrong.push(format!("{method} {path} by {actor:?}: {status} instead of {expected:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn things_of_others_look_as_if_they_were_not_there() {
    let world = World::new().await;
    for (method, path, who) in OPERATIONS {
        // What is nobody's is not looked for before it is known who asks.
        if matches!(who, Who::Account | Who::Invitation) {
            continue;
        }
        let Some(id) = thing(&world, *who).await else { continue };
        let call = async |id: &str| {
            world.call(method, &path.replace("{id}", id).replace("{n}", "1"), Some(&world.bob), body(method, path, "")).await
        };
        let (another, none) = (call(&id.to_string()).await, call(&Uuid::from_u128(1).to_string()).await);
        assert_eq!(another.error().0, 404, "{method} {path} by another: {:?}", another.json());
        assert_eq!(none.json(), another.json(), "{method} {path}: another's thing and no thing look the same");
        assert_eq!(call("x").await.error().0, 404, "{method} {path} with no id");
        // None of that has changed anything. Streams and files are no envelopes, and these rows have no file behind them.
        let without_data = ["/stream", "/logs/download", "/conversations", "/examples/{n}", "/export", "/export/report"];
        if OPERATIONS.contains(&("GET", path, *who)) && !without_data.iter().any(|end| path.ends_with(end)) {
            world.get(&path.replace("{id}", &id.to_string()), &world.ada).await.data();
        }
    }
}

#[tokio::test]
async fn things_of_others_cannot_be_trained_on() {
    let world = World::new().await;
    let dataset = world.ready_dataset(&world.ada, "Hers").await.id.to_string();
    let refused = async |who: &Account, path: &str| world.post(path, Some(who), job_body(&dataset)).await.error();
    for path in ["/api/jobs", "/api/jobs/estimate"] {
        let (status, code, field) = refused(&world.bob, path).await;
        assert_eq!((status, code.as_str(), field.as_deref()), (404, "DATASET_NOT_FOUND", Some("datasetId")));
    }
}

#[tokio::test]
async fn addresses_that_do_not_exist_answer_in_json() {
    let world = World::new().await;
    world.get("/api/nothing", &world.ada).await.fails(404, "NOT_FOUND", None);
    world.call("POST", "/api", None, None).await.fails(404, "NOT_FOUND", None);
    let answer = world.call("PUT", "/api/jobs", Some(&world.ada), None).await;
    answer.fails(405, "METHOD_NOT_ALLOWED", None);
    assert!(answer.headers["allow"].to_str().is_ok_and(|methods| methods.contains("POST")));
    assert!(answer.headers.contains_key("x-request-id"));
}
