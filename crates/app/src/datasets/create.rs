//! Announcing a file.

use super::restore::over_quota;
use super::{Dataset, checked_description, checked_name, key_of};
use crate::idempotency::{Once, once};
use crate::{App, accounts};
use blob::{Key, SizeLimit};
use chrono::{DateTime, Duration, Utc};
use domain::dataset::{DatasetFormat, DatasetStatus};
use domain::{Caller, DatasetId, Error, ErrorKind, Result};
use serde_json::json;
use std::collections::BTreeMap;

/// How long the upload URL is valid.
const URL_HOURS: i64 = 1;
const EXTENSIONS: [&str; 3] = ["jsonl", "json", "txt"];

/// A file that will be uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateDataset {
    /// Name of the data set.
    pub name: String,
    /// Description; may be empty.
    pub description: String,
    /// As its owner declares it.
    pub format: DatasetFormat,
    /// Bytes.
    pub file_size: u64,
    /// Name of the file.
    pub file_name: String,
}

/// Where to send the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedDataset {
    /// The data set.
    pub id: DatasetId,
    /// Signed URL.
    pub url: String,
    /// How.
    pub method: &'static str,
    /// Headers that must be sent as they are.
    pub headers: BTreeMap<String, String>,
    /// Key of the object.
    pub key: String,
    /// When the URL ends.
    pub expires_at: DateTime<Utc>,
}

/// Announces a file and gives the URL to send it to. With an idempotency key the same request makes one data set only.
///
/// # Errors
/// Fields that cannot be accepted, or a file that the account's limits do not allow.
pub async fn create(app: &App, caller: &Caller, input: CreateDataset, key: Option<&str>) -> Result<CreatedDataset> {
    let input = checked(input)?;
    let fields = json!([input.name, input.description, input.format.as_str(), input.file_size, input.file_name]).to_string();
    let make = insert(app, caller, input);
    let made = once(app, caller, "POST /api/datasets".to_owned(), (key, &fields), make, |dataset: &Dataset| dataset.id).await?;
    // The URL is signed anew, so that it is valid whenever the request comes again.
    match made {
        Once::Now(dataset) => signed(app, &dataset).await,
        Once::Before(id) => signed(app, &super::get(app, caller, id).await?).await,
    }
}

fn checked(input: CreateDataset) -> Result<CreateDataset> {
    let file_name = input.file_name.trim().to_owned();
    let extension = file_name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).unwrap_or_default();
    if file_name.chars().count() > 255 || file_name.chars().any(char::is_control) {
        return Err(Error::invalid("fileName", "The file name may have at most 255 printable characters."));
    }
    if !EXTENSIONS.contains(&extension.as_str()) {
        return Err(Error::invalid("fileName", "The file name must end in .jsonl, .json or .txt."));
    }
    Ok(CreateDataset { name: checked_name(&input.name)?, description: checked_description(input.description)?, file_name, ..input })
}

async fn insert(app: &App, caller: &Caller, input: CreateDataset) -> Result<Dataset> {
    let most = check_file_size(app, caller, input.file_size).await?;
    let now = app.clock.now();
    let id = DatasetId::new(now);
    // Text files hold JSON lines, and are kept under that extension.
    let object_name = input.file_name.strip_suffix(".txt").map_or_else(|| input.file_name.clone(), |stem| format!("{stem}.jsonl"));
    let dataset = Dataset {
        id,
        user_id: caller.user_id,
        name: input.name,
        description: input.description,
        format: input.format,
        status: DatasetStatus::Uploading,
        training_ready: false,
        review_recommended: false,
        file_size: input.file_size,
        s3_bucket: app.blob.bucket().to_owned(),
        s3_key: Key::dataset(caller.user_id, id, &object_name).to_string(),
        file_name: input.file_name,
        sha256: None,
        validation_progress: None,
        error_message: None,
        statistics: None,
        findings: Vec::new(),
        sample: Vec::new(),
        uploaded_at: None,
        validated_at: None,
        processed_at: None,
        deleted_at: None,
        created_at: now,
        updated_at: now,
    };
    match db::datasets::insert_within(&app.db, &dataset, most).await? {
        Ok(()) => Ok(dataset),
        Err(used) => Err(over_quota(used, dataset.file_size, most)),
    }
}

/// Answers how many bytes the account's data sets may hold.
async fn check_file_size(app: &App, caller: &Caller, size: u64) -> Result<u64> {
    let limits = app.limits(accounts::account(app, caller).await?.tier);
    if size > limits.max_file_size {
        let message = format!("The file has {size} bytes; your account allows {} a file.", limits.max_file_size);
        return Err(Error::new(ErrorKind::TooLarge, "FILE_TOO_LARGE", message).with_field("fileSize"));
    }
    Ok(limits.max_storage)
}

async fn signed(app: &App, dataset: &Dataset) -> Result<CreatedDataset> {
    let expires_at = app.clock.now() + Duration::hours(URL_HOURS);
    let limit = SizeLimit::Exactly(dataset.file_size);
    let upload = app.blob.signed_upload(&key_of(dataset)?, limit, "application/octet-stream", expires_at).await?;
    Ok(CreatedDataset {
        id: dataset.id,
        url: upload.url,
        method: upload.method,
        headers: upload.headers,
        key: dataset.s3_key.clone(),
        expires_at,
    })
}
