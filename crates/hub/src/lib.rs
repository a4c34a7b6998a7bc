//! Base models from a model hub: the files of one repository at one commit, in a folder of this machine.
//!
//! Owns the Hub's addresses and headers, what is fetched and what is not, going on with files that were broken off, checksums, and the
//! cache with its use without a network. It knows no architecture, no job and no event: progress goes to a callback, and a callback tells
//! when to stop. Must not import any other crate of this workspace.

mod cache;
mod download;
mod error;
mod names;
mod remote;

pub use error::HubError;
pub use names::Repo;

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use cache::Cache;
use download::Download;
use remote::Remote;
use serde::Deserialize;

/// Where the public Hub is.
pub const PUBLIC_ENDPOINT: &str = "https://huggingface.co";
/// Small files that are fetched where the repository has them: what is needed to know a model and to turn text into tokens.
const SMALL_FILES: [&str; 6] =
    ["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja"];
/// Small files without which nothing can be done.
const NEEDED: [&str; 3] = ["config.json", "tokenizer.json", "tokenizer_config.json"];
const WEIGHTS: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";
/// Longest file that is read into memory.
const MAX_SMALL_FILE: u64 = 64 << 20;

/// How to reach a hub.
#[derive(Clone)]
pub struct HubOptions {
    /// Its address, such as [`PUBLIC_ENDPOINT`].
    pub endpoint: String,
    /// Access token, where the repositories ask for one.
    pub token: Option<String>,
    /// Folder that models are kept in.
    pub cache: PathBuf,
    /// Whether only what is in the cache is used.
    pub offline: bool,
    /// How often and how long to wait.
    pub patience: Patience,
}

impl fmt::Debug for HubOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { endpoint, token, cache, offline, patience } = self;
        let token = token.as_ref().map(|_| "(redacted)");
        f.debug_struct("HubOptions")
            .field("endpoint", endpoint)
            .field("token", &token)
            .field("cache", cache)
            .field("offline", offline)
            .field("patience", patience)
            .finish()
    }
}

/// How often and how long to wait for a hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Tries in a row that may bring nothing before it is given up.
    pub tries: u32,
    /// Pause before the second try; it doubles.
    pub pause: std::time::Duration,
    /// Longest pause, also where the hub asks for a longer one.
    pub longest_pause: std::time::Duration,
    /// Longest time without a byte.
    pub silence: std::time::Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let seconds = std::time::Duration::from_secs;
        Self { tries: 6, pause: seconds(1), longest_pause: seconds(60), silence: seconds(30) }
    }
}

/// How far a download is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The file that is fetched.
    pub file: String,
    /// Bytes of all files that are there.
    pub done: u64,
    /// Bytes of all files.
    pub total: u64,
}

/// What a download tells its caller, and what it asks.
pub trait Watcher: Send {
    /// Bytes came in. Called often: it is for the caller to be sparing.
    fn progress(&mut self, progress: &Progress);
    /// Something went wrong that is tried again.
    fn setback(&mut self, message: &str);
    /// Whether to stop.
    fn must_stop(&mut self) -> bool;
}

/// A watcher that wants to know nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwatched;

impl Watcher for Unwatched {
    fn progress(&mut self, _: &Progress) {}
    fn setback(&mut self, _: &str) {}
    fn must_stop(&mut self) -> bool {
        false
    }
}

/// A repository at one commit, with its small files in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The repository.
    pub repo: Repo,
    /// The commit.
    pub commit: String,
    /// Its folder.
    pub folder: PathBuf,
}

#[derive(Deserialize)]
struct Index {
    weight_map: std::collections::BTreeMap<String, String>,
}

/// A hub, with what was fetched from it before.
#[derive(Debug, Clone)]
pub struct Hub {
    remote: Remote,
    cache: Cache,
    offline: bool,
}

impl Hub {
    /// A hub. Nothing is asked yet.
    ///
    /// # Errors
    /// When the endpoint is no address, or the token cannot be sent.
    pub fn new(options: HubOptions) -> Result<Self, HubError> {
        let HubOptions { endpoint, token, cache, offline, patience } = options;
        Ok(Self { remote: Remote::new(&endpoint, token.as_deref(), patience)?, cache: Cache::new(cache), offline })
    }

    /// Finds the commit that `revision` (a commit, branch or tag) names, and sees to it that the small files of it are here.
    ///
    /// A commit whose files are here is not asked for again. Where the hub does not answer, or is not to be asked, the commit that the
    /// revision named last is taken.
    ///
    /// # Errors
    /// When the repository, revision or a needed file does not exist or may not be read, or the hub does not answer and nothing is here.
    pub async fn snapshot(&self, repo: &Repo, revision: &str, watcher: &mut dyn Watcher) -> Result<Snapshot, HubError> {
        names::check_revision(revision)?;
        let known = self.cache.commit(repo, revision);
        if let Some(commit) = &known
            && (self.offline || names::is_commit(revision))
            && self.cache.has_all(repo, commit, &NEEDED)
        {
            return Ok(self.at(repo, commit));
        }
        if self.offline {
            return Err(HubError::Offline { repo: repo.clone(), revision: revision.to_owned() });
        }
        let listed = match self.remote.list(repo, revision, watcher).await {
            Ok(listed) => listed,
            Err(error) if error.is_transient() => match known.filter(|commit| self.cache.has_all(repo, commit, &NEEDED)) {
                Some(commit) => {
                    watcher.setback(&format!("{error} The files of commit {commit} that are here are used."));
                    return Ok(self.at(repo, &commit));
                }
                None => return Err(error),
            },
            Err(error) => return Err(error),
        };
        let snapshot = self.at(repo, &listed.commit);
        if let Some(missing) = NEEDED.iter().find(|name| !listed.files.contains(**name)) {
            return Err(HubError::MissingFile { repo: repo.clone(), commit: listed.commit, file: (*missing).to_owned() });
        }
        let _lock = cache::lock(&snapshot.folder, watcher).await?;
        self.fetch(&snapshot, &small_files(&listed.files), watcher).await?;
        self.cache.name(repo, revision, &snapshot.commit)?;
        Ok(snapshot)
    }

