//! Events of a run: numbering, time stamps, and the flag that asks a run to stop.

use crate::error::TrainerError;
use chrono::{DateTime, Utc};
use domain::Clock;
use domain::job::{JobStage, LogLevel, StageGroup};
use domain::run::{TrainerEvent, TrainerEventKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Where events go. The program prints each as one JSON line; tests collect them.
pub trait EventSink: Send {
    /// Takes one event.
    ///
    /// # Errors
    /// [`TrainerError::Sink`] when nobody takes events any more; the run then ends with that error.
    fn emit(&mut self, event: TrainerEvent) -> Result<(), TrainerError>;
}

/// Numbers the events of one attempt from 1, stamps them, and hands them to a sink.
///
/// The caller of [`crate::run`] makes it, may report its own work before and after (`stage`, `log`, `complete`, `error`), and passes it in.
pub struct Emitter<'a> {
    sink: &'a mut dyn EventSink,
    clock: &'a dyn Clock,
    seq: u64,
    started_at: Option<DateTime<Utc>>,
}

impl<'a> Emitter<'a> {
    /// An emitter whose next event has number 1.
    pub fn new(sink: &'a mut dyn EventSink, clock: &'a dyn Clock) -> Self {
        Self { sink, clock, seq: 0, started_at: None }
    }

    /// Stamps an event and hands it over. `started` sets the zero of `elapsed_seconds`.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn emit(&mut self, kind: TrainerEventKind) -> Result<(), TrainerError> {
        let at = self.clock.now();
        if matches!(kind, TrainerEventKind::Started { .. }) {
            self.started_at = Some(at);
        }
        self.seq += 1;
        let elapsed_seconds = self.started_at.map_or(0.0, |start| seconds_between(start, at));
        self.sink.emit(TrainerEvent { seq: self.seq, at, elapsed_seconds, kind })
    }

    /// A line for the log.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn log(&mut self, level: LogLevel, message: impl Into<String>) -> Result<(), TrainerError> {
        self.emit(TrainerEventKind::Log { level, message: message.into() })
    }

    /// The beginning of a stage.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn stage(&mut self, stage: JobStage, group: StageGroup, message: impl Into<String>) -> Result<(), TrainerError> {
        self.emit(TrainerEventKind::Stage { stage, group, message: message.into() })
    }

    /// The event for an error that ended the run.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn error(&mut self, error: &TrainerError) -> Result<(), TrainerError> {
        self.emit(TrainerEventKind::Error { code: error.code().to_owned(), message: error.full_message(), transient: error.transient() })
    }

    /// The current instant.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Seconds since `started`; zero before.
    pub fn elapsed_seconds(&self) -> f64 {
        self.started_at.map_or(0.0, |start| seconds_between(start, self.clock.now()))
    }
}

/// Seconds from `start` to `end`, never negative.
#[expect(clippy::cast_precision_loss, reason = "durations are far below 2^53 microseconds")]
pub(crate) fn seconds_between(start: DateTime<Utc>, end: DateTime<Utc>) -> f64 {
    let micros = (end - start).num_microseconds().unwrap_or(i64::MAX);
    (micros as f64 / 1e6).max(0.0)
}

/// Asks a run to save a checkpoint and stop. Clones share one flag, so a signal handler can hold one.
#[derive(Debug, Clone, Default)]
pub struct StopFlag(Arc<AtomicBool>);

impl StopFlag {
    /// A flag that is not set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets it. Cannot be taken back.
    pub fn stop(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether it is set.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    struct Hand(Mutex<DateTime<Utc>>);

    impl Clock for Hand {
        fn now(&self) -> DateTime<Utc> {
            let mut now = self.0.lock().expect("lock");
            *now += chrono::Duration::milliseconds(500);
            *now
        }
    }

    struct Collect(Vec<TrainerEvent>);

    impl EventSink for Collect {
        fn emit(&mut self, event: TrainerEvent) -> Result<(), TrainerError> {
            self.0.push(event);
            Ok(())
        }
    }

    #[test]
    fn events_are_numbered_and_billed_from_started() {
        let (mut sink, clock) = (Collect(Vec::new()), Hand(Mutex::new(DateTime::UNIX_EPOCH)));
        let mut emitter = Emitter::new(&mut sink, &clock);
        emitter.log(LogLevel::Info, "before").expect("taken");
        let started = TrainerEventKind::Started { version: "1".into(), device: "cpu".into(), threads: 1, resumed_from_step: None };
        emitter.emit(started).expect("taken");
        emitter.log(LogLevel::Info, "after").expect("taken");
        let seen: Vec<_> = sink.0.iter().map(|e| (e.seq, e.elapsed_seconds)).collect();
        assert_eq!(seen, [(1, 0.0), (2, 0.0), (3, 0.5)]);
    }
}
