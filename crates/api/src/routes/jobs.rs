//! Training jobs.

pub mod cancel;
pub mod create;
pub mod estimate;
pub mod get;
pub mod list;
pub mod logs;
pub mod metrics;
pub mod retry;
pub mod stream;
pub mod update;
