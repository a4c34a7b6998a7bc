//! Takes a trainer's events into a job: pure, so that one transaction can hold it.
//!
//! Each event becomes at least one event of the job's log that carries its number, which is how one that comes again is known. Everything
//! that is shown is made here and nowhere else, so the number on the page is the number in the log.

use chrono::{DateTime, Duration, Utc};
use db::costs::CostRecord;
use db::jobs::{Checkpoint, Job, JobEffects, NewEvent, Projection, StepMetrics};
use domain::cost::CostType;
use domain::job::{JobStatus, LogLevel};
use domain::run::{TrainerEvent, TrainerEventKind as Kind};
use domain::{CheckpointId, CostRecordId, MicroUsd};
use serde_json::{Value, json};

use super::checkpoints;
use super::create::attempt_record;
use super::pace;
use super::stages;
use super::stored::{RunInfo, StoredEstimate, day_of};
use super::told;

/// Billed seconds between two `cost` events.
const COST_INTERVAL: f64 = 2.0;

/// Takes events in, in order, up to one with which the run ends. That one is answered, and kept with the job until the attempt is ended
/// accordingly; the number of `complete` is left to be taken in with the job's completion. Stored checkpoints are in `bucket`.
pub fn take_in(
    job: &mut Job,
    effects: &mut JobEffects,
    estimate: &StoredEstimate,
    events: &[TrainerEvent],
    bucket: &str,
    now: DateTime<Utc>,
) -> Option<TrainerEvent> {
    let mut run = RunInfo::of(job);
    let mut last_word = None;
    // A trainer of somebody else's may tell whatever its errors told it.
    let new = events.iter().filter(|e| e.seq > job.last_trainer_seq).map(|e| e.clone().redacted()).collect::<Vec<_>>();
    for (i, event) in new.iter().enumerate() {
        run.billed = run.billed.max(event.elapsed_seconds);
        let superseded =
            matches!(event.kind, Kind::Progress { .. }) && new[i + 1..].iter().any(|later| matches!(later.kind, Kind::Progress { .. }));
        match &event.kind {
            Kind::Complete { .. } => {}
            Kind::Progress { .. } if superseded => {}
            _ => take_one(job, effects, &mut run, event, bucket),
        }
        if let Kind::Metrics { throughput: Some(speed), .. } = event.kind {
            pace::measured(job, effects, &mut run, estimate, speed);
        }
        if matches!(event.kind, Kind::Complete { .. } | Kind::Stopped { .. } | Kind::Error { .. }) {
            last_word = Some(event.clone());
        }
        if last_word.is_some() {
            break;
        }
    }
    if !new.is_empty() {
        bill(job, effects, &mut run, estimate, last_word.is_some(), now);
        run.last_word.clone_from(&last_word);
        run.store(job);
    }
    last_word
}

fn take_one(job: &mut Job, effects: &mut JobEffects, run: &mut RunInfo, event: &TrainerEvent, bucket: &str) {
    let at = event.at;
    let mut push = |e: NewEvent| effects.events.push(e.from_trainer(event.seq));
    match &event.kind {
        Kind::Started { version, device, threads, resumed_from_step } => {
            job.status = JobStatus::Running;
            if job.started_at.is_none() {
                job.started_at = Some(at);
                effects.notifications.push(told::started(job, at));
            }
            run.started_at.get_or_insert(at);
            run.trainer_version = Some(version.clone());
            run.device = Some(device.clone());
            run.resumed_from_step = *resumed_from_step;
            let from = resumed_from_step.map(|step| format!(", resuming from the checkpoint of step {step}")).unwrap_or_default();
            let with = match threads {
                // A cluster of somebody else's does not say.
                0 => String::new(),
                1 => " with 1 thread".to_owned(),
                threads => format!(" with {threads} threads"),
            };
            push(log(at, LogLevel::Info, &format!("Trainer {version} runs on {device}{with}{from}.")));
            effects.forget_metrics_after = *resumed_from_step;
        }
        Kind::Plan { total_steps, total_epochs, .. } => {
            job.total_steps = Some(*total_steps);
            job.total_epochs = *total_epochs;
            push(plan_log(at, &event.kind));
        }
        Kind::Stage { stage, group, message } => {
            job.stage = *stage;
            job.stage_group = Some(*group);
            job.stage_message = Some(message.clone());
            stages::enter(&mut run.stages, *group, at, message);
            push(NewEvent::new("stage", json!({"stage": stage, "group": group, "message": message}), at));
        }
        Kind::Progress { .. } => push(take_progress(job, event)),
        Kind::Metrics { .. } => {
            if let Some(e) = take_metrics(job, event) {
                push(e);
            }
        }
        Kind::Checkpoint { step, epoch, loss, path, size, best } => {
            run.checkpoint_step = Some(*step);
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let checkpoint = Checkpoint {
                id: CheckpointId::new(at),
                attempt: job.attempt,
                epoch: *epoch,
                step: *step,
                loss: *loss,
                best: *best,
                s3_bucket: "cluster".to_owned(),
                s3_key: format!("runs/{}/checkpoints/{name}", job.id),
                file_size: *size,
                created_at: at,
                files: Vec::new(),
            };
            let data = json!({"checkpointId": checkpoint.id, "step": step, "epoch": epoch, "loss": loss});
            push(NewEvent::new("checkpoint", data, at).shown_as(Projection::Checkpoint(checkpoint)));
        }
        Kind::CheckpointStored { step, epoch, files } => {
            let text = format!("The checkpoint of step {step} is stored and can be downloaded.");
            let key = checkpoints::folder(job.id, *epoch, *step);
            let files = Projection::CheckpointFiles { step: *step, bucket: bucket.to_owned(), key, files: files.clone() };
            push(log(at, LogLevel::Info, &text).shown_as(files));
        }
        Kind::Log { level, message } => push(log(at, *level, message)),
        Kind::Stopped { step, checkpoint_saved } => {
            let kept = if *checkpoint_saved { "with a checkpoint" } else { "without a new checkpoint" };
            push(log(at, LogLevel::Info, &format!("The trainer stopped after step {step}, {kept}.")));
        }
        Kind::Error { message, .. } => push(log(at, LogLevel::Error, message)),
        Kind::Complete { .. } => {}
    }
}

