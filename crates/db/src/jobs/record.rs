//! A job as the use cases see it.

use chrono::{DateTime, Utc};
use domain::job::{CancelReason, GpuConfig, Hyperparameters, JobSettings, JobStage, JobStatus, PresetId, StageGroup, TrainingConfig};
use domain::run::RunSummary;
use domain::{AttemptId, DatasetId, JobId, MicroUsd, ModelId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Figures of one optimiser step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepMetrics {
    /// When the trainer wrote them.
    pub timestamp: DateTime<Utc>,
    /// From 1.
    pub epoch: u32,
    /// Optimiser steps done.
    pub step: u64,
    /// Nats a label token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub training_loss: Option<f64>,
    /// Nats a label token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_loss: Option<f64>,
    /// Of the step.
    pub learning_rate: f64,
    /// Before clipping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gradient_norm: Option<f64>,
    /// Tokens a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throughput: Option<f64>,
    /// Percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu_utilization: Option<f64>,
    /// Peak bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
}

/// A training job.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// Whose.
    pub user_id: UserId,
    /// What it trains on.
    pub dataset_id: DatasetId,
    /// As shown.
    pub name: String,
    /// The owner's words.
    pub notes: Option<String>,
    /// What it was configured from.
    pub preset_id: PresetId,
    /// Id of the base model.
    pub base_model: String,
    /// With every value filled in.
    pub hyperparameters: Hyperparameters,
    /// With every value filled in.
    pub settings: JobSettings,
    /// The machine.
    pub gpu_config: GpuConfig,
    /// The estimate that was accepted, as the use case wrote it.
    pub estimate: Value,
    /// Where it is in its life.
    pub status: JobStatus,
    /// What it is doing.
    pub stage: JobStage,
    /// Which of the page's stages that is.
    pub stage_group: Option<StageGroup>,
    /// What it is doing, in words.
    pub stage_message: Option<String>,
    /// 0 to 100.
    pub progress: f64,
    /// From 1; none before training.
    pub current_epoch: Option<u32>,
    /// Epochs asked for.
    pub total_epochs: u32,
    /// Optimiser steps done; none before training.
    pub current_step: Option<u64>,
    /// Optimiser steps of the whole run.
    pub total_steps: Option<u64>,
    /// The latest figures.
    pub current_metrics: Option<StepMetrics>,
    /// Those before.
    pub previous_metrics: Option<StepMetrics>,
    /// Figures of the finished run.
    pub summary: Option<RunSummary>,
    /// What the cluster gave to find the run again.
    pub run_handle: Option<Value>,
    /// What the present run is like, as the use case writes it: stage timings, device, billed seconds.
    pub run_info: Option<Value>,
    /// Throughput of the finished run.
    pub tokens_per_second: Option<f64>,
    /// Number of the last event in its log; kept by [`super::update`].
    pub last_event_seq: u64,
    /// Number of the last event of this attempt's trainer that was taken in; what is at or below it is a repetition. Kept by
    /// [`super::update`]; set it to 0 with a new attempt.
    pub last_trainer_seq: u64,
    /// From 1; 0 before the first was made.
    pub attempt: u32,
    /// This attempt: the fencing token that everything a run reports is checked against.
    pub attempt_id: Option<AttemptId>,
    /// Name of the run at the cluster; unique.
    pub external_job_id: Option<String>,
    /// Who works on it.
    pub lease_owner: Option<String>,
    /// Until when.
    pub lease_until: Option<DateTime<Utc>>,
    /// Attempts made because an earlier one failed.
    pub retry_count: u32,
    /// Whether it may be retried, once it ended.
    pub can_retry: bool,
    /// Stable code of the failure.
    pub error_code: Option<String>,
    /// What happened, to what, and what to do.
    pub error_message: Option<String>,
    /// The trainer's last lines.
    pub error_detail: Option<String>,
    /// Why it was, or is to be, cancelled.
    pub cancel_reason: Option<CancelReason>,
    /// When that was asked for.
    pub cancel_requested_at: Option<DateTime<Utc>>,
    /// The client's key of the request that made it; unique for an account.
    pub idempotency_key: Option<String>,
    /// What it made.
    pub artifact_id: Option<ModelId>,
    /// Held against the budget until it ends.
    pub budget_hold: MicroUsd,
    /// The sum of its cost records; kept by [`super::update`].
    pub current_cost: MicroUsd,
    /// Most likely cost at launch.
    pub estimated_total_cost: MicroUsd,
    /// Upper end at launch.
    pub estimated_cost_max: MicroUsd,
    /// Once it ended.
    pub final_cost: Option<MicroUsd>,
    /// When it was accepted, or asked to retry.
    pub queued_at: DateTime<Utc>,
    /// When it was handed to the cluster.
    pub initializing_at: Option<DateTime<Utc>>,
    /// When a trainer first reported that it runs.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub completed_at: Option<DateTime<Utc>>,
    /// When it will end, as far as can be told.
    pub estimated_completion_at: Option<DateTime<Utc>>,
    /// When the last event was taken in.
    pub last_event_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed; kept by [`super::update`].
    pub updated_at: DateTime<Utc>,
}

impl Job {
    /// Hyperparameters and settings as the trainer takes them.
    pub fn config(&self) -> TrainingConfig {
        TrainingConfig { hyperparameters: self.hyperparameters.clone(), settings: self.settings.clone() }
    }
}
