//! Where models are kept: `models--owner--name/{commit}/` holds the files of a commit, `models--owner--name/refs/{revision}` the commit
//! that a branch or tag named last. A file is whole where it stands under its name; what is under way ends in `.part`.

use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::names::is_commit;
use crate::{HubError, Repo, Watcher, create_dir};

/// Pause between two looks at a lock that somebody else holds.
const LOOK: Duration = Duration::from_millis(200);

/// The folder.
#[derive(Debug, Clone)]
pub(crate) struct Cache {
    root: PathBuf,
}

impl Cache {
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// Folder of a commit.
    pub(crate) fn folder(&self, repo: &Repo, commit: &str) -> PathBuf {
        self.root.join(repo.folder()).join(commit)
    }

    fn reference(&self, repo: &Repo, revision: &str) -> PathBuf {
        self.root.join(repo.folder()).join("refs").join(revision.replace('/', "--"))
    }

    /// The commit that a revision named last.
    pub(crate) fn commit(&self, repo: &Repo, revision: &str) -> Option<String> {
        if is_commit(revision) {
            return Some(revision.to_owned());
        }
        let commit = fs::read_to_string(self.reference(repo, revision)).ok()?;
        Some(commit.trim().to_owned()).filter(|commit| is_commit(commit))
    }

    /// Remembers the commit that a revision names.
    pub(crate) fn name(&self, repo: &Repo, revision: &str, commit: &str) -> Result<(), HubError> {
        if is_commit(revision) {
            return Ok(());
        }
        let path = self.reference(repo, revision);
        if let Some(folder) = path.parent() {
            create_dir(folder)?;
        }
        let temporary = path.with_extension(format!("{}.part", std::process::id()));
        let written = File::create(&temporary).and_then(|mut file| file.write_all(commit.as_bytes()).and_then(|()| file.sync_all()));
        written.and_then(|()| fs::rename(&temporary, &path)).map_err(|e| HubError::io("write", &path, e))
    }

    /// Whether all these files of a commit are here.
    pub(crate) fn has_all(&self, repo: &Repo, commit: &str, names: &[&str]) -> bool {
        let folder = self.folder(repo, commit);
        names.iter().all(|name| folder.join(name).is_file())
    }
}

/// Waits until nobody else fetches into a folder. The lock ends with the value.
pub(crate) async fn lock(folder: &Path, watcher: &mut dyn Watcher) -> Result<File, HubError> {
    create_dir(folder)?;
    let path = folder.join(".lock");
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(|e| HubError::io("open", &path, e))?;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(e)) => return Err(HubError::io("lock", &path, e)),
        }
        if watcher.must_stop() {
            return Err(HubError::Stopped);
        }
        tokio::time::sleep(LOOK).await;
    }
}
