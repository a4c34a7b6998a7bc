//! The settings of base models: the catalogue's entries, and the hub that they may come from.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::Args;
use serde::Deserialize;

use super::Picker;

/// Where base models come from.
#[derive(Args, Debug, Clone, Default)]
pub struct ModelOptions {
    /// Folder of base models; unset means `models` in the data folder.
    #[arg(long, env = "BRIGHTRUN_MODELS_DIR", global = true)]
    pub models_dir: Option<PathBuf>,
    /// Address of the model hub.
    #[arg(long, env = "HF_ENDPOINT", global = true)]
    pub hf_endpoint: Option<String>,
    /// Access token for the model hub, for models that ask for one.
    #[arg(long, env = "HF_TOKEN", hide_env_values = true, global = true)]
    pub hf_token: Option<String>,
    /// Use only models that are in the folder already: 1 or 0.
    #[arg(long, env = "HF_HUB_OFFLINE", global = true)]
    pub hf_hub_offline: Option<String>,
}

/// The file's keys, as the options have them.
pub(super) struct ModelFileOptions {
    pub models_dir: Option<PathBuf>,
    pub hf_endpoint: Option<String>,
    pub hf_token: Option<String>,
    pub hf_hub_offline: Option<bool>,
    pub base_models: Vec<ModelEntry>,
}

/// An entry of the catalogue, `[[base_models]]` in the file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelEntry {
    /// Id; the repository, or the folder's name, where it is left out.
    pub id: Option<String>,
    /// `hub:owner/name`, or a folder.
    pub source: String,
    /// Branch, tag or commit of the repository; for a folder a name of what is in it.
    pub revision: Option<String>,
    /// As shown.
    pub display_name: Option<String>,
    /// Licence, as shown.
    pub license: Option<String>,
    /// Tokens at most, where it shall be fewer than the model takes.
    pub context: Option<u32>,
    /// Parameters, as shown; counted from the configuration where left out.
    pub parameters: Option<u64>,
}

/// The values in force.
#[derive(Clone)]
pub struct ModelSettings {
    /// Folder of base models.
    pub dir: PathBuf,
    /// Address of the hub.
    pub endpoint: String,
    /// Its access token.
    pub token: Option<String>,
    /// Whether it is not to be asked.
    pub offline: bool,
    /// The catalogue's entries beside the built-in one.
    pub entries: Vec<ModelEntry>,
}

impl fmt::Debug for ModelSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { dir, endpoint, token: _, offline, entries } = self;
        f.debug_struct("ModelSettings")
            .field("dir", dir)
            .field("endpoint", endpoint)
            .field("offline", offline)
            .field("entries", entries)
            .finish_non_exhaustive()
    }
}

impl ModelOptions {
    /// The hub as flags and environment say, for a run that knows the folder of its model.
    pub fn hub(&self) -> Result<hub::Hub> {
        let said = |value: &Option<String>| value.clone().filter(|v| !v.trim().is_empty());
        let settings = ModelSettings {
            dir: self.models_dir.clone().unwrap_or_default(),
            endpoint: said(&self.hf_endpoint).unwrap_or_else(|| hub::PUBLIC_ENDPOINT.to_owned()),
            token: said(&self.hf_token),
            offline: self.hf_hub_offline.as_deref().is_some_and(is_on),
            entries: Vec::new(),
        };
        settings.hub()
    }
}

impl ModelSettings {
    /// The hub.
    pub fn hub(&self) -> Result<hub::Hub> {
        Ok(hub::Hub::new(hub::HubOptions {
            endpoint: self.endpoint.clone(),
            token: self.token.clone(),
            cache: self.dir.join("hub"),
            offline: self.offline,
            patience: hub::Patience::default(),
        })?)
    }

