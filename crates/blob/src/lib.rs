//! Objects: files of data sets, checkpoints and adapters, in a local folder or in any store behind the same trait.
//!
//! Owns keys, streaming reads and writes, and signed URLs. Imports only `domain`; knows nothing of HTTP servers: who serves the signed
//! URLs of the local folder asks [`BlobStore::verify`] and streams; those of a bucket lead to it directly.

mod error;
mod folder;
mod key;
mod presign;
mod range;
mod s3;
mod sign;
mod store;
mod upload;

pub use error::{Error, Result};
pub use folder::FolderStore;
pub use key::{InvalidKey, Key};
pub use range::ByteRange;
pub use s3::{S3Config, S3Store};
pub use sign::{Grant, SignatureError};
pub use store::{BlobStore, ByteStream, Listed, ListedStream, Meta, Object, SignedUpload, SizeLimit, Stored, file_content, memory_content};
