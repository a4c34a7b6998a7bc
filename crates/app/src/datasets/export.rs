//! A data set in another format, made while it is sent.

use super::pipe::pipe;
use super::{Dataset, file_of, get, unusable};
use crate::App;
use blob::ByteStream;
use dataset::convert::{ConvertOptions, TARGETS, convert};
pub use dataset::convert::{ConvertReport, Loss};
use domain::dataset::{DatasetFormat, DatasetStatus};
use domain::{Caller, DatasetId, Error, Result};
use std::io::Write;
use std::ops::ControlFlow;
use tokio_util::io::{StreamReader, SyncIoBridge};

/// Bytes that a look at what is lost reads.
const REPORT_BYTES: u64 = 256 * 1024 * 1024;

/// A file on its way.
pub struct Export {
    /// The name to save it under.
    pub file_name: String,
    /// JSON lines.
    pub content: ByteStream,
}

/// The trainable examples of a data set as JSONL of `format`.
///
/// # Errors
/// No such data set for the caller, one that is not ready, or a format that cannot be written.
pub async fn export(app: &App, caller: &Caller, id: DatasetId, format: DatasetFormat) -> Result<Export> {
    let (dataset, content) = open(app, caller, id, format).await?;
    let (mut writer, stream) = pipe();
    let options = ConvertOptions { to: format, hint: Some(dataset.format), stop_after: None };
    // It ends by itself: with the file, or when nobody reads any more and writing fails. A content that broke off ends the answer.
    drop(tokio::task::spawn_blocking(move || {
        let done = convert(content, Some(&mut writer as &mut dyn Write), options, &mut |_| ControlFlow::Continue(()));
        match done {
            Ok(_) => {
                if let Err(error) = writer.end() {
                    tracing::debug!(error = &error as &dyn std::error::Error, "an export was not read to its end");
                }
            }
            // Dropping the writer tells the reader.
            Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, dataset = %id, "an export broke off"),
        }
    }));
    Ok(Export { file_name: file_name(&dataset, format), content: stream })
}

/// What the export loses, as far as the first 256 MiB of the file tell.
///
/// # Errors
/// As [`export`], or a file that cannot be read.
pub async fn export_report(app: &App, caller: &Caller, id: DatasetId, format: DatasetFormat) -> Result<(String, ConvertReport)> {
    let (dataset, content) = open(app, caller, id, format).await?;
    let options = ConvertOptions { to: format, hint: Some(dataset.format), stop_after: Some(REPORT_BYTES) };
    let pass = move || convert(content, None, options, &mut |_| ControlFlow::Continue(()));
    let report = tokio::task::spawn_blocking(pass).await.map_err(Error::internal)?.map_err(unusable)?;
    Ok((file_name(&dataset, format), report))
}

type Content = SyncIoBridge<StreamReader<ByteStream, bytes::Bytes>>;

async fn open(app: &App, caller: &Caller, id: DatasetId, format: DatasetFormat) -> Result<(Dataset, Content)> {
    let dataset = get(app, caller, id).await?;
    if !TARGETS.contains(&format) {
        let known: Vec<&str> = TARGETS.iter().map(|target| target.as_str()).collect();
        return Err(Error::invalid("format", format!("{format} is only read; choose one of {}.", known.join(", "))));
    }
    if dataset.status != DatasetStatus::Ready {
        return Err(Error::conflict("DATASET_NOT_READY", "Only a data set that is ready can be exported."));
    }
    let object = file_of(app, &dataset, None).await?;
    Ok((dataset, SyncIoBridge::new(StreamReader::new(object.content))))
}

/// `bike-workshop.openai-chat.jsonl`: the file's own name in plain letters, and the format.
fn file_name(dataset: &Dataset, format: DatasetFormat) -> String {
    let stem = dataset.file_name.rsplit_once('.').map_or(dataset.file_name.as_str(), |(stem, _)| stem);
    let plain = |letter: char| if letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.') { letter } else { '-' };
    let stem: String = stem.chars().map(plain).take(100).collect();
    let stem = stem.trim_matches(['-', '.']);
    format!("{}.{format}.jsonl", if stem.is_empty() { "dataset" } else { stem })
}
