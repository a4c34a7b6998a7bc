//! The job state machine: a total function over states.

use crate::text_enum::text_enum;

text_enum! {
    /// Where a job is in its life.
    JobStatus {
        /// Accepted; waits for a worker or for its turn.
        Queued = "queued",
        /// Submitted to a cluster; nothing is billed yet.
        Initializing = "initializing",
        /// The trainer reports that it runs: billed from here.
        Running = "running",
        /// Artifacts verified and stored.
        Completed = "completed",
        /// Ended with an error; may be retried.
        Failed = "failed",
        /// Ended on request or by the budget; may be retried.
        Cancelled = "cancelled",
    }
}

text_enum! {
    /// What a job is doing.
    JobStage {
        /// Waiting.
        Queued = "queued",
        /// Data set fetched, tokenised; base model loaded.
        Initializing = "initializing",
        /// Optimiser steps.
        Training = "training",
        /// Validation loss.
        Validating = "validating",
        /// Adapter written, uploaded and verified.
        Saving = "saving",
        /// Done.
        Completed = "completed",
    }
}

text_enum! {
    /// The page's four stages.
    StageGroup {
        /// Data set fetched and tokenised.
        Preprocessing = "preprocessing",
        /// Base model loaded.
        ModelLoading = "model_loading",
        /// Training, with the validations between epochs.
        Training = "training",
        /// Last validation, saving, verification.
        Finalization = "finalization",
    }
}

text_enum! {
    /// Level of a log line.
    LogLevel {
        /// For information.
        Info = "info",
        /// Something was counted out, cut or replaced.
        Warning = "warning",
        /// Something failed.
        Error = "error",
    }
}

text_enum! {
    /// Why a job was cancelled.
    CancelReason {
        /// Costs more than wanted.
        CostConcern = "cost_concern",
        /// Metrics are not good.
        PoorPerformance = "poor_performance",
        /// Launched with the wrong configuration.
        WrongConfig = "wrong_config",
        /// Not needed any more.
        NoLongerNeeded = "no_longer_needed",
        /// The budget is used up; set by the platform.
        Budget = "budget",
        /// The job ran for as long as its maximum duration allows; set by the platform.
        MaxDuration = "max_duration",
        /// Anything else.
        Other = "other",
    }
}

/// A change of state that the state machine does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a job cannot go from {from} to {to}")]
pub struct TransitionError {
    /// The present state.
    pub from: JobStatus,
    /// The state asked for.
    pub to: JobStatus,
}

impl JobStatus {
    /// Whether this state never changes within an attempt.
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }

    /// Whether a cancel is accepted in this state.
    pub const fn can_cancel(self) -> bool {
        !self.is_terminal()
    }

    /// Whether a new attempt may be made.
    pub const fn can_retry(self) -> bool {
        matches!(self, Self::Failed | Self::Cancelled)
    }

    /// The states that may follow within an attempt. Going back to `queued` is what a lost submission or a transient failure does,
    /// always with a new attempt number.
    pub const fn may_become(self, to: Self) -> bool {
        use JobStatus::{Cancelled, Completed, Failed, Initializing, Queued, Running};
        matches!(
            (self, to),
            (Queued, Initializing | Failed | Cancelled)
                | (Initializing, Running | Queued | Failed | Cancelled)
                | (Running, Completed | Queued | Failed | Cancelled)
                | (Failed | Cancelled, Queued)
        )
    }

    /// Checks a change of state.
    ///
    /// # Errors
    /// When the state machine does not know it.
    pub const fn become_checked(self, to: Self) -> Result<Self, TransitionError> {
        if self.may_become(to) { Ok(to) } else { Err(TransitionError { from: self, to }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn completed_never_changes_and_live_states_can_be_cancelled() {
        for &to in JobStatus::ALL {
            assert!(!JobStatus::Completed.may_become(to));
        }
        for &from in JobStatus::ALL {
            assert_eq!(from.can_cancel(), from.may_become(JobStatus::Cancelled));
            assert!(!from.may_become(from));
        }
        assert!(JobStatus::Running.become_checked(JobStatus::Completed).is_ok());
        assert!(JobStatus::Queued.become_checked(JobStatus::Running).is_err());
    }
}
