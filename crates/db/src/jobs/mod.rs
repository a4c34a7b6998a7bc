//! Training jobs, their attempts, their event log and its projections.

mod attempts;
pub(crate) mod entity;
mod events;
mod lists;
mod record;
mod retention;
mod runs;
mod update;

pub use attempts::{JobAttempt, attempts, billed_seconds};
pub use events::{JobEvent, NewEvent, Projection, events_after, last_user_seqs, user_events_after};
pub(crate) use lists::live;
pub use lists::{
    Course, JobFilter, JobSort, LiveCost, Named, active, by_idempotency_key, counts, courses, ended_between, get, get_named, held_budget,
    in_status, last_event_seqs, list, live_costs, names, owner, queue_positions, rows,
};
pub use record::{Job, StepMetrics};
pub use retention::{ends, forget_checkpoints, ids_of, live_attempts};
pub use runs::{
    Checkpoint, LogFilter, LogLine, MetricsPoint, all_metrics, checkpoints, count_metrics, forget_checkpoint_files, last_logs, logs,
    metrics_after, stored_checkpoints,
};
pub use update::{Budget, JobEffects, acquire_lease, insert, release_lease, renew_lease, update, update_counting, update_within_budget};
