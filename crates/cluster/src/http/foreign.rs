//! What a cluster of somebody else's says of a job, in whatever words, and the events that follow from it.
//!
//! Such a cluster only says how a job stands now. The events are made from that and from what was taken in before, so nothing has to be
//! remembered here. Its times are not used: events are of the moment at which they were learned.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use domain::job::{JobStage, LogLevel, StageGroup};
use domain::run::{RunSummary, TrainerEvent, TrainerEventKind as Kind};
use serde_json::Value;

use crate::{EventBatch, RunState, Seen};

/// Artifacts that are taken at most.
const MAX_ARTIFACTS: usize = 100;
/// What a job is said to be doing that has no machine yet.
const WAITING: &str = "Waiting for a GPU";

/// How a job stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// It has no machine yet.
    Queued,
    /// It runs.
    Running,
    /// It has finished.
    Completed,
    /// It has failed.
    Failed,
    /// Somebody stopped it.
    Cancelled,
    /// The cluster stopped it because it took too long.
    TimedOut,
    /// Its machine was taken away.
    Preempted,
    /// A word that is not known, or none.
    Unknown(String),
}

impl Status {
    /// Whether it has ended.
    pub const fn is_terminal(&self) -> bool {
        !matches!(self, Self::Queued | Self::Running | Self::Unknown(_))
    }

    fn of(word: &str) -> Self {
        let word = word.trim().to_ascii_lowercase().replace(['-', ' '], "_");
        match word.as_str() {
            "in_queue" | "queued" | "pending" | "submitted" | "created" | "waiting" | "scheduled" | "provisioning" | "starting"
            | "initializing" | "booting" | "in_pool" => Self::Queued,
            "in_progress" | "running" | "processing" | "training" | "active" | "started" | "saving" | "validating" => Self::Running,
            "completed" | "complete" | "succeeded" | "success" | "successful" | "finished" | "done" => Self::Completed,
            "failed" | "failure" | "error" | "errored" | "crashed" | "oom" | "out_of_memory" => Self::Failed,
            "cancelled" | "canceled" | "stopped" | "terminated" | "aborted" | "killed" => Self::Cancelled,
            "timed_out" | "timeout" | "expired" | "deadline_exceeded" => Self::TimedOut,
            "preempted" | "interrupted" | "evicted" | "lost" | "node_lost" => Self::Preempted,
            _ => Self::Unknown(word.chars().take(50).collect()),
        }
    }
}

/// The id in an answer to a submission.
pub fn job_id(value: &Value) -> Option<String> {
    let text = |v: &Value| v.as_str().map(str::to_owned).or_else(|| v.as_u64().map(|n| n.to_string()));
    find(value, &["job_id", "jobId", "id"]).and_then(text).filter(|id| !id.is_empty())
}

/// The first value of one of these names: in the answer itself, or in what it wraps.
fn find<'a>(value: &'a Value, names: &[&str]) -> Option<&'a Value> {
    let places = [Some(value), value.get("output"), value.get("data"), value.get("job"), value.get("result")];
    let mut found = places.into_iter().flatten().flat_map(|place| names.iter().filter_map(move |name| place.get(name)));
    found.find(|v| !v.is_null())
}

