//! Training jobs.

pub mod callback;
pub mod callback_checkpoint;
pub mod cancel;
pub mod checkpoints;
pub mod create;
pub mod download_logs;
pub mod estimate;
pub mod example;
pub mod get;
pub mod list;
pub mod logs;
pub mod metrics;
pub mod retry;
pub mod stream;
pub mod stream_all;
pub mod update;
