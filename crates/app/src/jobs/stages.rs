//! When each of the page's four stages began and ended, kept with the job.

use chrono::{DateTime, Utc};
use domain::job::{JobStatus, StageGroup};
use serde::{Deserialize, Serialize};

use super::types::{StageState, StageView};

/// One stage of the present attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StageTiming {
    /// Which.
    pub group: StageGroup,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// What it is doing, or did last.
    pub message: String,
}

/// Begins a stage, which ends the one before. A stage that comes again goes on.
pub fn enter(stages: &mut Vec<StageTiming>, group: StageGroup, at: DateTime<Utc>, message: &str) {
    for other in stages.iter_mut().filter(|s| s.group != group) {
        other.ended_at.get_or_insert(at);
    }
    match stages.iter_mut().find(|s| s.group == group) {
        Some(stage) => {
            stage.ended_at = None;
            message.clone_into(&mut stage.message);
        }
        None => stages.push(StageTiming { group, started_at: at, ended_at: None, message: message.to_owned() }),
    }
}

/// Ends whatever stage goes on.
pub fn end(stages: &mut [StageTiming], at: DateTime<Utc>) {
    for stage in stages {
        stage.ended_at.get_or_insert(at);
    }
}

/// All four stages as shown.
pub fn views(stages: &[StageTiming], status: JobStatus, now: DateTime<Utc>) -> Vec<StageView> {
    let last = stages.last().map(|s| s.group);
    let stopped = matches!(status, JobStatus::Failed | JobStatus::Cancelled);
    let view = |&group: &StageGroup| {
        let Some(stage) = stages.iter().find(|s| s.group == group) else {
            return StageView { group, state: StageState::Pending, started_at: None, ended_at: None, seconds: None, message: None };
        };
        let state = match stage.ended_at {
            Some(_) if stopped && last == Some(group) => StageState::Stopped,
            Some(_) => StageState::Completed,
            None => StageState::Active,
        };
        let span = stage.ended_at.unwrap_or(now) - stage.started_at;
        StageView {
            group,
            state,
            started_at: Some(stage.started_at),
            ended_at: stage.ended_at,
            seconds: span.to_std().ok().map(|s| s.as_secs_f64()),
            message: Some(stage.message.clone()),
        }
    };
    StageGroup::ALL.iter().map(view).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Duration;

    #[test]
    fn a_stage_ends_when_the_next_begins_and_freezes_where_the_job_stopped() {
        let at = |s| DateTime::UNIX_EPOCH + Duration::seconds(s);
        let mut stages = Vec::new();
        enter(&mut stages, StageGroup::Preprocessing, at(0), "reading");
        enter(&mut stages, StageGroup::Preprocessing, at(1), "tokenising");
        enter(&mut stages, StageGroup::Training, at(5), "epoch 1");
        let running = views(&stages, JobStatus::Running, at(9));
        let states: Vec<StageState> = running.iter().map(|v| v.state).collect();
        assert_eq!(states, [StageState::Completed, StageState::Pending, StageState::Active, StageState::Pending]);
        assert_eq!((running[0].seconds, running[2].seconds, running[0].message.as_deref()), (Some(5.0), Some(4.0), Some("tokenising")));
        end(&mut stages, at(10));
        let failed = views(&stages, JobStatus::Failed, at(99));
        assert_eq!((failed[2].state, failed[2].seconds, failed[0].state), (StageState::Stopped, Some(5.0), StageState::Completed));
        assert_eq!(views(&stages, JobStatus::Completed, at(99))[2].state, StageState::Completed);
    }
}
