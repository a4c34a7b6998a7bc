//! Rows to begin a test with: valid, and otherwise as plain as can be.

#![expect(clippy::expect_used, reason = "made for tests, which fail by panicking")]

use chrono::{DateTime, Utc};
use db::datasets::Dataset;
use db::jobs::Job;
use db::notifications::Notification;
use db::users::{Admission, User};
use db::{Db, datasets, users};
use domain::account::{Role, Tier};
use domain::dataset::{DatasetFormat, DatasetStatistics, DatasetStatus};
use domain::job::{GpuConfig, JobSettings, JobStage, JobStatus, PresetId, preset};
use domain::notification::{NotificationKind, NotificationPriority};
use domain::{DatasetId, JobId, MicroUsd, NotificationId, UserId};
use serde_json::json;

/// An account that was not stored yet.
pub fn user(email: &str, now: DateTime<Utc>) -> User {
    User {
        id: UserId::new(now),
        email: email.to_owned(),
        password_hash: "$argon2id$none".to_owned(),
        name: "Ada".to_owned(),
        organization: None,
        role: Role::User,
        tier: Tier::Free,
        monthly_budget: None,
        created_at: now,
        updated_at: now,
        disabled_at: None,
        email_verified_at: None,
        deletion_requested_at: None,
    }
}

/// A stored account. The first one of a database is admin.
///
/// # Panics
/// When it cannot be stored.
pub async fn stored_user(db: &Db, email: &str, now: DateTime<Utc>) -> User {
    users::insert(db, &user(email, now), Admission::Anybody).await.expect("the account can be stored").expect("anybody may sign up")
}

/// A data set that is being uploaded and was not stored yet.
pub fn dataset(owner: UserId, name: &str, now: DateTime<Utc>) -> Dataset {
    let id = DatasetId::new(now);
    Dataset {
        id,
        user_id: owner,
        name: name.to_owned(),
        description: String::new(),
        format: DatasetFormat::BrightrunLoraV4,
        status: DatasetStatus::Uploading,
        training_ready: false,
        review_recommended: false,
        file_name: "talks.jsonl".to_owned(),
        file_size: 1000,
        s3_bucket: "local".to_owned(),
        s3_key: format!("datasets/{owner}/{id}/dataset.jsonl"),
        sha256: None,
        validation_progress: None,
        error_message: None,
        statistics: None,
        findings: Vec::new(),
        sample: Vec::new(),
        uploaded_at: None,
        validated_at: None,
        processed_at: None,
        deleted_at: None,
        created_at: now,
        updated_at: now,
    }
}

/// A stored data set that can be trained on.
///
/// # Panics
/// When it cannot be stored.
pub async fn ready_dataset(db: &Db, owner: UserId, name: &str, now: DateTime<Utc>) -> Dataset {
    let mut dataset = dataset(owner, name, now);
    dataset.status = DatasetStatus::Ready;
    dataset.training_ready = true;
    dataset.statistics = Some(DatasetStatistics {
        total_training_pairs: 150,
        total_conversations: 40,
        total_tokens: 30_000,
        ..DatasetStatistics::default()
    });
    (dataset.uploaded_at, dataset.validated_at, dataset.processed_at) = (Some(now), Some(now), Some(now));
    datasets::insert(db, &dataset).await.expect("the data set can be stored");
    dataset
}

/// A queued job that was not stored yet.
pub fn job(owner: UserId, dataset: DatasetId, now: DateTime<Utc>) -> Job {
    let hyperparameters = preset(PresetId::Balanced, 1024);
    Job {
        id: JobId::new(now),
        user_id: owner,
        dataset_id: dataset,
        name: "first run".to_owned(),
        notes: None,
        preset_id: PresetId::Balanced,
        base_model: domain::catalogue::BUILT_IN_MODEL.to_owned(),
        total_epochs: hyperparameters.num_epochs,
        hyperparameters,
        settings: JobSettings::default(),
        gpu_config: GpuConfig { instance_type: "local-cpu".to_owned(), num_gpus: 1, spot: false },
        estimate: json!({}),
        status: JobStatus::Queued,
        stage: JobStage::Queued,
        stage_group: None,
        stage_message: None,
        progress: 0.0,
        current_epoch: None,
        current_step: None,
        total_steps: None,
        current_metrics: None,
        previous_metrics: None,
        summary: None,
        run_handle: None,
        run_info: None,
        tokens_per_second: None,
        last_event_seq: 0,
        last_trainer_seq: 0,
        attempt: 0,
        attempt_id: None,
        external_job_id: None,
        lease_owner: None,
        lease_until: None,
        retry_count: 0,
        can_retry: false,
        error_code: None,
        error_message: None,
        error_detail: None,
        cancel_reason: None,
        cancel_requested_at: None,
        idempotency_key: None,
        artifact_id: None,
        budget_hold: MicroUsd(500_000),
        current_cost: MicroUsd::ZERO,
        estimated_total_cost: MicroUsd(400_000),
        estimated_cost_max: MicroUsd(500_000),
        final_cost: None,
        queued_at: now,
        initializing_at: None,
        started_at: None,
        completed_at: None,
        estimated_completion_at: None,
        last_event_at: None,
        created_at: now,
        updated_at: now,
    }
}

/// A notification that was not stored yet.
pub fn notification(account: UserId, now: DateTime<Utc>) -> Notification {
    Notification {
        id: NotificationId::new(now),
        user_id: account,
        kind: NotificationKind::DatasetReady,
        title: "Ready".to_owned(),
        message: "It can be trained on".to_owned(),
        priority: NotificationPriority::Medium,
        read: false,
        action_url: None,
        metadata: None,
        created_at: now,
        dismissed_at: None,
        seq: 0,
    }
}
