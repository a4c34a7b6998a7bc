//! Errors of the database, and what they are to a use case.

use sea_orm::{DbErr, SqlErr};

/// The result of a query.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A query or connection that failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address of the database cannot be used.
    #[error("the database address {0}; use sqlite://FILE?mode=rwc or postgres://USER:PASSWORD@HOST/NAME")]
    Address(String),
    /// The database cannot be reached.
    #[error("cannot connect to the database at {address}; check that it exists, is running and may be written")]
    Connect {
        /// Its address, without the password.
        address: String,
        /// The driver's error.
        #[source]
        source: DbErr,
    },
    /// A row with the same unique value is there already.
    #[error("the row is there already ({0}); nothing was written")]
    Duplicate(String),
    /// A row that this one refers to is not there, or is still referred to.
    #[error("the row refers to one that is missing, or is still referred to ({0}); nothing was written")]
    Reference(String),
    /// A stored value cannot be read back, which means that something else wrote it.
    #[error("the stored value of {what} cannot be read: {reason}; repair or remove the row")]
    Corrupt {
        /// Table and column, or type.
        what: &'static str,
        /// Why not.
        reason: String,
    },
    /// Any other error of the database.
    #[error("the database refused or failed a query; nothing was written")]
    Query(#[source] DbErr),
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(text)) => Self::Duplicate(text),
            Some(SqlErr::ForeignKeyConstraintViolation(text)) => Self::Reference(text),
            _ => Self::Query(error),
        }
    }
}

impl Error {
    /// Whether the same query may succeed later without any change.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Connect { .. } => true,
            Self::Query(error) => matches!(error, DbErr::Conn(_) | DbErr::ConnectionAcquire(_)) || is_busy(error),
            _ => false,
        }
    }
}

fn is_busy(error: &DbErr) -> bool {
    let text = error.to_string();
    ["database is locked", "database table is locked", "could not serialize", "deadlock detected"].iter().any(|t| text.contains(t))
}

impl From<Error> for domain::Error {
    fn from(error: Error) -> Self {
        if error.is_transient() {
            return Self::unavailable("The database does not answer now; try again in a moment.", error);
        }
        Self::internal(error)
    }
}
