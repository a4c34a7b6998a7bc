//! Trained adapters.

mod archive;
mod types;

pub use archive::open_archive;
pub use types::*;

use crate::{App, accounts, audit, datasets, jobs, retention};
use blob::Key;
use chrono::{DateTime, Duration, Utc};
use db::{Direction, Page};
use domain::audit::AuditAction;
use domain::model::ModelStatus;
use domain::{Caller, Error, ModelId, Result};

/// How long signed addresses are valid.
const URL_HOURS: i64 = 1;
/// Points of the metrics history in the detail.
const METRICS_POINTS: u64 = 500;

/// A page of the caller's models.
///
/// # Errors
/// When there is no such account for the caller.
pub async fn list(app: &App, caller: &Caller, filter: ModelFilter) -> Result<ModelList> {
    use db::models::ModelSort as Sort;
    let deleted_since = filter.deleted.then(|| retention::restorable_since(app.clock.now()));
    let owner = accounts::whose(app, caller, filter.owner).await?;
    let wanted = db::models::ModelFilter { user_id: Some(owner), status: filter.status, dataset_id: None, deleted_since };
    let sort = match filter.sort {
        ModelSort::Created => Sort::Created,
        ModelSort::Quality => Sort::Quality,
        ModelSort::Size => Sort::Size,
    };
    let page = Page { number: filter.page, size: filter.page_size };
    let found = db::models::list(&app.db, &wanted, sort, Direction::Descending, page).await?;
    Ok(ModelList { models: views(app, found.rows).await?, total: found.total })
}

/// A model with where it comes from and how to download it.
///
/// # Errors
/// When the caller has no such model.
pub async fn detail(app: &App, caller: &Caller, id: ModelId) -> Result<ModelDetail> {
    let model = view(app, owned(app, caller, id).await?).await?;
    let job = db::jobs::get(&app.db, model.job_id).await?.ok_or_else(not_found)?;
    let query = jobs::MetricsQuery::Sampled { points: METRICS_POINTS };
    let metrics = jobs::metrics(app, caller, job.id, query).await?.points;
    let dataset = db::datasets::get(&app.db, model.dataset_id).await?;
    let expires_at = app.clock.now() + Duration::hours(URL_HOURS);
    let urls = DownloadUrls {
        adapter_model: sign(app, &model, "adapter_model.safetensors", expires_at).await?,
        adapter_config: sign(app, &model, "adapter_config.json", expires_at).await?,
        tokenizer: match model.file("tokenizer.json") {
            Some(_) => Some(sign(app, &model, "tokenizer.json", expires_at).await?),
            None => None,
        },
        all: archive::address(app, id, expires_at)?,
    };
    let (train_examples, validation_examples) = job.summary.as_ref().map_or((0, 0), |s| (s.train_examples, s.validation_examples));
    Ok(ModelDetail { preprocessing: preprocessing(&job), metrics, dataset, train_examples, validation_examples, urls, model })
}

/// What the trainer does with every data set before the first step, with this job's settings.
fn preprocessing(job: &db::jobs::Job) -> Vec<String> {
    let (h, s) = (&job.hyperparameters, &job.settings);
    let percent = s.validation_split_ratio * 100.0;
    vec![
        "Normalised to conversations of system, user and assistant messages; pairs without an answer kept as context only".to_owned(),
        format!("Split by conversation, never within one: the file's own split, else {percent:.0} % held out, seed {}", s.seed),
        format!("Rendered with the chat template of {} and cut to {} tokens", job.base_model, h.max_seq_length),
        "Loss on assistant tokens and their end-of-turn token only".to_owned(),
    ]
}

/// Changes a model's name and description, archives and restores it.
///
/// # Errors
/// Fields that cannot be accepted, or no such model for the caller.
pub async fn update(app: &App, caller: &Caller, id: ModelId, change: UpdateModel) -> Result<ModelView> {
    let name = change.name.as_deref().map(datasets::checked_name).transpose()?;
    let description = change.description.map(datasets::checked_description).transpose()?;
    if change.status == Some(ModelStatus::Deployed) {
        return Err(Error::invalid("status", "A model is deployed by deploying it; status can be set to stored or archived."));
    }
    let status = change.status;
    owned(app, caller, id).await?;
    let changed = db::models::update(&app.db, id, app.clock.now(), move |model| {
        if let (Some(status), ModelStatus::Deployed) = (status, model.status) {
            let message = format!("The model is deployed; take it down before it becomes {status}.");
            return Err(Error::conflict("MODEL_DEPLOYED", message));
        }
        if let Some(name) = name {
            model.name = name;
        }
        if let Some(description) = description {
            model.description = Some(description).filter(|text| !text.is_empty());
        }
        model.status = status.unwrap_or(model.status);
        Ok(model.clone())
    });
    let row = changed.await?.ok_or_else(not_found)??;
    view(app, row).await
}

/// Marks a model as deleted. It can be [restored](restore) for a while.
///
/// # Errors
/// When the caller has no such model, or it is deployed.
pub async fn delete(app: &App, caller: &Caller, id: ModelId) -> Result<()> {
    let owner = owned(app, caller, id).await?.user_id;
    let now = app.clock.now();
    let changed = db::models::update(&app.db, id, now, move |model| {
        if model.status == ModelStatus::Deployed {
            return Err(Error::conflict("MODEL_DEPLOYED", "The model is deployed; take it down before it is deleted."));
        }
        model.deleted_at = Some(now);
        Ok(())
    });
    changed.await?.ok_or_else(not_found)??;
    audit::record(app, audit::of_owner(app, caller, AuditAction::ModelDeleted, id.uuid(), owner)).await
}

