//! What a node of ours says of a job: every event by its number, and how the process ended.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use domain::run::{Exit, TrainerEvent};
use serde::Deserialize;
use serde_json::Value;

use crate::{EventBatch, RunState, Seen};

/// Clocks that differ by less are as good as the same.
const SAME: TimeDelta = TimeDelta::seconds(5);

/// The part of the answer that the platform needs. Fields of later versions are passed over.
#[derive(Debug, Deserialize)]
pub struct Report {
    /// Whether the run goes on, or has more events to hand over.
    pub going_on: bool,
    now: Option<DateTime<Utc>>,
    events: Vec<Value>,
    exit: Option<Exit>,
    #[serde(default)]
    last_lines: Vec<String>,
    #[serde(default)]
    status: String,
}

/// Reads an answer of a node; none where it is somebody else's.
pub fn of(value: &Value) -> Option<Report> {
    (value.get("going_on").is_some() && value.get("events").is_some()).then(|| Report::deserialize(value).ok())?
}

impl Report {
    /// Whether its process has ended, also where events are left to be read.
    pub fn has_ended(&self) -> bool {
        self.exit.is_some() || matches!(self.status.as_str(), "completed" | "failed" | "cancelled")
    }

    /// The events after those seen, in our time.
    pub fn into_batch(self, seen: &Seen, now: DateTime<Utc>, node: &str) -> EventBatch {
        let skew = self.now.map_or(TimeDelta::zero(), |theirs| now - theirs);
        let skew = if skew.abs() < SAME { TimeDelta::zero() } else { skew };
        let all = self.events.len();
        let mut events: Vec<TrainerEvent> = self.events.into_iter().filter_map(|event| serde_json::from_value(event).ok()).collect();
        if events.len() < all {
            tracing::warn!(node, skipped = all - events.len(), "the node sent events that this version does not know; they are skipped");
        }
        events.retain(|event| event.seq > seen.seq);
        events.sort_by_key(|event| event.seq);
        events.dedup_by_key(|event| event.seq);
        for event in &mut events {
            event.at = event.at.checked_add_signed(skew).unwrap_or(now);
        }
        let state = match (self.going_on, self.exit) {
            (true, _) => RunState::Running,
            (false, Some(exit)) => RunState::Ended { exit, last_lines: self.last_lines },
            (false, None) => RunState::Lost { last_lines: self.last_lines },
        };
        EventBatch { events, state, artifact_urls: BTreeMap::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(seq: u64) -> Value {
        json!({"seq": seq, "at": "2020-01-01T00:00:10Z", "elapsedSeconds": 1.0, "type": "log", "level": "info", "message": "m"})
    }

    #[test]
    fn events_come_in_order_once_and_in_our_time() {
        let now: DateTime<Utc> = "2025-01-01T00:01:00Z".parse().expect("a time");
        let answer = json!({
            "going_on": false, "now": "2020-01-01T00:00:20Z", "later": 1, "exit": {"code": 0, "signal": null},
            "events": [event(3), event(2), event(3), event(1), {"seq": 4, "type": "of_a_later_version"}],
        });
        let batch = of(&answer).expect("a node's").into_batch(&Seen::up_to(1), now, "n");
        assert_eq!(batch.events.iter().map(|e| e.seq).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(batch.events[0].at, now - TimeDelta::seconds(10));
        assert!(matches!(batch.state, RunState::Ended { .. }));
        assert!(of(&json!({"status": "running", "progress": 4})).is_none());
    }
}