fn number(value: &Value, names: &[&str]) -> Option<f64> {
    let found = find(value, names)?;
    let number = found.as_f64().or_else(|| found.as_str()?.trim().trim_end_matches('%').parse().ok())?;
    number.is_finite().then_some(number)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be within the range")]
fn count(value: &Value, names: &[&str]) -> Option<u64> {
    number(value, names).filter(|n| (0.0..=9e15).contains(n)).map(|n| n as u64)
}

fn text(value: &Value, names: &[&str]) -> Option<String> {
    let found = find(value, names)?;
    let text = found.as_str().map_or_else(|| if found.is_object() { found.to_string() } else { String::new() }, str::to_owned);
    let text = text.trim();
    (!text.is_empty()).then(|| text.chars().take(2000).collect())
}

/// What an answer says, as far as it says it.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// How the job stands, by what is said outside and inside.
    pub status: Status,
    progress: Option<f64>,
    epoch: Option<u32>,
    step: Option<u64>,
    total_steps: Option<u64>,
    total_epochs: Option<u32>,
    training_loss: Option<f64>,
    validation_loss: Option<f64>,
    learning_rate: Option<f64>,
    gradient_norm: Option<f64>,
    throughput: Option<f64>,
    gpu_utilization: Option<f64>,
    /// Seconds on the machine, without those in the queue.
    seconds: Option<f64>,
    cost: Option<f64>,
    error: Option<String>,
    worker: Option<String>,
    device: Option<String>,
    artifact_urls: BTreeMap<String, String>,
}

impl Report {
    /// Reads an answer; what cannot be read is as if it were not there.
    pub fn read(value: &Value) -> Self {
        let none = Value::Null;
        let metrics = find(value, &["metrics", "current_metrics", "currentMetrics"]).unwrap_or(&none);
        let figure = |names: &[&str]| number(metrics, names).or_else(|| number(value, names));
        let seconds = number(value, &["elapsed_seconds", "elapsedSeconds", "execution_seconds", "training_time"]);
        let millis = number(value, &["executionTime", "execution_time_ms"]).map(|ms| ms / 1000.0);
        Self {
            status: status(value),
            progress: number(value, &["progress", "percent", "progress_percent"]),
            epoch: count(value, &["current_epoch", "currentEpoch", "epoch"]).and_then(|n| n.try_into().ok()),
            step: count(value, &["current_step", "currentStep", "step", "global_step"]),
            total_steps: count(value, &["total_steps", "totalSteps", "max_steps"]),
            total_epochs: count(value, &["total_epochs", "totalEpochs", "num_epochs"]).and_then(|n| n.try_into().ok()),
            training_loss: figure(&["training_loss", "trainingLoss", "train_loss", "loss", "final_loss"]),
            validation_loss: figure(&["validation_loss", "validationLoss", "eval_loss"]),
            learning_rate: figure(&["learning_rate", "learningRate", "lr"]).filter(|lr| *lr >= 0.0),
            gradient_norm: figure(&["gradient_norm", "gradientNorm", "grad_norm"]),
            throughput: figure(&["throughput", "tokens_per_second", "tokensPerSecond"]).filter(|t| *t >= 0.0),
            gpu_utilization: figure(&["gpu_utilization", "gpuUtilization"]).filter(|u| (0.0..=100.0).contains(u)),
            seconds: seconds.or(millis).filter(|s| (0.0..=1e8).contains(s)),
            cost: number(value, &["final_cost", "finalCost", "cost"]),
            error: text(value, &["error_message", "errorMessage", "error", "failure_reason"]),
            worker: text(value, &["worker_version", "workerVersion", "version", "image"]),
            device: text(value, &["gpu", "gpu_type", "gpuType", "device"]),
            artifact_urls: artifact_urls(value),
        }
    }

    /// The events that follow from it, after what was taken in before.
    pub fn into_batch(self, seen: &Seen, now: DateTime<Utc>, node: &str) -> EventBatch {
        if let Status::Unknown(word) = &self.status {
            tracing::warn!(node, status = word, "the cluster says something of a job that is not known; it is taken to go on");
        }
        let mut events = Events { all: Vec::new(), seq: seen.seq, at: now, elapsed: seen.elapsed_seconds };
        if self.status == Status::Queued && seen.started_at.is_none() {
            if seen.stage_message.as_deref() != Some(WAITING) {
                let (stage, group) = (JobStage::Initializing, StageGroup::Preprocessing);
                events.push(Kind::Stage { stage, group, message: WAITING.to_owned() });
            }
            return events.batch(BTreeMap::new());
        }
        let has_run = matches!(self.status, Status::Running | Status::Completed) || self.seconds.is_some_and(|s| s > 0.0);
        if has_run && seen.started_at.is_none() {
            self.start(&mut events);
        }
        events.elapsed = events.elapsed.max(self.elapsed(seen, now));
        self.go_on(&mut events, seen);
        let urls = self.end(&mut events);
        events.batch(urls)
    }

