//! Wiring and life of the server and the worker.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use app::App;
use axum::serve::ListenerExt;
use cluster::{HttpCluster, HttpConfig, Timing, TrainingCluster};
use domain::clock::SystemClock;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::base_models::{self, Offered};
use crate::config::{ClusterSettings, Settings};
use crate::embedded;
use crate::listener::UntilStopped;
use crate::output::say;

/// How long open requests and running trainers get to end after a signal.
const GRACE: Duration = Duration::from_secs(15);

/// How long connections without a request stay open after a signal: until then their clients learn from an answer that they should go,
/// and no request meets a connection that is being closed.
const GOODBYE: Duration = Duration::from_millis(500);

/// A server that runs in this process.
pub struct Running {
    /// Its address.
    pub url: String,
    server: JoinHandle<Result<()>>,
    tasks: TaskTracker,
}

impl Running {
    /// Waits until the server and its worker have ended; call it after the shutdown was asked for.
    pub async fn finished(self) {
        let all = async {
            match self.server.await {
                Ok(Ok(())) => {}
                Ok(Err(e)) => tracing::error!("the server ended with an error: {e:#}"),
                Err(e) => tracing::error!("the server's task ended: {e}"),
            }
            self.tasks.wait().await;
        };
        if tokio::time::timeout(GRACE, all).await.is_err() {
            tracing::warn!("not everything ended within {} s", GRACE.as_secs());
        }
    }
}

/// `brightrun serve`.
pub async fn serve(settings: Settings) -> Result<()> {
    let shutdown = CancellationToken::new();
    let running = start(settings, shutdown.clone()).await?;
    say(&format!("listening on {}", running.url));
    stop_on_signal(shutdown.clone());
    shutdown.cancelled().await;
    running.finished().await;
    Ok(())
}

/// `brightrun worker`.
pub async fn worker(settings: Settings) -> Result<()> {
    let shutdown = CancellationToken::new();
    let url =
        settings.app_url.clone().context("a worker alone needs APP_URL: the address of the servers, for the trainers' signed URLs")?;
    let app = build(&settings, url).await?;
    say("worker started");
    stop_on_signal(shutdown.clone());
    tokio::join!(app::relay::run(app.clone(), shutdown.clone()), app::jobs::run_worker(app, shutdown));
    Ok(())
}

/// `brightrun migrate`.
pub async fn migrate(settings: &Settings) -> Result<()> {
    let db = db::Db::connect(&settings.database_url).await.context("cannot open the database")?;
    db.migrate().await.context("cannot migrate the database")?;
    say("the database is up to date");
    Ok(())
}

/// Starts the server and its worker. They end when `shutdown` is cancelled.
pub async fn start(settings: Settings, shutdown: CancellationToken) -> Result<Running> {
    let listener = TcpListener::bind(settings.listen)
        .await
        .with_context(|| format!("cannot listen on {}: is another server running? Choose another port with --listen", settings.listen))?;
    let url = format!("http://{}", listener.local_addr()?);
    let public = settings.app_url.clone().unwrap_or_else(|| url.clone());
    let app = build(&settings, public).await?;
    let router = api::router(app.clone(), api_options(&settings, shutdown.clone()));
    let tasks = TaskTracker::new();
    tasks.spawn(app::relay::run(app.clone(), shutdown.clone()));
    tasks.spawn(app::jobs::run_worker(app, shutdown.clone()));
    tasks.close();
    let server = tokio::spawn(async move {
        let service = router.into_make_service_with_connect_info::<std::net::SocketAddr>();
        let listener = UntilStopped::new(listener, shutdown.clone())?.tap_io(|connection| {
            // Answers are small: waiting for more to send with them only makes them late.
            if let Err(error) = connection.set_nodelay(true) {
                tracing::debug!("a connection was closed at once: {error}");
            }
        });
        let drained = async move {
            shutdown.cancelled_owned().await;
            tokio::time::sleep(GOODBYE).await;
        };
        axum::serve(listener, service).with_graceful_shutdown(drained).await.context("the listener failed")
    });
    Ok(Running { url, server, tasks })
}

/// Cancels `shutdown` on the first SIGINT or SIGTERM.
pub fn stop_on_signal(shutdown: CancellationToken) {
    use tokio::signal::unix::{SignalKind, signal};
    tokio::spawn(async move {
        let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
            tracing::error!("signals cannot be watched; end the process by force");
            return;
        };
        tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
        tracing::info!("stopping");
        shutdown.cancel();
    });
}

