//! The conversations of a data set, a page at a time.

use super::{file_of, get, unusable};
use crate::App;
use blob::ByteRange;
pub use dataset::browse::{Conversation, Page as ConversationPage};
use dataset::browse::{Place, conversations as read};
use domain::dataset::DatasetStatus;
use domain::{Caller, DatasetId, Error, Result};
use tokio_util::io::{StreamReader, SyncIoBridge};

/// Conversations on a page, at most.
pub const MOST_CONVERSATIONS: u64 = 50;

/// Letters that can be searched for.
const MOST_SEARCHED: usize = 200;

/// A page of conversations; `cursor` is that of the page before. With a search those whose id or messages have it, and perhaps none of them
/// although more follow.
///
/// # Errors
/// No such data set for the caller, one whose file is not there yet, a cursor or limit that cannot be, or a fault in the file.
pub async fn conversations(
    app: &App,
    caller: &Caller,
    id: DatasetId,
    cursor: Option<&str>,
    limit: Option<u64>,
    search: Option<&str>,
) -> Result<ConversationPage> {
    let dataset = get(app, caller, id).await?;
    let limit = limit.unwrap_or(20);
    if !(1..=MOST_CONVERSATIONS).contains(&limit) {
        return Err(Error::invalid("limit", format!("The limit must be from 1 to {MOST_CONVERSATIONS}.")));
    }
    let search = search.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    if search.as_ref().is_some_and(|text| text.chars().count() > MOST_SEARCHED) {
        return Err(Error::invalid("search", format!("At most {MOST_SEARCHED} characters can be searched for.")));
    }
    let bad_cursor = || Error::invalid("cursor", "The cursor is none of this list; take it from the page before.");
    let place = cursor.map(|text| Place::from_text(text).ok_or_else(bad_cursor)).transpose()?;
    if dataset.status == DatasetStatus::Uploading || dataset.statistics.is_none() {
        return Err(Error::conflict("DATASET_NOT_VALIDATED", "The data set is not validated yet; wait until it is."));
    }
    let offset = place.as_ref().map_or(0, Place::offset);
    if offset > 0 && offset >= dataset.file_size {
        return Err(bad_cursor());
    }
    let range = (offset > 0).then_some(ByteRange::From(offset));
    let object = file_of(app, &dataset, range).await?;
    let content = SyncIoBridge::new(StreamReader::new(object.content));
    let hint = Some(dataset.format);
    let limit = usize::try_from(limit).unwrap_or(1);
    let page = tokio::task::spawn_blocking(move || read(content, place, hint, limit, search.as_deref())).await.map_err(Error::internal)?;
    page.map_err(unusable)
}
