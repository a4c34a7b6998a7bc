//! Waiting for a job's events, many clients at one job without a query for each.
//!
//! Whoever appends events in this process calls [`Hub::notify`], which wakes the waiting clients at once. For events that another process
//! appended, one of a job's clients looks into the database each second on behalf of all of them.

use crate::App;
use domain::{JobId, Result};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// How often the database is asked for what other processes appended.
const POLL: Duration = Duration::from_secs(1);

/// Wakes those who wait for a job's events. One per process.
#[derive(Debug, Default)]
pub struct Hub {
    jobs: Mutex<HashMap<JobId, Arc<Topic>>>,
}

/// What the clients of one job share.
#[derive(Debug)]
struct Topic {
    /// Changes whenever there may be something new.
    generation: watch::Sender<u64>,
    polled: Mutex<Polled>,
}

#[derive(Debug, Clone, Copy)]
struct Polled {
    at: Instant,
    last_event_seq: u64,
}

impl Hub {
    /// Says that events of this job were appended and committed. Cheap, and free where nobody waits.
    pub fn notify(&self, job: JobId) {
        if let Some(topic) = lock(&self.jobs).get(&job) {
            topic.announce();
        }
    }

    /// Begins to wait for the events of a job after number `seen`. Begin before reading what is there already, so that nothing falls
    /// between.
    pub fn subscribe(&self, job: JobId, seen: u64) -> Subscription {
        let mut jobs = lock(&self.jobs);
        jobs.retain(|_, topic| topic.generation.receiver_count() > 0);
        let topic = jobs.entry(job).or_insert_with(|| {
            let polled = Mutex::new(Polled { at: Instant::now(), last_event_seq: seen });
            Arc::new(Topic { generation: watch::Sender::new(0), polled })
        });
        Subscription { job, generation: topic.generation.subscribe(), topic: topic.clone() }
    }

    /// Jobs that somebody waits for, and how many wait.
    pub fn waiting(&self) -> (usize, usize) {
        let jobs = lock(&self.jobs);
        let receivers = jobs.values().map(|topic| topic.generation.receiver_count());
        receivers.filter(|count| *count > 0).fold((0, 0), |(jobs, all), count| (jobs + 1, all + count))
    }
}

impl Topic {
    fn announce(&self) {
        self.generation.send_modify(|generation| *generation = generation.wrapping_add(1));
    }

    /// Whether this client is the one to look now; the others wait for what it finds.
    fn is_due(&self, now: Instant) -> bool {
        let mut polled = lock(&self.polled);
        let due = now.duration_since(polled.at) >= POLL;
        if due {
            polled.at = now;
        }
        due
    }

    fn found(&self, last_event_seq: u64) {
        let newer = {
            let mut polled = lock(&self.polled);
            let newer = last_event_seq != polled.last_event_seq;
            polled.last_event_seq = last_event_seq;
            newer
        };
        if newer {
            self.announce();
        }
    }
}

/// A client that waits.
#[derive(Debug)]
pub struct Subscription {
    job: JobId,
    generation: watch::Receiver<u64>,
    topic: Arc<Topic>,
}

impl Subscription {
    /// Returns when there may be events that were not read yet. Safe to drop and call again: nothing is lost.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn changed(&mut self, app: &App) -> Result<()> {
        loop {
            tokio::select! {
                changed = self.generation.changed() => if changed.is_ok() { return Ok(()) },
                () = tokio::time::sleep(POLL) => {}
            }
            if self.topic.is_due(Instant::now()) {
                let job = db::jobs::get(&app.db, self.job).await?;
                self.topic.found(job.map_or(0, |job| job.last_event_seq));
            }
        }
    }
}

/// A poisoned lock only means that another task panicked while it held plain numbers.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
