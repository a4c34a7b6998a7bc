//! A cluster that answers as the test says, well or badly.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response, Uri};
use cluster::{HttpCluster, HttpConfig, Timing};
use domain::clock::SystemClock;
use serde_json::{Value, json};

/// One answer.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    pub after: Duration,
}

/// An answer in JSON.
pub fn json_reply(status: u16, body: &Value) -> Reply {
    text_reply(status, &body.to_string())
}

/// An answer of any text.
pub fn text_reply(status: u16, body: &str) -> Reply {
    Reply { status, headers: Vec::new(), body: body.as_bytes().to_vec(), after: Duration::ZERO }
}

impl Reply {
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub fn after(self, after: Duration) -> Self {
        Self { after, ..self }
    }
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Seen {
    pub line: String,
    pub headers: HeaderMap,
    pub body: Value,
}

#[derive(Default)]
struct Script {
    replies: Mutex<HashMap<String, VecDeque<Reply>>>,
    requests: Mutex<Vec<Seen>>,
}

/// A server on a free port of this machine; it ends with the test's runtime.
pub struct StandIn {
    pub url: String,
    script: Arc<Script>,
}

impl StandIn {
    pub async fn start() -> Self {
        let script = Arc::new(Script::default());
        let router = Router::new().fallback(answer).with_state(script.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, script }
    }

    /// Answers to requests such as `GET /health`, one after the other; the last is repeated.
    pub fn on(&self, line: &str, replies: Vec<Reply>) {
        self.script.replies.lock().expect("no panic").insert(line.to_owned(), replies.into());
    }

    /// The requests that came with this line.
    pub fn requests(&self, line: &str) -> Vec<Seen> {
        self.script.requests.lock().expect("no panic").iter().filter(|r| r.line == line).cloned().collect()
    }
}

async fn answer(State(script): State<Arc<Script>>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let line = format!("{method} {}", uri.path());
    let seen = Seen { line: line.clone(), headers, body: serde_json::from_slice(&body).unwrap_or(Value::Null) };
    script.requests.lock().expect("no panic").push(seen);
    let reply = {
        let mut all = script.replies.lock().expect("no panic");
        match all.get_mut(&line) {
            Some(replies) if replies.len() > 1 => replies.pop_front(),
            Some(replies) => replies.front().cloned(),
            None => None,
        }
    };
    let reply = reply.unwrap_or_else(|| json_reply(404, &json!({"detail": "not found"})));
    tokio::time::sleep(reply.after).await;
    let mut response = Response::builder().status(reply.status);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(reply.body)).expect("an answer")
}

/// Times that are short, so that what is waited for comes soon.
pub fn timing() -> Timing {
    Timing {
        request: Duration::from_millis(500),
        health: Duration::from_millis(500),
        health_age: Duration::from_millis(1),
        pause: Duration::from_millis(5),
        longest_pause: Duration::from_millis(50),
        poll: Duration::from_millis(1),
        cancel: Duration::from_millis(300),
        lost: Duration::from_millis(200),
    }
}

/// The client of these addresses.
pub fn client(urls: &[&str]) -> HttpCluster {
    let urls = urls.iter().map(|url| (*url).to_owned()).collect();
    let config = HttpConfig { urls, key: "the key".to_owned(), clock: Arc::new(SystemClock), timing: timing() };
    HttpCluster::new(config).expect("a client")
}

/// What a node of ours says of itself.
pub fn node_health(capacity: u32, running: &[&str]) -> Value {
    json!({
        "ok": true, "message": "m", "version": "1", "devices": [], "instance_types": ["local-cpu"], "base_models": ["m@1"],
        "capacity": capacity, "running_jobs": running,
    })
}
