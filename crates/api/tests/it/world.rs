//! What every test begins with: a server without a network, its accounts, and requests to it.

mod rows;
mod server;

pub use server::{Outbox, no_page, server_with};
use server::{generous, server};

use api::{Options, RateLimits, TrustedProxies};
use app::{App, SignupMode};
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use chrono::Duration;
use domain::account::Role;
use domain::{Clock, DatasetId, UserId};
use http::{HeaderMap, Method, Request, StatusCode};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;
use testkit::{ManualClock, TestDatabase};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

pub const URL: &str = "http://brightrun.test";
pub const PASSWORD: &str = "seven wild geese";
/// The sample data set that comes with the program.
pub const SAMPLE: &[u8] = include_bytes!("../../../../samples/bike-workshop.jsonl");

/// An account with its session.
#[derive(Debug, Clone)]
pub struct Account {
    pub id: UserId,
    pub email: String,
    pub token: String,
}

pub struct World {
    pub app: Arc<App>,
    pub clock: Arc<ManualClock>,
    pub stopping: CancellationToken,
    /// The first account, which is admin.
    pub admin: Account,
    pub ada: Account,
    pub bob: Account,
    pub outbox: Arc<Outbox>,
    router: axum::Router,
    database: TestDatabase,
    folder: TempDir,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Bytes,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("not JSON: {}", String::from_utf8_lossy(&self.bytes)))
    }

    /// The data of a successful envelope.
    #[track_caller]
    pub fn data(&self) -> Value {
        let body = self.json();
        assert!(self.status.is_success() && body["success"] == true, "{}: {body:#}", self.status);
        body["data"].clone()
    }

    /// The status and error of a failed envelope.
    #[track_caller]
    pub fn error(&self) -> (u16, String, Option<String>) {
        let body = self.json();
        assert!(!self.status.is_success() && body["success"] == false, "{}: {body:#}", self.status);
        let text = |value: &Value| value.as_str().map(str::to_owned);
        assert!(!body["error"]["message"].as_str().expect("a message").is_empty());
        (self.status.as_u16(), text(&body["error"]["code"]).expect("a code"), text(&body["error"]["field"]))
    }

    /// Asserts that the answer is this failure.
    #[track_caller]
    pub fn fails(&self, status: u16, code: &str, field: Option<&str>) {
        let (is_status, is_code, is_field) = self.error();
        assert_eq!((is_status, is_code.as_str(), is_field.as_deref()), (status, code, field), "{:#}", self.json());
    }
}

/// Runs a test once on each kind of database.
pub async fn on_each<F: Future<Output = ()>>(test: impl Fn(World) -> F) {
    for database in testkit::databases() {
        test(World::over(database).await).await;
    }
}

impl World {
    /// On SQLite.
    pub async fn new() -> Self {
        Self::over(TestDatabase::sqlite()).await
    }

