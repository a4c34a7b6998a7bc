//! How fast the API is with 100 users: `make bench-api`. Starts the given program over SQLite and over PostgreSQL, fills it, and asks it for
//! a realistic mix; first at a steady pace, then at twice that, then as fast as it goes. The generator runs on the same machine; its share
//! is reported.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a benchmark, which fails by panicking and prints its figures")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use chrono::Utc;
use db::Db;
use db::jobs::{JobEffects, NewEvent, Projection, StepMetrics};
use domain::UserId;
use domain::job::{JobStage, JobStatus, LogLevel};
use serde_json::{Value, json};
use testkit::http::{Connection, request};
use testkit::rows;

const USERS: usize = 100;
/// Of each account: enough for several pages.
const DATASETS: usize = 25;
const JOBS: usize = 30;
const POINTS: u64 = 400;
/// An answer that takes longer is a failed one.
const LATEST: Duration = Duration::from_secs(10);
/// Requests a second of all users together, when they keep a pace.
const PACES: [f64; 2] = [500.0, 1000.0];
const PASSWORD: &str = "seven wild geese";

/// An operation of the mix: name, how often of 100, and whether it only reads.
const MIX: &[(&str, u32, bool)] = &[
    ("GET /api/jobs (dashboard)", 18, true),
    ("GET /api/notifications", 12, true),
    ("GET /api/costs/summary", 8, true),
    ("GET /api/activity", 8, true),
    ("GET /api/datasets", 10, true),
    ("GET /api/datasets/{id}", 6, true),
    ("GET /api/jobs/{id}", 10, true),
    ("GET /api/jobs/{id}/metrics", 6, true),
    ("GET /api/jobs/{id}/logs", 4, true),
    ("GET /api/models", 5, true),
    ("GET /api/auth/me", 4, true),
    ("GET /api/catalogue", 3, true),
    ("POST /api/jobs/estimate", 3, false),
    ("PATCH /api/jobs/{id}", 2, false),
    ("POST /api/notifications/read-all", 1, false),
];

/// A user with its requests, in the order of the mix.
struct User {
    requests: Vec<Vec<u8>>,
}

struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    fn start(program: &Path, folder: &Path, database: &str) -> Self {
        let mut child = Command::new(program)
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(folder)
            .env("DATABASE_URL", database)
            .env("BRIGHTRUN_RATE_LIMITS", "1000000,100000000,100000000")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
        let address = line.trim().trim_start_matches("listening on http://").parse().expect("its address");
        Self { child, address }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It is a benchmark's own server; there is nothing to save.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Seconds of processor time of a process so far, and its peak memory in MB.
fn usage(pid: u32) -> (f64, f64) {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or_default();
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().split(' ').next()?.parse::<f64>().ok());
    ((ticks(11) + ticks(12)) / 100.0, peak.unwrap_or_default() / 1024.0)
}

async fn call(connection: &mut Connection, method: &str, path: &str, token: Option<&str>, body: &Value) -> Value {
    let answer = connection.send(&request(method, path, token, Some(&body.to_string()))).await.expect("an answer");
    let body: Value = serde_json::from_slice(&answer.body).expect("JSON");
    assert!(answer.status < 300, "{method} {path}: {body}");
    body["data"].clone()
}

async fn users(server: SocketAddr, db: &Db) -> Vec<User> {
    let mut connection = Connection::open(server).await.expect("connected");
    let mut all = Vec::new();
    for number in 0..USERS {
        let body = json!({"email": format!("user{number}@example.org"), "password": PASSWORD, "name": "Test Person"});
        let data = call(&mut connection, "POST", "/api/auth/signup", None, &body).await;
        let id: UserId = data["user"]["id"].as_str().expect("an id").parse().expect("an id");
        let token = data["token"].as_str().expect("a token");
        let (dataset, job) = fill(db, id).await;
        all.push(User { requests: requests(token, &dataset, &job) });
    }
    all
}

/// Rows of an account; answers a data set and a job with curves and a log.
async fn fill(db: &Db, user: UserId) -> (String, String) {
    let now = Utc::now();
    let mut dataset = None;
    for number in 0..DATASETS {
        let made = now - chrono::Duration::minutes(i64::try_from(number).unwrap_or(0));
        dataset = Some(rows::ready_dataset(db, user, &format!("Talks {number}"), made).await.id);
    }
    let dataset = dataset.expect("there are some");
    let mut last = None;
    for number in 0..JOBS {
        let mut job = rows::job(user, dataset, now - chrono::Duration::hours(i64::try_from(number).unwrap_or(0)));
        (job.status, job.stage, job.progress) = (JobStatus::Completed, JobStage::Completed, 100.0);
        (job.started_at, job.completed_at, job.budget_hold) = (Some(job.created_at), Some(now), domain::MicroUsd::ZERO);
        job.estimate = estimate();
        let id = job.id;
        let admitted = db::jobs::insert(db, &job, JobEffects::default(), now, |_| Ok::<(), ()>(())).await;
        admitted.expect("stored").expect("admitted");
        last = Some(id);
    }
    let job = last.expect("there are some");
    let change = |_: &mut db::jobs::Job, effects: &mut JobEffects| {
        for step in 1..=POINTS {
            let metrics = StepMetrics { timestamp: now, step, epoch: 1, training_loss: Some(2.0), ..point(now) };
            let line = Projection::Log { level: LogLevel::Info, message: format!("step {step}"), metadata: None };
            let event = NewEvent::new("metrics", json!({"step": step}), now);
            effects.events.push(event.shown_as(Projection::Metrics(metrics)).shown_as(line));
        }
        effects.notifications = (0..40).map(|number| notification(user, number)).collect();
    };
    db::jobs::update(db, job, now, change).await.expect("written").expect("there");
    (dataset.to_string(), job.to_string())
}

