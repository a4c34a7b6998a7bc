//! The GPU of this machine, where it has one, and the cluster that its runs are started by.

use std::path::PathBuf;

use anyhow::{Context, Result};
use cluster::{LocalCluster, LocalConfig};
use domain::catalogue::{InstanceType, LOCAL_GPU, default_instances, local_gpu};
use trainer::Gpu;

use crate::config::Settings;

/// The GPU that runs can compute on; why there is none is said in the log.
pub fn found() -> Option<Gpu> {
    match trainer::gpu() {
        Ok(gpu) => {
            tracing::info!(name = gpu.name, memory_bytes = gpu.memory_bytes, "runs can compute on a GPU");
            Some(gpu)
        }
        Err(reason) => {
            tracing::info!(reason, "runs compute on the processors");
            None
        }
    }
}

/// The instance types of the catalogue. This machine's GPU is among them where it has one; on other machines one is possible, and its
/// node says so.
pub fn instances(settings: &Settings) -> Result<Vec<InstanceType>> {
    let mut instances = default_instances();
    let gpu = if settings.cluster.urls.is_empty() {
        found().map(|gpu| local_gpu(&format!("This machine ({})", gpu.name), gpu.memory_bytes, true))
    } else {
        Some(local_gpu("A node's own GPU", 0, false))
    };
    // After the processors, which stay what is used where nothing is said.
    instances.splice(1..1, gpu);
    settings.offers.instances(instances)
}

/// The instance types that this machine stands for as a node: those in the settings, or those that it has.
pub fn node_instances(settings: &Settings, gpu: Option<&Gpu>) -> Vec<String> {
    if !settings.cluster.node_instance_types.is_empty() {
        return settings.cluster.node_instance_types.clone();
    }
    let own = gpu.map(|_| LOCAL_GPU.to_owned());
    std::iter::once("local-cpu".to_owned()).chain(own).collect()
}

/// Runs as child processes of this machine.
pub fn local_cluster(settings: &Settings, runs_dir: PathBuf) -> Result<LocalCluster> {
    let program = std::env::current_exe().context("cannot find this program's own file")?;
    let kernel_cache = Some(settings.data_dir.join("kernels"));
    let environment = settings.models.environment();
    Ok(LocalCluster::new(LocalConfig { kernel_cache, environment, ..LocalConfig::new(program, runs_dir, settings.local_runs) }))
}
