//! The base model's weights, fetched from the hub where they are not here yet. Nothing is billed until the run has them.

use std::str::FromStr;
use std::time::{Duration, Instant};

use domain::job::{JobStage, LogLevel, StageGroup};
use domain::run::RunSpec;
use hub::{HubError, Progress, Repo, Snapshot, Watcher};
use trainer::{Emitter, StopFlag, TrainerError};

use crate::config::ModelOptions;

/// Time between two reports.
const EVERY: Duration = Duration::from_secs(1);
/// Bytes of a megabyte, as shown.
const MEGABYTE: u64 = 1_000_000;

/// Sees to it that the weights are here. Nothing to do for a model that is a folder.
///
/// # Errors
/// Those of the hub; [`HubError::Stopped`] when the run is asked to stop.
pub async fn fetch(models: &ModelOptions, spec: &RunSpec, emitter: &mut Emitter<'_>, stop: &StopFlag) -> anyhow::Result<()> {
    let Some(repo) = &spec.base_model.repo else { return Ok(()) };
    let hub = models.hub()?;
    let repo = Repo::from_str(repo)?;
    let snapshot = Snapshot { repo, commit: spec.base_model.revision.clone(), folder: spec.base_model.path.clone() };
    let mut reporter = Reporter { emitter, stop, last: None, failed: None };
    let fetched = hub.weights(&snapshot, &mut reporter).await;
    if let Some(error) = reporter.failed {
        return Err(error.into());
    }
    Ok(fetched?)
}

/// Tells how far it is as the stage's message.
struct Reporter<'r, 'e> {
    emitter: &'r mut Emitter<'e>,
    stop: &'r StopFlag,
    last: Option<Instant>,
    failed: Option<TrainerError>,
}

impl Reporter<'_, '_> {
    fn keep(&mut self, told: Result<(), TrainerError>) {
        if let Err(error) = told {
            self.failed.get_or_insert(error);
        }
    }
}

impl Watcher for Reporter<'_, '_> {
    fn progress(&mut self, progress: &Progress) {
        let is_due = self.last.is_none_or(|last| last.elapsed() >= EVERY) || progress.done == progress.total;
        if !is_due || self.failed.is_some() {
            return;
        }
        self.last = Some(Instant::now());
        let megabytes = |bytes: u64| bytes.div_ceil(MEGABYTE);
        let message = format!("Downloading the base model: {} of {} MB", megabytes(progress.done), megabytes(progress.total));
        let told = self.emitter.stage(JobStage::Initializing, StageGroup::ModelLoading, message);
        self.keep(told);
    }

    fn setback(&mut self, message: &str) {
        let told = self.emitter.log(LogLevel::Warning, message);
        self.keep(told);
    }

    fn must_stop(&mut self) -> bool {
        self.stop.is_set() || self.failed.is_some()
    }
}

/// Whether the run was asked to stop while it fetched.
pub fn was_stopped(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref::<HubError>(), Some(HubError::Stopped))
}
