//! Data sets: announced, uploaded, confirmed, validated.

mod browse;
mod create;
mod export;
mod fixes;
mod head;
mod make;
mod pipe;
mod restore;
mod sample;
mod validation;

pub use browse::{Conversation, ConversationPage, MOST_CONVERSATIONS, conversations};
pub use create::{CreateDataset, CreatedDataset, create};
pub use dataset::{FixReport, Split};
pub use db::Direction;
pub use db::datasets::versions::{Lineage, Version};
pub use db::datasets::{Dataset, DatasetSort, DatasetTotals};
pub use export::{ConvertReport, Export, Loss, export, export_report};
pub use fixes::{apply_fixes, lineage, preview_fixes};
pub use head::{HeadReport, validate_head};
pub use restore::restore;
pub use sample::{SAMPLE, SAMPLE_FILE_NAME, create_sample};
pub use validation::{fail_validation, reconcile, run_validation};

use crate::{App, accounts, audit, retention, storage};
use ::dataset::DatasetError;
use blob::{ByteRange, ByteStream, Key, Object, SizeLimit};
use db::Page;
use domain::audit::AuditAction;
use domain::dataset::{DatasetFormat, DatasetStatus, FindingGroup, Severity};
use domain::{Caller, DatasetId, Error, ErrorKind, Result, UserId};

/// Bytes that can be uploaded through the server.
pub const MAX_DIRECT_UPLOAD: u64 = 64 * 1024 * 1024;

/// Which data sets to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetFilter {
    /// From 1.
    pub page: u64,
    /// Rows a page.
    pub page_size: u64,
    /// Order.
    pub sort: DatasetSort,
    /// Which way.
    pub direction: Direction,
    /// Only of this format.
    pub format: Option<DatasetFormat>,
    /// Only of this status.
    pub status: Option<DatasetStatus>,
    /// Only those that can, or cannot, be trained on.
    pub training_ready: Option<bool>,
    /// Only those that are not ready or have points to review, or only the others.
    pub needs_review: Option<bool>,
    /// Part of name, description, consultant or vertical.
    pub search: Option<String>,
    /// Those that were deleted and can be restored, instead of the others.
    pub deleted: bool,
    /// Whose, where it is not the caller: for administrators.
    pub owner: Option<UserId>,
}

/// A page of data sets.
#[derive(Debug, Clone)]
pub struct DatasetList {
    /// The page; without their samples.
    pub datasets: Vec<Dataset>,
    /// All that match.
    pub total: u64,
    /// Over all of the account's data sets, whatever the filter.
    pub totals: DatasetTotals,
}

/// What to change; none leaves a value as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UpdateDataset {
    /// Name.
    pub name: Option<String>,
    /// Description.
    pub description: Option<String>,
}

/// A confirmed upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmed {
    /// Its status now.
    pub status: DatasetStatus,
    /// What happens next.
    pub message: String,
}

/// A page of an account's data sets.
///
/// # Errors
/// When there is no such account for the caller.
pub async fn list(app: &App, caller: &Caller, filter: DatasetFilter) -> Result<DatasetList> {
    let owner = accounts::whose(app, caller, filter.owner).await?;
    let wanted = db::datasets::DatasetFilter {
        user_id: Some(owner),
        search: filter.search,
        format: filter.format,
        training_ready: filter.training_ready,
        needs_review: filter.needs_review,
        status: filter.status,
        deleted_since: filter.deleted.then(|| retention::restorable_since(app.clock.now())),
    };
    let page = Page { number: filter.page, size: filter.page_size };
    let totals = db::datasets::totals(&app.db, Some(owner)).await?;
    let all = db::datasets::DatasetFilter { user_id: Some(owner), ..Default::default() };
    if wanted == all {
        let datasets = db::datasets::rows(&app.db, &wanted, filter.sort, filter.direction, page).await?;
        return Ok(DatasetList { datasets, total: totals.datasets, totals });
    }
    let found = db::datasets::list(&app.db, &wanted, filter.sort, filter.direction, page).await?;
    Ok(DatasetList { datasets: found.rows, total: found.total, totals })
}

