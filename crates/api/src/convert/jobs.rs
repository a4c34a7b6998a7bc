//! Training jobs.

use crate::dto::job_detail::{
    BudgetState, CancelledJob, Checkpoint, CheckpointFile, ComputeCost, CostBreakdown, CreatedJob, DurationRange, Estimate, EstimateCost,
    EstimateDuration, EstimatedCost, JobDetail, LogLine, LossCurve, MemoryEstimate, MetricsPoint, Receipt, VolumeCost,
};
use crate::dto::job_requests::{DownloadLogs, JobSort, ListLogs, ListMetrics};
use crate::dto::jobs::{
    CostRange, CurrentMetrics, GpuConfig, HyperparameterConfig, JobCounts, JobSettings, RunSummary, StageProgress, StageStatus,
    TargetModules, TrainingJob,
};
use crate::error::ApiError;
use crate::extract::one_of;
use app::jobs::{self, JobView, LogsQuery, MetricsQuery, MetricsView};
use domain::Error;
use domain::MicroUsd;
use domain::cost::CostTerm;
use domain::job::{Hyperparameters, JobStatus};

/// The states that a filter names. `running` and `active` stand for everything that is under way.
///
/// # Errors
/// A name that is not known.
pub fn statuses(text: Option<&str>) -> Result<Vec<JobStatus>, ApiError> {
    match text {
        None | Some("all") => Ok(Vec::new()),
        Some("active" | "running") => Ok(vec![JobStatus::Initializing, JobStatus::Running]),
        Some(text) => one_of("status", text),
    }
}

/// Order of a list.
pub fn sort(sort: JobSort) -> jobs::JobSort {
    match sort {
        JobSort::CreatedDesc => jobs::JobSort::CreatedDesc,
        JobSort::CreatedAsc => jobs::JobSort::CreatedAsc,
        JobSort::CostDesc => jobs::JobSort::CostDesc,
    }
}

/// Jobs by state.
pub fn counts(counts: jobs::JobCounts) -> JobCounts {
    JobCounts {
        queued: counts.queued,
        initializing: counts.initializing,
        running: counts.running,
        completed: counts.completed,
        failed: counts.failed,
        cancelled: counts.cancelled,
    }
}

/// Which metrics are wanted.
///
/// # Errors
/// When a number is out of range, or a page and a sample are asked for at once.
pub fn metrics_query(query: ListMetrics) -> Result<MetricsQuery, ApiError> {
    if let Some(points) = query.points {
        if query.cursor.is_some() {
            return Err(Error::invalid("points", "Give either points or a cursor.").into());
        }
        return Ok(MetricsQuery::Sampled { points: within("points", points, 2, 5_000)? });
    }
    Ok(MetricsQuery::Page { cursor: query.cursor, limit: within("limit", query.limit.unwrap_or(1_000), 1, 5_000)? })
}

/// Which log lines are wanted.
///
/// # Errors
/// When a number is out of range.
pub fn logs_query(query: ListLogs) -> Result<LogsQuery, ApiError> {
    let limit = within("limit", query.limit.unwrap_or(200), 1, 1_000)?;
    Ok(LogsQuery { cursor: query.cursor, limit, level: query.level, search: query.search })
}

/// Which lines of a log to write into a file.
pub fn log_filter(query: DownloadLogs) -> LogsQuery {
    LogsQuery { level: query.level, search: query.search, ..LogsQuery::default() }
}

/// Lines of a log as text: time, level, message. Further lines of a message are indented, so that each line that is not begins an entry.
pub fn log_text(lines: &[jobs::LogView]) -> String {
    let line = |view: &jobs::LogView| {
        let at = view.at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        format!("{at} {:<7} {}\n", view.level.as_str().to_uppercase(), view.message.replace('\n', "\n    "))
    };
    lines.iter().map(line).collect()
}