/// What a small job was estimated at, as it is stored.
fn estimate() -> Value {
    let term = |quantity: f64, rate: f64, total: u64| json!({"quantity": quantity, "rate": rate, "total": total});
    json!({
        "breakdown": {"compute": term(0.01, 0.05, 500), "storage": term(5.0, 0.023, 115_000), "dataTransfer": term(0.001, 0.09, 90)},
        "costMin": 115_300, "costMax": 116_000, "seconds": 40.0, "secondsMin": 20.0, "secondsMax": 60.0, "tokensPerSecond": 3400.0,
        "measured": false, "totalSteps": 76, "ratePerHour": 50_000, "numGpus": 1, "datasetBytes": 540_000,
    })
}

fn point(now: chrono::DateTime<Utc>) -> StepMetrics {
    StepMetrics {
        timestamp: now,
        epoch: 1,
        step: 1,
        training_loss: None,
        validation_loss: None,
        learning_rate: 2e-4,
        gradient_norm: Some(0.7),
        throughput: Some(1000.0),
        gpu_utilization: None,
        memory_bytes: None,
    }
}

fn notification(user: UserId, number: i64) -> db::notifications::Notification {
    let at = Utc::now() - chrono::Duration::minutes(number);
    db::notifications::Notification {
        id: domain::NotificationId::new(at),
        user_id: user,
        kind: domain::notification::NotificationKind::JobComplete,
        title: "Training completed".to_owned(),
        message: "Support desk finished training after 12 minutes".to_owned(),
        priority: domain::notification::NotificationPriority::Medium,
        read: number % 2 == 0,
        action_url: None,
        metadata: None,
        created_at: at,
        dismissed_at: None,
        seq: 0,
    }
}

fn requests(token: &str, dataset: &str, job: &str) -> Vec<Vec<u8>> {
    let get = |path: &str| request("GET", path, Some(token), None);
    let estimate = json!({"datasetId": dataset, "presetId": "balanced", "gpuConfig": {"instanceType": "local-cpu", "numGPUs": 1}});
    vec![
        get("/api/jobs?pageSize=10"),
        get("/api/notifications?pageSize=10"),
        get("/api/costs/summary"),
        get("/api/activity?limit=10"),
        get("/api/datasets?pageSize=20"),
        get(&format!("/api/datasets/{dataset}")),
        get(&format!("/api/jobs/{job}")),
        get(&format!("/api/jobs/{job}/metrics?points=200")),
        get(&format!("/api/jobs/{job}/logs?limit=50")),
        get("/api/models?pageSize=20"),
        get("/api/auth/me"),
        get("/api/catalogue"),
        request("POST", "/api/jobs/estimate", Some(token), Some(&estimate.to_string())),
        request("PATCH", &format!("/api/jobs/{job}"), Some(token), Some(r#"{"notes":"looked at"}"#)),
        request("POST", "/api/notifications/read-all", Some(token), None),
    ]
}

/// What came out of a phase.
#[derive(Default)]
struct Figures {
    /// Milliseconds by operation.
    took: BTreeMap<usize, Vec<f64>>,
    failed: u64,
}

/// One user's requests until the end; each at its time where there is a pace, so that a late answer does not hide the wait after it.
async fn go(server: SocketAddr, user: User, number: usize, end: Instant, gap: Option<Duration>, reads_only: bool) -> (User, Figures) {
    let mut figures = Figures::default();
    let mut connection = Connection::open(server).await.expect("connected");
    let mut random = number as u64 * 2_654_435_761 + 1;
    let mut due = Instant::now() + gap.map_or(Duration::ZERO, |gap| gap.mul_f64(number as f64 / USERS as f64));
    while Instant::now() < end {
        if let Some(gap) = gap {
            tokio::time::sleep_until(due.into()).await;
            due += gap;
        }
        // xorshift: the same mix every time.
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let mut ticket = u32::try_from(random % 100).unwrap_or(0);
        let at = MIX.iter().position(|(_, share, _)| {
            let hit = ticket < *share;
            ticket = ticket.saturating_sub(*share);
            hit
        });
        let at = at.unwrap_or(0);
        if reads_only && !MIX[at].2 {
            continue;
        }
        let began = gap.map_or_else(Instant::now, |gap| (due - gap).max(Instant::now() - Duration::from_secs(5)));
        match tokio::time::timeout(LATEST, connection.send(&user.requests[at])).await {
            Ok(Ok(answer)) if answer.status < 300 => figures.took.entry(at).or_default().push(began.elapsed().as_secs_f64() * 1000.0),
            _ => {
                figures.failed += 1;
                connection = Connection::open(server).await.expect("connected");
            }
        }
    }
    (user, figures)
}

fn percentile(sorted: &[f64], share: f64) -> f64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "an index")]
    let at = ((sorted.len() as f64 * share).ceil() as usize).clamp(1, sorted.len().max(1)) - 1;
    sorted.get(at).copied().unwrap_or_default()
}

