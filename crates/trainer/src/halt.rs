//! Why the inner parts of a run end early.

use crate::error::TrainerError;

/// Asked to stop, or failed.
#[derive(Debug)]
pub(crate) enum Halt {
    Stopped,
    Failed(TrainerError),
}

impl From<TrainerError> for Halt {
    fn from(error: TrainerError) -> Self {
        Self::Failed(error)
    }
}