/// A number of a request that must lie between two others.
///
/// # Errors
/// With the field, where it does not.
pub fn within(field: &str, value: u64, min: u64, max: u64) -> Result<u64, ApiError> {
    if (min..=max).contains(&value) {
        return Ok(value);
    }
    Err(Error::invalid(field, format!("{field} is {value}; it must be between {min} and {max}.")).into())
}

/// The modules that get an adapter.
pub fn target_modules(targets: domain::job::TargetModules) -> TargetModules {
    match targets {
        domain::job::TargetModules::Names(names) => TargetModules::Names(names),
        domain::job::TargetModules::Text(text) => TargetModules::Text(text),
    }
}

/// Complete hyperparameters.
pub fn hyperparameters(h: Hyperparameters) -> HyperparameterConfig {
    HyperparameterConfig {
        learning_rate: h.learning_rate,
        batch_size: h.batch_size,
        num_epochs: h.num_epochs,
        warmup_steps: h.warmup_steps,
        warmup_ratio: h.warmup_ratio,
        lora_rank: h.lora_rank,
        lora_alpha: h.lora_alpha,
        lora_dropout: h.lora_dropout,
        use_rslora: h.use_rslora,
        target_modules: target_modules(h.target_modules),
        layers_to_transform: h.layers_to_transform,
        optimizer_type: h.optimizer_type,
        weight_decay: h.weight_decay,
        gradient_accumulation_steps: h.gradient_accumulation_steps,
        max_grad_norm: h.max_grad_norm,
        scheduler: h.scheduler,
        max_seq_length: h.max_seq_length,
    }
}

/// Settings beside them.
pub fn settings(s: &domain::job::JobSettings) -> JobSettings {
    JobSettings {
        early_stopping_patience: s.early_stopping_patience,
        validation_split_ratio: s.validation_split_ratio,
        checkpoint_interval: s.checkpoint_interval,
        seed: s.seed,
        max_duration_hours: s.max_duration_hours,
        packing: s.packing,
        overlong_examples: s.overlong_examples,
        precision: s.precision,
        gradient_checkpointing: s.gradient_checkpointing,
        parent_model_id: s.parent_model_id.map(domain::ModelId::uuid),
        evaluation_examples: s.evaluation_examples,
        evaluation_minutes: s.evaluation_minutes,
    }
}

fn gpu(gpu: domain::job::GpuConfig) -> GpuConfig {
    GpuConfig { instance_type: gpu.instance_type, num_gpus: gpu.num_gpus, spot: gpu.spot }
}

fn breakdown(cost: &domain::cost::CostBreakdown) -> CostBreakdown {
    let volume = |term: CostTerm| VolumeCost { gb: term.quantity, rate: term.rate, total: term.total.usd() };
    CostBreakdown {
        compute: ComputeCost { hours: cost.compute.quantity, rate: cost.compute.rate, total: cost.compute.total.usd() },
        storage: volume(cost.storage),
        data_transfer: volume(cost.data_transfer),
    }
}

/// What a run would cost and take.
pub fn estimate(view: jobs::EstimateView) -> Estimate {
    let budget = view.budget;
    Estimate {
        cost: EstimateCost {
            breakdown: breakdown(&view.breakdown),
            total: view.cost.usd(),
            min: view.cost_min.usd(),
            max: view.cost_max.usd(),
            currency: "USD",
        },
        duration: EstimateDuration { estimated: view.seconds, min: view.seconds_min, max: view.seconds_max },
        tokens_per_second: view.tokens_per_second,
        throughput_measured: view.measured,
        total_steps: view.total_steps,
        total_tokens: view.total_tokens,
        train_examples: view.train_examples,
        validation_examples: view.validation_examples,
        hourly_rate: view.hourly_rate.usd(),
        base_model: view.base_model,
        hyperparameters: hyperparameters(view.config.hyperparameters),
        gpu_config: gpu(view.gpu),
        memory: memory(view.memory),
        budget: BudgetState {
            limit: budget.limit.map(MicroUsd::usd),
            spent: budget.spent.usd(),
            held: budget.held.usd(),
            remaining: budget.remaining().map(MicroUsd::usd),
            within_budget: view.within_budget,
        },
    }
}

