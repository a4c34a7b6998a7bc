//! Training jobs: estimated, accepted, launched, followed, ended.
//!
//! The event log is the truth of a run; everything else that is shown is a projection of it.

mod types;

pub use types::*;