    /// Seconds to be billed: those that the cluster names, else those since it was seen to run.
    fn elapsed(&self, seen: &Seen, now: DateTime<Utc>) -> f64 {
        let since = seen.started_at.and_then(|at| (now - at).to_std().ok()).map(|d| d.as_secs_f64());
        self.seconds.or(since).unwrap_or(0.0)
    }

    fn start(&self, events: &mut Events) {
        let version = self.worker.clone().unwrap_or_else(|| "of the cluster".to_owned());
        let device = self.device.clone().unwrap_or_else(|| "a machine of the cluster".to_owned());
        let seconds = self.seconds.unwrap_or(0.0);
        let now = events.at;
        // It began before it was first seen to run.
        events.at = now - TimeDelta::try_milliseconds(millis(seconds)).unwrap_or_default();
        events.push(Kind::Started { version, device, threads: 0, resumed_from_step: None });
        events.at = now;
        let message = "Training at the cluster".to_owned();
        events.push(Kind::Stage { stage: JobStage::Training, group: StageGroup::Training, message });
    }

    /// Progress and figures, where they are new. Nothing goes back.
    fn go_on(&self, events: &mut Events, seen: &Seen) {
        let step = self.step.filter(|step| seen.step.is_none_or(|before| *step >= before)).or(seen.step).unwrap_or(0);
        let epoch = self.epoch.filter(|epoch| seen.epoch.is_none_or(|before| *epoch >= before)).or(seen.epoch).unwrap_or(0);
        let by_steps = self.total_steps.filter(|t| *t > 0).map(|total| ratio(step, total));
        let progress = self.progress.or(by_steps).unwrap_or(seen.progress).clamp(0.0, 100.0).max(seen.progress);
        let reported = self.progress.is_some() || self.step.is_some();
        let moved = progress > seen.progress || seen.step.is_none_or(|before| step > before);
        if reported && moved && self.status != Status::Queued {
            let total_steps = self.total_steps.unwrap_or(0).max(step);
            events.push(Kind::Progress { progress, epoch, step, total_steps, estimated_time_remaining: None });
        }
        self.figures(events, seen, epoch, step);
    }

    fn figures(&self, events: &mut Events, seen: &Seen, epoch: u32, step: u64) {
        let any = self.training_loss.is_some() || self.validation_loss.is_some();
        if !any || seen.metrics_step.is_some_and(|before| step <= before) {
            return;
        }
        match self.learning_rate.or(seen.learning_rate) {
            Some(learning_rate) => events.push(Kind::Metrics {
                epoch,
                step,
                training_loss: self.training_loss,
                validation_loss: self.validation_loss,
                learning_rate,
                gradient_norm: self.gradient_norm,
                throughput: self.throughput,
                gpu_utilization: self.gpu_utilization,
                memory_bytes: None,
            }),
            // A point of the chart has a learning rate; without one the losses are told in words, with each step once.
            None if seen.step.is_none_or(|before| step > before) => {
                let told = |name: &str, loss: Option<f64>| loss.map(|l| format!(", {name} {l:.4}")).unwrap_or_default();
                let losses = told("training loss", self.training_loss) + &told("validation loss", self.validation_loss);
                let message = format!("Step {step}{losses}; the cluster names no learning rate.");
                events.push(Kind::Log { level: LogLevel::Info, message });
            }
            None => {}
        }
    }

