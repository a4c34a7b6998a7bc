//! Objects by signed address: for servers that serve the embedded store themselves.

use crate::App;
use blob::{ByteRange, ByteStream, Grant, Key, SignatureError, SizeLimit};
use domain::dataset::DatasetStatus;
use domain::{DatasetId, Error, ErrorKind, Result};
use std::ops::Range;

/// Scheme, host and port that browsers send files to, where that is not this server.
pub fn origin(app: &App) -> Option<&str> {
    app.blob.origin()
}

/// An object, or a part of it, that a signed address opened.
pub struct Opened {
    /// Bytes of the whole object.
    pub size: u64,
    /// The offsets that `content` covers.
    pub range: Range<u64>,
    /// The bytes.
    pub content: ByteStream,
    /// Name to save it under.
    pub file_name: String,
}

/// Opens the object that a signed address names. `range` is the value of a `Range` header.
///
/// # Errors
/// When the address is not signed for this, or the object has no such part.
pub async fn read(app: &App, key: &str, query: &str, range: Option<&str>) -> Result<Opened> {
    let grant = app.blob.verify("GET", key, query, None, app.clock.now()).map_err(refused)?;
    let Grant::Download { key, file_name } = grant else { return Err(refused(SignatureError::Invalid)) };
    let object = app.blob.get(&key, range.and_then(ByteRange::parse)).await?;
    Ok(Opened { size: object.size, range: object.range, content: object.content, file_name })
}

/// Stores the object that a signed address names. A data set's file cannot be replaced once it was confirmed.
///
/// # Errors
/// When the address is not signed for this, or the content is not of the size that was signed.
pub async fn write(app: &App, key: &str, query: &str, length: Option<u64>, content: ByteStream) -> Result<()> {
    let grant = app.blob.verify("PUT", key, query, length, app.clock.now()).map_err(refused)?;
    let Grant::Upload { key, limit } = grant else { return Err(refused(SignatureError::Invalid)) };
    put(app, &key, content, limit).await
}

/// Stores `content` under `key` where that may still be written.
pub(crate) async fn put(app: &App, key: &Key, content: ByteStream, limit: SizeLimit) -> Result<()> {
    writable(app, key).await?;
    app.blob.put(key, content, limit).await?;
    Ok(())
}

async fn writable(app: &App, key: &Key) -> Result<()> {
    let mut segments = key.as_str().split('/');
    if segments.next() != Some("datasets") {
        return Ok(());
    }
    let id: Option<DatasetId> = segments.nth(1).and_then(|id| id.parse().ok());
    let dataset = match id {
        Some(id) => db::datasets::get(&app.db, id).await?,
        None => None,
    };
    match dataset {
        None => Err(Error::not_found("DATASET_NOT_FOUND", "data set")),
        Some(dataset) if dataset.status == DatasetStatus::Uploading => Ok(()),
        Some(_) => Err(crate::datasets::already_confirmed()),
    }
}

fn refused(error: SignatureError) -> Error {
    let (kind, code) = match &error {
        SignatureError::Expired(_) => (ErrorKind::Forbidden, "URL_EXPIRED"),
        SignatureError::Size { signed, announced } if announced > signed => (ErrorKind::TooLarge, "FILE_TOO_LARGE"),
        SignatureError::Size { .. } => (ErrorKind::Invalid, "FILE_SIZE_MISMATCH"),
        SignatureError::NotServedHere => (ErrorKind::NotFound, "NOT_FOUND"),
        SignatureError::Malformed(_) | SignatureError::Invalid | SignatureError::Method { .. } => (ErrorKind::Forbidden, "URL_INVALID"),
    };
    Error::new(kind, code, capitalised(&error.to_string()))
}

/// The text as a sentence.
fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), characters.as_str()))
}
