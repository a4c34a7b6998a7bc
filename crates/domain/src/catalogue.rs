//! Base models and instance types on offer.

use crate::money::MicroUsd;
use serde::{Deserialize, Serialize};

/// Id of the base model that comes with the program.
pub const BUILT_IN_MODEL: &str = "brightrun/tiny-chat";

/// A base model that adapters can be trained on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BaseModel {
    /// Such as `brightrun/tiny-chat`.
    pub id: String,
    /// As shown.
    pub display_name: String,
    /// Parameters.
    pub parameters: u64,
    /// Context length in tokens.
    pub context_length: u32,
    /// Licence.
    pub license: String,
    /// Revision: a commit, or the hash of its files.
    pub revision: String,
    /// Folder with its files in Hugging Face layout; never shown.
    pub path: std::path::PathBuf,
    /// Repository of the model hub that the run fetches its weights from, at `revision`, where they are not in the folder yet.
    #[serde(default)]
    pub repo: Option<String>,
}

/// A configured base model that cannot be used now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AbsentModel {
    /// Its id.
    pub id: String,
    /// Why.
    pub reason: String,
}

/// A machine to train on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InstanceType {
    /// Such as `h100-80gb`.
    pub id: String,
    /// As shown.
    pub display_name: String,
    /// On demand, a GPU and hour.
    pub rate_per_hour: MicroUsd,
    /// Spot, a GPU and hour, where offered.
    #[serde(default)]
    pub spot_rate_per_hour: Option<MicroUsd>,
    /// Whether the configured cluster has it.
    pub available: bool,
    /// Sustained throughput for the estimate when nothing was measured yet, in FLOP/s a device.
    pub flops: u64,
    /// Memory a device in bytes; zero means the host's.
    #[serde(default)]
    pub memory_bytes: u64,
}

fn instance(id: &str, name: &str, usd: f64, available: bool, flops: u64, gib: u64) -> InstanceType {
    InstanceType {
        id: id.to_owned(),
        display_name: name.to_owned(),
        rate_per_hour: MicroUsd::from_usd(usd),
        spot_rate_per_hour: None,
        available,
        flops,
        memory_bytes: gib << 30,
    }
}

/// Id of the instance type that is this machine's GPU.
pub const LOCAL_GPU: &str = "local-gpu";

/// The GPU of the machine that trains, at a nominal price. What it sustains is a cautious guess until a run was measured.
pub fn local_gpu(name: &str, memory_bytes: u64, available: bool) -> InstanceType {
    InstanceType { memory_bytes, ..instance(LOCAL_GPU, name, 0.60, available, 5_000_000_000_000, 0) }
}

/// The specification's three at its prices, and this machine's processor at a nominal one. Only what the embedded cluster has is
/// available.
pub fn default_instances() -> Vec<InstanceType> {
    vec![
        instance("local-cpu", "This machine (CPU)", 0.05, true, 60_000_000_000, 0),
        instance("a100-40gb", "A100 (40GB)", 2.50, false, 100_000_000_000_000, 40),
        instance("a100-80gb", "A100 (80GB)", 3.20, false, 110_000_000_000_000, 80),
        instance("h100-80gb", "H100 (80GB)", 4.50, false, 250_000_000_000_000, 80),
    ]
}
