//! A real server of the real binary in a temporary folder.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

pub use crate::client::{Client, StreamEvent};

/// How long anything in these tests may take; reached only when something is wrong.
pub const LIMIT: Duration = Duration::from_secs(240);

/// A running `brightrun serve`. Killed when dropped.
pub struct Server {
    child: Child,
    pub url: String,
}

impl Server {
    /// Starts on a free port.
    pub fn start(dir: &Path) -> Self {
        Self::start_at(dir, "127.0.0.1:0", &[])
    }

    /// Starts at an address, with more environment.
    pub fn start_at(dir: &Path, listen: &str, env: &[(&str, &str)]) -> Self {
        Self::start_as("serve", dir, listen, env)
    }

    /// Starts another role that listens.
    pub fn start_as(role: &str, dir: &Path, listen: &str, env: &[(&str, &str)]) -> Self {
        let (child, line) = begin(&[role, "--listen", listen], dir, env);
        let Some(url) = line.strip_prefix("listening on ") else {
            panic!("the server did not start: {line:?}\n{}", std::fs::read_to_string(dir.join("server.log")).unwrap_or_default())
        };
        Self { url: url.to_owned(), child }
    }

    /// Starts a worker for the servers at `url`, which its trainers are given.
    pub fn worker(dir: &Path, url: &str, env: &[(&str, &str)]) -> Self {
        let (child, line) = begin(&["worker", "--app-url", url], dir, env);
        assert_eq!(line, "worker started", "{}", std::fs::read_to_string(dir.join("server.log")).unwrap_or_default());
        Self { url: url.to_owned(), child }
    }

    /// The address without the scheme, for a restart at the same place.
    pub fn address(&self) -> String {
        self.url.trim_start_matches("http://").to_owned()
    }

    /// As `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("reaped");
    }

    /// SIGTERM; waits for the end and tells how long it took.
    pub fn terminate(mut self) -> Duration {
        let started = Instant::now();
        signal(self.child.id(), "TERM");
        let status = self.child.wait().expect("reaped");
        assert!(status.success(), "a server that is asked to stop ends well: {status}");
        started.elapsed()
    }

    /// The server's process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Process ids of the trainers that this server has started.
    pub fn trainers(&self) -> Vec<u32> {
        children(self.child.id())
    }
}

/// Starts a role in a folder; its first line.
fn begin(role: &[&str], dir: &Path, env: &[(&str, &str)]) -> (Child, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_brightrun"))
        .args(role)
        .arg("--data-dir")
        .arg(dir)
        .env("BRIGHTRUN_RATE_LIMITS", "1000,100000,100000")
        .env_remove("DATABASE_URL")
        .envs(env.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(std::fs::File::options().create(true).append(true).open(dir.join("server.log")).expect("log file"))
        .spawn()
        .expect("the binary starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("stdout")).read_line(&mut line).expect("a line");
    (child, line.trim().to_owned())
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal by name.
pub fn signal(pid: u32, name: &str) {
    let _ = Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).status();
}

fn children(parent: u32) -> Vec<u32> {
    let stat = |pid: u32| std::fs::read_to_string(format!("/proc/{pid}/stat")).ok();
    let parent_of = |stat: &str| stat.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(1)?.parse::<u32>().ok());
    let pids = std::fs::read_dir("/proc").expect("/proc").flatten().filter_map(|e| e.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| stat(*pid).is_some_and(|s| parent_of(&s) == Some(parent))).collect()
}

/// Whether a process still runs (a zombie does not).
pub fn alive(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|s| !s.rsplit(") ").next().unwrap_or("Z").starts_with('Z'))
}

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A fixture data set's bytes.
pub fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(root().join("fixtures/datasets").join(name)).expect("fixture")
}

/// A client with a new account.
pub async fn account(server: &Server, email: &str) -> Client {
    let mut client = Client::new(&server.url);
    let body = json!({"email": email, "password": "correct horse battery", "name": "Test Person"});
    let answer = client.post("/api/auth/signup", &body).await.expect("signup");
    client.set_token(&answer).expect("token");
    client
}

/// The client of an account that exists, at a server's present address.
pub async fn log_in(server: &Server, email: &str) -> Client {
    let mut client = Client::new(&server.url);
    let answer = client.post("/api/auth/login", &json!({"email": email, "password": "correct horse battery"})).await.expect("login");
    client.set_token(&answer).expect("token");
    client
}