/// A data set.
///
/// # Errors
/// When the caller has no such data set.
pub async fn get(app: &App, caller: &Caller, id: DatasetId) -> Result<Dataset> {
    let dataset = db::datasets::get(&app.db, id).await?;
    dataset.filter(|dataset| caller.may_manage(dataset.user_id)).ok_or_else(not_found)
}

/// Changes a data set's name and description.
///
/// # Errors
/// Fields that cannot be accepted, or no such data set for the caller.
pub async fn update(app: &App, caller: &Caller, id: DatasetId, change: UpdateDataset) -> Result<Dataset> {
    let name = change.name.as_deref().map(checked_name).transpose()?;
    let description = change.description.map(checked_description).transpose()?;
    get(app, caller, id).await?;
    let changed = db::datasets::update(&app.db, id, app.clock.now(), move |dataset, _| {
        if let Some(name) = name {
            dataset.name = name;
        }
        if let Some(description) = description {
            dataset.description = description;
        }
        dataset.clone()
    });
    changed.await?.ok_or_else(not_found)
}

/// Marks a data set as deleted. It can be [restored](restore) for a while.
///
/// # Errors
/// When the caller has no such data set.
pub async fn delete(app: &App, caller: &Caller, id: DatasetId) -> Result<()> {
    let dataset = get(app, caller, id).await?;
    let now = app.clock.now();
    let changed = db::datasets::update(&app.db, id, now, move |dataset, _| dataset.deleted_at = Some(now));
    changed.await?.ok_or_else(not_found)?;
    audit::record(app, audit::of_owner(app, caller, AuditAction::DatasetDeleted, id.uuid(), dataset.user_id)).await
}

/// Takes the file of a data set through the server.
///
/// # Errors
/// When it is too large for that, is not of the size that was announced, or was confirmed already.
pub async fn upload(app: &App, caller: &Caller, id: DatasetId, length: Option<u64>, content: ByteStream) -> Result<()> {
    let dataset = get(app, caller, id).await?;
    if dataset.file_size > MAX_DIRECT_UPLOAD {
        let message = "Files over 64 MB are sent to the upload URL that came with the data set.";
        return Err(Error::new(ErrorKind::TooLarge, "FILE_TOO_LARGE", message));
    }
    if let Some(length) = length.filter(|length| *length != dataset.file_size) {
        let kind = if length > dataset.file_size { ErrorKind::TooLarge } else { ErrorKind::Invalid };
        let message = format!("The request announces {length} bytes, the data set was announced with {}.", dataset.file_size);
        return Err(Error::new(kind, "FILE_SIZE_MISMATCH", message));
    }
    storage::put(app, &key_of(&dataset)?, content, SizeLimit::Exactly(dataset.file_size)).await
}

/// Says that the file is there, and starts its validation. Asking again changes nothing.
///
/// # Errors
/// When the file is not there in full, or the caller has no such data set.
pub async fn confirm(app: &App, caller: &Caller, id: DatasetId) -> Result<Confirmed> {
    let dataset = get(app, caller, id).await?;
    if dataset.status == DatasetStatus::Uploading {
        check_uploaded(app, &dataset).await?;
    }
    let now = app.clock.now();
    let task = app.queue.prepare(&queue::Task::ValidateDataset { dataset_id: id });
    let confirmed = db::datasets::update(&app.db, id, now, move |dataset, effects| {
        if dataset.status == DatasetStatus::Uploading {
            dataset.status = DatasetStatus::Validating;
            dataset.uploaded_at = Some(now);
            dataset.validation_progress = Some(0.0);
            effects.tasks.push(task);
        }
        dataset.status
    });
    let status = confirmed.await?.ok_or_else(not_found)?;
    app.queue.wake();
    let message = match status {
        DatasetStatus::Uploading | DatasetStatus::Validating => "Validation started; the data set tells how far it is",
        DatasetStatus::Ready => "The data set was validated already and can be used",
        DatasetStatus::Error => "The data set was validated already and cannot be used; its findings say why",
    };
    Ok(Confirmed { status, message: message.to_owned() })
}

