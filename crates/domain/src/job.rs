//! Training jobs: states, stages, configuration, presets.

mod config;
mod presets;
mod state;
mod targets;

pub use config::{
    GpuConfig, GradientCheckpointing, Hyperparameters, JobSettings, LIMITS, Limits, OptimizerType, OverlongExamples, Precision, Range,
    Scheduler, TrainingConfig,
};
pub use presets::{PresetId, preset};
pub use state::{CancelReason, JobStage, JobStatus, LogLevel, StageGroup, TransitionError};
pub use targets::{ALL_LINEAR, TARGET_MODULES, TargetModules, module_path};
