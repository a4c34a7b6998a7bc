//! How fast a run goes: throughput, time left, and when to report progress.

use crate::event::seconds_between;
use chrono::{DateTime, Utc};

/// Seconds between two progress events at most.
const PROGRESS_SECONDS: f64 = 1.0;

/// Times of this attempt.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    steps: u64,
    step_seconds: f64,
    tokens: u64,
    validation_seconds: Option<f64>,
    reported_at: Option<DateTime<Utc>>,
    reported_percent: Option<u64>,
}

impl Pace {
    /// An optimiser step that took `seconds` for `tokens` without padding.
    pub fn step(&mut self, seconds: f64, tokens: u64) {
        self.steps += 1;
        self.step_seconds += seconds;
        self.tokens += tokens;
    }

    /// A whole validation.
    pub fn validation(&mut self, seconds: f64) {
        self.validation_seconds = Some(seconds);
    }

    /// Tokens a second over all steps.
    #[expect(clippy::cast_precision_loss, reason = "token counts are far below 2^53")]
    pub fn tokens_per_second(&self) -> Option<f64> {
        (self.step_seconds > 0.0).then(|| self.tokens as f64 / self.step_seconds)
    }

    /// Seconds left for `steps` and `validations`; none before the second step.
    #[expect(clippy::cast_precision_loss, reason = "step counts are far below 2^53")]
    pub fn remaining(&self, steps: u64, validations: u32) -> Option<f64> {
        let a_step = (self.steps >= 2).then(|| self.step_seconds / self.steps as f64)?;
        Some(a_step * steps as f64 + self.validation_seconds.unwrap_or(0.0) * f64::from(validations))
    }

    /// Whether a second, or a percent of all steps, has passed since progress was last due.
    pub fn progress_is_due(&mut self, now: DateTime<Utc>, step: u64, total_steps: u64) -> bool {
        let percent = step * 100 / total_steps.max(1);
        let due = self.reported_percent != Some(percent) || self.reported_at.is_none_or(|at| seconds_between(at, now) >= PROGRESS_SECONDS);
        if due {
            (self.reported_at, self.reported_percent) = (Some(now), Some(percent));
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_left_counts_steps_and_validations() {
        let mut pace = Pace::default();
        pace.step(2.0, 100);
        assert_eq!(pace.remaining(10, 1), None);
        pace.step(4.0, 200);
        pace.validation(5.0);
        assert_eq!((pace.remaining(10, 2), pace.tokens_per_second()), (Some(40.0), Some(50.0)));
    }

    #[test]
    fn progress_is_due_each_second_or_percent() {
        let (mut pace, start) = (Pace::default(), DateTime::UNIX_EPOCH);
        let after = |ms| start + chrono::Duration::milliseconds(ms);
        assert!(pace.progress_is_due(after(0), 1, 1000));
        assert!(!pace.progress_is_due(after(10), 2, 1000));
        assert!(pace.progress_is_due(after(20), 10, 1000));
        assert!(!pace.progress_is_due(after(1019), 11, 1000));
        assert!(pace.progress_is_due(after(1020), 12, 1000));
    }
}
