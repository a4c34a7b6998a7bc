//! Objects in a folder on this machine.

use crate::error::{Error, Result};
use crate::key::Key;
use crate::range::ByteRange;
use crate::sign::{Grant, SignatureError, Signer};
use crate::store::{BlobStore, ByteStream, Listed, ListedStream, Meta, Object, SignedUpload, SizeLimit, Stored};
use chrono::{DateTime, Utc};
use futures::StreamExt;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::{self, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::fs::{self, File};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, BufWriter};
use tokio_util::io::ReaderStream;
use uuid::Uuid;

/// Folder within the store where objects are while they are being written. No key can name it.
const INCOMING: &str = ".incoming";
/// What a killed process left there is removed after this long.
const ABANDONED: Duration = Duration::from_secs(24 * 3600);
const BUFFER: usize = 1024 * 1024;

/// A store in a folder. Its signed URLs are served by the server at `{public_url}/storage/…`.
pub struct FolderStore {
    root: PathBuf,
    signer: Signer,
}

impl FolderStore {
    /// Opens the store, making the folder where needed. `secret` signs URLs; a store opened with another one refuses them.
    ///
    /// # Errors
    /// When the folder cannot be made or written.
    pub async fn open(root: impl Into<PathBuf>, secret: &[u8], public_url: &str) -> Result<Self> {
        let root = root.into();
        let incoming = root.join(INCOMING);
        let failed = |source| Error::store("open", root.display().to_string(), source);
        fs::create_dir_all(&incoming).await.map_err(failed)?;
        clean(&incoming).await.map_err(failed)?;
        let signer = Signer::new(secret, public_url).map_err(|e| failed(io::Error::other(e)))?;
        Ok(Self { root, signer })
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.root.join(key.as_str())
    }

    /// Makes a completely written file the object, durably.
    async fn place(&self, written: &Path, key: &Key) -> io::Result<()> {
        let path = self.path(key);
        let folder = path.parent().unwrap_or(&self.root);
        fs::create_dir_all(folder).await?;
        fs::rename(written, &path).await?;
        // The names are durable only once their folders are, up to the store's own.
        for ancestor in folder.ancestors().take_while(|a| a.starts_with(&self.root)) {
            File::open(ancestor).await?.sync_all().await?;
        }
        Ok(())
    }
}

/// Removes what a process that was killed left half written.
async fn clean(incoming: &Path) -> io::Result<()> {
    let mut entries = fs::read_dir(incoming).await?;
    while let Some(entry) = entries.next_entry().await? {
        let age = entry.metadata().await.and_then(|m| m.modified()).ok().and_then(|at| at.elapsed().ok());
        if age.is_some_and(|age| age > ABANDONED) {
            fs::remove_file(entry.path()).await?;
        }
    }
    Ok(())
}

