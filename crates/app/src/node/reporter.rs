//! Reports the events of runs to whoever submitted them, as they come. What is not taken in is asked for by the platform anyway.

use std::sync::Arc;
use std::time::Duration;

use cluster::{Delivered, LocalCluster, Messenger, RunHandle, RunState, Seen, TrainingCluster};
use domain::Clock;
use domain::run::{CallbackBody, RunSpec};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::bounded;

/// Longest wait for the next event.
const WAIT: Duration = Duration::from_secs(20);
/// Pauses after a report that was not taken in: the first, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// Reports in a row that may fail; then the platform is left to ask.
const FAILURES: u32 = 20;
/// Bytes of a report, about.
const MAX_BYTES: usize = 256 * 1024;
/// How long the last reports may take when the node leaves.
const LEAVE: Duration = Duration::from_secs(3);

/// Reports the events of runs.
pub struct Reporter {
    cluster: Arc<LocalCluster>,
    clock: Arc<dyn Clock>,
    messenger: Messenger,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Reporter {
    pub fn new(cluster: Arc<LocalCluster>, clock: Arc<dyn Clock>, messenger: Messenger) -> Self {
        Self { cluster, clock, messenger, tasks: TaskTracker::new(), stop: CancellationToken::new() }
    }

    /// Reports a run to its end, where its specification says to whom.
    pub fn report(&self, handle: RunHandle, spec: RunSpec) {
        if spec.callback.is_none() || self.tasks.is_closed() {
            return;
        }
        let run =
            Run { cluster: Arc::clone(&self.cluster), clock: Arc::clone(&self.clock), messenger: self.messenger.clone(), handle, spec };
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = run.report() => {}
                () = stop.cancelled() => {}
            }
        });
    }

    /// Sends what is left, where that goes quickly.
    pub async fn leave(&self) {
        self.tasks.close();
        let _ = tokio::time::timeout(LEAVE, self.tasks.wait()).await;
        self.stop.cancel();
        self.tasks.wait().await;
    }
}

struct Run {
    cluster: Arc<LocalCluster>,
    clock: Arc<dyn Clock>,
    messenger: Messenger,
    handle: RunHandle,
    spec: RunSpec,
}

impl Run {
    async fn report(&self) {
        let Some(target) = &self.spec.callback else { return };
        let (mut after, mut failures, mut pause) = (0, 0, PAUSES.0);
        while failures < FAILURES {
            let Ok(mut batch) = self.cluster.events(&self.handle, &Seen::up_to(after), WAIT).await else { return };
            let events = bounded(&mut batch, MAX_BYTES);
            if events.is_empty() {
                if batch.state == RunState::Running {
                    continue;
                }
                return;
            }
            let report = CallbackBody { job_id: self.spec.job_id, attempt_id: self.spec.attempt_id, events };
            match self.messenger.deliver(target, &report, self.clock.now()).await {
                Delivered::UpTo(seq) if seq > after => (after, failures, pause) = (seq, 0, PAUSES.0),
                Delivered::Expects(next) if next.saturating_sub(1) != after => after = next.saturating_sub(1),
                Delivered::Unwanted => {
                    if let Err(error) = self.cluster.cancel(&self.handle).await {
                        tracing::warn!(handle = %self.handle, %error, "a run that nobody wants any more could not be stopped");
                    }
                    return;
                }
                Delivered::UpTo(_) | Delivered::Expects(_) | Delivered::Later => {
                    failures += 1;
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(PAUSES.1);
                }
            }
        }
        tracing::warn!(handle = %self.handle, "the platform does not take reports; it is left to ask");
    }
}