    /// The same for a child process, which reads its environment only.
    pub fn environment(&self) -> Vec<(String, String)> {
        let offline = if self.offline { "1" } else { "0" };
        let token = self.token.iter().map(|token| ("HF_TOKEN".to_owned(), token.clone()));
        let named = [("HF_ENDPOINT", self.endpoint.as_str()), ("HF_HUB_OFFLINE", offline)];
        named.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).chain(token).collect()
    }
}

/// Puts the values together.
pub(super) fn pick(picker: &mut Picker<'_>, given: &ModelOptions, file: ModelFileOptions, data_dir: &Path) -> Result<ModelSettings> {
    let show = |dir: &PathBuf| dir.display().to_string();
    let dir = picker.pick("models_dir", &given.models_dir, file.models_dir, data_dir.join("models"), show);
    let endpoint = picker.text("hf_endpoint", &given.hf_endpoint, file.hf_endpoint, false);
    let token = picker.text("hf_token", &given.hf_token, file.hf_token, true);
    let in_file = file.hf_hub_offline.map(|offline| offline.to_string());
    let offline = picker.text("hf_hub_offline", &given.hf_hub_offline, in_file, false);
    let settings = ModelSettings {
        dir,
        endpoint: endpoint.unwrap_or_else(|| hub::PUBLIC_ENDPOINT.to_owned()),
        token,
        offline: offline.is_some_and(|value| is_on(&value)),
        entries: file.base_models,
    };
    let shown: Vec<String> = settings.entries.iter().map(ModelEntry::id).collect();
    picker.shown.push(("base_models", shown.join(", "), if shown.is_empty() { "default" } else { "file" }));
    if let Some(twice) = shown.iter().enumerate().find(|(i, id)| shown[..*i].contains(id)) {
        bail!("base_models has two entries with the id '{}'; give one of them another `id`", twice.1);
    }
    settings.hub()?;
    Ok(settings)
}

impl ModelEntry {
    /// The id in the catalogue.
    pub fn id(&self) -> String {
        let named = || self.repo().map(str::to_owned).or_else(|| Some(Path::new(&self.source).file_name()?.to_string_lossy().into_owned()));
        self.id.clone().or_else(named).unwrap_or_else(|| self.source.clone())
    }

    /// The repository, where it comes from the hub.
    pub fn repo(&self) -> Option<&str> {
        self.source.strip_prefix("hub:")
    }
}

/// As Python's tools read such a variable.
fn is_on(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "1" | "true" | "yes" | "on")
}

#[cfg(test)]
mod tests {
    use crate::config::{Options, Settings, Sources};

    #[test]
    fn entries_are_read_and_the_token_stays_hidden() {
        let dir = tempfile::tempdir().expect("folder");
        let write = |text: &str| std::fs::write(dir.path().join("brightrun.toml"), text).expect("written");
        let load = || Settings::load(&Options { data_dir: Some(dir.path().to_owned()), ..Options::default() }, &Sources::new());
        write(
            "hf_token = 'hf_secret'\nhf_hub_offline = true\n[[base_models]]\nsource = 'hub:a/b'\nrevision = 'v1'\n\
             [[base_models]]\nsource = '/models/mine'\nlicense = 'MIT'\n",
        );
        let settings = load().expect("loads");
        assert!(!format!("{:?} {:?}", settings.shown, settings.models).contains("hf_secret"));
        let ids: Vec<String> = settings.models.entries.iter().map(super::ModelEntry::id).collect();
        assert_eq!((ids, settings.models.offline), (vec!["a/b".to_owned(), "mine".to_owned()], true));
        assert!(settings.models.environment().contains(&("HF_TOKEN".to_owned(), "hf_secret".to_owned())));
        write("[[base_models]]\nsource = 'hub:a/b'\n[[base_models]]\nsource = 'hub:a/b'\n");
        assert!(load().expect_err("twice").to_string().contains("a/b"));
        write("[[base_models]]\nsource = 'x'\nrevison = 'v1'\n");
        assert!(load().is_err(), "unknown keys are refused");
        write("hf_endpoint = 'nowhere'\n");
        assert!(load().is_err());
    }
}
