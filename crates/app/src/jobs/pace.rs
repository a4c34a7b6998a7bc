//! Throughput that runs measure, for the estimates of later ones.

use db::jobs::{Job, JobEffects};
use db::throughputs::Run;
use domain::run::RunSummary;
use domain::throughput::{MEASURED_STEPS, length_bucket};

use super::stored::{RunInfo, StoredEstimate};

/// Takes the throughput of a step in. After enough of them it is written down, once a job; every step weighs the same.
pub fn measured(job: &Job, effects: &mut JobEffects, run: &mut RunInfo, estimate: &StoredEstimate, tokens_per_second: f64) {
    if run.throughput_kept || !(tokens_per_second.is_finite() && tokens_per_second > 0.0) {
        return;
    }
    run.measured_steps += 1;
    run.seconds_a_token += 1.0 / tokens_per_second;
    if run.measured_steps >= MEASURED_STEPS {
        keep(job, effects, estimate, f64::from(run.measured_steps) / run.seconds_a_token);
        run.throughput_kept = true;
    }
}

/// A run that was too short for that is measured as a whole.
pub fn finished(job: &Job, effects: &mut JobEffects, run: &RunInfo, estimate: &StoredEstimate, summary: &RunSummary) {
    let speed = summary.tokens_per_second.filter(|speed| speed.is_finite() && *speed > 0.0);
    if let Some(speed) = speed.filter(|_| !run.throughput_kept) {
        keep(job, effects, estimate, speed);
    }
}

/// An estimate from before row lengths were kept says nothing about its length, and leaves nothing.
fn keep(job: &Job, effects: &mut JobEffects, estimate: &StoredEstimate, tokens_per_second: f64) {
    effects.throughput = (estimate.row_tokens > 0).then(|| Run {
        base_model: job.base_model.clone(),
        instance_type: job.gpu_config.instance_type.clone(),
        num_gpus: job.gpu_config.num_gpus,
        precision: job.settings.precision,
        length_bucket: length_bucket(estimate.row_tokens),
        tokens_per_second,
    });
}
