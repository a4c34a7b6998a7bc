//! From a queued job to a run at the cluster.

use std::collections::BTreeMap;
use std::path::PathBuf;

use blob::{Key, SizeLimit};
use chrono::{DateTime, Duration, Utc};
use cluster::RunHandle;
use db::jobs::{Job, JobEffects, NewEvent};
use domain::cluster_api::ORIGIN;
use domain::job::{JobStage, JobStatus, StageGroup};
use domain::run::{ARTIFACT_FILES, BaseModelSource, DatasetSource, OutputTarget, RunSpec, SignedRequest};
use domain::{AttemptId, Error, Result};
use serde_json::json;

use super::base_model::Geometry;
use super::finish::{Fence, model_id};
use super::resolve;
use super::stages;
use super::stored::RunInfo;
use super::{callback, checkpoints, parent};
use crate::App;

/// How long a job stays its follower's without a sign of life.
pub const LEASE: Duration = Duration::seconds(8);
/// Signed addresses are good for the longest run plus this, so that waiting and retries inside the cluster do not outlive them.
const URL_SLACK: Duration = Duration::hours(24);
/// Largest file of an adapter beside its weights, in bytes.
const MAX_SMALL_FILE: u64 = 256 * 1024 * 1024;

/// Turns a queued job to `initializing` for `owner`, where nothing else has happened to it meanwhile and its account has fewer than `limit`
/// jobs under way, whoever launches them. Nothing is billed yet.
pub async fn claim(app: &App, job: &Job, owner: &str, limit: u32) -> Result<bool> {
    let now = app.clock.now();
    let change = |current: &mut Job, effects: &mut JobEffects, under_way: u64| {
        let same = current.status == JobStatus::Queued && current.attempt_id == job.attempt_id && current.cancel_requested_at.is_none();
        if !same || under_way >= u64::from(limit) {
            return false;
        }
        current.status = JobStatus::Initializing;
        current.initializing_at = Some(now);
        current.lease_owner = Some(owner.to_owned());
        current.lease_until = Some(now + LEASE);
        let message = "Starting the trainer";
        let mut run = RunInfo { queue_position: None, expected_start_at: None, ..RunInfo::of(current) };
        stages::enter(&mut run.stages, StageGroup::Preprocessing, now, message);
        run.store(current);
        current.stage = JobStage::Initializing;
        current.stage_group = Some(StageGroup::Preprocessing);
        current.stage_message = Some(message.to_owned());
        let data = json!({"stage": current.stage, "group": StageGroup::Preprocessing, "message": message});
        effects.events.push(NewEvent::new("stage", data, now));
        true
    };
    let claimed = db::jobs::update_counting(&app.db, job.id, now, change).await?;
    app.hub.notify(job.id, job.user_id);
    Ok(claimed.unwrap_or(false))
}

/// The handle of a job's present run, once it was submitted.
pub fn handle_of(job: &Job) -> Option<RunHandle> {
    handle_of_value(job.run_handle.as_ref()?)
}

/// A handle as it is stored.
pub fn handle_of_value(value: &serde_json::Value) -> Option<RunHandle> {
    value.as_str().map(|handle| RunHandle(handle.to_owned()))
}

/// Keeps the handle of the present run. False where the fence does not hold any more.
pub async fn keep_handle(app: &App, job: &Job, fence: &Fence, handle: &RunHandle) -> Result<bool> {
    let change = |job: &mut Job, _: &mut JobEffects| {
        let holds = fence.holds(job);
        if holds {
            job.run_handle = Some(json!(handle.0));
            // What the cluster itself calls the job, without where it is.
            let name = handle.0.rsplit_once("/jobs/").map_or(&*handle.0, |(_, name)| name);
            job.external_job_id = Some(name.to_owned());
        }
        holds
    };
    Ok(db::jobs::update(&app.db, job.id, app.clock.now(), change).await?.unwrap_or(false))
}