async fn build(settings: &Settings, public_url: String) -> Result<Arc<App>> {
    let data = &settings.data_dir;
    let (runs_dir, objects) = (data.join("runs"), data.join("objects"));
    std::fs::create_dir_all(&runs_dir).with_context(|| format!("cannot make {}", runs_dir.display()))?;
    let Offered { models, absent, tokens, viewers } = base_models::offered(&settings.models).await?;
    let db = db::Db::connect(&settings.database_url).await.context("cannot open the database")?;
    db.migrate().await.context("cannot migrate the database")?;
    let queue = queue::Queue::new(&db);
    let blob = object_store(settings, &objects, &public_url).await?;
    Ok(Arc::new(App {
        db,
        blob,
        queue,
        cluster: training_cluster(settings, runs_dir.clone())?,
        clock: Arc::new(SystemClock),
        tokens,
        hub: app::events::Hub::default(),
        relay: settings.redis_url.as_deref().map(relay).transpose()?,
        rates: app::catalogue::Rates::default(),
        feed: app::notifications::Feed::default(),
        examples: app::examples::Examples::new(viewers),
        mailer: mailer(settings)?,
        config: app::Config {
            public_url,
            link_url: settings.app_url.clone(),
            auth_secret: settings.auth_secret.clone(),
            signup: settings.signup,
            tiers: settings.offers.tiers.clone(),
            base_models: models,
            absent_models: absent,
            instances: crate::gpu::instances(settings)?,
            runs_dir,
            min_trainable_examples: settings.min_trainable_examples,
            webhooks_allow_private: settings.webhooks_allow_private,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            watch: settings.watch,
        },
    }))
}

/// The way to the other processes. Redis need not be there yet.
fn relay(url: &str) -> Result<app::relay::Relay> {
    let process = hex::encode(rand::random::<[u8; 8]>());
    app::relay::Relay::open(url, &process).context("REDIS_URL cannot be used")
}

/// The mail server where one is set, else the log.
fn mailer(settings: &Settings) -> Result<Arc<dyn app::mail::Mailer>> {
    let Some(smtp) = &settings.smtp else { return Ok(Arc::new(app::mail::LogMailer)) };
    if settings.app_url.is_none() {
        tracing::warn!("mail is set up, but APP_URL is not: nobody can confirm an address, so no notification is sent by mail");
    }
    let mailer = app::mail::SmtpMailer::trusting(&smtp.url, &smtp.from, smtp.authority.as_deref());
    Ok(Arc::new(mailer.map_err(anyhow::Error::msg)?))
}

/// The bucket where one is set, else the folder.
async fn object_store(settings: &Settings, objects: &std::path::Path, public_url: &str) -> Result<Arc<dyn blob::BlobStore>> {
    if let Some(s3) = &settings.s3 {
        let store = blob::S3Store::open(s3, Arc::new(SystemClock)).await;
        let at = s3.endpoint.as_deref().unwrap_or("Amazon S3");
        let store = store.with_context(|| {
            format!("cannot use the bucket {} at {at}; check S3_ENDPOINT, S3_BUCKET_NAME, AWS_REGION and the access key", s3.bucket)
        })?;
        return Ok(Arc::new(store));
    }
    let store = blob::FolderStore::open(objects, &settings.auth_secret, public_url).await.context("cannot open the object store")?;
    Ok(Arc::new(store))
}

/// Where training runs: on the nodes of the configured cluster, else on this machine.
fn training_cluster(settings: &Settings, runs_dir: PathBuf) -> Result<Arc<dyn TrainingCluster>> {
    let ClusterSettings { urls, key, lost_after, .. } = &settings.cluster;
    if urls.is_empty() {
        return Ok(Arc::new(crate::gpu::local_cluster(settings, runs_dir)?));
    }
    let config = HttpConfig {
        urls: urls.clone(),
        key: key.clone().unwrap_or_default(),
        clock: Arc::new(SystemClock),
        timing: Timing { lost: *lost_after, ..Timing::default() },
    };
    Ok(Arc::new(HttpCluster::new(config).context("the GPU cluster cannot be used")?))
}

fn api_options(settings: &Settings, stopping: CancellationToken) -> api::Options {
    let [logins, writes, reads] = settings.rate_limits;
    api::Options {
        rate_limits: api::RateLimits { logins, writes, reads },
        trusted_proxies: settings.trusted_proxies.clone(),
        page: embedded::page_file,
        stopping,
        metrics_token: settings.metrics_token.clone(),
    }
}
