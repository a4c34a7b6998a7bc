//! What a job row keeps as JSON: the estimate that was accepted, and what the present run is like.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Utc};
use db::jobs::Job;
use domain::MicroUsd;
use domain::cost::CostBreakdown;
use domain::run::TrainerEvent;
use serde::{Deserialize, Serialize};

use super::resolve::Resolved;
use super::stages::StageTiming;

/// The estimate at launch. Rates are kept, so that a later change of the catalogue leaves a job's price alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredEstimate {
    /// Terms of the most likely cost.
    pub breakdown: CostBreakdown,
    /// Lower end of the cost.
    pub cost_min: MicroUsd,
    /// Upper end of the cost.
    pub cost_max: MicroUsd,
    /// Most likely duration.
    pub seconds: f64,
    /// Lower end of the duration.
    pub seconds_min: f64,
    /// Upper end of the duration.
    pub seconds_max: f64,
    /// Throughput assumed.
    pub tokens_per_second: f64,
    /// Whether earlier runs measured it.
    pub measured: bool,
    /// Optimiser steps.
    pub total_steps: u64,
    /// Tokens of a row of a batch, in the mean; zero in estimates that were made before it was kept.
    #[serde(default)]
    pub row_tokens: u64,
    /// Rate of one device, an hour.
    pub rate_per_hour: MicroUsd,
    /// Devices.
    pub num_gpus: u32,
    /// Bytes of the data set.
    pub dataset_bytes: u64,
}

impl StoredEstimate {
    /// From what was resolved.
    pub fn new(resolved: &Resolved) -> Self {
        let e = &resolved.estimate;
        Self {
            breakdown: e.cost,
            cost_min: e.cost_min,
            cost_max: e.cost_max,
            seconds: e.seconds,
            seconds_min: e.seconds_min,
            seconds_max: e.seconds_max,
            tokens_per_second: e.throughput.tokens_per_second,
            measured: e.throughput.measured,
            total_steps: e.total_steps,
            row_tokens: e.row_tokens,
            rate_per_hour: resolved.rate,
            num_gpus: resolved.gpu.num_gpus,
            dataset_bytes: resolved.dataset.file_size,
        }
    }

    /// The estimate of a job.
    ///
    /// # Errors
    /// When the row was written by something else.
    pub fn of(job: &Job) -> Result<Self, serde_json::Error> {
        Self::deserialize(&job.estimate)
    }

    /// The cost of this many seconds, by the rule of the estimate.
    pub fn cost_of(&self, seconds: f64) -> CostBreakdown {
        CostBreakdown::new(seconds, self.num_gpus, self.rate_per_hour, self.dataset_bytes)
    }

    /// Rate of all devices together, an hour.
    pub fn hourly_rate(&self) -> MicroUsd {
        MicroUsd(self.rate_per_hour.0.saturating_mul(i64::from(self.num_gpus)))
    }
}

/// What the present run is like.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RunInfo {
    /// The page's stages, of this attempt.
    pub stages: Vec<StageTiming>,
    /// Version of the program that trains.
    pub trainer_version: Option<String>,
    /// What it trains on, such as `cpu`.
    pub device: Option<String>,
    /// When this attempt's trainer reported that it runs.
    pub started_at: Option<DateTime<Utc>>,
    /// Step of the checkpoint that this attempt went on from.
    pub resumed_from_step: Option<u64>,
    /// Steps of this attempt that told their throughput.
    pub measured_steps: u32,
    /// Seconds a token of those steps, added up.
    pub seconds_a_token: f64,
    /// Whether the throughput of this job was written down for later estimates.
    pub throughput_kept: bool,
    /// Step of the newest checkpoint that this attempt wrote.
    pub checkpoint_step: Option<u64>,
    /// Billed seconds of earlier attempts.
    pub billed_before: f64,
    /// Billed seconds of this attempt.
    pub billed: f64,
    /// Billed seconds of this attempt at the last `cost` event.
    pub cost_reported_at: f64,
    /// The hour that is being charged, in hours since 1970.
    pub slice: Option<i64>,
    /// Billed seconds of this attempt at which that hour began.
    pub slice_from: f64,
    /// Place in the queue as last told.
    pub queue_position: Option<u64>,
    /// When it is expected to start, as last told.
    pub expected_start_at: Option<DateTime<Utc>>,
    /// Its owner was told that it has been waiting for long.
    pub long_wait_told: bool,
    /// How the run said that it ended, until the attempt is ended accordingly.
    pub last_word: Option<TrainerEvent>,
}

impl RunInfo {
    /// Of a job; what cannot be read is as if it were not there.
    pub fn of(job: &Job) -> Self {
        job.run_info.as_ref().and_then(|value| Self::deserialize(value).ok()).unwrap_or_default()
    }

    /// Writes it back.
    pub fn store(&self, job: &mut Job) {
        job.run_info = serde_json::to_value(self).ok();
    }

    /// Billed seconds of all attempts.
    pub fn billed_seconds(&self) -> f64 {
        self.billed_before + self.billed
    }

    /// That of the next attempt.
    pub fn next_attempt(&self) -> Self {
        Self { billed_before: self.billed_seconds(), throughput_kept: self.throughput_kept, ..Self::default() }
    }
}

/// First instant of the month that `at` is in.
pub fn month_of(at: DateTime<Utc>) -> DateTime<Utc> {
    let first = NaiveDate::from_ymd_opt(at.year(), at.month(), 1).and_then(|d| d.and_hms_opt(0, 0, 0));
    first.map_or(at, |d| d.and_utc())
}

/// The first instant of the day, UTC.
pub fn day_of(at: DateTime<Utc>) -> DateTime<Utc> {
    at.date_naive().and_time(NaiveTime::MIN).and_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_begins_at_its_first_midnight() {
        let at: DateTime<Utc> = "2024-02-29T23:59:59.5Z".parse().expect("a time");
        assert_eq!(month_of(at), "2024-02-01T00:00:00Z".parse::<DateTime<Utc>>().expect("a time"));
        assert_eq!(month_of(day_of(at)), month_of(at));
        assert_eq!((day_of(at).time(), day_of(at).date_naive()), (NaiveTime::MIN, at.date_naive()));
    }

    #[test]
    fn the_next_attempt_keeps_only_what_was_billed() {
        let run = RunInfo { billed_before: 2.0, billed: 3.0, resumed_from_step: Some(7), ..RunInfo::default() };
        assert_eq!(run.next_attempt(), RunInfo { billed_before: 5.0, ..RunInfo::default() });
    }
}
