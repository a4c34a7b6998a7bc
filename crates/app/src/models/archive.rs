//! A ZIP of a model's files, made while it is sent.
//!
//! The files are stored as they are: weights do not shrink. That also makes the size known beforehand (APPNOTE.TXT 6.3.10, sections 4.3.7,
//! 4.3.9, 4.3.12 and 4.3.16).

use super::types::{Archive, FileView};
use super::{not_found, view};
use crate::App;
use crate::pipe::piped;
use async_zip::base::write::ZipFileWriter;
use async_zip::{Compression, ZipEntryBuilder};
use blob::Key;
use chrono::{DateTime, Utc};
use domain::{Error, ErrorKind, ModelId, Result};
use futures::{AsyncWriteExt, StreamExt};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::sync::Arc;
use tokio_util::compat::TokioAsyncWriteCompatExt;

const LOCAL_HEADER: u64 = 30;
const DESCRIPTOR: u64 = 16;
const CENTRAL_HEADER: u64 = 46;
const END: u64 = 22;

/// Bytes of a ZIP of these files.
///
/// # Errors
/// When that is more than a plain ZIP can hold.
pub(super) fn size<'f>(files: impl Iterator<Item = &'f FileView>) -> Result<u64> {
    let of = |file: &FileView| LOCAL_HEADER + DESCRIPTOR + CENTRAL_HEADER + 2 * file.name.len() as u64 + file.size;
    let size = END + files.map(of).sum::<u64>();
    if size < u64::from(u32::MAX) {
        return Ok(size);
    }
    Err(Error::conflict("ARCHIVE_TOO_LARGE", "The files are too large for one ZIP; download them one by one."))
}

/// Name to save a ZIP of this model under.
pub(super) fn file_name(model: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '-' };
    let name: String = model.chars().map(plain).take(100).collect();
    match name.trim_matches(['-', '.']) {
        "" => "adapter.zip".to_owned(),
        name => format!("{name}.zip"),
    }
}

/// The signed address of a model's ZIP.
///
/// # Errors
/// Never with a secret that is a byte string.
pub(super) fn address(app: &App, id: ModelId, expires_at: DateTime<Utc>) -> Result<String> {
    let expires = expires_at.timestamp();
    let signature = hex::encode(mac(app, id, expires)?.finalize().into_bytes());
    Ok(format!("{}/api/models/{id}/archive?expires={expires}&signature={signature}", app.config.public_url))
}

fn mac(app: &App, id: ModelId, expires: i64) -> Result<Hmac<Sha256>> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&app.config.auth_secret).map_err(Error::internal)?;
    mac.update(format!("brightrun archive url 1 {id} {expires}").as_bytes());
    Ok(mac)
}

/// Opens a model's ZIP by its signed address.
///
/// # Errors
/// When the address was altered or has ended, or the model was deleted.
pub async fn open_archive(app: Arc<App>, id: ModelId, expires: i64, signature: &str) -> Result<Archive> {
    let refuse = |code, message: &str| Err(Error::new(ErrorKind::Forbidden, code, message));
    let signature = hex::decode(signature).unwrap_or_default();
    if mac(&app, id, expires)?.verify_slice(&signature).is_err() {
        return refuse("URL_INVALID", "The URL's signature does not match; ask for a new one.");
    }
    if app.clock.now().timestamp() >= expires {
        return refuse("URL_EXPIRED", "The URL was valid for an hour; ask for a new one.");
    }
    let row = db::models::get(&app.db, id).await?.ok_or_else(not_found)?;
    let model = view(&app, row).await?;
    let size = size(model.files())?;
    let files: Vec<FileView> = model.files().cloned().collect();
    Ok(Archive { file_name: file_name(&model.name), size, content: piped(|writer| async move { write(&app, &files, writer).await }) })
}

async fn write(app: &App, files: &[FileView], writer: tokio::io::DuplexStream) -> Result<()> {
    let mut zip = ZipFileWriter::new(writer.compat_write()).force_no_zip64();
    for file in files {
        let key = Key::parse(&file.key).map_err(Error::internal)?;
        let mut content = app.blob.get(&key, None).await?.content;
        let entry = ZipEntryBuilder::new(file.name.clone().into(), Compression::Stored)
            .compressed_size(file.size)
            .uncompressed_size(file.size)
            .unix_permissions(0o644);
        let mut entry = zip.write_entry_stream(entry).await.map_err(Error::internal)?;
        while let Some(chunk) = content.next().await {
            entry.write_all(&chunk.map_err(Error::internal)?).await.map_err(Error::internal)?;
        }
        entry.close().await.map_err(Error::internal)?;
    }
    let mut writer = zip.close().await.map_err(Error::internal)?;
    writer.close().await.map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_name_becomes_a_file_name() {
        assert_eq!(file_name("Support desk / v2 – “warm”"), "Support-desk---v2----warm.zip");
        assert_eq!(file_name("../../etc"), "etc.zip");
        assert_eq!(file_name("模型"), "adapter.zip");
    }
}
