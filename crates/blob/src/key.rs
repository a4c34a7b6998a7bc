//! Keys of objects. Made of ids and known names only, never of a path that a user gave.

use domain::{DatasetId, JobId, ModelId, UserId};
use std::fmt;

const ROOTS: [&str; 3] = ["datasets", "checkpoints", "models"];
const MAX_SEGMENT: usize = 120;

/// Key of an object, such as `datasets/{user}/{dataset}/dataset.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(String);

/// A text that is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not the key of an object")]
pub struct InvalidKey(pub String);

impl Key {
    /// A data set's file; it keeps the extension of `file_name` where that is a plain one.
    pub fn dataset(user: UserId, dataset: DatasetId, file_name: &str) -> Self {
        let extension = file_name.rsplit_once('.').map(|(_, e)| e.to_ascii_lowercase());
        let plain = |e: &String| (1..=10).contains(&e.len()) && e.bytes().all(|b| b.is_ascii_alphanumeric());
        let extension = extension.filter(plain).unwrap_or_else(|| "bin".to_owned());
        Self(format!("datasets/{user}/{dataset}/dataset.{extension}"))
    }

    /// A file of the checkpoint after `step` optimiser steps, in epoch `epoch`.
    ///
    /// # Errors
    /// When `name` is no plain file name.
    pub fn checkpoint(job: JobId, epoch: u32, step: u64, name: &str) -> Result<Self, InvalidKey> {
        Self::parse(&format!("checkpoints/{job}/checkpoint-epoch-{epoch}-step-{step}/{name}"))
    }

    /// A file of an adapter.
    ///
    /// # Errors
    /// When `name` is no plain file name.
    pub fn model_file(model: ModelId, name: &str) -> Result<Self, InvalidKey> {
        Self::parse(&format!("models/{model}/{name}"))
    }

    /// Reads a key back, as from a row or a URL.
    ///
    /// # Errors
    /// When it begins with none of the known folders or has a segment that is no plain name.
    pub fn parse(text: &str) -> Result<Self, InvalidKey> {
        let segments: Vec<&str> = text.split('/').collect();
        let known = segments.first().is_some_and(|root| ROOTS.contains(root)) && (3..=5).contains(&segments.len());
        if known && segments.iter().all(|s| is_plain(s)) { Ok(Self(text.to_owned())) } else { Err(InvalidKey(text.to_owned())) }
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its last segment.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }
}

fn is_plain(segment: &str) -> bool {
    (1..=MAX_SEGMENT).contains(&segment.len())
        && !segment.starts_with('.')
        && segment.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn keys_are_made_of_ids_and_plain_names() {
        let (user, dataset) = (UserId(Uuid::from_u128(1)), DatasetId(Uuid::from_u128(2)));
        let key = |name| Key::dataset(user, dataset, name).file_name().to_owned();
        assert_eq!(key("talks.JSONL"), "dataset.jsonl");
        assert_eq!(key("../../etc/passwd"), "dataset.bin");
        assert_eq!(key("x.js/on"), "dataset.bin");
        assert_eq!(key("none"), "dataset.bin");
        assert!(Key::model_file(ModelId(Uuid::from_u128(3)), "adapter_model.safetensors").is_ok());
        for bad in ["../x", "a/b/c/d", ".hidden", "", "a b", "a\\b", "a\0b", "ä"] {
            assert!(Key::model_file(ModelId(Uuid::from_u128(3)), bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn only_known_folders_can_be_named() {
        assert!(Key::parse("models/1/a.json").is_ok());
        for bad in ["", "/", "models", "models/a", "etc/a/b", "models/../a", "models//a", "/models/a/b", "models/a/b/", "models/a/%2e%2e"] {
            assert!(Key::parse(bad).is_err(), "{bad:?}");
        }
    }
}
