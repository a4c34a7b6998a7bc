//! Errors of the use cases, free of any transport: a kind, a stable code, a message for the outside and, where there is one, the
//! inside cause, which is logged once at the boundary and never shown.

use std::fmt;

/// The result of a use case.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of failure it is. The boundary maps each kind to one status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// Nobody is logged in, or the credentials are not valid.
    Unauthenticated,
    /// Known caller, not allowed to do this at all. Another's id is `NotFound` instead.
    Forbidden,
    /// There is no such thing for this caller.
    NotFound,
    /// The input cannot be accepted as it is.
    Invalid,
    /// The thing is in a state in which this cannot be done.
    Conflict,
    /// The budget does not allow it.
    PaymentRequired,
    /// More bytes than allowed.
    TooLarge,
    /// Too many requests.
    RateLimited,
    /// Something this depends on does not answer now; the same call may succeed later.
    Unavailable,
    /// A fault of ours.
    Internal,
}

/// A failed use case.
#[derive(Debug)]
pub struct Error {
    /// Which kind of failure.
    pub kind: ErrorKind,
    /// Stable upper-case code, such as `DATASET_NOT_FOUND`.
    pub code: &'static str,
    /// What happened, to what, and what to do; safe to show.
    pub message: String,
    /// The request's field at fault, such as `hyperparameters.loraRank`.
    pub field: Option<String>,
    /// Figures that go with the message.
    pub details: Option<serde_json::Value>,
    /// The inside cause; logged, never shown.
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of `kind` with its stable code and outside message.
    pub fn new(kind: ErrorKind, code: &'static str, message: impl Into<String>) -> Self {
        Self { kind, code, message: message.into(), field: None, details: None, source: None }
    }

    /// There is no `what` with this id for this caller; `code` such as `JOB_NOT_FOUND`.
    pub fn not_found(code: &'static str, what: &str) -> Self {
        Self::new(ErrorKind::NotFound, code, format!("There is no such {what}, or it is not yours."))
    }

    /// The input field `field` cannot be accepted.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, "VALIDATION_ERROR", message).with_field(field)
    }

    /// The thing is in a state in which this cannot be done.
    pub fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Conflict, code, message)
    }

    /// Nobody is logged in.
    pub fn unauthenticated() -> Self {
        Self::new(ErrorKind::Unauthenticated, "UNAUTHORIZED", "Authentication required")
    }

    /// A fault of ours with its cause; the outside sees only that it happened.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let mut error = Self::new(
            ErrorKind::Internal,
            "INTERNAL_ERROR",
            "Something went wrong on the server. It has been logged; try again, and report the request id if it stays.",
        );
        error.source = Some(source.into());
        error
    }

    /// Something this depends on does not answer now.
    pub fn unavailable(message: impl Into<String>, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let mut error = Self::new(ErrorKind::Unavailable, "SERVICE_UNAVAILABLE", message);
        error.source = Some(source.into());
        error
    }

    /// Names the request's field at fault.
    #[must_use]
    pub fn with_field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// Adds figures.
    #[must_use]
    pub fn with_details(mut self, details: serde_json::Value) -> Self {
        self.details = Some(details);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|s| &**s as &(dyn std::error::Error + 'static))
    }
}

/// A text that is none of an enumeration's values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{value}' is not a {what}; known values: {}", known.join(", "))]
pub struct UnknownValue {
    /// The enumeration's name.
    pub what: &'static str,
    /// The text that was given.
    pub value: String,
    /// All texts that are known.
    pub known: &'static [&'static str],
}