async fn check_uploaded(app: &App, dataset: &Dataset) -> Result<()> {
    let found = app.blob.head(&key_of(dataset)?).await?.map(|meta| meta.size);
    if found == Some(dataset.file_size) {
        return Ok(());
    }
    let expected = dataset.file_size;
    let message = match found {
        None => "The file has not arrived: send it to the upload URL, then confirm again.".to_owned(),
        Some(size) => format!("The file has {size} bytes instead of {expected}: send it to the upload URL again, then confirm again."),
    };
    let details = serde_json::json!({ "expectedSize": expected, "foundSize": found });
    Err(Error::conflict("UPLOAD_INCOMPLETE", message).with_details(details))
}

/// Why a look at a data set is recommended, one sentence each, most serious first.
pub fn readiness_issues(dataset: &Dataset) -> Vec<String> {
    let serious = |group: &&FindingGroup| group.severity >= Severity::Warning;
    dataset.findings.iter().filter(serious).map(issue).collect()
}

fn issue(group: &FindingGroup) -> String {
    let about_the_file = group.findings.first().filter(|finding| group.count == 1 && finding.line.is_none());
    if let Some(finding) = about_the_file {
        return finding.message.clone();
    }
    let title = finding_kind(&group.code).map_or(group.code.as_str(), |kind| kind.title);
    format!("{title} ({})", group.count)
}

/// The kind of finding with this code.
pub fn finding_kind(code: &str) -> Option<&'static dataset::codes::Code> {
    dataset::codes::ALL.iter().find(|known| known.code == code).copied()
}

/// What counts tokens as the default base model does.
fn counter(app: &App) -> Option<std::sync::Arc<dyn dataset::TokenCounter>> {
    app.config.base_models.first().and_then(|model| app.tokens.get(&model.id)).cloned()
}

/// A file that cannot be read to its end: because of what is in it, or for a passing reason.
pub(crate) fn unusable(error: DatasetError) -> Error {
    match error {
        DatasetError::Unusable(_) => Error::conflict("DATASET_UNREADABLE", error.to_string()),
        error => Error::unavailable("The file could not be read to its end; try again.", error),
    }
}

/// The file of a data set, or the part of it in `range`.
pub(crate) async fn file_of(app: &App, dataset: &Dataset, range: Option<ByteRange>) -> Result<Object> {
    match app.blob.get(&key_of(dataset)?, range).await {
        Err(blob::Error::NotFound(_)) => {
            Err(Error::conflict("DATASET_FILE_MISSING", "The file of the data set is not in storage any more; upload it again."))
        }
        object => Ok(object?),
    }
}

fn key_of(dataset: &Dataset) -> Result<Key> {
    Key::parse(&dataset.s3_key).map_err(Error::internal)
}

fn not_found() -> Error {
    Error::not_found("DATASET_NOT_FOUND", "data set")
}

pub(crate) fn already_confirmed() -> Error {
    Error::conflict("ALREADY_CONFIRMED", "The file was confirmed and cannot be replaced any more; create another data set for it.")
}

pub(crate) fn checked_name(text: &str) -> Result<String> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > 200 {
        return Err(Error::invalid("name", "The name must have 1 to 200 characters."));
    }
    Ok(name.to_owned())
}

pub(crate) fn checked_description(text: String) -> Result<String> {
    if text.chars().count() > 5_000 {
        return Err(Error::invalid("description", "The description may have at most 5,000 characters."));
    }
    Ok(text)
}
