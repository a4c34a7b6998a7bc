//! Taking a deletion back.

use super::{Dataset, not_found};
use crate::{App, audit, retention};
use db::datasets::Restored;
use domain::audit::AuditAction;
use domain::{Caller, DatasetId, Error, ErrorKind, Result};

/// Restores a data set that was deleted not longer than 30 days ago. Asking again changes nothing.
///
/// # Errors
/// When the caller has no such data set any more, or their data sets would then hold more than the account allows.
pub async fn restore(app: &App, caller: &Caller, id: DatasetId) -> Result<Dataset> {
    let now = app.clock.now();
    let since = retention::restorable_since(now);
    let deleted = db::datasets::get_deleted(&app.db, id, since).await?;
    if let Some(dataset) = deleted.filter(|dataset| caller.may_manage(dataset.user_id)) {
        let owner = db::users::get(&app.db, dataset.user_id).await?.ok_or_else(not_found)?;
        let most = app.limits(owner.tier).max_storage;
        match db::datasets::restore(&app.db, &dataset, since, most, now).await? {
            Restored::Full(used) => return Err(over_quota(used, dataset.file_size, most)),
            Restored::Done => {
                audit::record(app, audit::of_owner(app, caller, AuditAction::DatasetRestored, id.uuid(), dataset.user_id)).await?;
            }
            Restored::NotDeleted => {}
        }
    }
    super::get(app, caller, id).await
}

/// There is no room for a file.
pub(super) fn over_quota(used: u64, size: u64, most: u64) -> Error {
    let message = format!("Your data sets hold {used} of {most} bytes; delete some before you add {size} more.");
    let details = serde_json::json!({ "used": used, "limit": most, "fileSize": size });
    Error::new(ErrorKind::TooLarge, "STORAGE_QUOTA_EXCEEDED", message).with_field("fileSize").with_details(details)
}
