//! The order in which an epoch takes the data, written down as lines of the data set: `order/epoch-0001.json` in the run's folder, and its
//! SHA-256 in `metadata.json`. It follows from the seed and the epoch alone, so that a run that goes on writes the same file again.

use crate::batch::epoch_order;
use crate::data::TrainingData;
use crate::error::TrainerError;
use crate::files::{create_dir, sha256_hex, write_synced};
use serde_json::json;
use std::path::Path;

/// The rows of an epoch (from 0) in its order, each as the lines of its examples.
fn content(data: &TrainingData, seed: u64, epoch: u64, order: &[usize]) -> Vec<u8> {
    let lines = |row: &usize| data.rows[*row].iter().map(|example| data.set.line(*example)).collect::<Vec<_>>();
    json!({ "epoch": epoch + 1, "seed": seed, "rows": order.iter().map(lines).collect::<Vec<_>>() }).to_string().into_bytes()
}

/// Writes the order of an epoch.
pub(crate) fn record(output: &Path, data: &TrainingData, seed: u64, epoch: u64, order: &[usize]) -> Result<(), TrainerError> {
    let folder = output.join("order");
    create_dir(&folder)?;
    write_synced(&folder.join(format!("epoch-{:04}.json", epoch + 1)), &content(data, seed, epoch, order))
}

/// SHA-256 of the files of the first epochs.
pub(crate) fn digests(data: &TrainingData, seed: u64, epochs: u64) -> Vec<String> {
    (0..epochs).map(|epoch| sha256_hex(&content(data, seed, epoch, &epoch_order(data.rows.len(), seed, epoch)))).collect()
}