fn memory(m: domain::memory::MemoryEstimate) -> MemoryEstimate {
    MemoryEstimate {
        weights: m.weights,
        adapters: m.adapters,
        optimizer: m.optimizer,
        activations: m.activations,
        total: m.total(),
        recompute: m.recompute,
    }
}

/// A job that was accepted.
pub fn created(job: jobs::CreatedJob) -> CreatedJob {
    CreatedJob {
        job_id: job.job_id.uuid(),
        status: job.status,
        estimated_cost: EstimatedCost {
            gpu_cost: job.breakdown.compute.total.usd(),
            storage_cost: job.breakdown.storage.total.usd(),
            data_cost: job.breakdown.data_transfer.total.usd(),
            total: job.cost.usd(),
            max: job.cost_max.usd(),
            currency: "USD",
        },
        estimated_duration: DurationRange { min: job.seconds_min, max: job.seconds_max },
        queue_position: job.queue_position,
        expected_start_at: job.expected_start_at,
        created_at: job.created_at,
    }
}

/// A job that was cancelled.
pub fn cancelled(done: jobs::Cancelled) -> CancelledJob {
    CancelledJob {
        job_id: done.job_id.uuid(),
        status: JobStatus::Cancelled,
        refund_amount: Some(done.refund.usd()),
        final_cost: done.cost.usd(),
        message: done.message,
    }
}

/// A job.
pub fn job(view: JobView) -> TrainingJob {
    let (error_code, error_message, error_stack) = match view.failure {
        Some(failure) => (Some(failure.code), Some(failure.message), failure.detail),
        None => (None, None, None),
    };
    TrainingJob {
        id: view.id.uuid(),
        user_id: view.user_id.uuid(),
        name: view.name,
        notes: view.notes,
        dataset_id: view.dataset_id.uuid(),
        dataset_name: view.dataset_name,
        dataset_pairs: view.dataset_pairs,
        status: view.status,
        cancelling: view.cancelling,
        preset_id: view.preset_id,
        base_model: view.base_model,
        hyperparameters: hyperparameters(view.config.hyperparameters),
        gpu_config: gpu(view.gpu),
        settings: settings(&view.config.settings),
        instance_name: view.instance_name,
        hourly_rate: view.hourly_rate.usd(),
        current_stage: view.stage,
        stage_message: view.stage_message,
        stages: view.stages.into_iter().map(stage).collect(),
        progress: view.progress,
        current_epoch: view.current_epoch,
        total_epochs: view.total_epochs,
        current_step: view.current_step,
        total_steps: view.total_steps,
        current_metrics: view.metrics.map(current_metrics),
        previous_metrics: view.previous_metrics.map(current_metrics),
        memory_total_bytes: view.memory_total_bytes,
        queue_position: view.queue_position,
        expected_start_at: view.expected_start_at,
        queued_at: view.queued_at,
        started_at: view.started_at,
        completed_at: view.completed_at,
        estimated_completion_at: view.estimated_completion_at,
        estimated_time_remaining: view.remaining_seconds,
        elapsed_seconds: view.elapsed_seconds,
        current_cost: view.current_cost.usd(),
        estimated_total_cost: view.estimated_cost.usd(),
        estimated_cost_range: CostRange { min: view.estimated_cost_min.usd(), max: view.estimated_cost_max.usd() },
        projected_cost: view.projected_cost.map(MicroUsd::usd),
        final_cost: view.final_cost.map(MicroUsd::usd),
        attempt: view.attempt,
        resumed_from_step: view.resumed_from_step,
        can_cancel: view.can_cancel,
        can_retry: view.can_retry,
        cancel_reason: view.cancel_reason,
        error_code,
        error_message,
        error_stack,
        artifact_id: view.artifact_id.map(domain::ModelId::uuid),
        summary: view.summary.map(summary),
        last_event_seq: view.last_event_seq,
        created_at: view.created_at,
        updated_at: view.updated_at,
    }
}

