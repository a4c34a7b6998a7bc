//! The adapter that a job goes on from.

use std::collections::BTreeMap;

use blob::Key;
use chrono::{DateTime, Utc};
use db::jobs::Job;
use db::models::ModelArtifact;
use domain::job::Hyperparameters;
use domain::run::{ADAPTER_FILES, ParentAdapter, SignedFile};
use domain::{Caller, Error, ErrorKind, ModelId, Result};

use crate::App;
use crate::models::ModelConfiguration;

/// Field of the request.
const FIELD: &str = "parentModelId";

/// A model to go on from, and how it was trained.
pub struct Parent {
    /// Its id.
    pub id: ModelId,
    /// Its base model.
    pub base_model: String,
    hyperparameters: Hyperparameters,
}

/// The caller's model of this id.
///
/// # Errors
/// `MODEL_NOT_FOUND` with the field.
pub async fn find(app: &App, caller: &Caller, id: Option<ModelId>) -> Result<Option<Parent>> {
    let Some(id) = id else { return Ok(None) };
    let model = db::models::get(&app.db, id).await?.filter(|model| caller.may_manage(model.user_id));
    let model = model.ok_or_else(|| Error::not_found("MODEL_NOT_FOUND", "model").with_field(FIELD))?;
    let configuration: ModelConfiguration = serde_json::from_value(model.configuration).map_err(Error::internal)?;
    Ok(Some(Parent { id, base_model: model.base_model, hyperparameters: configuration.hyperparameters }))
}

impl Parent {
    /// What a request that says nothing of the adapter's shape means.
    pub fn shape(&self, base: Hyperparameters) -> Hyperparameters {
        let own = &self.hyperparameters;
        Hyperparameters {
            lora_rank: own.lora_rank,
            lora_alpha: own.lora_alpha,
            use_rslora: own.use_rslora,
            target_modules: own.target_modules.clone(),
            layers_to_transform: own.layers_to_transform.clone(),
            ..base
        }
    }

    /// Checks that the adapter is one for this base model and these settings.
    ///
    /// # Errors
    /// With the field that differs and what it must be.
    pub fn check(&self, base_model: &str, asked: &Hyperparameters) -> Result<()> {
        if self.base_model != base_model {
            let why = format!("The parent model is an adapter for {}, but the job's base model is {base_model}.", self.base_model);
            return Err(Error::invalid(FIELD, why));
        }
        let own = &self.hyperparameters;
        let differs = |field: &str, must: String| {
            let why = format!("The parent model was trained with {field} {must}; leave {field} out or give the same.");
            Err(Error::invalid(format!("hyperparameters.{field}"), why))
        };
        if asked.lora_rank != own.lora_rank {
            return differs("loraRank", own.lora_rank.to_string());
        }
        #[expect(clippy::float_cmp, reason = "copied, not computed")]
        if asked.lora_alpha != own.lora_alpha {
            return differs("loraAlpha", own.lora_alpha.to_string());
        }
        if asked.use_rslora != own.use_rslora {
            return differs("useRslora", own.use_rslora.to_string());
        }
        let same_targets = match (asked.target_modules.names(), own.target_modules.names()) {
            (Some(asked), Some(own)) => asked == own,
            _ => asked.target_modules == own.target_modules,
        };
        if !same_targets {
            return differs("targetModules", own.target_modules.shown());
        }
        if asked.layers_to_transform != own.layers_to_transform {
            let layers = own.layers_to_transform.as_ref().map_or_else(|| "of all layers".to_owned(), |layers| format!("{layers:?}"));
            return differs("layersToTransform", layers);
        }
        Ok(())
    }
}

/// The parent of a job for its run: signed addresses of its files, and what they must be.
///
/// # Errors
/// When it was deleted meanwhile.
pub async fn for_run(app: &App, job: &Job, expires_at: DateTime<Utc>) -> Result<Option<ParentAdapter>> {
    let Some(id) = job.settings.parent_model_id else { return Ok(None) };
    let model = db::models::get(&app.db, id).await?;
    let gone = || {
        let why = "The model that the job goes on from was deleted; restore it or make a new job.";
        Error::new(ErrorKind::NotFound, "MODEL_NOT_FOUND", why)
    };
    let model = model.ok_or_else(gone)?;
    let mut files = BTreeMap::new();
    for name in ADAPTER_FILES {
        files.insert(name.to_owned(), signed(app, &model, name, expires_at).await?);
    }
    Ok(Some(ParentAdapter { model_id: id.to_string(), path: None, files }))
}

async fn signed(app: &App, model: &ModelArtifact, name: &str, expires_at: DateTime<Utc>) -> Result<SignedFile> {
    let file = model.artifacts.iter().find(|file| file.name == name);
    let file = file.ok_or_else(|| Error::internal(format!("the stored model has no {name}")))?;
    let key = Key::parse(&file.key).map_err(Error::internal)?;
    let url = app.blob.signed_download(&key, name, expires_at).await?;
    Ok(SignedFile { url, size: file.size, sha256: file.sha256.clone() })
}
