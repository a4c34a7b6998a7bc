//! Brings the adapter of a cluster that keeps its files itself into the store, where it is verified like any other.

use std::collections::BTreeMap;

use blob::{Key, SizeLimit, file_content};
use db::jobs::Job;
use domain::run::{ARTIFACT_FILES, ArtifactFile};
use domain::{Error, ModelId, Result};

use super::base_model::Geometry;
use super::failure::Failure;
use super::resolve;
use crate::App;

/// Files that an adapter cannot do without. What else our own trainer writes is taken where it is there.
pub const REQUIRED: [&str; 2] = ["adapter_model.safetensors", "adapter_config.json"];
/// The base model's own files, which a cluster need not send back.
const OF_BASE_MODEL: [&str; 2] = ["tokenizer.json", "tokenizer_config.json"];
/// Largest file beside the weights, in bytes.
const MAX_SMALL_FILE: u64 = 256 * 1024 * 1024;

/// Reads every file of an adapter that has an address, and stores it.
///
/// # Errors
/// When a file cannot be read or stored now. What no further try mends is the inner error.
pub async fn import(
    app: &App,
    job: &Job,
    model_id: ModelId,
    urls: &BTreeMap<String, String>,
) -> Result<Result<Vec<ArtifactFile>, Failure>> {
    let base_model = resolve::base_model(&app.config, Some(&job.base_model))?;
    let weights = Geometry::read(&base_model.path).await?.adapter_parameters(&job.hyperparameters)?.saturating_mul(4) + MAX_SMALL_FILE;
    let mut files = Vec::new();
    for name in ARTIFACT_FILES {
        let content = match urls.get(name) {
            Some(url) => match app.cluster.fetch(url).await {
                Ok(content) => content,
                Err(error) if error.is_transient() => return Err(Error::unavailable("The cluster's files cannot be read now.", error)),
                Err(error) => return Ok(Err(Failure::artifacts(&error.to_string()))),
            },
            None if OF_BASE_MODEL.contains(&name) => match file_content(&base_model.path.join(name)).await {
                Ok(content) => content,
                Err(_) => continue,
            },
            None if REQUIRED.contains(&name) => return Ok(Err(Failure::artifacts(&format!("the cluster names no {name}")))),
            None => continue,
        };
        let most = if name == REQUIRED[0] { weights } else { MAX_SMALL_FILE };
        let key = Key::model_file(model_id, name).map_err(Error::internal)?;
        let stored = app.blob.put(&key, content, SizeLimit::AtMost(most)).await?;
        files.push(ArtifactFile { name: name.to_owned(), size: stored.size, sha256: stored.sha256 });
    }
    Ok(Ok(files))
}
