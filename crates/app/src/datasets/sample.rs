//! The sample data set that the program carries, for those who have no file at hand.

use super::{Confirmed, CreateDataset, confirm, create, get, key_of};
use crate::{App, storage};
use blob::{SizeLimit, memory_content};
use domain::dataset::{DatasetFormat, DatasetStatus};
use domain::{Caller, DatasetId, Result};

/// Name of the sample's file.
pub const SAMPLE_FILE_NAME: &str = "bike-workshop.jsonl";
/// The sample's file: written conversations of a workshop's help desk.
pub const SAMPLE: &[u8] = include_bytes!("../../../../samples/bike-workshop.jsonl");

/// Makes a data set of the sample and starts its validation. With an idempotency key the same request makes one data set only.
///
/// # Errors
/// When the account's limits do not allow another file of its size, or the storage does not answer.
pub async fn create_sample(app: &App, caller: &Caller, key: Option<&str>) -> Result<(DatasetId, Confirmed)> {
    let size = SAMPLE.len() as u64;
    let input = CreateDataset {
        name: "Bike workshop (sample)".to_owned(),
        description: "Written conversations of a bicycle workshop's help desk; comes with BrightRun, to try it out.".to_owned(),
        format: DatasetFormat::BrightrunLoraV4,
        file_size: size,
        file_name: SAMPLE_FILE_NAME.to_owned(),
    };
    let made = create(app, caller, input, key).await?;
    // A repeated request finds the data set further on.
    let dataset = get(app, caller, made.id).await?;
    if dataset.status == DatasetStatus::Uploading {
        storage::put(app, &key_of(&dataset)?, memory_content(SAMPLE), SizeLimit::Exactly(size)).await?;
    }
    Ok((made.id, confirm(app, caller, made.id).await?))
}
