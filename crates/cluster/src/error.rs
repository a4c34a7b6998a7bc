//! Errors of a cluster, classified so that the caller can decide on a retry.

use crate::RunHandle;

/// Why a cluster did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// All places are taken; the run is to be submitted again when one is free.
    #[error("all {capacity} places of the cluster are taken")]
    Busy {
        /// Runs at once at most.
        capacity: u32,
    },
    /// Something outside did not work this time; the same call may succeed later.
    #[error("{message}")]
    Transient {
        /// What happened, to what.
        message: String,
        /// Why.
        #[source]
        source: Option<std::io::Error>,
    },
    /// The same call will fail again.
    #[error("{message}")]
    Permanent {
        /// What happened, to what, and what to do.
        message: String,
        /// Why.
        #[source]
        source: Option<std::io::Error>,
    },
    /// The cluster has no such run.
    #[error("the cluster does not know the run {handle}")]
    Unknown {
        /// The handle asked for.
        handle: RunHandle,
    },
}

impl ClusterError {
    /// Whether the same call may succeed later.
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Busy { .. } | Self::Transient { .. })
    }

    pub(crate) fn transient(message: impl Into<String>, source: std::io::Error) -> Self {
        Self::Transient { message: message.into(), source: Some(source) }
    }

    pub(crate) fn permanent(message: impl Into<String>, source: std::io::Error) -> Self {
        Self::Permanent { message: message.into(), source: Some(source) }
    }
}
