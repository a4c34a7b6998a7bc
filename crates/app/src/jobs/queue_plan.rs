//! When waiting jobs are expected to start: played forward from the ends that running jobs are expected to have.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use chrono::{DateTime, Duration, Utc};
use db::jobs::Job;
use domain::job::JobStatus;
use domain::{Result, UserId};

use super::stored::{RunInfo, StoredEstimate};
use crate::App;

/// Waiting jobs whose place and start are worked out; those behind them wait for long anyway.
pub const TOLD_PLACES: usize = 50;

/// Longest time that is reckoned with for one job.
const LONGEST: f64 = 30.0 * 86_400.0;

/// A job that has a place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Placed {
    /// Whose.
    pub user_id: UserId,
    /// When it is expected to end.
    pub ends_at: DateTime<Utc>,
}

/// A job that waits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Waits {
    /// Whose.
    pub user_id: UserId,
    /// It is not started before.
    pub due: DateTime<Utc>,
    /// How long it is expected to run.
    pub duration: Duration,
}

/// What is known of a job that has a place.
pub fn placed(job: &Job, now: DateTime<Utc>) -> Placed {
    // The trainer's own figure, else what the estimate has left.
    let ends_at = job.estimated_completion_at.filter(|at| *at > now).unwrap_or_else(|| {
        let billed = RunInfo::of(job).billed;
        now + span(StoredEstimate::of(job).map_or(0.0, |estimate| estimate.seconds - billed))
    });
    Placed { user_id: job.user_id, ends_at }
}

/// What is known of a job that waits.
pub fn waits(job: &Job) -> Waits {
    let left = 1.0 - job.progress.clamp(0.0, 100.0) / 100.0;
    let duration = span(StoredEstimate::of(job).map_or(0.0, |estimate| estimate.seconds * left));
    Waits { user_id: job.user_id, due: job.queued_at, duration }
}

fn span(seconds: f64) -> Duration {
    std::time::Duration::try_from_secs_f64(seconds.clamp(0.0, LONGEST)).ok().and_then(|d| Duration::from_std(d).ok()).unwrap_or_default()
}

/// When each waiting job, in order, is expected to start, as the dispatcher will do it: first come, first served; a job whose owner has
/// as many as allowed lets others pass. None where there is never a place for it.
pub fn expected_starts(
    now: DateTime<Utc>,
    capacity: Option<u32>,
    limits: &HashMap<UserId, u32>,
    placed: &[Placed],
    waiting: &[Waits],
) -> Vec<Option<DateTime<Utc>>> {
    let mut busy: Vec<Placed> = placed.iter().map(|p| Placed { ends_at: p.ends_at.max(now), ..*p }).collect();
    let mut starts = vec![None; waiting.len()];
    let mut at = now;
    loop {
        for (job, start) in waiting.iter().zip(&mut starts).filter(|(_, start)| start.is_none()) {
            let room = capacity.is_none_or(|capacity| busy.len() < capacity as usize);
            let mine = busy.iter().filter(|p| p.user_id == job.user_id).count();
            let allowed = limits.get(&job.user_id).is_none_or(|limit| mine < *limit as usize);
            if room && allowed && job.due <= at {
                *start = Some(at);
                busy.push(Placed { user_id: job.user_id, ends_at: at + job.duration });
            }
        }
        // The next moment at which something can change.
        let ends = busy.iter().map(|p| p.ends_at);
        let dues = waiting.iter().zip(&starts).filter(|(job, start)| start.is_none() && job.due > at).map(|(job, _)| job.due);
        let open = starts.iter().any(Option::is_none);
        let Some(next) = ends.chain(dues).min().filter(|_| open) else { return starts };
        at = at.max(next);
        busy.retain(|p| p.ends_at > at);
    }
}

/// How many jobs of an account may run at a time.
pub async fn concurrent_jobs(app: &App, user_id: UserId) -> Result<u32> {
    let user = db::users::get(&app.db, user_id).await?;
    Ok(user.map_or(0, |user| app.limits(user.tier).concurrent_jobs.max(1)))
}

/// When a job that has just been queued is expected to start, as things stand: the dispatcher goes on from there and tells every change.
/// None where it does not wait, or nobody can say.
pub async fn expected_start(app: &App, job: &Job) -> Result<Option<DateTime<Utc>>> {
    if job.status != JobStatus::Queued {
        return Ok(None);
    }
    let now = app.clock.now();
    let (waiting, running): (Vec<Job>, Vec<Job>) =
        db::jobs::active(&app.db).await?.into_iter().partition(|other| other.status == JobStatus::Queued);
    let waiting: Vec<&Job> = waiting.iter().filter(|other| other.cancel_requested_at.is_none()).take(TOLD_PLACES).collect();
    let Some(at) = waiting.iter().position(|other| other.id == job.id) else { return Ok(None) };
    let mut limits = HashMap::new();
    for other in &waiting[..=at] {
        if let Entry::Vacant(unknown) = limits.entry(other.user_id) {
            unknown.insert(concurrent_jobs(app, other.user_id).await?);
        }
    }
    let placed: Vec<Placed> = running.iter().map(|other| placed(other, now)).collect();
    let waits: Vec<Waits> = waiting[..=at].iter().map(|other| waits(other)).collect();
    let capacity = app.cluster.health().await.capacity;
    Ok(expected_starts(now, capacity, &limits, &placed, &waits).pop().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn user(n: u128) -> UserId {
        UserId(Uuid::from_u128(n))
    }

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::minutes(minutes)
    }

    fn job(owner: u128, minutes: i64) -> Waits {
        Waits { user_id: user(owner), due: at(0), duration: Duration::minutes(minutes) }
    }

    fn starts(capacity: Option<u32>, limit: u32, placed: &[(u128, i64)], waiting: &[Waits]) -> Vec<Option<i64>> {
        let limits = (0..9).map(|n| (user(n), limit)).collect();
        let placed: Vec<_> = placed.iter().map(|(n, end)| Placed { user_id: user(*n), ends_at: at(*end) }).collect();
        let found = expected_starts(at(0), capacity, &limits, &placed, waiting);
        found.into_iter().map(|start| start.map(|start| (start - at(0)).num_minutes())).collect()
    }

    #[test]
    fn places_are_given_in_order_as_they_become_free() {
        let waiting = [job(1, 10), job(2, 20), job(3, 5)];
        assert_eq!(starts(Some(1), 9, &[(0, 7)], &waiting), [Some(7), Some(17), Some(37)]);
        assert_eq!(starts(Some(2), 9, &[(0, 7), (0, 9)], &waiting), [Some(7), Some(9), Some(17)]);
        assert_eq!(starts(None, 9, &[(0, 7)], &waiting), [Some(0), Some(0), Some(0)]);
        assert_eq!(starts(Some(0), 9, &[], &waiting), [None, None, None]);
    }

    #[test]
    fn who_has_as_many_as_allowed_lets_others_pass() {
        let waiting = [job(1, 10), job(1, 10), job(2, 10)];
        assert_eq!(starts(Some(2), 1, &[], &waiting), [Some(0), Some(10), Some(0)]);
        assert_eq!(starts(Some(4), 1, &[(1, 3)], &waiting), [Some(3), Some(13), Some(0)]);
    }

    #[test]
    fn a_job_is_not_started_before_it_is_due_and_an_overdue_end_is_now() {
        let late = Waits { due: at(30), ..job(1, 10) };
        assert_eq!(starts(Some(1), 9, &[(0, -5)], &[late, job(2, 10)]), [Some(30), Some(0)]);
    }
}