/// The bearer token of another session of an account.
pub async fn log_in_token(server: &Server, email: &str) -> String {
    let body = json!({"email": email, "password": "correct horse battery"});
    let answer = Client::new(&server.url).post("/api/auth/login", &body).await.expect("login");
    answer["token"].as_str().expect("a token").to_owned()
}

/// Makes a data set's row.
pub async fn create_dataset(client: &Client, file_name: &str, size: usize) -> Value {
    let body = json!({"name": file_name, "description": "", "format": "brightrun-lora-v4", "fileName": file_name, "fileSize": size});
    client.post("/api/datasets", &body).await.expect("created")
}

/// Uploads, confirms and waits for the result of the validation: the data set as the API shows it.
pub async fn upload(client: &Client, file_name: &str, content: Vec<u8>) -> Value {
    let made = create_dataset(client, file_name, content.len()).await;
    let id = made["datasetId"].as_str().expect("id").to_owned();
    client.put_signed(&made, content).await.expect("uploaded");
    client.post(&format!("/api/datasets/{id}/confirm"), &json!({})).await.expect("confirmed");
    validated(client, &id).await
}

/// Waits for the result of a validation.
pub async fn validated(client: &Client, id: &str) -> Value {
    validated_within(client, id, LIMIT).await
}

/// Waits so long for the result of a validation.
pub async fn validated_within(client: &Client, id: &str, limit: Duration) -> Value {
    let done = |d: &Value| matches!(d["dataset"]["status"].as_str(), Some("ready" | "error"));
    client.until(&format!("/api/datasets/{id}"), limit, done).await.expect("validated")["dataset"].take()
}

/// A job's request over the balanced preset with some settings changed.
pub fn job_request(dataset_id: &Value, changes: &Value) -> Value {
    let mut request = json!({
        "datasetId": dataset_id, "presetId": "custom", "name": "Test job",
        "hyperparameters": {"learningRate": 5e-4, "batchSize": 4, "numEpochs": 1, "warmupSteps": 0, "loraRank": 8, "loraAlpha": 16,
            "loraDropout": 0.05, "targetModules": ["q_proj", "v_proj"], "optimizerType": "adamw", "weightDecay": 0.01,
            "gradientAccumulationSteps": 1, "maxGradNorm": 1.0, "scheduler": "cosine"},
        "gpuConfig": {"instanceType": "local-cpu", "numGPUs": 1},
    });
    merge(&mut request, changes);
    request
}

fn merge(into: &mut Value, changes: &Value) {
    match (into, changes) {
        (Value::Object(into), Value::Object(changes)) => {
            for (key, value) in changes {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, changes) => *into = changes.clone(),
    }
}

/// Creates a job; its id.
pub async fn create_job(client: &Client, request: &Value) -> String {
    let made = client.post("/api/jobs", request).await.expect("job");
    made["jobId"].as_str().expect("id").to_owned()
}

/// Follows a job's stream until an event of that name, and returns all events up to it.
pub async fn stream_until(client: &Client, job_id: &str, name: &str) -> Vec<StreamEvent> {
    stream_until_it(client, job_id, name, |event| event.name == name).await
}

/// Watches a job until one of its checkpoints is in the store, where another machine finds it.
pub async fn stream_until_stored(client: &Client, job_id: &str) -> Vec<StreamEvent> {
    let stored = |event: &StreamEvent| event.data["message"].as_str().is_some_and(|message| message.contains("is stored and can be"));
    stream_until_it(client, job_id, "stored checkpoint", stored).await
}

async fn stream_until_it(client: &Client, job_id: &str, what: &str, is_it: impl Fn(&StreamEvent) -> bool + Sync) -> Vec<StreamEvent> {
    let mut events = Vec::new();
    let mut on_event = |event: StreamEvent| {
        let ends = matches!(event.name.as_str(), "complete" | "error" | "cancelled") || is_it(&event);
        events.push(event);
        !ends
    };
    let path = format!("/api/jobs/{job_id}/stream");
    let stream = client.stream(&path, &mut on_event);
    tokio::time::timeout(LIMIT, stream).await.expect("in time").expect("stream");
    let last = events.last().map(|e| format!("{} {}", e.name, e.data));
    assert!(events.last().is_some_and(&is_it), "the stream ended with {last:?} before any {what}");
    events
}

/// The job as the API shows it.
pub async fn job(client: &Client, job_id: &str) -> Value {
    client.get(&format!("/api/jobs/{job_id}")).await.expect("job")["job"].take()
}
