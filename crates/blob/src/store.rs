//! What every store can do.

use crate::error::Result;
use crate::key::Key;
use crate::range::ByteRange;
use crate::sign::{Grant, SignatureError};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::StreamExt;
use futures::stream::BoxStream;
use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use tokio_util::io::ReaderStream;

/// Content on its way, in pieces.
pub type ByteStream = BoxStream<'static, io::Result<Bytes>>;

/// How much content is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SizeLimit {
    /// This many bytes, no more and no fewer.
    Exactly(u64),
    /// Up to this many bytes.
    AtMost(u64),
}

impl SizeLimit {
    /// The most that is accepted.
    pub const fn max(self) -> u64 {
        match self {
            Self::Exactly(n) | Self::AtMost(n) => n,
        }
    }
}

/// What was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Bytes.
    pub size: u64,
    /// SHA-256 in hex.
    pub sha256: String,
}

/// What is known about an object without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meta {
    /// Bytes.
    pub size: u64,
}

/// An object of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub key: Key,
    /// Bytes.
    pub size: u64,
    /// When it was stored.
    pub modified: DateTime<Utc>,
}

/// Objects, one after the other.
pub type ListedStream = BoxStream<'static, Result<Listed>>;

/// An object, or a part of it, being read.
pub struct Object {
    /// Bytes of the whole object.
    pub size: u64,
    /// The offsets that `content` covers.
    pub range: Range<u64>,
    /// The bytes.
    pub content: ByteStream,
}

/// A request that may be made once by whoever has it, without further credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedUpload {
    /// Where to send the content.
    pub url: String,
    /// How: `PUT`.
    pub method: &'static str,
    /// Headers that must be sent as they are.
    pub headers: BTreeMap<String, String>,
}

/// A store of objects.
#[async_trait::async_trait]
pub trait BlobStore: Send + Sync {
    /// Stores an object, replacing one of the same key. It is there completely or not at all.
    ///
    /// # Errors
    /// When the content breaks off, is larger or smaller than `limit` says, or cannot be written.
    async fn put(&self, key: &Key, content: ByteStream, limit: SizeLimit) -> Result<Stored>;

    /// Reads an object, or a part of it.
    ///
    /// # Errors
    /// When it is not there, or has none of the bytes asked for.
    async fn get(&self, key: &Key, range: Option<ByteRange>) -> Result<Object>;

    /// Looks whether an object is there.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn head(&self, key: &Key) -> Result<Option<Meta>>;

    /// Removes an object. False where it was not there.
    ///
    /// # Errors
    /// When the store does not do it.
    async fn delete(&self, key: &Key) -> Result<bool>;

    /// Every object whose key begins with the segments of `prefix`, such as `models` or `datasets/{user}`, in no order.
    fn list(&self, prefix: &str) -> ListedStream;

    /// Looks whether the store answers and can be used.
    ///
    /// # Errors
    /// Why it cannot.
    async fn check(&self) -> Result<()>;

    /// A URL that lets its holder store as many bytes as `limit` says under `key` until `expires_at`.
    ///
    /// # Errors
    /// When the store cannot sign.
    async fn signed_upload(&self, key: &Key, limit: SizeLimit, content_type: &str, expires_at: DateTime<Utc>) -> Result<SignedUpload>;

    /// A URL that lets its holder read the object until `expires_at`, to be saved as `file_name`.
    ///
    /// # Errors
    /// When the store cannot sign.
    async fn signed_download(&self, key: &Key, file_name: &str, expires_at: DateTime<Utc>) -> Result<String>;

    /// Checks a request for one of this store's own signed URLs; see [`Grant`]. Stores whose URLs lead elsewhere know none.
    ///
    /// # Errors
    /// Why the request is refused.
    fn verify(
        &self,
        _method: &str,
        _key: &str,
        _query: &str,
        _content_length: Option<u64>,
        _now: DateTime<Utc>,
    ) -> Result<Grant, SignatureError> {
        Err(SignatureError::NotServedHere)
    }

    /// Name of the bucket, as rows keep it.
    fn bucket(&self) -> &str;

    /// Scheme, host and port of the signed URLs, where they lead to another server than the one that asks for them.
    fn origin(&self) -> Option<&str> {
        None
    }

    /// The file of an object, where the store is a folder on this machine, so that it can be read without copying. It may not be there.
    fn local_path(&self, _key: &Key) -> Option<PathBuf> {
        None
    }
}

/// Content that is in memory.
pub fn memory_content(bytes: impl Into<Bytes>) -> ByteStream {
    let bytes = bytes.into();
    futures::stream::once(async move { Ok(bytes) }).boxed()
}

/// Content of a file on this machine.
///
/// # Errors
/// When it cannot be opened.
pub async fn file_content(path: &Path) -> io::Result<ByteStream> {
    let file = tokio::fs::File::open(path).await?;
    Ok(ReaderStream::with_capacity(file, 256 * 1024).boxed())
}
