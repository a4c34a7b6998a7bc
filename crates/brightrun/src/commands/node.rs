//! `brightrun node`: serves the GPU cluster API and trains what it is sent, each job in a child process.
//!
//! Needs no database: its jobs are the folders below `runs` in its data folder, so it knows them again after it was killed.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use app::node::{Node, NodeConfig};
use domain::clock::SystemClock;
use domain::cluster_api::Device;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::config::Settings;
use crate::output::say;
use crate::{base_models, gpu, server};

/// How long the platform gets to read the last events of the jobs that were stopped, after the node was asked to end.
const LAST_READ: Duration = Duration::from_secs(3);
/// How long open requests get to end.
const GRACE: Duration = Duration::from_secs(3);

/// Runs the command.
pub async fn run(settings: Settings) -> Result<()> {
    let Some(key) = settings.cluster.key.clone() else {
        bail!("a node needs GPU_CLUSTER_API_KEY: the key that the platform sends; make one with `openssl rand -hex 32`");
    };
    if key.len() < 16 {
        bail!("GPU_CLUSTER_API_KEY is shorter than 16 characters; make one with `openssl rand -hex 32`");
    }
    let listener = TcpListener::bind(settings.listen)
        .await
        .with_context(|| format!("cannot listen on {}: is another server running? Choose another port with --listen", settings.listen))?;
    let url = format!("http://{}", listener.local_addr()?);
    let node = Arc::new(build(&settings, key, settings.app_url.clone().unwrap_or_else(|| url.clone())).await?);
    node.resume().await.context("the jobs of before cannot be read")?;
    let (asked, stopped) = (CancellationToken::new(), CancellationToken::new());
    server::stop_on_signal(asked.clone());
    let router = api::node_router(Arc::clone(&node));
    let stop = stopped.clone();
    let mut served = tokio::spawn(async move { axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await });
    say(&format!("listening on {url}"));
    tokio::select! {
        () = asked.cancelled() => {}
        ended = &mut served => return ended?.context("the listener failed"),
    }
    let had_jobs = node.leave().await;
    if had_jobs {
        tokio::time::sleep(LAST_READ).await;
    }
    stopped.cancel();
    if tokio::time::timeout(GRACE, served).await.is_err() {
        tracing::warn!("not every request ended within {} s", GRACE.as_secs());
    }
    Ok(())
}

async fn build(settings: &Settings, key: String, public_url: String) -> Result<Node> {
    let runs_dir = settings.data_dir.join("runs");
    std::fs::create_dir_all(&runs_dir).with_context(|| format!("cannot make {}", runs_dir.display()))?;
    let local = gpu::local_cluster(settings, runs_dir)?;
    let gpu = gpu::found();
    let devices = gpu.iter().map(|gpu| Device {
        kind: "cuda".to_owned(),
        name: Some(gpu.name.clone()),
        cores: None,
        memory_bytes: Some(gpu.memory_bytes),
        free_memory_bytes: None,
    });
    let config = NodeConfig {
        key,
        public_url,
        capacity: settings.local_runs.max(1),
        instance_types: gpu::node_instances(settings, gpu.as_ref()),
        devices: devices.collect(),
        base_models: base_models::offered(&settings.models).await?.models,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    Node::new(Arc::new(local), Arc::new(SystemClock), config).context("the node cannot be made")
}
