//! Verifies the files of a finished run where they are stored, before the job may be completed.

use blob::Key;
use db::jobs::Job;
use db::models::StoredFile;
use domain::run::{ARTIFACT_FILES, ArtifactFile};
use domain::{Error, ModelId, Result};
use futures::TryStreamExt;
use sha2::{Digest, Sha256};

use super::base_model::Geometry;
use super::failure::Failure;
use super::resolve;
use super::verify::{TensorFile, check_adapter};
use crate::App;

/// Largest `adapter_config.json` that is looked into, in bytes.
const MAX_CONFIG: u64 = 1024 * 1024;

/// Checks every file: there, of the size and checksum reported, and together an adapter as asked for.
///
/// # Errors
/// When a store cannot be read now. What is wrong with the files is the inner error.
pub async fn verify(
    app: &App,
    job: &Job,
    model_id: ModelId,
    reported: &[ArtifactFile],
    required: &[&str],
) -> Result<Result<Vec<StoredFile>, Failure>> {
    let mut files = Vec::new();
    let (mut tensors, mut config) = (None, Vec::new());
    for name in ARTIFACT_FILES {
        let Some(file) = reported.iter().find(|file| file.name == name) else {
            if !required.contains(&name) {
                continue;
            }
            return Ok(Err(Failure::artifacts(&format!("{name} is missing"))));
        };
        let key = Key::model_file(model_id, name).map_err(Error::internal)?;
        let read = match read(app, &key, file).await? {
            Ok(read) => read,
            Err(what) => return Ok(Err(Failure::artifacts(&format!("{name}: {what}")))),
        };
        match read {
            Content::Tensors(found) => tensors = Some(found),
            Content::Kept(bytes) if name == "adapter_config.json" => config = bytes,
            Content::Kept(_) => {}
        }
        files.push(StoredFile { name: name.to_owned(), size: file.size, sha256: file.sha256.clone(), key: key.as_str().to_owned() });
    }
    let base_model = resolve::base_model(&app.config, Some(&job.base_model))?;
    let geometry = Geometry::read(&base_model.path).await?;
    let tensors = tensors.unwrap_or_default();
    Ok(match check_adapter(&config, &tensors, &job.hyperparameters, &job.base_model, &geometry) {
        Ok(()) => Ok(files),
        Err(what) => Err(Failure::artifacts(&what)),
    })
}

/// Removes the files of an attempt that made no model. What cannot be removed is only in the way of space.
pub async fn remove(app: &App, model_id: ModelId) {
    for name in ARTIFACT_FILES {
        let Ok(key) = Key::model_file(model_id, name) else { continue };
        if let Err(error) = app.blob.delete(&key).await {
            tracing::warn!(%key, error = &error as &dyn std::error::Error, "a file of a refused adapter could not be removed");
        }
    }
}

enum Content {
    Tensors(std::collections::BTreeMap<String, super::verify::Tensor>),
    /// The bytes, where they are few.
    Kept(Vec<u8>),
}

async fn read(app: &App, key: &Key, file: &ArtifactFile) -> Result<Result<Content, String>> {
    let object = match app.blob.get(key, None).await {
        Ok(object) => object,
        Err(blob::Error::NotFound(_)) => return Ok(Err("it was not uploaded".to_owned())),
        Err(error) => return Err(error.into()),
    };
    if object.size != file.size {
        return Ok(Err(format!("{} bytes are stored, but the trainer wrote {}", object.size, file.size)));
    }
    let mut hash = Sha256::new();
    let mut tensors = file.name.ends_with(".safetensors").then(|| TensorFile::new(file.size));
    let mut kept = Vec::new();
    let mut content = object.content;
    while let Some(bytes) = content.try_next().await.map_err(|e| Error::unavailable("The adapter's files cannot be read now.", e))? {
        hash.update(&bytes);
        if let Some(Err(what)) = tensors.as_mut().map(|t| t.push(&bytes)) {
            return Ok(Err(what));
        }
        if file.size <= MAX_CONFIG {
            kept.extend_from_slice(&bytes);
        }
    }
    if hex::encode(hash.finalize()) != file.sha256.to_lowercase() {
        return Ok(Err("its checksum is not the one that the trainer reported".to_owned()));
    }
    Ok(match tensors {
        Some(tensors) => tensors.finish().map(Content::Tensors),
        None => Ok(Content::Kept(kept)),
    })
}