    pub async fn over(database: TestDatabase) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let outbox = Arc::new(Outbox::default());
        let (router, app, clock, stopping) = server(&database, folder.path(), SignupMode::Open, outbox.clone()).await;
        let nobody = || Account { id: UserId(uuid::Uuid::nil()), email: String::new(), token: String::new() };
        let (admin, ada, bob) = (nobody(), nobody(), nobody());
        let mut world = Self { app, clock, stopping, admin, ada, bob, outbox, router, database, folder };
        world.admin = world.signup("root@example.org").await;
        world.ada = world.signup("ada@example.org").await;
        world.bob = world.signup("bob@example.org").await;
        world.forget_tasks().await;
        world
    }

    /// Another server over the same rows, with other rate limits or another page.
    pub fn router_with(&self, rate_limits: RateLimits, page: api::PageFile) -> axum::Router {
        api::router(
            self.app.clone(),
            Options {
                rate_limits,
                page,
                trusted_proxies: TrustedProxies::parse("10.9.0.0/16").expect("a network"),
                stopping: self.stopping.clone(),
                metrics_token: None,
            },
        )
    }

    /// Another server over the same rows, whose figures want a token.
    pub fn router_with_metrics_token(&self, token: &str) -> axum::Router {
        let options = Options {
            rate_limits: generous(),
            page: no_page,
            trusted_proxies: TrustedProxies::default(),
            stopping: self.stopping.clone(),
            metrics_token: Some(token.to_owned()),
        };
        api::router(self.app.clone(), options)
    }

    pub async fn signup(&self, email: &str) -> Account {
        let body = json!({ "email": email, "password": PASSWORD, "name": "Test Person" });
        let data = self.post("/api/auth/signup", None, body).await.data();
        let id = data["user"]["id"].as_str().expect("an id").parse().expect("an id");
        Account { id, email: email.to_owned(), token: data["token"].as_str().expect("a token").to_owned() }
    }

    /// Another account, with a role that signing up does not give.
    pub async fn signup_as(&self, email: &str, role: Role) -> Account {
        let account = self.signup(email).await;
        db::users::update(&self.app.db, account.id, |user| user.role = role).await.expect("written").expect("there");
        account
    }

    /// Another login session.
    pub async fn login_session(&self, who: &Account) -> uuid::Uuid {
        let now = self.clock.now();
        let session = db::sessions::Session {
            id: domain::SessionId::new(now),
            user_id: who.id,
            created_at: now,
            expires_at: now + Duration::days(1),
            revoked_at: None,
            last_seen_at: None,
            user_agent: None,
            address_prefix: None,
        };
        db::sessions::insert(&self.app.db, &session).await.expect("stored");
        session.id.uuid()
    }

    /// An API key: its id, and the key itself.
    pub async fn api_key(&self, who: &Account, scope: &str) -> (uuid::Uuid, String) {
        let data = self.post("/api/auth/keys", Some(who), json!({ "name": "x", "scope": scope })).await.data();
        let id = data["key"]["id"].as_str().expect("an id").parse().expect("an id");
        (id, data["secret"].as_str().expect("a key").to_owned())
    }

    /// An account that nobody logs in to.
    pub async fn stored_account(&self) -> UserId {
        let email = format!("{}@example.org", uuid::Uuid::now_v7());
        testkit::rows::stored_user(&self.app.db, &email, self.clock.now()).await.id
    }

    /// Empties the queue: nobody waits for the mail that signing up sends.
    async fn forget_tasks(&self) {
        let (db, now) = (&self.app.db, self.clock.now());
        for task in db::tasks::claim(db, "test", 100, now, now + Duration::seconds(1)).await.expect("claimed") {
            db::tasks::finish(db, task.id, "test").await.expect("finished");
        }
    }

    /// Works until nothing waits in the queue.
    pub async fn settle(&self) {
        let stop = CancellationToken::new();
        let worker = tokio::spawn(app::jobs::run_worker(self.app.clone(), stop.clone()));
        let idle = async {
            // A task may be taken, or make another, between two questions: so nothing is to be there several times in a row.
            let mut idle = 0;
            while idle < 3 {
                // What is only due later waits on.
                let due = db::tasks::any_due(&self.app.db, self.clock.now()).await.expect("asked");
                let running = self.app.queue.counts().await.expect("counted").running;
                idle = if due || running > 0 { 0 } else { idle + 1 };
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(60), idle).await.expect("the queue empties");
        stop.cancel();
        worker.await.expect("the worker ends");
    }

    /// What the reconciler does for accounts that leave.
    pub async fn purge(&self) {
        app::accounts::purge_due(&self.app).await.expect("purged");
    }

    /// Number of objects in the store.
    pub fn objects(&self) -> usize {
        fn files(folder: &Path) -> usize {
            let entries = std::fs::read_dir(folder).map(|entries| entries.flatten().collect::<Vec<_>>()).unwrap_or_default();
            entries.iter().map(|entry| if entry.path().is_dir() { files(&entry.path()) } else { 1 }).sum()
        }
        files(&self.folder.path().join("objects"))
    }

    /// The file of an object.
    pub fn object_file(&self, key: &str) -> PathBuf {
        self.folder.path().join("objects").join(key)
    }

    /// The SQLite file.
    pub fn database_file(&self) -> PathBuf {
        self.database.url.trim_start_matches("sqlite://").trim_end_matches("?mode=rwc").into()
    }

    pub async fn send(&self, request: Request<Body>) -> Response {
        self.router.clone().oneshot(request).await.expect("the router is infallible")
    }

    pub async fn answer(&self, request: Request<Body>) -> Answer {
        read(self.send(request).await).await
    }

    pub async fn call(&self, method: &str, path: &str, who: Option<&Account>, body: Option<Value>) -> Answer {
        let answer = self.answer(request(method, path, who, body)).await;
        assert!(answer.headers.contains_key("x-request-id"), "{method} {path}");
        crate::document::check(method, path, &answer);
        answer
    }

    pub async fn get(&self, path: &str, who: &Account) -> Answer {
        self.call("GET", path, Some(who), None).await
    }

    pub async fn post(&self, path: &str, who: Option<&Account>, body: Value) -> Answer {
        self.call("POST", path, who, Some(body)).await
    }

    pub async fn patch(&self, path: &str, who: &Account, body: Value) -> Answer {
        self.call("PATCH", path, Some(who), Some(body)).await
    }

    /// Sends bytes to a signed URL.
    pub async fn put(&self, url: &str, bytes: &[u8]) -> Answer {
        let path = url.strip_prefix(URL).expect("a URL of this server");
        let request = Request::builder().method(Method::PUT).uri(path).header("content-length", bytes.len());
        self.answer(request.body(Body::from(bytes.to_vec())).expect("a request")).await
    }

    /// Reads a signed URL.
    pub async fn fetch(&self, url: &str) -> Answer {
        self.call("GET", url.strip_prefix(URL).expect("a URL of this server"), None, None).await
    }

    /// Announces a file; answers its id and upload URL.
    pub async fn announce(&self, who: &Account, name: &str, bytes: &[u8]) -> (String, String) {
        let body = json!({
            "name": name, "description": "", "format": "brightrun-lora-v4", "fileSize": bytes.len(), "fileName": "talks.jsonl",
        });
        let data = self.post("/api/datasets", Some(who), body).await.data();
        let text = |key: &str| data[key].as_str().expect("text").to_owned();
        (text("datasetId"), text("uploadUrl"))
    }

    /// Uploads, confirms and validates a file; answers the data set.
    pub async fn validated(&self, who: &Account, name: &str, bytes: &[u8]) -> Value {
        let (id, url) = self.announce(who, name, bytes).await;
        assert_eq!(self.put(&url, bytes).await.status, StatusCode::OK);
        self.post(&format!("/api/datasets/{id}/confirm"), Some(who), Value::Null).await.data();
        self.validate(&id).await;
        self.get(&format!("/api/datasets/{id}"), who).await.data()["dataset"].clone()
    }

    /// What the worker does with a confirmed data set.
    pub async fn validate(&self, id: &str) {
        let id: DatasetId = id.parse().expect("an id");
        app::datasets::run_validation(&self.app, id, &CancellationToken::new()).await.expect("validated");
    }

    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }
}

/// A request for a job on this data set.
pub fn job_body(dataset: &str) -> Value {
    json!({
        "datasetId": dataset, "presetId": "balanced",
        "hyperparameters": { "loraRank": 4, "numEpochs": 1 },
        "gpuConfig": { "instanceType": "local-cpu", "numGPUs": 1 },
    })
}

/// A request with a bearer token and a JSON body. A body of null is none.
pub fn request(method: &str, path: &str, who: Option<&Account>, body: Option<Value>) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(who) = who {
        request = request.header("authorization", format!("Bearer {}", who.token));
    }
    match body.filter(|body| !body.is_null()) {
        Some(body) => request.header("content-type", "application/json").body(Body::from(body.to_string())),
        None => request.body(Body::empty()),
    }
    .expect("a request")
}

pub async fn read(response: Response) -> Answer {
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.expect("the body is whole");
    Answer { status: parts.status, headers: parts.headers, bytes }
}
