//! What can go wrong between a hub and a folder.

use std::io;
use std::path::{Path, PathBuf};

use crate::Repo;

/// A model that could not be fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HubError {
    /// A name that is none.
    #[error("'{text}' is no model repository; it must be like `owner/name`")]
    Repo {
        /// What was given.
        text: String,
    },
    /// A revision that is none.
    #[error("'{revision}' is no revision; it must be a branch, a tag or a commit of 40 digits")]
    Revision {
        /// What was given.
        revision: String,
    },
    /// The endpoint or token cannot be used.
    #[error("The model hub cannot be asked: {reason}.")]
    Options {
        /// Why.
        reason: String,
    },
    /// There is no such thing.
    #[error(
        "{what} does not exist on the model hub, or may be seen only with a token; check its name, and set HF_TOKEN where it is private."
    )]
    NotFound {
        /// The repository, revision or file.
        what: String,
    },
    /// The hub wants a token, or another one.
    #[error(
        "The model hub refuses access to {what} (status {status}). Set HF_TOKEN to a token of an account that has accepted the model's terms."
    )]
    Refused {
        /// The repository, revision or file.
        what: String,
        /// 401 or 403.
        status: u16,
    },
    /// The repository lacks a file.
    #[error("{repo} at commit {commit} has no {file}, so it cannot be trained on. Choose a model in safetensors with a tokenizer.json.")]
    MissingFile {
        /// The repository.
        repo: Repo,
        /// The commit.
        commit: String,
        /// The file.
        file: String,
    },
    /// The index of the shards cannot be used.
    #[error("{} cannot be used: {reason}.", path.display())]
    Index {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// What came is not what the hub has.
    #[error("{file} came with SHA-256 {found}, but the hub says {expected}: it was damaged on the way.")]
    Checksum {
        /// The file.
        file: String,
        /// The hub's.
        expected: String,
        /// What was found.
        found: String,
    },
    /// The hub answers in another way than a hub does.
    #[error("The model hub's answer about {what} cannot be used: {reason}.")]
    Answer {
        /// What was asked for.
        what: String,
        /// Why.
        reason: String,
    },
    /// The hub did not answer, again and again.
    #[error("The model hub did not give {what} after {tries} tries in a row: {reason}. What has come so far is kept; try again later.")]
    Unreachable {
        /// What was asked for.
        what: String,
        /// How often.
        tries: u32,
        /// What was wrong at last.
        reason: String,
    },
    /// The hub is not to be asked, and nothing is here.
    #[error("{repo} at {revision} is not in the cache, and the model hub is not to be asked (offline). Fetch it once with a network.")]
    Offline {
        /// The repository.
        repo: Repo,
        /// The revision.
        revision: String,
    },
    /// No space left.
    #[error("The disk is full: {} could not be written. Free some space and retry; what has come so far is kept.", path.display())]
    DiskFull {
        /// What could not be written.
        path: PathBuf,
    },
    /// A file of the cache.
    #[error("Could not {action} {}: {source}.", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Asked to stop.
    #[error("The download was stopped.")]
    Stopped,
}

impl HubError {
    /// Whether it could succeed later without anybody changing anything.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Checksum { .. } | Self::Io { .. })
    }

    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "base_model_not_found",
            Self::Refused { .. } => "base_model_access_refused",
            Self::DiskFull { .. } => "disk_full",
            Self::Unreachable { .. } | Self::Offline { .. } => "base_model_unavailable",
            Self::Checksum { .. } => "base_model_checksum",
            Self::Stopped => "stopped",
            Self::Io { .. } => "io_error",
            _ => "base_model_invalid",
        }
    }

    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path: path.to_owned() },
            _ => Self::Io { action, path: path.to_owned(), source },
        }
    }
}