fn stage(view: jobs::StageView) -> StageProgress {
    StageProgress {
        stage: view.group,
        status: match view.state {
            jobs::StageState::Pending => StageStatus::Pending,
            jobs::StageState::Active => StageStatus::Active,
            jobs::StageState::Completed => StageStatus::Completed,
            jobs::StageState::Stopped => StageStatus::Stopped,
        },
        started_at: view.started_at,
        completed_at: view.ended_at,
        seconds: view.seconds,
        message: view.message,
    }
}

fn current_metrics(view: MetricsView) -> CurrentMetrics {
    CurrentMetrics {
        training_loss: view.training_loss,
        validation_loss: view.validation_loss,
        learning_rate: view.learning_rate,
        throughput: view.throughput,
        gpu_utilization: view.gpu_utilization,
        memory_bytes: view.memory_bytes,
        gradient_norm: view.gradient_norm,
        perplexity: view.perplexity,
    }
}

fn summary(run: domain::run::RunSummary) -> RunSummary {
    RunSummary {
        total_epochs: run.total_epochs,
        total_steps: run.total_steps,
        initial_training_loss: run.initial_training_loss,
        final_training_loss: run.final_training_loss,
        initial_validation_loss: run.initial_validation_loss,
        final_validation_loss: run.final_validation_loss,
        train_examples: run.train_examples,
        validation_examples: run.validation_examples,
        tokens_per_second: run.tokens_per_second,
        peak_memory_bytes: run.peak_memory_bytes,
    }
}

/// A job with its history.
pub fn detail(view: jobs::JobDetail) -> JobDetail {
    JobDetail {
        job: job(view.job),
        metrics_history: view.metrics.into_iter().map(point).collect(),
        metrics_total: view.metrics_total,
        loss_curve: LossCurve {
            steps: view.loss_curve.steps,
            training_loss: view.loss_curve.training_loss,
            validation_loss: view.loss_curve.validation_loss,
        },
        checkpoints: view.checkpoints.into_iter().map(checkpoint).collect(),
        logs: view.logs.into_iter().map(line).collect(),
        receipt: view.receipt.map(receipt),
    }
}

/// A checkpoint.
pub fn checkpoint(view: jobs::CheckpointView) -> Checkpoint {
    let file = |f: jobs::CheckpointFileView| CheckpointFile { name: f.name, size: f.size, sha256: f.sha256, url: f.url };
    Checkpoint {
        id: view.id.uuid(),
        step: view.step,
        epoch: view.epoch,
        loss: view.loss,
        size: view.size,
        s3_key: view.key,
        best: view.best,
        files: view.files.into_iter().map(file).collect(),
        expires_at: view.expires_at,
        created_at: view.created_at,
    }
}

fn receipt(receipt: jobs::Receipt) -> Receipt {
    Receipt {
        estimated_total: receipt.estimated.total().usd(),
        estimated: breakdown(&receipt.estimated),
        estimated_seconds: receipt.estimated_seconds,
        compute: receipt.compute.usd(),
        storage: receipt.storage.usd(),
        data_transfer: receipt.data_transfer.usd(),
        total: receipt.total.usd(),
        seconds: receipt.seconds,
    }
}

/// Figures of one step.
pub fn point(point: jobs::MetricsPoint) -> MetricsPoint {
    let m = point.metrics;
    MetricsPoint {
        timestamp: m.at,
        epoch: m.epoch,
        step: m.step,
        training_loss: m.training_loss,
        validation_loss: m.validation_loss,
        learning_rate: m.learning_rate,
        gradient_norm: m.gradient_norm,
        throughput: m.throughput,
        gpu_utilization: m.gpu_utilization,
        memory_bytes: m.memory_bytes,
    }
}

/// A line of the log.
pub fn line(view: jobs::LogView) -> LogLine {
    LogLine { timestamp: view.at, level: view.level, message: view.message }
}
