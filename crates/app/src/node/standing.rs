//! How a run stands after its events: what the specification's fields of a job are made from.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use cluster::{RunName, RunState};
use domain::cluster_api::{ClusterJob, ClusterJobStatus, ClusterMetrics};
use domain::run::{TrainerEvent, TrainerEventKind as Kind};

/// How a run stands.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    seq: u64,
    progress: f64,
    stage: Option<String>,
    epoch: Option<u32>,
    step: Option<u64>,
    total_steps: Option<u64>,
    metrics: Option<ClusterMetrics>,
    elapsed_seconds: f64,
    version: Option<String>,
    artifacts: Vec<String>,
    last_word: Option<LastWord>,
}

#[derive(Debug, Clone)]
enum LastWord {
    Completed,
    Stopped,
    Failed(String),
}

impl Standing {
    /// Number of the last event taken in.
    pub const fn seq(&self) -> u64 {
        self.seq
    }

    /// Whether the run said how it ended.
    pub const fn has_last_word(&self) -> bool {
        self.last_word.is_some()
    }

    /// Names of the files of a finished run.
    pub fn artifacts(&self) -> impl Iterator<Item = &String> {
        self.artifacts.iter()
    }

    /// Takes events in that are newer than those before.
    pub fn take_in(&mut self, events: &[TrainerEvent]) {
        for event in events {
            if event.seq > self.seq {
                self.seq = event.seq;
                self.elapsed_seconds = self.elapsed_seconds.max(event.elapsed_seconds);
                self.take_one(&event.kind);
            }
        }
    }

    fn take_one(&mut self, kind: &Kind) {
        match kind {
            Kind::Started { version, .. } => self.version = Some(version.clone()),
            Kind::Plan { total_steps, .. } => self.total_steps = Some(*total_steps),
            Kind::Stage { message, .. } => self.stage = Some(message.clone()),
            Kind::Progress { progress, epoch, step, total_steps, .. } => {
                self.progress = self.progress.max(*progress);
                (self.epoch, self.step, self.total_steps) = (Some(*epoch), Some(*step), Some(*total_steps));
            }
            Kind::Metrics { training_loss, validation_loss, learning_rate, gradient_norm, throughput, gpu_utilization, .. } => {
                let before = self.metrics.take().unwrap_or_default();
                self.metrics = Some(ClusterMetrics {
                    training_loss: training_loss.or(before.training_loss),
                    validation_loss: validation_loss.or(before.validation_loss),
                    learning_rate: Some(*learning_rate),
                    gradient_norm: gradient_norm.or(before.gradient_norm),
                    throughput: throughput.or(before.throughput),
                    gpu_utilization: gpu_utilization.or(before.gpu_utilization),
                });
            }
            Kind::Complete { artifacts, .. } => {
                self.artifacts = artifacts.iter().map(|file| file.name.clone()).collect();
                self.progress = 100.0;
                self.last_word = Some(LastWord::Completed);
            }
            Kind::Stopped { .. } => self.last_word = Some(LastWord::Stopped),
            Kind::Error { message, .. } => self.last_word = Some(LastWord::Failed(message.clone())),
            _ => {}
        }
    }

    fn status(&self, state: &RunState) -> ClusterJobStatus {
        match (&self.last_word, state) {
            (Some(LastWord::Completed), _) => ClusterJobStatus::Completed,
            (Some(LastWord::Stopped), _) => ClusterJobStatus::Cancelled,
            (Some(LastWord::Failed(_)), _) => ClusterJobStatus::Failed,
            (None, RunState::Running) if self.version.is_some() || self.elapsed_seconds > 0.0 => ClusterJobStatus::Running,
            (None, RunState::Running) => ClusterJobStatus::Queued,
            (None, _) => ClusterJobStatus::Failed,
        }
    }

    /// The answer to who asks for the job.
    pub fn describe(
        self,
        id: &str,
        run: RunName,
        events: Vec<TrainerEvent>,
        artifact_urls: BTreeMap<String, String>,
        state: RunState,
        now: DateTime<Utc>,
    ) -> ClusterJob {
        let status = self.status(&state);
        let (going_on, exit, last_lines) = match state {
            RunState::Running => (true, None, Vec::new()),
            RunState::Ended { exit, last_lines } => (false, Some(exit), last_lines),
            RunState::Lost { last_lines } => (false, None, last_lines),
        };
        let said = match self.last_word {
            Some(LastWord::Failed(message)) => Some(message),
            _ => exit.map(|exit| format!("The trainer ended without a result ({exit}).")),
        };
        let said = said.or_else(|| Some("The trainer is gone, and nobody saw how it ended.".to_owned()));
        ClusterJob {
            job_id: id.to_owned(),
            status,
            progress: self.progress,
            stage: self.stage,
            current_epoch: self.epoch,
            current_step: self.step,
            total_steps: self.total_steps,
            metrics: self.metrics,
            elapsed_seconds: self.elapsed_seconds,
            worker_version: self.version,
            artifact_urls,
            error_message: said.filter(|_| status == ClusterJobStatus::Failed),
            run,
            now,
            events,
            going_on,
            exit,
            last_lines,
        }
    }
}
