//! `make bench-sse`: many event streams on one server process, over loopback.
//!
//! The program starts itself a second time as the clients. The server is the product's own router over a SQLite file; events come in as
//! signed callbacks, as a cluster sends them. Each event carries the time of its sending in its text, so the clients can tell how long it
//! took to reach each of them.
//!
//! The jobs are launched by the product's worker, on a cluster that only keeps their specifications, and followed all the while.
//!
//! `STREAMS` (5000), `JOBS` (50) and `SECONDS` (20) can be set.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use app::jobs::{CreateJob, HyperparametersInput, JobRequest, SettingsInput, SignedCall, Worker};
use app::{App, Config, SignupMode, Watch};
use cluster::callback::sign;
use cluster::{AliveRun, ClusterError, ClusterHealth, EventBatch, RunHandle, RunState, Seen, TrainingCluster};
use domain::Caller;
use domain::account::{Tier, TierLimits};
use domain::catalogue::{BaseModel, default_instances};
use domain::clock::SystemClock;
use domain::job::LogLevel;
use domain::run::{CallbackBody, RunSpec, TrainerEvent, TrainerEventKind};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Outcome<()> {
    raise_limit();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match std::env::var("BENCH_CLIENTS") {
        Ok(plan) => runtime.block_on(clients(&plan)),
        Err(_) => runtime.block_on(async { tokio::time::timeout(LONGEST, server()).await? }),
    }
}

/// The whole of it, on a machine that is not too slow for it.
const LONGEST: Duration = Duration::from_secs(180);

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// As many open files as the system lets this process have.
fn raise_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let maximum = getrlimit(Resource::Nofile).maximum;
    // Where it is refused, opening the streams says so.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}

fn micros() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_micros())
}

/// A value of `/proc/self/status`, in MiB.
fn memory(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_whitespace().nth(1)).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1024
}

