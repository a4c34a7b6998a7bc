//! Money over random histories: whatever is launched, killed, stopped, cancelled, retried and completed in whatever order, the records are
//! the truth and everything else is their sum.

use std::collections::BTreeMap;

use app::jobs::JobView;
use chrono::{DateTime, Datelike, Duration, NaiveTime, Utc};
use db::costs::{CostFilter, CostRecord};
use domain::cost::CostType;
use domain::job::{CancelReason, JobStatus};
use domain::run::TrainerEventKind as Kind;
use domain::{Clock, JobId, MicroUsd};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::fake_cluster::ended;
use super::world::{RATE, World, metrics, started};

/// What the test itself knows of a job.
#[derive(Debug, Default)]
struct History {
    id: Option<JobId>,
    /// Seconds that each attempt has reported.
    seconds: BTreeMap<u32, f64>,
    steps: u64,
}

impl History {
    fn id(&self) -> JobId {
        self.id.expect("made")
    }
}

/// The price of an attempt's seconds, by a rule of the test's own.
fn price(seconds: f64) -> MicroUsd {
    MicroUsd::from_usd(seconds / 3600.0 * RATE)
}

struct Play {
    world: World,
    random: StdRng,
    jobs: Vec<History>,
}

impl Play {
    fn chance(&mut self, percent: u32) -> bool {
        self.random.random_range(0..100) < percent
    }

    async fn launch(&mut self) {
        if let Ok(made) = self.world.try_create().await {
            self.jobs.push(History { id: Some(made.job_id), ..History::default() });
        }
    }

    /// Whether the month's budget is used up: then what accrues or is paid for already is stopped.
    async fn used_up(&self) -> bool {
        let user = db::users::get(&self.world.app.db, self.world.caller.user_id).await.expect("read").expect("there");
        let month = |at: DateTime<Utc>| at.date_naive().with_day(1).expect("a first").and_time(NaiveTime::MIN).and_utc();
        let period = month(self.world.clock.now());
        let spent = db::costs::spent_in_month(&self.world.app.db, user.id, period).await.expect("spent");
        user.monthly_budget.is_some_and(|budget| spent >= budget)
    }

    /// Hands over whatever waits, and lets it begin.
    async fn dispatch(&mut self) {
        self.world.clock.advance(Duration::seconds(30));
        self.world.worker.dispatch().await.expect("dispatched");
        for index in 0..self.jobs.len() {
            let view = self.world.view(self.jobs[index].id()).await;
            if view.status != JobStatus::Initializing {
                continue;
            }
            // What has cost something already is stopped where the budget is used up, and perhaps before it is submitted.
            tokio::select! {
                _ = self.world.cluster.submitted(view.id, view.attempt) => {}
                _ = self.world.until(view.id, |v| v.status.is_terminal()) => continue,
            }
            self.world.say(view.id, view.attempt, 0.0, started(None));
            self.world.until(view.id, |v| v.status == JobStatus::Running || v.status.is_terminal()).await;
            self.jobs[index].seconds.insert(view.attempt, 0.0);
        }
    }

    async fn act(&mut self, index: usize) {
        let view = self.world.view(self.jobs[index].id()).await;
        match view.status {
            JobStatus::Running => Box::pin(self.with_running(index, &view)).await,
            JobStatus::Queued if self.chance(20) => self.cancel(&view).await,
            JobStatus::Failed | JobStatus::Cancelled if self.chance(50) => {
                // A budget that is used up refuses it.
                let _ = Box::pin(app::jobs::retry(&self.world.app, &self.world.caller, view.id)).await;
            }
            _ => {}
        }
    }

    async fn cancel(&self, view: &JobView) {
        // It may have come to another end meanwhile.
        let _ = app::jobs::cancel(&self.world.app, &self.world.caller, view.id, None).await;
    }

    async fn with_running(&mut self, index: usize, view: &JobView) {
        let (id, attempt) = (view.id, view.attempt);
        let ran = if self.chance(70) { self.random.random_range(0.0..9000.0) } else { 0.0 };
        self.world.clock.advance(Duration::seconds(self.random.random_range(0..9000)));
        let history = &mut self.jobs[index];
        let seconds = history.seconds.entry(attempt).or_default();
        *seconds += ran;
        let (seconds, step) = (*seconds, history.steps + 1);
        history.steps = step;
        let over = |v: &JobView| v.attempt != attempt || v.status.is_terminal();
        match self.random.random_range(0..10) {
            0 => {
                self.world.say(id, attempt, seconds, Kind::Stopped { step, checkpoint_saved: true });
                self.world.until(id, over).await;
            }
            1 => {
                self.world.say(id, attempt, seconds, metrics(step, 1.0, None));
                self.world.cluster.end(id, attempt, ended(None, Some(9), ""));
                self.world.until(id, over).await;
            }
            2 => {
                let error = Kind::Error { code: "disk_full".into(), message: "No space.".into(), transient: false };
                self.world.say(id, attempt, seconds, error);
                self.world.until(id, over).await;
            }
            3 => {
                self.world.say(id, attempt, seconds, metrics(step, 1.0, None));
                self.cancel(view).await;
            }
            4 => {
                self.world.finish(id, attempt, seconds).await;
                self.world.until(id, over).await;
            }
            _ => {
                self.world.say(id, attempt, seconds, metrics(step, 1.0, None));
                self.world.until(id, |v| over(v) || v.metrics.as_ref().is_some_and(|m| m.step == step)).await;
            }
        }
        let view = self.world.view(id).await;
        if ran > 2.0 && view.status == JobStatus::Running && self.used_up().await {
            let stopped = self.world.until(id, over).await;
            assert_eq!(stopped.cancel_reason, Some(CancelReason::Budget));
        }
    }

