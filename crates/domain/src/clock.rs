//! Time as a parameter.

use chrono::{DateTime, SubsecRound, Utc};

/// Where the program gets the time from. The system's clock in production, one that is advanced by hand in tests.
pub trait Clock: Send + Sync {
    /// The current instant.
    fn now(&self) -> DateTime<Utc>;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        // What databases keep, so that an instant reads the same before and after it was stored.
        Utc::now().trunc_subsecs(6)
    }
}