    /// The last word, where it has ended; and where its files are.
    fn end(self, events: &mut Events) -> BTreeMap<String, String> {
        if self.status.is_terminal()
            && let Some(cost) = self.cost
        {
            let message = format!("The cluster names a cost of its own: ${cost:.4}. The job is billed by its seconds.");
            events.push(Kind::Log { level: LogLevel::Info, message });
        }
        let said = |fallback: &str| self.error.clone().unwrap_or_else(|| fallback.to_owned());
        let (code, message, transient) = match &self.status {
            Status::Completed if self.artifact_urls.is_empty() => {
                let message = "The cluster says that the job is finished, but names no files of an adapter.".to_owned();
                ("no_artifacts", message, false)
            }
            Status::Completed => {
                let summary = self.summary(events.elapsed);
                events.push(Kind::Complete { artifacts: Vec::new(), path: "".into(), summary });
                return self.artifact_urls;
            }
            Status::Failed => {
                let message = said("The cluster says that the job failed, and not why.");
                let memory = message.to_ascii_lowercase().contains("out of memory");
                (if memory { "out_of_memory" } else { "training_failed" }, message, false)
            }
            Status::Cancelled => ("cancelled_by_cluster", said("The cluster stopped the job, and nobody here asked for it."), true),
            Status::TimedOut => ("cluster_timeout", said("The cluster stopped the job because it took too long."), false),
            Status::Preempted => ("preempted", said("The cluster took the job's machine away."), true),
            Status::Queued | Status::Running | Status::Unknown(_) => return BTreeMap::new(),
        };
        events.push(Kind::Error { code: code.to_owned(), message, transient });
        BTreeMap::new()
    }

    fn summary(&self, seconds: f64) -> RunSummary {
        RunSummary {
            total_epochs: self.total_epochs.or(self.epoch).unwrap_or(0),
            total_steps: self.total_steps.or(self.step).unwrap_or(0),
            seconds,
            final_training_loss: self.training_loss,
            final_validation_loss: self.validation_loss,
            tokens_per_second: self.throughput,
            ..RunSummary::default()
        }
    }
}

/// Success outside with a failure inside is a failure; success inside of something that still runs is not yet one.
fn status(value: &Value) -> Status {
    let word = |v: &Value| v.get("status").or_else(|| v.get("state")).and_then(Value::as_str).map(Status::of);
    let inner = ["output", "data", "job", "result"].iter().find_map(|name| word(value.get(name)?));
    let outer = word(value).or_else(|| inner.clone()).unwrap_or(Status::Unknown(String::new()));
    if outer != Status::Completed {
        return outer;
    }
    let refused = value.get("success").and_then(Value::as_bool) == Some(false);
    let complaint = text(value, &["error_message", "errorMessage", "error"]).is_some();
    match inner {
        Some(inner) if inner.is_terminal() && inner != Status::Completed => inner,
        _ if refused || complaint => Status::Failed,
        _ => Status::Completed,
    }
}

/// `{name: url}`, or a list of addresses or of objects with a name and a URL.
fn artifact_urls(value: &Value) -> BTreeMap<String, String> {
    let Some(found) = find(value, &["artifact_urls", "artifactUrls", "model_files", "modelFiles", "artifacts"]) else {
        return BTreeMap::new();
    };
    let named = |url: &str| -> Option<(String, String)> {
        let path = url.split(['?', '#']).next()?;
        Some((path.rsplit('/').next()?.to_owned(), url.to_owned()))
    };
    let pairs: Vec<(String, String)> = match found {
        Value::Object(files) => files.iter().filter_map(|(name, url)| Some((name.clone(), url.as_str()?.to_owned()))).collect(),
        Value::Array(files) => files
            .iter()
            .filter_map(|file| match file {
                Value::String(url) => named(url),
                other => {
                    let url = other.get("url").or_else(|| other.get("download_url"))?.as_str()?;
                    let name = other.get("name").and_then(Value::as_str);
                    name.map_or_else(|| named(url), |name| Some((name.to_owned(), url.to_owned())))
                }
            })
            .collect(),
        _ => Vec::new(),
    };
    let fetchable = |url: &str| url.starts_with("https://") || url.starts_with("http://");
    pairs.into_iter().filter(|(name, url)| !name.is_empty() && fetchable(url)).take(MAX_ARTIFACTS).collect()
}