    /// Everything that must be true at all times.
    async fn check(&self) {
        let db = &self.world.app.db;
        let all = db::costs::list(db, &CostFilter { user_id: Some(self.world.caller.user_id), ..CostFilter::default() }).await;
        let all = all.expect("records");
        let sum = |wanted: &dyn Fn(&&CostRecord) -> bool| -> MicroUsd { all.iter().filter(wanted).map(|r| r.amount).sum() };
        assert!(all.iter().all(|record| record.amount >= MicroUsd::ZERO), "nothing costs less than nothing: {all:#?}");
        let mut held = MicroUsd::ZERO;
        for history in &self.jobs {
            let row = db::jobs::get(db, history.id()).await.expect("read").expect("there");
            let of_job = sum(&|r| r.job_id == Some(row.id));
            assert_eq!(row.current_cost, of_job, "a job costs the sum of its records");
            assert!(row.budget_hold >= MicroUsd::ZERO);
            if row.status.is_terminal() {
                assert_eq!((row.final_cost, row.budget_hold), (Some(of_job), MicroUsd::ZERO), "{row:#?}");
                let receipt = app::jobs::detail(&self.world.app, &self.world.caller, row.id).await.expect("detail").receipt.expect("ended");
                assert_eq!(receipt.total, of_job);
                let compute: MicroUsd = history.seconds.values().map(|s| price(*s)).sum();
                assert_eq!(receipt.compute, compute, "every second of every attempt once: {:?}", history.seconds);
                let seconds: f64 = history.seconds.values().sum();
                assert!((receipt.seconds - seconds).abs() < 1e-6, "{} is not {seconds}", receipt.seconds);
            }
            held += row.budget_hold;
        }
        assert_eq!(db::jobs::held_budget(db, self.world.caller.user_id).await.expect("held"), held);
        let month = |at: DateTime<Utc>| at.date_naive().with_day(1).expect("a first").and_time(NaiveTime::MIN).and_utc();
        let months: std::collections::BTreeSet<_> = all.iter().map(|r| month(r.billing_period)).collect();
        for start in months {
            let spent = db::costs::spent_in_month(db, self.world.caller.user_id, start).await.expect("spent");
            assert_eq!(spent, sum(&|r| month(r.billing_period) == start), "a month costs the sum of its records");
        }
        for record in &all {
            let day = record.recorded_at.date_naive().and_time(NaiveTime::MIN).and_utc();
            assert_eq!(record.billing_period, day, "billed in the day in which it is recorded");
        }
        for record in all.iter().filter(|r| r.cost_type == CostType::Compute) {
            assert_eq!(record.slice, record.recorded_at.timestamp() / 3600, "an hour's cost is recorded in it");
        }
        let report = app::costs::list(&self.world.app, &self.world.caller, app::costs::CostQuery::default()).await.expect("report");
        assert_eq!(report.sums.total(), sum(&|_| true));
    }
}

// The steps lie on the heap: one inside the other, unoptimised, they are more than a test's stack holds.
async fn play(world: World, seed: u64) {
    let mut play = Play { world, random: StdRng::seed_from_u64(seed), jobs: Vec::new() };
    Box::pin(play.launch()).await;
    for _ in 0..30 {
        match play.random.random_range(0..10) {
            0 | 1 => Box::pin(play.launch()).await,
            2 | 3 => Box::pin(play.dispatch()).await,
            4 => {
                let budget = (!play.chance(40)).then(|| MicroUsd(play.random.random_range(1_000_000..40_000_000)));
                let set = |user: &mut db::users::User| user.monthly_budget = budget;
                db::users::update(&play.world.app.db, play.world.caller.user_id, set).await.expect("set");
            }
            _ if play.jobs.is_empty() => {}
            _ => {
                let index = play.random.random_range(0..play.jobs.len());
                Box::pin(play.act(index)).await;
            }
        }
        Box::pin(play.check()).await;
    }
    // In the end nothing is held, and nothing more is paid.
    for index in 0..play.jobs.len() {
        let view = play.world.view(play.jobs[index].id()).await;
        if view.can_cancel {
            Box::pin(play.cancel(&view)).await;
        }
    }
    Box::pin(play.check()).await;
    assert_eq!(db::jobs::held_budget(&play.world.app.db, play.world.caller.user_id).await.expect("held"), MicroUsd::ZERO);
    let now = play.world.clock.now();
    assert!(play.jobs.iter().any(|history| !history.seconds.is_empty()), "seed {seed} played nothing until {now}");
}

#[tokio::test]
async fn records_are_the_truth_over_random_histories() {
    for seed in 0..5 {
        for database in testkit::databases() {
            eprintln!("seed {seed} on {}", database.kind);
            let limits = domain::account::TierLimits { concurrent_jobs: 100, ..domain::account::TierLimits::default() };
            Box::pin(play(World::patient(database, limits).await, seed)).await;
        }
    }
}
