//! Whether Redis is there.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Whether the last question was answered. The first is yet to be asked: until then it counts as there.
#[derive(Debug, Default)]
pub struct Status(Mutex<Option<String>>);

impl Status {
    /// Notes how a question ended; tells the log when that is news.
    pub fn note<T>(&self, answer: redis::RedisResult<T>) {
        let mut problem = self.lock();
        match (answer, problem.is_some()) {
            (Ok(_), true) => {
                *problem = None;
                tracing::info!("Redis answers again: limits are shared, and other processes' events arrive at once");
            }
            (Err(error), false) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "Redis does not answer: until it does, each process counts limits for itself and finds others' events by asking the database"
                );
                *problem = Some(error.to_string());
            }
            (Err(error), true) => *problem = Some(error.to_string()),
            (Ok(_), false) => {}
        }
    }

    /// Whether it did not answer.
    pub fn is_away(&self) -> bool {
        self.lock().is_some()
    }

    /// Why it did not.
    pub fn problem(&self) -> Option<String> {
        self.lock().clone()
    }

    /// A poisoned lock only means that another task panicked while it held a text.
    fn lock(&self) -> MutexGuard<'_, Option<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
