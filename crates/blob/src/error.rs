//! Errors of a store.

use std::io;

/// The result of an operation on a store.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An operation on a store that failed. Nothing half written is left behind.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such object.
    #[error("there is no object {0}")]
    NotFound(String),
    /// More bytes came than allowed.
    #[error("the content is larger than the {limit} bytes allowed for it; nothing was stored")]
    TooLarge {
        /// Bytes allowed.
        limit: u64,
    },
    /// Fewer bytes came than announced.
    #[error("the content ended after {received} of {expected} bytes; nothing was stored, send it again")]
    TooShort {
        /// Bytes announced.
        expected: u64,
        /// Bytes that came.
        received: u64,
    },
    /// The part asked for lies outside of the object.
    #[error("the object has {size} bytes, and the range asked for begins after them")]
    Range {
        /// Bytes of the object.
        size: u64,
    },
    /// The disk or quota is full.
    #[error("there is no space left where objects are stored; free some and try again")]
    NoSpace(#[source] io::Error),
    /// The content could not be read to its end: mostly a client that went away.
    #[error("the content broke off; nothing was stored, send it again")]
    Content(#[source] io::Error),
    /// The store does not answer, or answers with a failure of its own.
    #[error("the object storage does not answer ({what})")]
    Unreachable {
        /// Key or bucket.
        what: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A setting does not fit what is there.
    #[error("{0}; check the settings of the object storage")]
    Setting(String),
    /// The store failed.
    #[error("the store could not {action} {what}")]
    Store {
        /// Such as `write`.
        action: &'static str,
        /// Key or folder.
        what: String,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl Error {
    pub(crate) fn store(action: &'static str, what: impl Into<String>, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::NoSpace(source),
            _ => Self::Store { action, what: what.into(), source },
        }
    }

    /// Whether the same call may succeed later without any change.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::NoSpace(_) | Self::Store { .. } | Self::Unreachable { .. })
    }
}

impl From<Error> for domain::Error {
    fn from(error: Error) -> Self {
        use domain::ErrorKind;
        match &error {
            Error::NotFound(_) => Self::new(ErrorKind::NotFound, "OBJECT_NOT_FOUND", "There is no such file."),
            Error::TooLarge { .. } => Self::new(ErrorKind::TooLarge, "FILE_TOO_LARGE", error.to_string()),
            Error::TooShort { .. } | Error::Content(_) => Self::new(ErrorKind::Invalid, "UPLOAD_INCOMPLETE", error.to_string()),
            Error::Range { .. } => Self::new(ErrorKind::Invalid, "RANGE_NOT_SATISFIABLE", error.to_string()),
            Error::NoSpace(_) => Self::unavailable("There is no space left on the server; free some and try again.", error),
            Error::Unreachable { .. } => Self::unavailable("The file storage does not answer; try again in a moment.", error),
            Error::Store { .. } | Error::Setting(_) => Self::internal(error),
        }
    }
}