async fn server() -> Outcome<()> {
    let (streams, jobs, seconds) = (setting("STREAMS", 5000), setting("JOBS", 50).max(1), setting("SECONDS", 20));
    let folder = tempfile::tempdir()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let kept = Arc::new(Kept::default());
    let app = app_in(folder.path(), &format!("http://{address}"), kept.clone()).await?;
    let stopping = CancellationToken::new();
    let rates = api::RateLimits { logins: u32::MAX, writes: u32::MAX, reads: u32::MAX };
    let options = api::Options {
        rate_limits: rates,
        trusted_proxies: api::TrustedProxies::default(),
        page: |_| None,
        stopping: stopping.clone(),
        metrics_token: None,
    };
    let router = api::router(app.clone(), options);
    let shutdown = stopping.clone().cancelled_owned();
    let serving = tokio::spawn(async move {
        let service = router.into_make_service_with_connect_info::<std::net::SocketAddr>();
        axum::serve(listener, service).with_graceful_shutdown(shutdown).await
    });
    let worker = Arc::new(Worker::new(app.clone()));
    let (token, running) = launched(&app, &worker, &kept, jobs).await?;
    let before = memory("VmRSS");
    let ids: Vec<String> = running.iter().map(|spec| spec.job_id.to_string()).collect();
    let plan = json!({ "address": address.to_string(), "token": token, "jobs": ids, "streams": streams });
    let mut child = Command::new(std::env::current_exe()?)
        .env("BENCH_CLIENTS", plan.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let began = std::time::Instant::now();
    while app.hub.waiting().1 < usize::try_from(streams)? {
        if began.elapsed() > Duration::from_secs(120) {
            let _ = child.kill();
            return Err(format!("only {} of {streams} streams are open after 120 s", app.hub.waiting().1).into());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let opened = began.elapsed();
    let held = memory("VmRSS");
    // Every job says something once a second, as a trainer does, the jobs one after the other.
    let pause = Duration::from_secs(1) / u32::try_from(jobs)?;
    let mut ticks = tokio::time::interval(pause);
    for round in 0..seconds {
        for spec in &running {
            ticks.tick().await;
            append(&app, spec, round + 2).await?;
        }
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    drop(child.stdin.take());
    let mut text = String::new();
    if let Some(mut out) = child.stdout.take() {
        text = tokio::task::spawn_blocking(move || out.read_to_string(&mut text).map(|_| text)).await??;
    }
    child.wait()?;
    println!("{}\n", testkit::machine::described());
    println!(
        "| streams | jobs | events/s | deliveries | p50 ms | p90 ms | p99 ms | most ms | opened in s | MiB before | MiB held | MiB most |"
    );
    println!("|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
    let (delivered, most) = (text.trim(), memory("VmHWM"));
    println!("| {streams} | {jobs} | {jobs} | {delivered} | {:.1} | {before} | {held} | {most} |", opened.as_secs_f64());
    let wanted = streams * seconds;
    if !delivered.starts_with(&wanted.to_string()) {
        return Err(format!("{wanted} deliveries were expected").into());
    }
    worker.leave().await;
    stopping.cancel();
    serving.await??;
    Ok(())
}

async fn app_in(folder: &std::path::Path, url: &str, cluster: Arc<Kept>) -> Outcome<Arc<App>> {
    let db = db::Db::connect(&format!("sqlite://{}?mode=rwc", folder.join("bench.db").display())).await?;
    db.migrate().await?;
    let model = folder.join("model");
    std::fs::create_dir_all(&model)?;
    let geometry = json!({
        "model_type": "llama", "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2, "vocab_size": 10,
    });
    std::fs::write(model.join("config.json"), geometry.to_string())?;
    let blob = blob::FolderStore::open(folder.join("objects"), &[1; 32], url).await?;
    let base_model = BaseModel {
        id: "bench/tiny".into(),
        display_name: "Tiny".into(),
        parameters: 1_000_000,
        context_length: 512,
        license: "MIT".into(),
        revision: "1".into(),
        path: model,
        repo: None,
    };
    let limits = TierLimits { concurrent_jobs: u32::MAX, ..TierLimits::default() };
    Ok(Arc::new(App {
        queue: queue::Queue::new(&db),
        db,
        blob: Arc::new(blob),
        cluster,
        clock: Arc::new(SystemClock),
        mailer: Arc::new(app::mail::LogMailer),
        tokens: BTreeMap::new(),
        hub: app::events::Hub::default(),
        relay: None,
        rates: app::catalogue::Rates::default(),
        feed: app::notifications::Feed::default(),
        examples: app::examples::Examples::default(),
        config: Config {
            public_url: url.to_owned(),
            link_url: None,
            auth_secret: vec![1; 32],
            signup: SignupMode::Open,
            tiers: Tier::ALL.iter().map(|tier| (*tier, limits)).collect(),
            base_models: vec![base_model],
            instances: default_instances(),
            runs_dir: folder.join("runs"),
            min_trainable_examples: 10,
            webhooks_allow_private: false,
            version: "bench".into(),
            watch: Watch::default(),
            absent_models: Vec::new(),
        },
    }))
}

/// A cluster that keeps what it is asked to run, and says nothing by itself.
#[derive(Default)]
struct Kept(Mutex<Vec<RunSpec>>);

#[async_trait::async_trait]
impl TrainingCluster for Kept {
    async fn submit(&self, spec: &RunSpec) -> Result<RunHandle, ClusterError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(spec.clone());
        Ok(RunHandle(spec.attempt_id.to_string()))
    }

    async fn events(&self, _: &RunHandle, _: &Seen, wait: Duration) -> Result<EventBatch, ClusterError> {
        tokio::time::sleep(wait).await;
        Ok(EventBatch { events: Vec::new(), state: RunState::Running, artifact_urls: BTreeMap::new() })
    }

    async fn cancel(&self, _: &RunHandle) -> Result<(), ClusterError> {
        Ok(())
    }

    async fn forget(&self, _: &RunHandle) -> Result<(), ClusterError> {
        Ok(())
    }

    async fn health(&self) -> ClusterHealth {
        ClusterHealth { ok: true, ..ClusterHealth::default() }
    }

    async fn alive(&self) -> Result<Vec<AliveRun>, ClusterError> {
        Ok(Vec::new())
    }
}

/// A session, and what its jobs run as.
async fn launched(app: &App, worker: &Arc<Worker>, kept: &Kept, jobs: u64) -> Outcome<(String, Vec<RunSpec>)> {
    let input = app::accounts::Signup {
        email: "bench@example.org".into(),
        password: "seven wild geese".into(),
        name: "Bench".into(),
        organization: None,
        invitation: None,
    };
    let session = app::accounts::signup(app, input, &app::audit::Origin::default()).await?;
    let caller = Caller { user_id: session.user.id, role: session.user.role, via: domain::Access::Program, address: None };
    let dataset = testkit::rows::ready_dataset(&app.db, caller.user_id, "Talks", app.clock.now()).await;
    for _ in 0..jobs {
        let request = JobRequest {
            dataset_id: dataset.id,
            preset_id: None,
            base_model: None,
            parent_model_id: None,
            hyperparameters: HyperparametersInput { lora_rank: Some(4), ..HyperparametersInput::default() },
            settings: SettingsInput::default(),
            gpu: None,
        };
        app::jobs::create(app, &caller, CreateJob { request, name: None, notes: None }, None).await?;
    }
    let began = std::time::Instant::now();
    loop {
        worker.dispatch().await?;
        let specs = kept.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if specs.len() as u64 == jobs {
            for spec in &specs {
                append(app, spec, 1).await?;
            }
            return Ok((session.token, specs));
        }
        if began.elapsed() > Duration::from_secs(60) {
            return Err(format!("only {} of {jobs} jobs are launched after 60 s", specs.len()).into());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// One event, as a cluster reports it.
async fn append(app: &App, spec: &RunSpec, seq: u64) -> Outcome<()> {
    let now = app.clock.now();
    let kind = TrainerEventKind::Log { level: LogLevel::Info, message: format!("sent={}.", micros()) };
    let events = vec![TrainerEvent { seq, at: now, elapsed_seconds: 0.0, kind }];
    let body = serde_json::to_vec(&CallbackBody { job_id: spec.job_id, attempt_id: spec.attempt_id, events })?;
    let target = spec.callback.as_ref().ok_or("a specification without a callback")?;
    let (timestamp, signature) = sign(&target.secret, now, &body);
    app::jobs::report(app, SignedCall { timestamp: &timestamp, signature: &signature, body: &body }).await?;
    Ok(())
}

#[derive(serde::Deserialize)]
struct Plan {
    address: String,
    token: String,
    jobs: Vec<String>,
    streams: usize,
}

async fn clients(plan: &str) -> Outcome<()> {
    let plan: Plan = serde_json::from_str(plan)?;
    let done = CancellationToken::new();
    let stop = done.clone();
    std::thread::spawn(move || {
        let mut rest = Vec::new();
        let _ = std::io::stdin().read_to_end(&mut rest);
        stop.cancel();
    });
    let mut all = Vec::new();
    for n in 0..plan.streams {
        let request = format!(
            "GET /api/jobs/{}/stream HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\r\n",
            plan.jobs[n % plan.jobs.len()],
            plan.address,
            plan.token
        );
        let stream = TcpStream::connect(&plan.address).await?;
        all.push(tokio::spawn(watch(stream, request, done.clone())));
    }
    let mut late = Vec::new();
    for client in all {
        late.extend(client.await??);
    }
    late.sort_unstable();
    let at = |percent: usize| late.get((late.len() * percent / 100).min(late.len().saturating_sub(1))).copied().unwrap_or(0);
    let ms = |micros: u64| f64::from(u32::try_from(micros).unwrap_or(u32::MAX)) / 1000.0;
    let most = ms(late.last().copied().unwrap_or(0));
    println!("{} | {:.1} | {:.1} | {:.1} | {most:.1}", late.len(), ms(at(50)), ms(at(90)), ms(at(99)));
    Ok(())
}

/// Reads one stream; yields how late each event was, in microseconds, but for those from before.
async fn watch(mut stream: TcpStream, request: String, done: CancellationToken) -> Outcome<Vec<u64>> {
    let began = micros();
    stream.write_all(request.as_bytes()).await?;
    let (mut late, mut pending, mut buffer) = (Vec::new(), String::new(), vec![0; 2048]);
    loop {
        let read = tokio::select! {
            () = done.cancelled() => return Ok(late),
            read = stream.read(&mut buffer) => read?,
        };
        if read == 0 {
            return Err("a stream broke off".into());
        }
        let now = micros();
        pending.push_str(&String::from_utf8_lossy(&buffer[..read]));
        while let Some((_, rest)) = pending.split_once("sent=") {
            let Some((sent, rest)) = rest.split_once('.') else { break };
            let sent: u128 = sent.parse()?;
            if sent > began {
                late.push(u64::try_from(now.saturating_sub(sent)).unwrap_or(u64::MAX));
            }
            pending = rest.to_owned();
        }
        if pending.len() > 8192 {
            pending.drain(..4096);
        }
    }
}
