//! Costs: what was recorded, by time, and the month against the budget.

use crate::{App, accounts};
use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, Utc};
use db::costs::{CostFilter, CostRecord};
use domain::cost::CostType;
use domain::{Caller, Error, JobId, MicroUsd, Result, Role, UserId};
use std::collections::BTreeMap;

/// Length of a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Grouping {
    /// A day.
    #[default]
    Day,
    /// A week, from Monday.
    Week,
    /// A calendar month.
    Month,
}

/// Which costs to list. Days are in UTC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CostQuery {
    /// First day.
    pub start: Option<NaiveDate>,
    /// Last day, included.
    pub end: Option<NaiveDate>,
    /// Length of a row.
    pub group_by: Grouping,
    /// Only this job.
    pub job_id: Option<JobId>,
}

/// Costs by what they are for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CostSums {
    /// GPU time.
    pub compute: MicroUsd,
    /// Storage.
    pub storage: MicroUsd,
    /// Transfer.
    pub data_transfer: MicroUsd,
    /// Paid calls.
    pub api_calls: MicroUsd,
}

impl CostSums {
    /// All together.
    pub fn total(&self) -> MicroUsd {
        self.compute + self.storage + self.data_transfer + self.api_calls
    }

    fn add(&mut self, record: &CostRecord) {
        *match record.cost_type {
            CostType::Compute => &mut self.compute,
            CostType::Storage => &mut self.storage,
            CostType::DataTransfer => &mut self.data_transfer,
            CostType::ApiCalls => &mut self.api_calls,
        } += record.amount;
    }
}

/// A job and what it cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpensiveJob {
    /// Job.
    pub id: JobId,
    /// Its name.
    pub name: String,
    /// Cost.
    pub cost: MicroUsd,
}

/// Costs by time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostReport {
    /// First day and sums of each row, oldest first; rows without any cost are left out.
    pub rows: Vec<(NaiveDate, CostSums)>,
    /// Sum of all.
    pub total: MicroUsd,
    /// Mean over the jobs that cost something.
    pub average_job_cost: MicroUsd,
    /// The job that cost most.
    pub most_expensive: Option<ExpensiveJob>,
}

/// Costs by time: the caller's own, everybody's for who may read all costs.
///
/// # Errors
/// When the last day is before the first, or the job is not there for the caller.
pub async fn list(app: &App, caller: &Caller, query: CostQuery) -> Result<CostReport> {
    if let (Some(start), Some(end)) = (query.start, query.end)
        && end < start
    {
        return Err(Error::invalid("endDate", format!("endDate {end} is before startDate {start}.")));
    }
    let filter = CostFilter {
        user_id: visible_owner(app, caller, query.job_id).await?,
        job_id: query.job_id,
        from: query.start.map(midnight),
        until: query.end.and_then(|end| end.checked_add_days(Days::new(1))).map(midnight),
    };
    let records = db::costs::list(&app.db, &filter).await?;
    let mut rows = BTreeMap::<NaiveDate, CostSums>::new();
    let mut jobs = BTreeMap::<JobId, MicroUsd>::new();
    for record in &records {
        rows.entry(first_day(record.recorded_at.date_naive(), query.group_by)).or_default().add(record);
        if let Some(job) = record.job_id {
            *jobs.entry(job).or_default() += record.amount;
        }
    }
    jobs.retain(|_, cost| cost.0 > 0);
    let of_jobs: MicroUsd = jobs.values().copied().sum();
    let number = i64::try_from(jobs.len()).unwrap_or(i64::MAX).max(1);
    Ok(CostReport {
        rows: rows.into_iter().collect(),
        total: records.iter().map(|record| record.amount).sum(),
        average_job_cost: MicroUsd(of_jobs.0 / number),
        most_expensive: most_expensive(app, &jobs).await?,
    })
}

/// Whose costs are listed; none means everybody's.
async fn visible_owner(app: &App, caller: &Caller, job: Option<JobId>) -> Result<Option<UserId>> {
    let reads_all = matches!(caller.role, Role::Admin | Role::BillingAdmin);
    if let Some(id) = job {
        let found = db::jobs::get(&app.db, id).await?.filter(|job| caller.may_read_costs_of(job.user_id));
        return found.map(|job| Some(job.user_id)).ok_or_else(|| Error::not_found("JOB_NOT_FOUND", "training job"));
    }
    Ok((!reads_all).then_some(caller.user_id))
}

async fn most_expensive(app: &App, jobs: &BTreeMap<JobId, MicroUsd>) -> Result<Option<ExpensiveJob>> {
    let Some((&id, &cost)) = jobs.iter().max_by_key(|(_, cost)| **cost) else { return Ok(None) };
    let name = db::jobs::get(&app.db, id).await?.map_or_else(|| id.to_string(), |job| job.name);
    Ok(Some(ExpensiveJob { id, name, cost }))
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

fn first_day(day: NaiveDate, grouping: Grouping) -> NaiveDate {
    match grouping {
        Grouping::Day => day,
        Grouping::Week => day.checked_sub_days(Days::new(day.weekday().num_days_from_monday().into())).unwrap_or(day),
        Grouping::Month => day.with_day(1).unwrap_or(day),
    }
}

/// A threshold of the budget that was passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetAlert {
    /// Whether the budget is used up.
    pub critical: bool,
    /// What was passed.
    pub message: String,
    /// Percent of the budget.
    pub threshold: u32,
}

