//! One file: what has come is kept and gone on from, the whole is checked, and only then it stands under its name.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use futures::StreamExt;
use reqwest::StatusCode;
use sha2::{Digest, Sha256};

use crate::remote::{Failure, Remote, RemoteFile, until_stopped};
use crate::{HubError, Progress, Snapshot, Watcher};

/// Bytes read at a time where a file is hashed.
const PIECE: usize = 1 << 20;

/// A file to be fetched into a snapshot.
pub(crate) struct Download<'a> {
    pub remote: &'a Remote,
    pub snapshot: &'a Snapshot,
    pub file: &'a RemoteFile,
}

/// What has come of a file.
struct Partial {
    file: File,
    path: PathBuf,
    length: u64,
    hash: Sha256,
}

impl Partial {
    /// Opens it, and hashes what is there.
    fn open(path: PathBuf) -> Result<Self, HubError> {
        let fail = |e| HubError::io("open", &path, e);
        let mut file = File::options().create(true).truncate(false).read(true).write(true).open(&path).map_err(fail)?;
        let (mut hash, mut length, mut piece) = (Sha256::new(), 0, vec![0; PIECE]);
        loop {
            let read = file.read(&mut piece).map_err(|e| HubError::io("read", &path, e))?;
            if read == 0 {
                return Ok(Self { file, path, length, hash });
            }
            hash.update(&piece[..read]);
            length += read as u64;
        }
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), HubError> {
        self.file.write_all(bytes).map_err(|e| HubError::io("write", &self.path, e))?;
        self.hash.update(bytes);
        self.length += bytes.len() as u64;
        Ok(())
    }

    fn clear(&mut self) -> Result<(), HubError> {
        let cleared = self.file.set_len(0).and_then(|()| self.file.seek(SeekFrom::Start(0)).map(|_| ()));
        cleared.map_err(|e| HubError::io("write", &self.path, e))?;
        (self.hash, self.length) = (Sha256::new(), 0);
        Ok(())
    }
}

impl Download<'_> {
    /// Fetches the file; yields its bytes. `progress` is what there is without it.
    pub async fn run(&self, progress: &mut Progress, watcher: &mut dyn Watcher) -> Result<u64, HubError> {
        let (what, before) = (format!("{} of {}", self.file.name, self.snapshot.repo), progress.done);
        // The name carries that of the content, so that nothing is added to another content.
        let tag: String = self.file.tag.chars().filter(char::is_ascii_alphanumeric).take(64).collect();
        let mut partial = Partial::open(self.snapshot.folder.join(format!("{}.{tag}.part", self.file.name)))?;
        let (mut failed, mut damaged) = (0, false);
        loop {
            progress.done = before + partial.length;
            watcher.progress(progress);
            let had = partial.length;
            let outcome = match self.file.size {
                Some(size) if partial.length == size => Ok(()),
                _ => self.go_on(&mut partial, (&what, before), progress, watcher).await,
            };
            match outcome {
                Ok(()) => match self.checked(&partial) {
                    Ok(()) => break,
                    Err(error) if damaged => {
                        partial.clear()?;
                        return Err(error);
                    }
                    Err(error) => {
                        damaged = true;
                        watcher.setback(&format!("{error} It is fetched anew."));
                        partial.clear()?;
                    }
                },
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Passing { reason, wait }) => {
                    failed = if partial.length > had { 1 } else { failed + 1 };
                    self.remote.pause(&what, failed, reason, wait, watcher).await?;
                }
            }
        }
        partial.file.sync_all().map_err(|e| HubError::io("write", &partial.path, e))?;
        let path = self.snapshot.folder.join(&self.file.name);
        fs::rename(&partial.path, &path).map_err(|e| HubError::io("write", &path, e))?;
        sync_dir(&self.snapshot.folder)?;
        Ok(partial.length)
    }

    /// One request for what is missing.
    async fn go_on(
        &self,
        partial: &mut Partial,
        (what, before): (&str, u64),
        progress: &mut Progress,
        watcher: &mut dyn Watcher,
    ) -> Result<(), Failure> {
        let response = until_stopped(watcher, self.remote.get(&self.file.url, partial.length, what)).await??;
        match response.status() {
            // Longer than the file is now: what is here is of no use.
            StatusCode::RANGE_NOT_SATISFIABLE => {
                partial.clear()?;
                return Err(Failure::Passing { reason: "the part that was here does not fit".to_owned(), wait: None });
            }
            StatusCode::PARTIAL_CONTENT if starts_at(&response) == Some(partial.length) => {}
            // The whole file, whatever was asked for.
            _ => partial.clear()?,
        }
        let mut stream = response.bytes_stream();
        while let Some(piece) = until_stopped(watcher, stream.next()).await? {
            partial.append(&piece?)?;
            progress.done = before + partial.length;
            watcher.progress(progress);
            if self.file.size.is_some_and(|size| partial.length > size) {
                partial.clear()?;
                return Err(Failure::Passing { reason: "more came than the file has".to_owned(), wait: None });
            }
        }
        match self.file.size {
            Some(size) if partial.length < size => {
                Err(Failure::Passing { reason: format!("it broke off after {} of {size} bytes", partial.length), wait: None })
            }
            _ => Ok(()),
        }
    }

    fn checked(&self, partial: &Partial) -> Result<(), HubError> {
        let Some(expected) = &self.file.sha256 else { return Ok(()) };
        let found = hex::encode(partial.hash.clone().finalize());
        if found == *expected {
            return Ok(());
        }
        Err(HubError::Checksum { file: self.file.name.clone(), expected: expected.clone(), found })
    }
}

/// The first byte of a part, by its `Content-Range: bytes FIRST-LAST/SIZE`.
fn starts_at(response: &reqwest::Response) -> Option<u64> {
    let range = response.headers().get("content-range")?.to_str().ok()?;
    range.strip_prefix("bytes ")?.split('-').next()?.parse().ok()
}

fn sync_dir(folder: &Path) -> Result<(), HubError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|e| HubError::io("write", folder, e))
}
