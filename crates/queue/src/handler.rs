//! What does the work.

use crate::task::Task;
use tokio_util::sync::CancellationToken;

/// Around one try of a task.
#[derive(Debug, Clone)]
pub struct TaskContext {
    /// This try, from 1.
    pub attempt: u32,
    /// Tries at most.
    pub max_attempts: u32,
    /// Cancelled when the worker stops: end soon with [`TaskError::Interrupted`], or finish within the grace period.
    pub stop: CancellationToken,
}

/// Why a try did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// It may succeed later: it is tried again, after a pause that doubles.
    #[error(transparent)]
    Transient(Box<dyn std::error::Error + Send + Sync>),
    /// It will never succeed: it is given up at once.
    #[error(transparent)]
    Permanent(Box<dyn std::error::Error + Send + Sync>),
    /// The worker stops: it is tried again, and this try does not count.
    #[error("the worker stopped before the task was done")]
    Interrupted,
}

impl TaskError {
    /// It may succeed later.
    pub fn transient(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Transient(source.into())
    }

    /// It will never succeed.
    pub fn permanent(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Permanent(source.into())
    }

    /// The error and its causes in one line, as the row keeps it.
    pub(crate) fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}

/// What cannot be reached now may be reached later; everything else is final.
impl From<db::Error> for TaskError {
    fn from(error: db::Error) -> Self {
        if error.is_transient() { Self::transient(error) } else { Self::permanent(error) }
    }
}

/// What cannot be reached now may be reached later; everything else is final.
impl From<domain::Error> for TaskError {
    fn from(error: domain::Error) -> Self {
        if error.kind == domain::ErrorKind::Unavailable { Self::transient(error) } else { Self::permanent(error) }
    }
}

/// Does the work.
#[async_trait::async_trait]
pub trait TaskHandler: Send + Sync {
    /// Does one task. It is dropped at its next await when the task is no longer this worker's.
    ///
    /// # Errors
    /// Whether it may succeed later.
    async fn handle(&self, task: Task, context: TaskContext) -> Result<(), TaskError>;

    /// Told once a task is given up, so that what waits for it learns of it. At least once, as the work itself.
    ///
    /// # Errors
    /// Then it is told again later.
    async fn gave_up(&self, task: Task, error: &TaskError) -> Result<(), TaskError>;
}