/// One way of asking.
struct Phase<'a> {
    name: &'a str,
    gap: Option<Duration>,
    reads_only: bool,
}

/// Asks for so many seconds; answers the users, and the phase's line of the table.
async fn phase(server: &Server, users: Vec<User>, seconds: u64, phase: Phase<'_>) -> (Vec<User>, String) {
    let Phase { name, gap, reads_only } = phase;
    let (before, own_before) = (usage(server.child.id()).0, usage(std::process::id()).0);
    let began = Instant::now();
    let end = began + Duration::from_secs(seconds);
    let tasks: Vec<_> =
        users.into_iter().enumerate().map(|(n, user)| tokio::spawn(go(server.address, user, n, end, gap, reads_only))).collect();
    let (mut users, mut all) = (Vec::new(), Figures::default());
    for task in tasks {
        let (user, figures) = task.await.expect("a user ends");
        users.push(user);
        all.failed += figures.failed;
        for (at, took) in figures.took {
            all.took.entry(at).or_default().extend(took);
        }
    }
    let wall = began.elapsed().as_secs_f64();
    let (after, peak) = usage(server.child.id());
    let (cpu, own) = ((after - before) / wall * 100.0, (usage(std::process::id()).0 - own_before) / wall * 100.0);
    let mut total: Vec<f64> = all.took.values().flatten().copied().collect();
    total.sort_by(f64::total_cmp);
    #[expect(clippy::cast_precision_loss, reason = "a count")]
    let rate = total.len() as f64 / wall;
    let of = |share| percentile(&total, share);
    let (p50, p95, p99, failed) = (of(0.5), of(0.95), of(0.99), all.failed);
    let row = format!("| {name} | {rate:.0} | {p50:.1} | {p95:.1} | {p99:.1} | {failed} | {cpu:.0} | {own:.0} | {peak:.0} |");
    println!("\n### {name}\n");
    println!("| operation | requests | p50 ms | p95 ms | p99 ms |\n|---|---:|---:|---:|---:|");
    for (at, mut took) in all.took {
        took.sort_by(f64::total_cmp);
        let of = |share| percentile(&took, share);
        println!("| `{}` | {} | {:.1} | {:.1} | {:.1} |", MIX[at].0, took.len(), of(0.5), of(0.95), of(0.99));
    }
    assert!(failed == 0 || failed * 100 < total.len() as u64, "{failed} requests failed: these are no figures");
    (users, row)
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let program = arguments.next().expect("the program to measure: bench_api target/release/brightrun [seconds]");
    let seconds: u64 = arguments.next().and_then(|seconds| seconds.parse().ok()).unwrap_or(10);
    let program = std::fs::canonicalize(program).expect("the program is there");
    println!("{}", testkit::machine::described());
    let mut rows = Vec::new();
    for database in testkit::databases() {
        let folder = tempfile::tempdir().expect("a folder");
        let server = Server::start(&program, folder.path(), &database.url);
        let db = database.connect().await;
        let began = Instant::now();
        let mut users = users(server.address, &db).await;
        println!("\n## {} ({USERS} users, filled in {:.0} s)", database.kind, began.elapsed().as_secs_f64());
        let steady = PACES.map(|pace| (format!("{pace:.0} requests/s asked for"), Duration::from_secs_f64(USERS as f64 / pace)));
        let paced = steady.iter().map(|(name, gap)| Phase { name, gap: Some(*gap), reads_only: false });
        let mixed = Phase { name: "as fast as it goes", gap: None, reads_only: false };
        let reads = Phase { name: "reads as fast as they go", gap: None, reads_only: true };
        for one in paced.chain([mixed, reads]) {
            let (back, row) = phase(&server, users, seconds, one).await;
            users = back;
            rows.push(format!("| {} {row}", database.kind));
        }
        db.close().await.expect("closed");
    }
    println!("\n## All\n");
    println!("| database | phase | requests/s | p50 ms | p95 ms | p99 ms | failed | server, % of a core | generator, % | server, MB |");
    println!("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|");
    for row in rows {
        println!("{row}");
    }
}