/// Restores a model that was deleted not longer than 30 days ago. Asking again changes nothing.
///
/// # Errors
/// When the caller has no such model any more.
pub async fn restore(app: &App, caller: &Caller, id: ModelId) -> Result<ModelView> {
    let now = app.clock.now();
    let since = retention::restorable_since(now);
    let deleted = db::models::get_deleted(&app.db, id, since).await?;
    if let Some(model) = deleted.filter(|model| caller.may_manage(model.user_id))
        && db::models::restore(&app.db, id, since, now).await?
    {
        audit::record(app, audit::of_owner(app, caller, AuditAction::ModelRestored, id.uuid(), model.user_id)).await?;
    }
    view(app, owned(app, caller, id).await?).await
}

/// A signed address for one file of a model, or for a ZIP of all.
///
/// # Errors
/// When the caller has no such model, or it has no such file.
pub async fn download(app: &App, caller: &Caller, id: ModelId, artifact: Artifact) -> Result<DownloadView> {
    let model = view(app, owned(app, caller, id).await?).await?;
    let expires_at = app.clock.now() + Duration::hours(URL_HOURS);
    match artifact {
        Artifact::All => {
            let (file_name, size) = (archive::file_name(&model.name), archive::size(model.files())?);
            Ok(DownloadView { url: archive::address(app, id, expires_at)?, file_name, size, expires_at })
        }
        Artifact::File(name) => {
            let size = model.file(name).map(|file| file.size).ok_or_else(|| no_file(name))?;
            Ok(DownloadView { url: sign(app, &model, name, expires_at).await?, file_name: name.to_owned(), size, expires_at })
        }
    }
}

async fn sign(app: &App, model: &ModelView, name: &str, expires_at: DateTime<Utc>) -> Result<String> {
    let file = model.file(name).ok_or_else(|| no_file(name))?;
    let key = Key::parse(&file.key).map_err(Error::internal)?;
    Ok(app.blob.signed_download(&key, name, expires_at).await?)
}

fn no_file(name: &str) -> Error {
    Error::not_found("ARTIFACT_NOT_FOUND", &format!("file as {name} in this model"))
}

fn not_found() -> Error {
    Error::not_found("MODEL_NOT_FOUND", "model")
}

/// The row of a model that the caller may manage.
async fn owned(app: &App, caller: &Caller, id: ModelId) -> Result<db::models::ModelArtifact> {
    let row = db::models::get(&app.db, id).await?;
    row.filter(|row| caller.may_manage(row.user_id)).ok_or_else(not_found)
}

async fn view(app: &App, row: db::models::ModelArtifact) -> Result<ModelView> {
    views(app, vec![row]).await?.pop().ok_or_else(not_found)
}

async fn views(app: &App, rows: Vec<db::models::ModelArtifact>) -> Result<Vec<ModelView>> {
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let jobs: Vec<_> = rows.iter().map(|row| row.job_id).collect();
    let mut children = db::models::children(&app.db, &ids).await?;
    let mut checkpoints = db::jobs::stored_checkpoints(&app.db, &jobs).await?;
    let view = |row: db::models::ModelArtifact| {
        let children = children.remove(&row.id).unwrap_or_default();
        let checkpoints = checkpoints.remove(&row.job_id).unwrap_or_default();
        view_with(row, children, checkpoints)
    };
    rows.into_iter().map(view).collect()
}

fn view_with(row: db::models::ModelArtifact, children: Vec<ModelId>, checkpoints: Vec<db::jobs::Checkpoint>) -> Result<ModelView> {
    let mut files = row.artifacts;
    let adapter_model = take(&mut files, "adapter_model.safetensors")?;
    let adapter_config = take(&mut files, "adapter_config.json")?;
    Ok(ModelView {
        id: row.id,
        user_id: row.user_id,
        job_id: row.job_id,
        dataset_id: row.dataset_id,
        name: row.name,
        version: row.version,
        description: row.description,
        status: row.status,
        quality: row.quality_metrics,
        summary: serde_json::from_value(row.training_summary).map_err(Error::internal)?,
        configuration: serde_json::from_value(row.configuration).map_err(Error::internal)?,
        adapter_model,
        adapter_config,
        other_files: files.into_iter().map(file_view).collect(),
        checkpoints: checkpoints.into_iter().map(|c| CheckpointFile { key: c.s3_key, epoch: c.epoch, size: c.file_size }).collect(),
        parent: row.parent_model_id,
        children,
        deployed_at: row.deployed_at,
        deleted_at: row.deleted_at,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

fn file_view(file: db::models::StoredFile) -> FileView {
    FileView { name: file.name, size: file.size, sha256: file.sha256, key: file.key }
}

/// A model is only ever stored with these files.
fn take(files: &mut Vec<db::models::StoredFile>, name: &str) -> Result<FileView> {
    let index = files.iter().position(|file| file.name == name);
    let index = index.ok_or_else(|| Error::internal(format!("the stored model has no {name}")))?;
    Ok(file_view(files.remove(index)))
}