/// What the cluster is asked to do for the present attempt.
///
/// # Errors
/// When the data set or the base model is gone.
pub async fn run_spec(app: &App, job: &Job) -> Result<RunSpec> {
    let attempt_id = job.attempt_id.ok_or_else(|| Error::internal("a job without an attempt"))?;
    let dataset = db::datasets::get_even_deleted(&app.db, job.dataset_id).await?;
    let dataset = dataset.ok_or_else(|| Error::not_found("DATASET_NOT_FOUND", "data set"))?;
    let base_model = resolve::base_model(&app.config, Some(&job.base_model))?;
    let expires_at = expiry(job, app.clock.now());
    let key = Key::parse(&dataset.s3_key).map_err(Error::internal)?;
    let url = app.blob.signed_download(&key, key.file_name(), expires_at).await?;
    Ok(RunSpec {
        job_id: job.id,
        attempt_id,
        attempt: job.attempt,
        base_model: BaseModelSource::of(base_model),
        dataset: DatasetSource {
            url: Some(url),
            path: None,
            format: Some(dataset.format),
            sha256: dataset.sha256.clone(),
            size: Some(dataset.file_size),
        },
        config: job.config(),
        output: OutputTarget {
            dir: PathBuf::from(job.id.to_string()),
            uploads: uploads(app, job, attempt_id, &base_model.path, expires_at).await?,
        },
        gpu: Some(job.gpu_config.clone()),
        callback: Some(callback::target(app, attempt_id)?),
        resume_from: checkpoints::newest(app, job, expires_at).await?,
        parent: parent::for_run(app, job, expires_at).await?,
        threads: None,
        kernel_cache: None,
        memory_limit: None,
        provenance: provenance(app, job, &dataset),
    })
}

fn expiry(job: &Job, now: DateTime<Utc>) -> DateTime<Utc> {
    let longest = std::time::Duration::try_from_secs_f64(job.settings.max_duration_hours * 3600.0).unwrap_or_default();
    now + Duration::from_std(longest).unwrap_or_default() + URL_SLACK
}

async fn uploads(
    app: &App,
    job: &Job,
    attempt_id: AttemptId,
    base_model: &std::path::Path,
    expires_at: DateTime<Utc>,
) -> Result<BTreeMap<String, SignedRequest>> {
    let weights = Geometry::read(base_model).await?.adapter_parameters(&job.hyperparameters)?.saturating_mul(4) + MAX_SMALL_FILE;
    let mut uploads = BTreeMap::new();
    for name in ARTIFACT_FILES {
        let (most, content_type) = match name.rsplit_once('.').map(|(_, extension)| extension) {
            Some("safetensors") => (weights, "application/octet-stream"),
            Some("json") => (MAX_SMALL_FILE, "application/json"),
            _ => (MAX_SMALL_FILE, "text/markdown"),
        };
        let key = Key::model_file(model_id(attempt_id), name).map_err(Error::internal)?;
        let signed = app.blob.signed_upload(&key, SizeLimit::AtMost(most), content_type, expires_at).await?;
        let request = SignedRequest { method: signed.method.to_owned(), url: signed.url, headers: signed.headers };
        uploads.insert(name.to_owned(), request);
    }
    Ok(uploads)
}

fn provenance(app: &App, job: &Job, dataset: &db::datasets::Dataset) -> BTreeMap<String, String> {
    let mut known = BTreeMap::from([
        ("jobName".to_owned(), job.name.clone()),
        ("datasetId".to_owned(), dataset.id.to_string()),
        ("datasetName".to_owned(), dataset.name.clone()),
        ("presetId".to_owned(), job.preset_id.to_string()),
        ("instanceType".to_owned(), job.gpu_config.instance_type.clone()),
        ("platformVersion".to_owned(), app.config.version.clone()),
        (ORIGIN.to_owned(), app.config.public_url.clone()),
    ]);
    if let Some(parent) = job.settings.parent_model_id {
        known.insert("parentModelId".to_owned(), parent.to_string());
    }
    if let Some(hash) = &dataset.sha256 {
        known.insert("datasetSha256".to_owned(), hash.clone());
    }
    known
}