/// Events as they are made.
struct Events {
    all: Vec<TrainerEvent>,
    seq: u64,
    at: DateTime<Utc>,
    elapsed: f64,
}

impl Events {
    fn push(&mut self, kind: Kind) {
        self.seq += 1;
        self.all.push(TrainerEvent { seq: self.seq, at: self.at, elapsed_seconds: self.elapsed, kind });
    }

    /// The job's end is in the events, where it has one.
    fn batch(self, artifact_urls: BTreeMap<String, String>) -> EventBatch {
        EventBatch { events: self.all, state: RunState::Running, artifact_urls }
    }
}

#[expect(clippy::cast_precision_loss, reason = "step counts are far below 2^53")]
fn ratio(step: u64, total: u64) -> f64 {
    step as f64 / total as f64 * 100.0
}

#[expect(clippy::cast_possible_truncation, reason = "bounded where it was read")]
fn millis(seconds: f64) -> i64 {
    (seconds * 1000.0) as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn now() -> DateTime<Utc> {
        "2025-01-01T00:10:00Z".parse().expect("a time")
    }

    fn running(seconds_ago: i64) -> Seen {
        Seen { seq: 5, started_at: Some(now() - TimeDelta::seconds(seconds_ago)), progress: 25.0, step: Some(10), ..Seen::default() }
    }

    fn read(value: Value, seen: &Seen) -> EventBatch {
        Report::read(&value).into_batch(seen, now(), "n")
    }

    fn kinds(batch: &EventBatch) -> Vec<&Kind> {
        batch.events.iter().map(|e| &e.kind).collect()
    }

    #[test]
    fn a_job_without_a_machine_waits_and_costs_nothing() {
        let batch = read(json!({"id": "a", "status": "IN_QUEUE", "delayTime": 90_000}), &Seen::default());
        assert!(matches!(kinds(&batch)[..], [Kind::Stage { message, .. }] if message == WAITING), "{batch:?}");
        assert!(batch.events[0].elapsed_seconds == 0.0);
        let again = Seen { seq: 1, stage_message: Some(WAITING.into()), ..Seen::default() };
        assert!(read(json!({"status": "queued"}), &again).events.is_empty(), "told once");
    }

    #[test]
    fn it_is_billed_from_when_it_runs_by_the_clusters_own_seconds_where_it_names_them() {
        let batch = read(json!({"status": "IN_PROGRESS", "executionTime": 4000, "workerVersion": "v19"}), &Seen::default());
        let Kind::Started { version, .. } = kinds(&batch)[0] else { panic!("{batch:?}") };
        assert_eq!((version.as_str(), batch.events[0].at), ("v19", now() - TimeDelta::seconds(4)));
        let batch = read(json!({"status": "running", "progress": 30}), &running(60));
        assert_eq!(batch.events[0].elapsed_seconds, 60.0);
        let batch = read(json!({"status": "running", "progress": 30, "elapsed_seconds": 50.0}), &running(60));
        assert_eq!(batch.events[0].elapsed_seconds, 50.0);
    }

    #[test]
    fn progress_never_goes_back_and_zero_is_a_number() {
        let batch = read(json!({"status": "running", "progress": 0, "current_step": 0}), &running(1));
        assert!(batch.events.is_empty(), "{batch:?}");
        let batch = read(json!({"status": "running", "progress": 3, "current_step": 12}), &running(1));
        assert!(matches!(kinds(&batch)[..], [Kind::Progress { progress, step: 12, .. }] if *progress == 25.0), "{batch:?}");
        let batch = read(json!({"status": "running", "progress": 0}), &Seen::default());
        assert!(matches!(kinds(&batch)[2], Kind::Progress { progress, .. } if *progress == 0.0), "{batch:?}");
        for odd in [json!("NaN"), json!(-5), json!(1e300), json!({}), json!(null)] {
            for event in read(json!({"status": "running", "progress": odd, "current_step": 11}), &running(1)).events {
                assert!(matches!(event.kind, Kind::Progress { progress, .. } if (25.0..=100.0).contains(&progress)));
            }
        }
    }

    #[test]
    fn figures_come_once_a_step_and_missing_ones_stay_missing() {
        let answer = json!({"status": "running", "current_step": 12, "metrics": {"training_loss": "1.5", "learning_rate": 1e-4}});
        let batch = read(answer.clone(), &running(1));
        let Some(Kind::Metrics { training_loss, validation_loss, step, .. }) = kinds(&batch).last().copied() else { panic!("{batch:?}") };
        assert_eq!((*training_loss, *validation_loss, *step), (Some(1.5), None, 12));
        let seen = Seen { step: Some(12), metrics_step: Some(12), ..running(1) };
        assert!(read(answer, &seen).events.is_empty());
        let batch = read(json!({"status": "running", "current_step": 12, "metrics": {"training_loss": 1.5}}), &running(1));
        assert!(kinds(&batch).iter().any(|k| matches!(k, Kind::Log { message, .. } if message.contains("1.5000"))), "{batch:?}");
    }

    #[test]
    fn success_outside_with_failure_inside_is_failure() {
        let files = json!({"adapter_model.safetensors": "https://x/a"});
        for inside in [
            json!({"status": "failed", "error_message": "CUDA out of memory", "model_files": files}),
            json!({"status": "success", "error": "no adapter", "model_files": files}),
            json!({"model_files": {}}),
            json!({"model_files": {"a": "s3://bucket/a"}}),
            json!(null),
        ] {
            let batch = read(json!({"id": "a", "status": "COMPLETED", "output": inside}), &running(60));
            assert!(matches!(kinds(&batch).last(), Some(Kind::Error { .. })), "{inside} {batch:?}");
            assert!(batch.artifact_urls.is_empty());
        }
        let good =
            json!({"id": "a", "status": "COMPLETED", "output": {"status": "success", "model_files": files}, "executionTime": 61_000});
        let batch = read(good, &running(60));
        assert!(matches!(kinds(&batch).last(), Some(Kind::Complete { .. })), "{batch:?}");
        assert_eq!((batch.artifact_urls.len(), batch.events.last().map(|e| e.elapsed_seconds)), (1, Some(61.0)));
    }

    #[test]
    fn every_other_end_is_an_end_and_an_unknown_word_is_none() {
        for (word, code, transient) in [
            ("CANCELLED", "cancelled_by_cluster", true),
            ("TIMED_OUT", "cluster_timeout", false),
            ("preempted", "preempted", true),
            ("Failed", "training_failed", false),
        ] {
            let batch = read(json!({"status": word}), &running(1));
            let Some(Kind::Error { code: got, transient: may_pass, .. }) = kinds(&batch).last().copied() else { panic!("{batch:?}") };
            assert_eq!((got.as_str(), *may_pass), (code, transient), "{word}");
        }
        for answer in [json!({"status": "RECOMPUTING_FLUX"}), json!({}), json!([]), json!("ok"), json!({"status": 7})] {
            let batch = read(answer, &running(1));
            assert!(batch.events.is_empty() && batch.state == RunState::Running, "{batch:?}");
        }
    }

    #[test]
    fn an_id_is_found_under_its_names() {
        for answer in [json!({"job_id": "a"}), json!({"id": "a", "status": "IN_QUEUE"}), json!({"data": {"jobId": "a"}})] {
            assert_eq!(job_id(&answer).as_deref(), Some("a"));
        }
        assert!(job_id(&json!({"job_id": ""})).is_none() && job_id(&json!({"job_id": null})).is_none());
    }
}