    /// Sees to it that the weights of a snapshot are here: one file, or the shards of its index.
    ///
    /// # Errors
    /// As [`Self::snapshot`]; also when a file does not have the checksum that the hub says, the disk is full, or the watcher says stop.
    pub async fn weights(&self, snapshot: &Snapshot, watcher: &mut dyn Watcher) -> Result<(), HubError> {
        if !names::is_commit(&snapshot.commit) {
            return Err(HubError::Revision { revision: snapshot.commit.clone() });
        }
        let _lock = cache::lock(&snapshot.folder, watcher).await?;
        let small_here = NEEDED.iter().all(|name| snapshot.folder.join(name).is_file());
        let weights_here =
            snapshot.folder.join(WEIGHTS).is_file() || self.shards(snapshot).is_ok_and(|shards| self.all_here(snapshot, &shards));
        if small_here && weights_here {
            return Ok(());
        }
        if self.offline {
            return Err(HubError::Offline { repo: snapshot.repo.clone(), revision: snapshot.commit.clone() });
        }
        let listed = self.remote.list(&snapshot.repo, &snapshot.commit, watcher).await?;
        self.fetch(snapshot, &small_files(&listed.files), watcher).await?;
        if listed.files.contains(WEIGHTS) {
            return self.fetch(snapshot, &[WEIGHTS.to_owned()], watcher).await;
        }
        if !listed.files.contains(INDEX) {
            let (repo, commit) = (snapshot.repo.clone(), snapshot.commit.clone());
            return Err(HubError::MissingFile { repo, commit, file: format!("{WEIGHTS} or {INDEX}") });
        }
        self.fetch(snapshot, &[INDEX.to_owned()], watcher).await?;
        let shards = self.shards(snapshot)?;
        self.fetch(snapshot, &shards, watcher).await
    }

    fn at(&self, repo: &Repo, commit: &str) -> Snapshot {
        Snapshot { repo: repo.clone(), commit: commit.to_owned(), folder: self.cache.folder(repo, commit) }
    }

    fn all_here(&self, snapshot: &Snapshot, files: &[String]) -> bool {
        files.iter().all(|name| snapshot.folder.join(name).is_file())
    }

    /// Names of the shards, from the index.
    fn shards(&self, snapshot: &Snapshot) -> Result<Vec<String>, HubError> {
        let path = snapshot.folder.join(INDEX);
        let wrong = |reason: String| HubError::Index { path: path.clone(), reason };
        let size = std::fs::metadata(&path).map_err(|e| HubError::io("read", &path, e))?.len();
        if size > MAX_SMALL_FILE {
            return Err(wrong(format!("it has {size} bytes")));
        }
        let bytes = std::fs::read(&path).map_err(|e| HubError::io("read", &path, e))?;
        let index: Index = serde_json::from_slice(&bytes).map_err(|e| wrong(e.to_string()))?;
        let names: BTreeSet<String> = index.weight_map.into_values().collect();
        match names.iter().find(|name| !names::is_plain(name) || !name.ends_with(".safetensors")) {
            Some(name) => Err(wrong(format!("it names the file {name:?}"))),
            None if names.is_empty() => Err(wrong("it names no file".to_owned())),
            None => Ok(names.into_iter().collect()),
        }
    }

    /// Fetches the files that are not here yet.
    async fn fetch(&self, snapshot: &Snapshot, files: &[String], watcher: &mut dyn Watcher) -> Result<(), HubError> {
        create_dir(&snapshot.folder)?;
        let mut missing = Vec::new();
        let (mut done, mut total) = (0, 0);
        for name in files {
            let path = snapshot.folder.join(name);
            match std::fs::metadata(&path) {
                Ok(there) => (done, total) = (done + there.len(), total + there.len()),
                Err(_) => missing.push(self.remote.describe(&snapshot.repo, &snapshot.commit, name, watcher).await?),
            }
        }
        total += missing.iter().filter_map(|file| file.size).sum::<u64>();
        for file in missing {
            let mut progress = Progress { file: file.name.clone(), done, total };
            let download = Download { remote: &self.remote, snapshot, file: &file };
            done += download.run(&mut progress, watcher).await?;
        }
        Ok(())
    }
}

/// Those of the small files that a repository has.
fn small_files(files: &BTreeSet<String>) -> Vec<String> {
    SMALL_FILES.iter().filter(|name| files.contains(**name)).map(|name| (*name).to_owned()).collect()
}

fn create_dir(folder: &Path) -> Result<(), HubError> {
    std::fs::create_dir_all(folder).map_err(|e| HubError::io("make", folder, e))
}
