//! The settings of the GPU cluster, for both of its ends.

use std::fmt;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;

use super::Picker;

/// Where training runs, when not on this machine.
#[derive(Args, Debug, Clone, Default)]
pub struct ClusterOptions {
    /// Addresses of the GPU cluster's nodes, separated by commas; unset means that training runs on this machine.
    #[arg(long, env = "GPU_CLUSTER_API_URL", global = true)]
    pub gpu_cluster_api_url: Option<String>,
    /// Key of the GPU cluster: sent to its nodes by the platform, asked for by a node.
    #[arg(long, env = "GPU_CLUSTER_API_KEY", hide_env_values = true, global = true)]
    pub gpu_cluster_api_key: Option<String>,
    /// Seconds that a node of the cluster may be silent before the jobs that it had are given up and made anew.
    #[arg(long, env = "BRIGHTRUN_CLUSTER_LOST_AFTER", global = true)]
    pub cluster_lost_after: Option<u64>,
    /// Ids of the catalogue's instance types that a node stands for, separated by commas; unset means `local-cpu`, and `local-gpu` where
    /// there is a GPU.
    #[arg(long, env = "BRIGHTRUN_NODE_INSTANCE_TYPES", global = true)]
    pub node_instance_types: Option<String>,
}

/// The values in force.
#[derive(Clone)]
pub struct ClusterSettings {
    /// Addresses of its nodes; none means that training runs on this machine.
    pub urls: Vec<String>,
    /// Its key.
    pub key: Option<String>,
    /// How long a node may be silent before the jobs that it had are given up.
    pub lost_after: Duration,
    /// Instance types that this machine stands for, as a node; empty means those that it has.
    pub node_instance_types: Vec<String>,
}

impl fmt::Debug for ClusterSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClusterSettings").field("urls", &self.urls).finish_non_exhaustive()
    }
}

/// The cluster.
pub(super) fn pick(picker: &mut Picker<'_>, given: &ClusterOptions, file: ClusterOptions) -> Result<ClusterSettings> {
    let urls = picker.pick("gpu_cluster_api_url", &given.gpu_cluster_api_url, file.gpu_cluster_api_url, String::new(), |urls| {
        if urls.is_empty() { "(this machine)".to_owned() } else { urls.clone() }
    });
    let key = picker.pick("gpu_cluster_api_key", &given.gpu_cluster_api_key, file.gpu_cluster_api_key, String::new(), |key| {
        if key.is_empty() { "(not set)" } else { "(redacted)" }.to_owned()
    });
    let lost_after = picker.pick("cluster_lost_after", &given.cluster_lost_after, file.cluster_lost_after, 120, ToString::to_string);
    let types = picker.pick("node_instance_types", &given.node_instance_types, file.node_instance_types, String::new(), |types| {
        if types.is_empty() { "(what this machine has)".to_owned() } else { types.clone() }
    });
    let (urls, node_instance_types) = (list(&urls), list(&types));
    if !urls.is_empty() && key.is_empty() {
        bail!("GPU_CLUSTER_API_URL is set, but GPU_CLUSTER_API_KEY is not; set the key that the cluster's nodes ask for");
    }
    let key = (!key.is_empty()).then_some(key);
    Ok(ClusterSettings { urls, key, lost_after: Duration::from_secs(lost_after), node_instance_types })
}

fn list(text: &str) -> Vec<String> {
    text.split(',').map(|part| part.trim().trim_end_matches('/').to_owned()).filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use crate::config::{Options, Settings, Sources};

    #[test]
    fn several_nodes_are_separated_by_commas_and_the_key_stays_hidden() {
        let dir = tempfile::tempdir().expect("folder");
        let mut options = Options { data_dir: Some(dir.path().to_owned()), ..Options::default() };
        options.cluster.gpu_cluster_api_url = Some("http://a:1/, http://b:2,".into());
        assert!(Settings::load(&options, &Sources::new()).is_err(), "a key is needed");
        options.cluster.gpu_cluster_api_key = Some("s3cret of the cluster".into());
        let settings = Settings::load(&options, &Sources::new()).expect("loads");
        assert_eq!(settings.cluster.urls, ["http://a:1", "http://b:2"]);
        assert!(!format!("{:?} {:?}", settings.shown, settings.cluster).contains("s3cret"));
    }
}
