//! Costs: what was recorded, by time, and the month against the budget.

mod calendar;
mod export;
mod month;

pub use calendar::{Day, Grouping, Zone};
pub use export::{Export, export};
pub use month::{BudgetAlert, MonthView, summary};

use crate::App;
use chrono::{Datelike, Days, NaiveDate};
use db::costs::{CostFilter, CostRecord, Place};
use domain::cost::CostType;
use domain::{Caller, Error, ErrorKind, JobId, MicroUsd, Result, Role, UserId};
use std::collections::BTreeMap;

/// Records read at a time.
const BATCH: u64 = 2000;
/// Accounts that are told apart.
pub const MOST_ACCOUNTS: usize = 100;
/// Years that a day may be in; both databases know them.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=9998;

/// Whose costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The caller's own.
    Mine,
    /// Everybody's.
    All,
}

/// Which costs to list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CostQuery {
    /// First day.
    pub start: Option<Day>,
    /// Last day, included.
    pub end: Option<Day>,
    /// Length of a row.
    pub group_by: Grouping,
    /// Whose days these are; none means those of the time zone that the caller has set.
    pub zone: Option<Zone>,
    /// Only this job.
    pub job_id: Option<JobId>,
    /// Only of this account.
    pub user_id: Option<UserId>,
    /// Whose; none means everybody's for who may read all costs, and the caller's own for others.
    pub scope: Option<Scope>,
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
    /// From sums by type.
    fn of(sums: &BTreeMap<CostType, MicroUsd>) -> Self {
        let mut all = Self::default();
        sums.iter().for_each(|(kind, amount)| all.add(*kind, *amount));
        all
    }

    /// All together.
    pub fn total(&self) -> MicroUsd {
        self.compute + self.storage + self.data_transfer + self.api_calls
    }

    fn add(&mut self, kind: CostType, amount: MicroUsd) {
        *match kind {
            CostType::Compute => &mut self.compute,
            CostType::Storage => &mut self.storage,
            CostType::DataTransfer => &mut self.data_transfer,
            CostType::ApiCalls => &mut self.api_calls,
        } += amount;
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
    /// Over all rows, by what it was for.
    pub sums: CostSums,
    /// Mean over the jobs that cost something.
    pub average_job_cost: MicroUsd,
    /// The job that cost most.
    pub most_expensive: Option<ExpensiveJob>,
    /// Whose costs these are, where they are everybody's: those that cost most first, at most [`MOST_ACCOUNTS`].
    pub accounts: Option<Vec<AccountCost>>,
}

/// An account and what it cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountCost {
    /// Account.
    pub id: UserId,
    /// Its name.
    pub name: String,
    /// Its e-mail address.
    pub email: String,
    /// Cost.
    pub cost: MicroUsd,
}

/// Costs by time: the caller's own, everybody's for who may read all costs.
///
/// # Errors
/// When the last day is before the first, the job or the account is not there for the caller, or the caller may not read everybody's.
pub async fn list(app: &App, caller: &Caller, query: CostQuery) -> Result<CostReport> {
    let zone = zone_of(app, caller, &query).await?;
    let filter = filter_of(app, caller, &query, zone).await?;
    let mut rows = BTreeMap::<NaiveDate, CostSums>::new();
    let mut jobs = BTreeMap::<JobId, MicroUsd>::new();
    let mut accounts = BTreeMap::<UserId, MicroUsd>::new();
    let mut place: Option<Place> = None;
    loop {
        let records = db::costs::after(&app.db, &filter, place, BATCH).await?;
        for record in &records {
            add_up(record, query.group_by.first_day(zone.day_of(record.recorded_at)), &mut rows, &mut jobs);
            *accounts.entry(record.user_id).or_default() += record.amount;
        }
        place = records.last().map(|last| (last.recorded_at, last.id));
        if (records.len() as u64) < BATCH {
            break;
        }
    }
    jobs.retain(|_, cost| cost.0 > 0);
    let of_jobs: MicroUsd = jobs.values().copied().sum();
    let number = i64::try_from(jobs.len()).unwrap_or(i64::MAX).max(1);
    let mut sums = CostSums::default();
    for row in rows.values() {
        for (kind, amount) in [
            (CostType::Compute, row.compute),
            (CostType::Storage, row.storage),
            (CostType::DataTransfer, row.data_transfer),
            (CostType::ApiCalls, row.api_calls),
        ] {
            sums.add(kind, amount);
        }
    }
    Ok(CostReport {
        rows: rows.into_iter().collect(),
        sums,
        average_job_cost: MicroUsd(of_jobs.0 / number),
        most_expensive: most_expensive(app, &jobs).await?,
        accounts: match filter.user_id {
            None => Some(by_account(app, accounts).await?),
            Some(_) => None,
        },
    })
}

