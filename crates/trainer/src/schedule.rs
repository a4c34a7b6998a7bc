//! Learning rates, as transformers' `get_{linear,cosine,constant}_schedule_with_warmup` (`optimization.py`) have them.

use domain::job::Scheduler;
use std::f64::consts::PI;

/// The learning rate of each optimiser step of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Schedule {
    /// Shape after the warm-up.
    pub kind: Scheduler,
    /// Peak learning rate.
    pub peak: f64,
    /// Steps of the linear warm-up, which begins at zero.
    pub warmup_steps: u64,
    /// Steps of the whole run.
    pub total_steps: u64,
}

impl Schedule {
    /// The rate of step `step`, counted from 0.
    #[expect(clippy::cast_precision_loss, reason = "step counts are far below 2^53")]
    pub fn rate(&self, step: u64) -> f64 {
        let (at, warmup, total) = (step as f64, self.warmup_steps as f64, self.total_steps as f64);
        if step < self.warmup_steps {
            return self.peak * (at / warmup.max(1.0));
        }
        let rest = (total - warmup).max(1.0);
        let factor = match self.kind {
            Scheduler::Constant => 1.0,
            Scheduler::Linear => ((total - at) / rest).max(0.0),
            Scheduler::Cosine => (0.5 * (1.0 + (PI * ((at - warmup) / rest)).cos())).max(0.0),
        };
        self.peak * factor
    }
}