/// Hands over every object below `folder`, a key's first segments. False when nobody listens any more.
fn walk(root: &Path, folder: &str, found: &tokio::sync::mpsc::Sender<Result<Listed>>) -> io::Result<bool> {
    let entries = match std::fs::read_dir(root.join(folder)) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(e) => return Err(e),
    };
    for entry in entries {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let path = format!("{folder}/{name}");
        if entry.file_type()?.is_dir() {
            if !walk(root, &path, found)? {
                return Ok(false);
            }
            continue;
        }
        let Ok(key) = Key::parse(&path) else { continue };
        let meta = match entry.metadata() {
            Ok(meta) => meta,
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            Err(e) => return Err(e),
        };
        let listed = Listed { key, size: meta.len(), modified: meta.modified()?.into() };
        if found.blocking_send(Ok(listed)).is_err() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A file that is removed unless it was placed, also when the upload is dropped half way.
struct Incoming(Option<PathBuf>);

impl Drop for Incoming {
    fn drop(&mut self) {
        if let Some(path) = self.0.take() {
            // Nothing depends on it, and the next start cleans up what stays.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Writes `content` to `file`, at most as much as allowed, and syncs it.
async fn write(file: File, mut content: ByteStream, limit: SizeLimit, what: &Key) -> Result<Stored> {
    let failed = |source| Error::store("write", what.as_str(), source);
    let mut out = BufWriter::with_capacity(BUFFER, file);
    let (mut size, mut hash) = (0u64, Sha256::new());
    while let Some(piece) = content.next().await {
        let piece = piece.map_err(Error::Content)?;
        size = size.saturating_add(piece.len() as u64);
        if size > limit.max() {
            return Err(Error::TooLarge { limit: limit.max() });
        }
        hash.update(&piece);
        out.write_all(&piece).await.map_err(failed)?;
    }
    if let SizeLimit::Exactly(expected) = limit
        && size < expected
    {
        return Err(Error::TooShort { expected, received: size });
    }
    out.flush().await.map_err(failed)?;
    out.get_ref().sync_all().await.map_err(failed)?;
    Ok(Stored { size, sha256: hex::encode(hash.finalize()) })
}

#[async_trait::async_trait]
impl BlobStore for FolderStore {
    async fn put(&self, key: &Key, content: ByteStream, limit: SizeLimit) -> Result<Stored> {
        let failed = |source| Error::store("write", key.as_str(), source);
        let path = self.root.join(INCOMING).join(Uuid::new_v4().to_string());
        let mut incoming = Incoming(Some(path.clone()));
        // At once, on this thread: a call handed to another could make the file after this one was dropped.
        let file = File::from_std(std::fs::File::create_new(&path).map_err(failed)?);
        let stored = write(file, content, limit, key).await?;
        self.place(&path, key).await.map_err(failed)?;
        incoming.0 = None;
        Ok(stored)
    }

    async fn get(&self, key: &Key, range: Option<ByteRange>) -> Result<Object> {
        let failed = |source| Error::store("read", key.as_str(), source);
        let mut file = match File::open(self.path(key)).await {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(Error::NotFound(key.to_string())),
            Err(e) => return Err(failed(e)),
        };
        let size = file.metadata().await.map_err(failed)?.len();
        let range = match range {
            Some(range) => range.resolve(size).ok_or(Error::Range { size })?,
            None => 0..size,
        };
        if range.start > 0 {
            file.seek(SeekFrom::Start(range.start)).await.map_err(failed)?;
        }
        let content = ReaderStream::with_capacity(file.take(range.end - range.start), 256 * 1024).boxed();
        Ok(Object { size, range, content })
    }

    async fn head(&self, key: &Key) -> Result<Option<Meta>> {
        match fs::metadata(self.path(key)).await {
            Ok(meta) => Ok(Some(Meta { size: meta.len() })),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(Error::store("look for", key.as_str(), e)),
        }
    }

    async fn delete(&self, key: &Key) -> Result<bool> {
        match fs::remove_file(self.path(key)).await {
            Ok(()) => Ok(true),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(e) => Err(Error::store("remove", key.as_str(), e)),
        }
    }

    fn list(&self, prefix: &str) -> ListedStream {
        let (found, listed) = tokio::sync::mpsc::channel(64);
        let (root, prefix) = (self.root.clone(), prefix.trim_matches('/').to_owned());
        tokio::task::spawn_blocking(move || {
            if let Err(error) = walk(&root, &prefix, &found) {
                let _ = found.blocking_send(Err(Error::store("list", prefix, error)));
            }
        });
        futures::stream::unfold(listed, |mut listed| async move { listed.recv().await.map(|entry| (entry, listed)) }).boxed()
    }

    async fn check(&self) -> Result<()> {
        let probe = self.root.join(INCOMING).join(Uuid::new_v4().to_string());
        let failed = |source| Error::store("write to", self.root.display().to_string(), source);
        fs::write(&probe, b"probe").await.map_err(failed)?;
        fs::remove_file(&probe).await.map_err(failed)
    }

    async fn signed_upload(&self, key: &Key, limit: SizeLimit, content_type: &str, expires_at: DateTime<Utc>) -> Result<SignedUpload> {
        let headers = BTreeMap::from([("content-type".to_owned(), content_type.to_owned())]);
        Ok(SignedUpload { url: self.signer.url("PUT", key, Some(limit), "", expires_at), method: "PUT", headers })
    }

    async fn signed_download(&self, key: &Key, file_name: &str, expires_at: DateTime<Utc>) -> Result<String> {
        Ok(self.signer.url("GET", key, None, file_name, expires_at))
    }

    fn verify(
        &self,
        method: &str,
        key: &str,
        query: &str,
        content_length: Option<u64>,
        now: DateTime<Utc>,
    ) -> Result<Grant, SignatureError> {
        self.signer.verify(method, key, query, content_length, now)
    }

    fn bucket(&self) -> &str {
        "local"
    }

    fn local_path(&self, key: &Key) -> Option<PathBuf> {
        Some(self.path(key))
    }
}
