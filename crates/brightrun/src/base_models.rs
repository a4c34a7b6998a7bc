//! The base models on offer: the configured ones in their order, then the one that the program carries.
//!
//! Of a model from a hub only the small files are fetched here; the run that needs it fetches its weights. Every model's `config.json` is
//! read first, so that one that cannot be trained is refused before anything large is fetched or anybody pays.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use domain::catalogue::{AbsentModel, BaseModel};
use model::DecoderConfig;
use sha2::{Digest, Sha256};
use trainer::tokenizer::ChatTokenizer;

use crate::config::{ModelEntry, ModelSettings};
use crate::embedded;

/// Bytes of a weights file that go into the name of a folder's content.
const HEAD: u64 = 1 << 20;

/// What can be trained on.
pub struct Offered {
    /// Base models; the first is the default.
    pub models: Vec<BaseModel>,
    /// Entries that cannot be used now, and why.
    pub absent: Vec<AbsentModel>,
    /// A token counter for each model.
    pub tokens: BTreeMap<String, Arc<dyn dataset::TokenCounter>>,
    /// What shows an example as each model sees it.
    pub viewers: BTreeMap<String, Arc<dyn dataset::view::ExampleViewer>>,
}

/// Reads all of them. An entry that cannot be used is left out, with the reason in the log.
pub async fn offered(settings: &ModelSettings) -> Result<Offered> {
    fs::create_dir_all(&settings.dir).with_context(|| format!("cannot make {}", settings.dir.display()))?;
    let mut offered = Offered { models: Vec::new(), absent: Vec::new(), tokens: BTreeMap::new(), viewers: BTreeMap::new() };
    for entry in &settings.entries {
        let id = entry.id();
        match read(settings, entry).await {
            Ok((model, tokenizer)) => offered.add(model, tokenizer),
            Err(error) => {
                let reason = format!("{error:#}");
                tracing::error!("the base model {id} is not on offer: {reason}");
                offered.absent.push(AbsentModel { id, reason });
            }
        }
    }
    let built_in = embedded::built_in_model(&settings.dir)?;
    if !offered.models.iter().any(|model| model.id == built_in.id) {
        let tokenizer = ChatTokenizer::load(&built_in.path).context("the built-in base model cannot be read")?;
        offered.add(built_in, tokenizer);
    }
    Ok(offered)
}

impl Offered {
    fn add(&mut self, model: BaseModel, tokenizer: ChatTokenizer) {
        let tokenizer = Arc::new(tokenizer.with_name(model.id.clone()));
        self.tokens.insert(model.id.clone(), tokenizer.clone() as Arc<dyn dataset::TokenCounter>);
        self.viewers.insert(model.id.clone(), tokenizer as Arc<dyn dataset::view::ExampleViewer>);
        self.models.push(model);
    }
}

async fn read(settings: &ModelSettings, entry: &ModelEntry) -> Result<(BaseModel, ChatTokenizer)> {
    let (path, revision, repo) = match entry.repo() {
        Some(repo) => {
            let repo: hub::Repo = repo.parse()?;
            let revision = entry.revision.as_deref().unwrap_or("main");
            let snapshot = settings.hub()?.snapshot(&repo, revision, &mut Logged).await?;
            (snapshot.folder, snapshot.commit, Some(repo.to_string()))
        }
        None => {
            let path = Path::new(&entry.source).canonicalize().with_context(|| format!("cannot open the folder {}", entry.source))?;
            check_weights(&path)?;
            let revision = entry.revision.clone().map_or_else(|| content_name(&path), Ok)?;
            (path, revision, None)
        }
    };
    let file = path.join("config.json");
    let bytes = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let config = DecoderConfig::from_json(&bytes)?;
    let tokenizer = ChatTokenizer::load(&path)?;
    let takes = u32::try_from(config.context()).unwrap_or(u32::MAX);
    if let Some(context) = entry.context.filter(|context| *context > takes || *context < 64) {
        bail!("its `context` is {context}, but the model takes 64 to {takes} tokens");
    }
    let id = entry.id();
    let model = BaseModel {
        display_name: entry.display_name.clone().unwrap_or_else(|| id.clone()),
        id,
        parameters: entry.parameters.unwrap_or_else(|| config.parameter_count()),
        context_length: entry.context.unwrap_or(takes),
        license: entry.license.clone().unwrap_or_else(|| "not stated".to_owned()),
        revision,
        path,
        repo,
    };
    Ok((model, tokenizer))
}

/// A folder must have its weights; a hub has them still.
fn check_weights(path: &Path) -> Result<()> {
    if ["model.safetensors", "model.safetensors.index.json"].iter().any(|name| path.join(name).is_file()) {
        return Ok(());
    }
    bail!("{} has neither model.safetensors nor model.safetensors.index.json", path.display())
}

/// A name for the content of a folder: from its configuration and tokenizer, and from size and beginning of each weights file, since
/// reading them whole takes minutes. `revision` in the configuration takes its place.
fn content_name(path: &Path) -> Result<String> {
    let mut names: Vec<String> = fs::read_dir(path)
        .and_then(|entries| entries.map(|entry| entry.map(|e| e.file_name().to_string_lossy().into_owned())).collect())
        .with_context(|| format!("cannot read {}", path.display()))?;
    names.retain(|name| name.ends_with(".json") || name.ends_with(".safetensors") || name.ends_with(".jinja"));
    names.sort();
    let mut hash = Sha256::new();
    for name in names {
        let file = path.join(&name);
        let read = || -> std::io::Result<(u64, Vec<u8>)> {
            let (size, mut head) = (fs::metadata(&file)?.len(), Vec::new());
            File::open(&file)?.take(HEAD).read_to_end(&mut head)?;
            Ok((size, head))
        };
        let (size, head) = read().with_context(|| format!("cannot read {}", file.display()))?;
        hash.update(name.as_bytes());
        hash.update(size.to_le_bytes());
        hash.update(Sha256::digest(&head));
    }
    Ok(format!("content-{}", hex::encode(&hash.finalize()[..8])))
}

/// Setbacks go to the log; small files need no progress.
struct Logged;

impl hub::Watcher for Logged {
    fn progress(&mut self, _: &hub::Progress) {}

    fn setback(&mut self, message: &str) {
        tracing::warn!("{message}");
    }

    fn must_stop(&mut self) -> bool {
        false
    }
}
