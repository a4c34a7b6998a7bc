//! What can go wrong while a data set is read. Trouble with its content is a finding, not an error, wherever the caller takes findings.

use domain::dataset::Finding;
use std::io;

/// Reading a data set failed.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// The bytes could not be read. The same call may succeed later.
    #[error("the data set could not be read at byte {offset}; check that its file is still there and try again")]
    Io {
        /// How far reading came.
        offset: u64,
        /// The failure itself.
        #[source]
        source: io::Error,
    },
    /// The new file could not be written.
    #[error("the new file could not be written after {offset} bytes")]
    Write {
        /// How far writing came.
        offset: u64,
        /// The failure itself.
        #[source]
        source: io::Error,
    },
    /// The stream ended before the size that was announced. The same call may succeed later.
    #[error("the data set's stream ended after {read} of {expected} bytes; read it again, or upload it again if that does not help")]
    ShortRead {
        /// Bytes announced.
        expected: u64,
        /// Bytes that came.
        read: u64,
    },
    /// The caller asked to stop.
    #[error("reading the data set was stopped on request")]
    Cancelled,
    /// The file as a whole cannot be used, so there are no (more) examples. Only [`crate::ExampleReader`] answers so; validation
    /// reports the same finding instead.
    #[error("{}", describe(.0))]
    Unusable(Box<Finding>),
}

/// One line for people: where, what, what to do.
pub(crate) fn describe(finding: &Finding) -> String {
    let place = match (finding.line, finding.column) {
        (Some(line), Some(column)) => format!("Line {line}, column {column}: "),
        (Some(line), None) => format!("Line {line}: "),
        _ => String::new(),
    };
    format!("{place}{} {}", finding.message, finding.fix)
}
