//! Training jobs: states, stages, configuration, presets.

mod config;
mod presets;
mod state;

pub use config::{
    GpuConfig, Hyperparameters, JobSettings, LIMITS, Limits, OptimizerType, OverlongExamples, Range, Scheduler, TARGET_MODULES,
    TrainingConfig, default_target_modules,
};
pub use presets::{PresetId, preset};
pub use state::{CancelReason, JobStage, JobStatus, LogLevel, StageGroup, TransitionError};
