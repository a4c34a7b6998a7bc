//! Objects: files of data sets, checkpoints and adapters, in a local folder or in any store behind the same trait.
//!
//! Owns keys, streaming reads and writes, and signed URLs. Imports only `domain`; knows nothing of HTTP servers: who serves the signed
//! URLs of the local folder asks [`BlobStore::verify`] and streams.

mod error;
mod folder;
mod key;
mod range;
mod sign;
mod store;

pub use error::{Error, Result};
pub use folder::FolderStore;
pub use key::{InvalidKey, Key};
pub use range::ByteRange;
pub use sign::{Grant, SignatureError};
pub use store::{BlobStore, ByteStream, Meta, Object, SignedUpload, SizeLimit, Stored, file_content, memory_content};