/// A line of the log, as an event and as a row.
pub fn log(at: DateTime<Utc>, level: LogLevel, message: &str) -> NewEvent {
    let row = Projection::Log { level, message: message.to_owned(), metadata: None };
    NewEvent::new("log", json!({"level": level, "message": message}), at).shown_as(row)
}

fn plan_log(at: DateTime<Utc>, plan: &Kind) -> NewEvent {
    let Kind::Plan {
        total_steps,
        total_epochs,
        train_examples,
        validation_examples,
        truncated_examples,
        masked_examples,
        label_tokens,
        ..
    } = plan
    else {
        return log(at, LogLevel::Info, "");
    };
    let mut text = format!(
        "{total_steps} steps in {total_epochs} epochs over {train_examples} examples with {label_tokens} tokens to learn; \
         {validation_examples} examples are held out."
    );
    if *truncated_examples > 0 {
        text.push_str(&format!(" {truncated_examples} were cut to the sequence length."));
    }
    if *masked_examples > 0 {
        text.push_str(&format!(" {masked_examples} are left out because nothing in them can be trained on."));
    }
    let level = if truncated_examples + masked_examples > 0 { LogLevel::Warning } else { LogLevel::Info };
    log(at, level, &text)
}

fn take_progress(job: &mut Job, event: &TrainerEvent) -> NewEvent {
    let mut data = Value::Null;
    if let Kind::Progress { progress, epoch, step, total_steps, estimated_time_remaining } = &event.kind {
        if progress.is_finite() {
            // Never back, also not when a new attempt repeats steps of the one before.
            job.progress = job.progress.max(progress.clamp(0.0, 100.0));
        }
        job.current_epoch = Some(*epoch);
        job.current_step = Some(*step);
        job.total_steps = Some(*total_steps);
        let left = estimated_time_remaining.filter(|s| s.is_finite() && *s >= 0.0);
        job.estimated_completion_at = left.and_then(|s| Some(event.at + seconds(s)?));
        data = json!({
            "progress": job.progress, "currentEpoch": epoch, "currentStep": step, "totalSteps": total_steps, "totalEpochs": job.total_epochs,
        });
        set(&mut data, "estimatedTimeRemaining", left);
    }
    NewEvent::new("progress", data, event.at)
}

fn seconds(seconds: f64) -> Option<Duration> {
    std::time::Duration::try_from_secs_f64(seconds).ok().and_then(|d| Duration::from_std(d).ok())
}

fn take_metrics(job: &mut Job, event: &TrainerEvent) -> Option<NewEvent> {
    let Kind::Metrics {
        epoch,
        step,
        training_loss,
        validation_loss,
        learning_rate,
        gradient_norm,
        throughput,
        gpu_utilization,
        memory_bytes,
    } = &event.kind
    else {
        return None;
    };
    let figures = StepMetrics {
        timestamp: event.at,
        epoch: *epoch,
        step: *step,
        training_loss: *training_loss,
        validation_loss: *validation_loss,
        learning_rate: *learning_rate,
        gradient_norm: *gradient_norm,
        throughput: *throughput,
        gpu_utilization: *gpu_utilization,
        memory_bytes: *memory_bytes,
    };
    let mut data = json!({"epoch": epoch, "step": step, "learningRate": learning_rate});
    set(&mut data, "trainingLoss", *training_loss);
    set(&mut data, "validationLoss", *validation_loss);
    set(&mut data, "perplexity", validation_loss.map(f64::exp));
    set(&mut data, "gradientNorm", *gradient_norm);
    set(&mut data, "throughput", *throughput);
    set(&mut data, "gpuUtilization", *gpu_utilization);
    if let Some(bytes) = memory_bytes {
        data["memoryBytes"] = json!(bytes);
    }
    show_metrics(job, &figures);
    Some(NewEvent::new("metrics", data, event.at).shown_as(Projection::Metrics(figures)))
}

