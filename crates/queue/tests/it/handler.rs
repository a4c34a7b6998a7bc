//! A handler that does as it is told and reports what it is asked.

use db::Db;
use domain::DatasetId;
use queue::{Queue, Settings, Task, TaskContext, TaskError, TaskHandler, WorkerOptions, run_worker};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use testkit::ManualClock;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// What to do with the next try of a task.
pub enum Answer {
    Done,
    Transient,
    Permanent,
    Panic,
    /// Never end.
    Hang,
    /// End when asked to stop.
    UntilStopped,
}

/// What a worker did, in order.
#[derive(Debug, PartialEq, Eq)]
pub enum Report {
    Tried(u128, u32),
    GaveUp(u128, String),
    Dropped(u128),
}

/// A task that is told apart by a number.
pub fn task(number: u128) -> Task {
    Task::ValidateDataset { dataset_id: DatasetId(Uuid::from_u128(number)) }
}

fn number(task: Task) -> u128 {
    match task {
        Task::ValidateDataset { dataset_id } => dataset_id.uuid().as_u128(),
        _ => 0,
    }
}

struct Script {
    /// By number, then by try; what is not said is done.
    answers: Mutex<Vec<(u128, VecDeque<Answer>)>>,
    /// How often telling of a given up task fails.
    deaf: Mutex<u32>,
    reports: UnboundedSender<Report>,
}

/// Reports that a try was dropped before its end.
struct Watch(u128, UnboundedSender<Report>);

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.1.send(Report::Dropped(self.0));
    }
}

#[async_trait::async_trait]
impl TaskHandler for Script {
    async fn handle(&self, task: Task, context: TaskContext) -> Result<(), TaskError> {
        let number = number(task);
        let answer = {
            let mut answers = self.answers.lock().expect("not poisoned");
            answers.iter_mut().find(|(n, _)| *n == number).and_then(|(_, tries)| tries.pop_front())
        };
        self.reports.send(Report::Tried(number, context.attempt)).expect("the test listens");
        let _watch = match answer {
            None | Some(Answer::Done) => return Ok(()),
            Some(Answer::Transient) => return Err(TaskError::transient("busy")),
            Some(Answer::Permanent) => return Err(TaskError::permanent("broken")),
            Some(Answer::Panic) => panic!("a bug"),
            Some(Answer::UntilStopped) => {
                context.stop.cancelled().await;
                return Err(TaskError::Interrupted);
            }
            Some(Answer::Hang) => Watch(number, self.reports.clone()),
        };
        std::future::pending().await
    }

    async fn gave_up(&self, task: Task, error: &TaskError) -> Result<(), TaskError> {
        self.reports.send(Report::GaveUp(number(task), error.to_string())).expect("the test listens");
        let mut deaf = self.deaf.lock().expect("not poisoned");
        if *deaf > 0 {
            *deaf -= 1;
            return Err(TaskError::transient("nobody listens"));
        }
        Ok(())
    }
}

/// A queue whose time stands still, with workers that report.
pub struct World {
    pub db: Db,
    pub queue: Queue,
    pub clock: Arc<ManualClock>,
    script: Arc<Script>,
    reports: UnboundedReceiver<Report>,
}

impl World {
    pub fn new(db: Db, settings: Settings) -> Self {
        let clock = Arc::new(ManualClock::default());
        let queue = Queue::new(&db).with_clock(clock.clone()).with_settings(settings);
        let (sender, reports) = unbounded_channel();
        let script = Script { answers: Mutex::default(), deaf: Mutex::new(0), reports: sender };
        Self { db, queue, clock, script: Arc::new(script), reports }
    }

    pub fn answer(&self, number: u128, tries: impl IntoIterator<Item = Answer>) {
        self.script.answers.lock().expect("not poisoned").push((number, tries.into_iter().collect()));
    }

    pub fn be_deaf(&self, times: u32) {
        *self.script.deaf.lock().expect("not poisoned") = times;
    }

    /// Starts a worker. Aborting it is what a kill is: nothing of it is settled.
    pub fn start(&self, options: WorkerOptions) -> (JoinHandle<()>, CancellationToken) {
        let stop = CancellationToken::new();
        (tokio::spawn(run_worker(self.queue.clone(), self.script.clone(), options, stop.clone())), stop)
    }

    pub async fn push(&self, number: u128) {
        assert!(self.queue.push(&task(number)).await.expect("push"), "it does not wait yet");
    }

    pub fn advance(&self, by: Duration) {
        self.clock.advance(chrono::Duration::from_std(by).expect("small"));
        self.queue.wake();
    }

    pub async fn report(&mut self) -> Report {
        let next = tokio::time::timeout(Duration::from_secs(60), self.reports.recv()).await;
        next.expect("a report within a minute").expect("the handler lives")
    }

    /// Has the worker, which does one task at a time, do another one. What it did before is settled then, and nothing else was due.
    pub async fn barrier(&mut self, number: u128) {
        self.push(number).await;
        assert_eq!(self.report().await, Report::Tried(number, 1));
    }
}
