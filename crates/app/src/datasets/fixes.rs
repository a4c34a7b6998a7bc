//! One-click fixes: a look at what they would do, and a new version of the data set with them. Nothing is changed in place.

use super::{Dataset, checked_name, file_of, get, unusable};
use crate::App;
use crate::idempotency::{Once, once};
use blob::Key;
use dataset::{FixPlan, FixReport};
use db::datasets::versions::{self, Lineage, Version};
use domain::dataset::{DatasetFix, DatasetStatus};
use domain::{Caller, DatasetId, Error, ErrorKind, Result};
use std::ops::ControlFlow;
use tokio_util::io::{StreamReader, SyncIoBridge};

/// Bytes that a preview reads.
const PREVIEW_BYTES: u64 = 64 * 1024 * 1024;
/// Changes that a preview shows.
const PREVIEW_SAMPLES: usize = 20;
/// Versions made of one data set that are named in it.
const CHILDREN: u64 = 100;

/// What a data set was made from and what was made from it.
///
/// # Errors
/// When the database does not answer.
pub async fn lineage(app: &App, dataset: &Dataset) -> Result<Lineage> {
    Ok(versions::lineage(&app.db, dataset.id, CHILDREN).await?)
}

/// What the fixes would do, as far as the first 64 MiB of the file tell.
///
/// # Errors
/// No such data set for the caller, one that is not validated yet, no fixes, or a file that cannot be read to its end.
pub async fn preview_fixes(app: &App, caller: &Caller, id: DatasetId, fixes: &[DatasetFix]) -> Result<FixReport> {
    let dataset = fixable(app, caller, id, fixes).await?;
    let object = file_of(app, &dataset, None).await?;
    let plan = FixPlan { samples: PREVIEW_SAMPLES, stop_after: Some(PREVIEW_BYTES), ..plan(app, &dataset, fixes) };
    let tokens = super::counter(app);
    let content = SyncIoBridge::new(StreamReader::new(object.content));
    let pass = move || {
        let tokens = tokens.as_deref().map(|counter| counter as &dyn dataset::TokenCounter);
        dataset::fix(content, None, &plan, None, tokens, &mut |_| ControlFlow::Continue(()))
    };
    tokio::task::spawn_blocking(pass).await.map_err(Error::internal)?.map_err(unusable)
}

/// Makes a new version of a data set with the fixes. Its file is written and validated by a worker. With an idempotency key the same
/// request makes one version only.
///
/// # Errors
/// As [`preview_fixes`], a name that cannot be accepted, or a file that the account's limits do not allow.
pub async fn apply_fixes(
    app: &App,
    caller: &Caller,
    id: DatasetId,
    fixes: &[DatasetFix],
    name: Option<String>,
    key: Option<&str>,
) -> Result<Dataset> {
    let parent = fixable(app, caller, id, fixes).await?;
    let name = name.as_deref().map(checked_name).transpose()?;
    let fields = serde_json::json!([fixes, name]).to_string();
    let make = insert(app, &parent, fixes, name);
    let made = once(app, caller, format!("POST /api/datasets/{id}/fixes"), (key, &fields), make, |dataset: &Dataset| dataset.id).await?;
    match made {
        Once::Now(dataset) => Ok(dataset),
        Once::Before(id) => get(app, caller, id).await,
    }
}

/// The plan that a worker follows too.
pub(super) fn plan(app: &App, parent: &Dataset, fixes: &[DatasetFix]) -> FixPlan {
    let max_tokens = app.config.base_models.first().map(|model| u64::from(model.context_length));
    FixPlan { fixes: fixes.to_vec(), hint: Some(parent.format), max_tokens, ..FixPlan::default() }
}

async fn fixable(app: &App, caller: &Caller, id: DatasetId, fixes: &[DatasetFix]) -> Result<Dataset> {
    let dataset = get(app, caller, id).await?;
    if fixes.is_empty() {
        return Err(Error::invalid("fixes", "Name at least one fix; the findings of the data set say which can help."));
    }
    match dataset.status {
        DatasetStatus::Ready | DatasetStatus::Error => Ok(dataset),
        DatasetStatus::Uploading | DatasetStatus::Validating => {
            Err(Error::conflict("DATASET_NOT_VALIDATED", "The data set is not validated yet; wait until it is, then mend it."))
        }
    }
}

async fn insert(app: &App, parent: &Dataset, fixes: &[DatasetFix], name: Option<String>) -> Result<Dataset> {
    let owner = db::users::get(&app.db, parent.user_id).await?.ok_or_else(super::not_found)?;
    let limits = app.limits(owner.tier);
    let used = db::datasets::totals(&app.db, Some(parent.user_id)).await?.bytes;
    if used.saturating_add(parent.file_size) > limits.max_storage {
        let most = limits.max_storage;
        let message = format!("The account's data sets hold {used} of {most} bytes; delete some before you add {} more.", parent.file_size);
        return Err(Error::new(ErrorKind::TooLarge, "STORAGE_QUOTA_EXCEEDED", message));
    }
    let now = app.clock.now();
    let id = DatasetId::new(now);
    let number = versions::get(&app.db, parent.id).await?.map_or(1, |version| version.version).saturating_add(1);
    let dataset = Dataset {
        id,
        name: name.unwrap_or_else(|| versioned(&parent.name, number)),
        status: DatasetStatus::Validating,
        training_ready: false,
        review_recommended: false,
        s3_bucket: app.blob.bucket().to_owned(),
        s3_key: Key::dataset(parent.user_id, id, Key::parse(&parent.s3_key).map_err(Error::internal)?.file_name()).to_string(),
        sha256: None,
        validation_progress: Some(0.0),
        error_message: None,
        statistics: None,
        findings: Vec::new(),
        sample: Vec::new(),
        uploaded_at: Some(now),
        validated_at: None,
        processed_at: None,
        deleted_at: None,
        created_at: now,
        updated_at: now,
        ..parent.clone()
    };
    let fixes = fixes.to_vec();
    let version = Version { dataset_id: id, parent_id: parent.id, version: number, fixes, report: None, made_at: None };
    let task = app.queue.prepare(&queue::Task::ValidateDataset { dataset_id: id });
    versions::insert(&app.db, &dataset, &version, task).await?;
    app.queue.wake();
    Ok(dataset)
}

/// “Talks v3” for “Talks v2”, within the length that names may have.
fn versioned(name: &str, number: u32) -> String {
    let earlier = format!(" v{}", number - 1);
    let stem = name.strip_suffix(&earlier).filter(|_| number > 2).unwrap_or(name);
    let ending = format!(" v{number}");
    let stem: String = stem.chars().take(200 - ending.len()).collect();
    stem + &ending
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_versions() {
        assert_eq!(versioned("Talks", 2), "Talks v2");
        assert_eq!(versioned("Talks v2", 3), "Talks v3");
        assert_eq!(versioned("Talks v1", 2), "Talks v1 v2");
        assert_eq!(versioned(&"x".repeat(200), 12).chars().count(), 200);
    }
}