/// The latest figures and those before. What an event does not say stays as it was, so a validation alone does not blank the training loss.
fn show_metrics(job: &mut Job, new: &StepMetrics) {
    let Some(before) = job.current_metrics.take() else {
        job.current_metrics = Some(new.clone());
        return;
    };
    let merged = StepMetrics {
        timestamp: new.timestamp,
        epoch: new.epoch,
        step: new.step,
        training_loss: new.training_loss.or(before.training_loss),
        validation_loss: new.validation_loss.or(before.validation_loss),
        learning_rate: new.learning_rate,
        gradient_norm: new.gradient_norm.or(before.gradient_norm),
        throughput: new.throughput.or(before.throughput),
        gpu_utilization: new.gpu_utilization.or(before.gpu_utilization),
        memory_bytes: new.memory_bytes.or(before.memory_bytes),
    };
    if before.step != new.step {
        job.previous_metrics = Some(before);
    }
    job.current_metrics = Some(merged);
}

fn set(data: &mut Value, name: &str, value: Option<f64>) {
    if let Some(value) = value {
        data[name] = json!(value);
    }
}

/// Charges what was run since the last time and makes a `cost` event, when enough was added to tell.
fn bill(job: &mut Job, effects: &mut JobEffects, run: &mut RunInfo, estimate: &StoredEstimate, last: bool, now: DateTime<Utc>) {
    let due = if last || run.cost_reported_at <= 0.0 { 0.0 } else { COST_INTERVAL };
    let unreported = run.billed - run.cost_reported_at;
    if unreported <= 0.0 || unreported < due {
        return;
    }
    let before = job.current_cost;
    let added = charge(job, effects, run, estimate, now);
    effects.events.push(cost_event(before + added, estimate, now));
    effects.attempts.push(attempt_record(job, run, job.status));
}

/// Writes down what the present attempt has run since the last time, and takes it from the hold; answers how much that is.
///
/// There is one record an attempt and hour. Each is the difference of two readings of the same price for all seconds of the attempt, so
/// that however often it is charged the records' sum is that price to the micro-dollar, and no second is charged twice.
pub fn charge(job: &mut Job, effects: &mut JobEffects, run: &mut RunInfo, estimate: &StoredEstimate, now: DateTime<Utc>) -> MicroUsd {
    let price = |seconds| estimate.cost_of(seconds).compute.total;
    // Never back to an hour that was charged before: clocks of several workers differ.
    let hour = now.timestamp().div_euclid(3600).max(run.slice.unwrap_or(i64::MIN));
    if run.slice != Some(hour) {
        (run.slice, run.slice_from) = (Some(hour), run.cost_reported_at);
    }
    effects.costs.push(compute_record(job, run, estimate, now));
    let added = price(run.billed) - price(run.cost_reported_at);
    run.cost_reported_at = run.billed;
    job.budget_hold = (job.budget_hold - added).or_zero();
    added
}

/// The record of the present attempt and the hour that is being charged.
pub fn compute_record(job: &Job, run: &RunInfo, estimate: &StoredEstimate, now: DateTime<Utc>) -> CostRecord {
    let price = |seconds| estimate.cost_of(seconds).compute.total;
    let term = estimate.cost_of(run.billed - run.slice_from).compute;
    CostRecord {
        id: CostRecordId::new(now),
        user_id: job.user_id,
        job_id: Some(job.id),
        attempt: job.attempt,
        cost_type: CostType::Compute,
        slice: run.slice.unwrap_or_default(),
        amount: price(run.billed) - price(run.slice_from),
        details: Some(json!({
            "seconds": run.billed - run.slice_from, "hours": term.quantity, "rate": term.rate, "instanceType": job.gpu_config.instance_type,
        })),
        billing_period: day_of(now),
        recorded_at: now,
    }
}

/// A `cost` event.
pub fn cost_event(current: MicroUsd, estimate: &StoredEstimate, at: DateTime<Utc>) -> NewEvent {
    NewEvent::new("cost", json!({"currentCost": current.usd(), "estimatedTotal": estimate.breakdown.total().usd()}), at)
}
