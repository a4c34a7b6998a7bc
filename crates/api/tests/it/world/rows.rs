//! What accounts have: rows as use cases and workers leave them.

use super::{Account, World, job_body};
use db::datasets::Dataset;
use domain::{Clock, JobId, ModelId, NotificationId};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use testkit::rows;

impl World {
    /// A stored data set that can be trained on.
    pub async fn ready_dataset(&self, who: &Account, name: &str) -> Dataset {
        rows::ready_dataset(&self.app.db, who.id, name, self.clock.now()).await
    }

    /// An accepted job that nobody works on.
    pub async fn job(&self, who: &Account) -> JobId {
        let dataset = self.ready_dataset(who, "Talks").await;
        let body = job_body(&dataset.id.to_string());
        let data = self.post("/api/jobs", Some(who), body).await.data();
        data["jobId"].as_str().expect("an id").parse().expect("an id")
    }

    /// A stored webhook that points nowhere.
    pub async fn webhook(&self, who: &Account) -> uuid::Uuid {
        let created = self.post("/api/webhooks", Some(who), json!({ "url": "https://example.org/hook" })).await.data();
        let id: uuid::Uuid = created["webhook"]["id"].as_str().expect("an id").parse().expect("an id");
        // Not more than an account may have, however often it is asked for.
        let others = self.get("/api/webhooks?pageSize=100", who).await.data();
        for other in others["webhooks"].as_array().expect("a list").iter().filter_map(|w| w["id"].as_str()) {
            if other != id.to_string() {
                self.call("DELETE", &format!("/api/webhooks/{other}"), Some(who), None).await.data();
            }
        }
        id
    }

    /// A saved configuration.
    pub async fn configuration(&self, who: &Account) -> uuid::Uuid {
        let body = json!({ "name": uuid::Uuid::now_v7().to_string(), "settings": { "presetId": "balanced" } });
        let created = self.post("/api/configurations", Some(who), body).await.data();
        created["configuration"]["id"].as_str().expect("an id").parse().expect("an id")
    }

    /// A stored notification.
    pub async fn notification(&self, who: &Account) -> NotificationId {
        let notification = rows::notification(who.id, self.clock.now());
        db::notifications::insert(&self.app.db, std::slice::from_ref(&notification)).await.expect("stored");
        notification.id
    }

    /// Appends an event to a job's log, as a worker does.
    pub async fn append(&self, job: JobId, name: &str, data: Value) {
        let now = self.clock.now();
        let event = db::jobs::NewEvent::new(name, data, now);
        let change = |_: &mut db::jobs::Job, effects: &mut db::jobs::JobEffects| effects.events.push(event);
        db::jobs::update(&self.app.db, job, now, change).await.expect("written").expect("there");
        let owner = db::jobs::get(&self.app.db, job).await.expect("read").expect("there").user_id;
        self.app.hub.notify(job, owner);
    }

    /// Ends a job as completed, as a worker does.
    pub async fn complete(&self, job: JobId) {
        let now = self.clock.now();
        let event = db::jobs::NewEvent::new("complete", json!({ "jobId": job, "artifactId": job, "finalCost": 0.01 }), now);
        let change = |row: &mut db::jobs::Job, effects: &mut db::jobs::JobEffects| {
            row.status = domain::job::JobStatus::Completed;
            row.completed_at = Some(now);
            effects.events.push(event);
        };
        db::jobs::update(&self.app.db, job, now, change).await.expect("written").expect("there");
        let owner = db::jobs::get(&self.app.db, job).await.expect("read").expect("there").user_id;
        self.app.hub.notify(job, owner);
    }

    /// A stored model with real files.
    pub async fn model(&self, who: &Account, name: &str) -> (ModelId, BTreeMap<String, Vec<u8>>) {
        let job_id = self.job(who).await;
        let job = db::jobs::get(&self.app.db, job_id).await.expect("read").expect("there");
        let id = ModelId::new(self.clock.now());
        let (mut files, mut artifacts) = (BTreeMap::new(), Vec::new());
        for (index, file) in domain::run::ARTIFACT_FILES.iter().enumerate() {
            let content = format!("content of {file} ").repeat(100 * (index + 1)).into_bytes();
            let key = blob::Key::model_file(id, file).expect("a plain name");
            let (size, stream) = (content.len() as u64, blob::memory_content(content.clone()));
            let stored = self.app.blob.put(&key, stream, blob::SizeLimit::Exactly(size)).await.expect("stored");
            artifacts.push(db::models::StoredFile { name: (*file).to_owned(), size, sha256: stored.sha256, key: key.to_string() });
            files.insert((*file).to_owned(), content);
        }
        let configuration = app::models::ModelConfiguration {
            base_model: job.base_model.clone(),
            dataset_name: "Talks".to_owned(),
            preset_used: job.preset_id,
            hyperparameters: job.hyperparameters.clone(),
        };
        let now = self.clock.now();
        let model = db::models::ModelArtifact {
            id,
            user_id: who.id,
            job_id,
            dataset_id: job.dataset_id,
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            description: None,
            status: domain::model::ModelStatus::Stored,
            base_model: job.base_model,
            quality_metrics: domain::model::QualityMetrics { final_validation_loss: Some(1.5), ..Default::default() },
            training_summary: serde_json::to_value(app::models::TrainingSummary::default()).expect("json"),
            configuration: serde_json::to_value(configuration).expect("json"),
            artifacts,
            parent_model_id: None,
            deployed_at: None,
            deleted_at: None,
            created_at: now,
            updated_at: now,
        };
        db::models::insert(&self.app.db, &model).await.expect("stored");
        (id, files)
    }
}