/// The month so far, in UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthView {
    /// By what it was for.
    pub spent: CostSums,
    /// Held for jobs that have not ended.
    pub held: MicroUsd,
    /// The budget; none means unlimited.
    pub budget: Option<MicroUsd>,
    /// Whole days after today.
    pub days_remaining: u32,
    /// What the month will cost at its pace so far.
    pub projected: MicroUsd,
    /// Spent in the whole month before.
    pub previous_month: MicroUsd,
    /// Thresholds passed, the highest first.
    pub alerts: Vec<BudgetAlert>,
}

/// Percents of the budget at which to warn.
const THRESHOLDS: [u32; 3] = [100, 95, 80];

/// The caller's month so far, against the caller's budget.
///
/// # Errors
/// When the database does not answer.
pub async fn summary(app: &App, caller: &Caller) -> Result<MonthView> {
    let account = accounts::account(app, caller).await?;
    let now = app.clock.now();
    let month = first_day(now.date_naive(), Grouping::Month);
    let before = month.checked_sub_months(Months::new(1)).unwrap_or(month);
    let mine = |from, until| CostFilter { user_id: Some(caller.user_id), job_id: None, from: Some(midnight(from)), until };
    let records = db::costs::list(&app.db, &mine(month, None)).await?;
    let mut spent = CostSums::default();
    records.iter().for_each(|record| spent.add(record));
    let budget = account.monthly_budget.or(app.limits(account.tier).monthly_budget);
    let days = i64::from(month.num_days_in_month());
    let today = i64::from(now.day());
    Ok(MonthView {
        held: db::jobs::held_budget(&app.db, caller.user_id).await?,
        budget,
        days_remaining: u32::try_from(days - today).unwrap_or(0),
        projected: projected(spent.total(), month, now, days),
        previous_month: db::costs::sum(&app.db, &mine(before, Some(midnight(month)))).await?,
        alerts: budget.map(|budget| alerts(spent.total(), budget)).unwrap_or_default(),
        spent,
    })
}

/// At the pace so far. The first day counts as a whole one, so that a month does not begin with a fantastic figure.
fn projected(spent: MicroUsd, month: NaiveDate, now: DateTime<Utc>, days: i64) -> MicroUsd {
    const DAY: i64 = 86_400;
    let elapsed = (now - midnight(month)).num_seconds().max(DAY);
    let whole = i128::from(spent.0) * i128::from(days * DAY) / i128::from(elapsed);
    MicroUsd(i64::try_from(whole).unwrap_or(i64::MAX)).max(spent)
}

fn alerts(spent: MicroUsd, budget: MicroUsd) -> Vec<BudgetAlert> {
    let passed = |threshold: &u32| i128::from(spent.0) * 100 >= i128::from(budget.0) * i128::from(*threshold);
    let alert = |threshold: u32| BudgetAlert {
        critical: threshold >= 95,
        message: match threshold {
            100 => "The monthly budget is used up: no job can be launched until it is raised or the month ends.".to_owned(),
            _ => format!("More than {threshold} % of the monthly budget is spent."),
        },
        threshold,
    };
    THRESHOLDS.iter().copied().filter(passed).map(alert).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    #[test]
    fn rows_begin_on_mondays_and_on_the_first() {
        assert_eq!(first_day(day("2026-11-25"), Grouping::Week), day("2026-11-23"));
        assert_eq!(first_day(day("2026-11-23"), Grouping::Week), day("2026-11-23"));
        assert_eq!(first_day(day("2026-11-25"), Grouping::Month), day("2026-11-01"));
        assert_eq!(first_day(day("2026-11-25"), Grouping::Day), day("2026-11-25"));
    }

    #[test]
    fn a_month_is_projected_at_its_pace() {
        let now = midnight(day("2026-11-16"));
        assert_eq!(projected(MicroUsd(1_000_000), day("2026-11-01"), now, 30), MicroUsd(2_000_000));
        let first = midnight(day("2026-11-01"));
        assert_eq!(projected(MicroUsd(1_000_000), day("2026-11-01"), first, 30), MicroUsd(30_000_000));
    }

    #[test]
    fn every_threshold_that_was_passed_is_named() {
        let at = |micros| alerts(MicroUsd(micros), MicroUsd(100)).iter().map(|alert| alert.threshold).collect::<Vec<_>>();
        assert_eq!(at(79), Vec::<u32>::new());
        assert_eq!(at(80), vec![80]);
        assert_eq!(at(100), vec![100, 95, 80]);
    }
}