fn add_up(record: &CostRecord, row: NaiveDate, rows: &mut BTreeMap<NaiveDate, CostSums>, jobs: &mut BTreeMap<JobId, MicroUsd>) {
    rows.entry(row).or_default().add(record.cost_type, record.amount);
    if let Some(job) = record.job_id {
        *jobs.entry(job).or_default() += record.amount;
    }
}

/// The time zone of a query's days.
async fn zone_of(app: &App, caller: &Caller, query: &CostQuery) -> Result<Zone> {
    match query.zone {
        Some(zone) => Ok(zone),
        None => Ok(Zone::of(&db::settings::get(&app.db, caller.user_id).await?)),
    }
}

/// The records that are asked for, where the caller may read them.
async fn filter_of(app: &App, caller: &Caller, query: &CostQuery, zone: Zone) -> Result<CostFilter> {
    let (start, end) = (query.start.map(|day| day.within(zone)), query.end.map(|day| day.within(zone)));
    for (field, day) in [("startDate", start), ("endDate", end)] {
        if day.is_some_and(|day| !YEARS.contains(&day.year())) {
            return Err(Error::invalid(field, format!("The year of {field} must be between {} and {}.", YEARS.start(), YEARS.end())));
        }
    }
    if let (Some(start), Some(end)) = (start, end)
        && end < start
    {
        return Err(Error::invalid("endDate", format!("endDate {end} is before startDate {start}.")));
    }
    Ok(CostFilter {
        user_id: visible_owner(app, caller, query).await?,
        job_id: query.job_id,
        from: start.map(|day| zone.start_of(day)),
        until: end.and_then(|end| end.checked_add_days(Days::new(1))).map(|day| zone.start_of(day)),
    })
}

/// Whose costs are listed; none means everybody's.
async fn visible_owner(app: &App, caller: &Caller, query: &CostQuery) -> Result<Option<UserId>> {
    let reads_all = matches!(caller.role, Role::Admin | Role::BillingAdmin);
    if query.scope == Some(Scope::All) && !reads_all {
        let message = "Only administrators and billing administrators may read everybody's costs; leave the scope out to read yours.";
        return Err(Error::new(ErrorKind::Forbidden, "FORBIDDEN", message).with_field("scope"));
    }
    let mut owner = match query.scope {
        Some(Scope::Mine) => Some(caller.user_id),
        Some(Scope::All) => None,
        None => (!reads_all).then_some(caller.user_id),
    };
    if let Some(user) = query.user_id {
        let there = caller.may_read_costs_of(user) && db::users::get(&app.db, user).await?.is_some();
        if !there || owner.is_some_and(|owner| owner != user) {
            return Err(Error::not_found("USER_NOT_FOUND", "account"));
        }
        owner = Some(user);
    }
    if let Some(id) = query.job_id {
        let found = db::jobs::get(&app.db, id).await?.filter(|job| caller.may_read_costs_of(job.user_id));
        let job = found.ok_or_else(|| Error::not_found("JOB_NOT_FOUND", "training job"))?;
        // A job of somebody else than was asked for has no records there; the filter by owner says so.
        owner = owner.or(Some(job.user_id));
    }
    Ok(owner)
}

async fn by_account(app: &App, accounts: BTreeMap<UserId, MicroUsd>) -> Result<Vec<AccountCost>> {
    let mut accounts: Vec<(UserId, MicroUsd)> = accounts.into_iter().collect();
    accounts.sort_by_key(|(id, cost)| (std::cmp::Reverse(*cost), *id));
    accounts.truncate(MOST_ACCOUNTS);
    let ids: Vec<UserId> = accounts.iter().map(|(id, _)| *id).collect();
    let mut names = db::users::names(&app.db, &ids).await?;
    let named = |(id, cost)| {
        let (name, email) = names.remove(&id).unwrap_or_default();
        AccountCost { id, name, email, cost }
    };
    Ok(accounts.into_iter().map(named).collect())
}

async fn most_expensive(app: &App, jobs: &BTreeMap<JobId, MicroUsd>) -> Result<Option<ExpensiveJob>> {
    let Some((&id, &cost)) = jobs.iter().max_by_key(|(_, cost)| **cost) else { return Ok(None) };
    let name = db::jobs::get(&app.db, id).await?.map_or_else(|| id.to_string(), |job| job.name);
    Ok(Some(ExpensiveJob { id, name, cost }))
}
