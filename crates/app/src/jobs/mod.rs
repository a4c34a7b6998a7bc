//! Training jobs: estimated, accepted, launched, followed, ended.
//!
//! The event log is the truth of a run; everything else that is shown is a projection of it, made in one place (`ingest`). A job is
//! followed by one worker at a time, under a lease; what a worker leaves undone, another takes up.

mod artifacts;
mod base_model;
pub(crate) mod budget;
mod callback;
mod cancel;
mod checkpoints;
mod create;
mod failure;
mod finish;
mod follow;
mod import;
mod ingest;
mod launch;
mod orphans;
mod pace;
mod parent;
mod queries;
mod queue_plan;
mod resolve;
mod sample;
mod stages;
mod stored;
mod told;
mod types;
mod verify;
mod view;
mod worker;

pub use callback::{SignedCall, grant_checkpoint, report};
pub use cancel::cancel;
pub(crate) use cancel::request_cancel;
pub use checkpoints::list as checkpoints;
pub use create::{create, estimate, retry};
pub(crate) use queries::read_log;
pub use queries::{detail, events, get, last_account_event, list, logs, may_see, metrics, update};
pub(crate) use resolve::base_model as base_model_of;
pub use types::*;
pub use worker::{Worker, run_worker};

pub(crate) use resolve::check_without_dataset;

pub(crate) use queries::find;
