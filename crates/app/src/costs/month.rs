//! The month so far, against the budget. Months are those of the budget: calendar months in UTC.

use chrono::{DateTime, Datelike, Duration, Months, NaiveDate, Utc};
use domain::{MicroUsd, Result};

use super::{CostSums, Grouping, Zone};
use crate::App;
use crate::accounts::SignedIn;
use crate::jobs::budget;

/// A threshold of the budget that was passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetAlert {
    /// Whether the budget is used up, or nearly so.
    pub critical: bool,
    /// What was passed.
    pub message: String,
    /// Percent of the budget.
    pub threshold: u32,
}

/// The month so far.
#[derive(Debug, Clone, PartialEq)]
pub struct MonthView {
    /// By what it was for.
    pub spent: CostSums,
    /// Held for jobs that have not ended.
    pub held: MicroUsd,
    /// The budget; none means unlimited.
    pub budget: Option<MicroUsd>,
    /// Whole days after today.
    pub days_remaining: u32,
    /// What the month will cost: what is spent, what the jobs that have not ended are still estimated to cost, and for the rest of the month
    /// as much a day as all other jobs have cost so far.
    pub projected: MicroUsd,
    /// What the jobs that have not ended are still estimated to cost.
    pub committed: MicroUsd,
    /// Spent in the whole month before.
    pub previous_month: MicroUsd,
    /// Spent in the month before up to the same time of it.
    pub previous_to_date: MicroUsd,
    /// Spent so far compared to that, in percent; none where nothing was spent then.
    pub trend_percent: Option<f64>,
    /// Thresholds passed, the highest first.
    pub alerts: Vec<BudgetAlert>,
}

/// The caller's month so far, against the caller's budget.
///
/// # Errors
/// When the database does not answer.
pub async fn summary(app: &App, who: &SignedIn) -> Result<MonthView> {
    let user_id = who.caller.user_id;
    let now = app.clock.now();
    let utc = Zone::default();
    let month = Grouping::Month.first_day(utc.day_of(now));
    let before = month.checked_sub_months(Months::new(1)).unwrap_or(month);
    let (start, start_before) = (utc.start_of(month), utc.start_of(before));
    let same_time = (start_before + (now - start)).min(start);
    let until = DateTime::<Utc>::MAX_UTC.min(start + Duration::days(32));
    let sums = db::costs::two_months(&app.db, user_id, (start_before, same_time, start, until)).await?;
    let spent = CostSums::of(&sums.month);
    let live = db::jobs::live_costs(&app.db, user_id).await?;
    let committed = live.iter().map(|cost| (cost.estimated - cost.so_far).or_zero()).sum();
    let of_live: MicroUsd = live.iter().map(|cost| cost.so_far).sum();
    let own = db::settings::get(&app.db, user_id).await?.monthly_budget;
    let budget = budget::in_force(budget::allowed_to(app, who.account.tier, who.account.monthly_budget), own);
    let days = i64::from(month.num_days_in_month());
    Ok(MonthView {
        held: live.iter().map(|cost| cost.held).sum(),
        budget,
        days_remaining: u32::try_from(days - i64::from(now.day())).unwrap_or(0),
        projected: spent.total() + committed + to_come((spent.total() - of_live).or_zero(), month, now, days),
        committed,
        previous_month: sums.before,
        previous_to_date: sums.before_to_date,
        trend_percent: trend(spent.total(), sums.before_to_date),
        alerts: budget.map(|budget| alerts(spent.total(), budget)).unwrap_or_default(),
        spent,
    })
}

/// What the rest of the month will cost at the pace so far. The first day counts as a whole one, so that a month does not begin with a
/// fantastic figure.
fn to_come(spent: MicroUsd, month: NaiveDate, now: DateTime<Utc>, days: i64) -> MicroUsd {
    const DAY: i64 = 86_400;
    let gone = (now - Zone::default().start_of(month)).num_seconds();
    let left = (days * DAY - gone).max(0);
    let whole = i128::from(spent.0) * i128::from(left) / i128::from(gone.max(DAY));
    MicroUsd(i64::try_from(whole).unwrap_or(i64::MAX))
}

/// To a tenth of a percent.
fn trend(spent: MicroUsd, before: MicroUsd) -> Option<f64> {
    (before > MicroUsd::ZERO).then(|| ((spent.usd() / before.usd() - 1.0) * 1000.0).round() / 10.0)
}

fn alerts(spent: MicroUsd, budget: MicroUsd) -> Vec<BudgetAlert> {
    let alert = |threshold: u32| BudgetAlert {
        critical: threshold >= 95,
        message: match threshold {
            100 => "The monthly budget is used up: no job can be launched until it is raised or the month ends.".to_owned(),
            _ => format!("More than {threshold} % of the monthly budget is spent."),
        },
        threshold,
    };
    budget::THRESHOLDS.iter().copied().filter(|percent| budget::reached(spent, budget, *percent)).map(alert).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    #[test]
    fn the_rest_of_a_month_goes_on_at_its_pace() {
        let at = |text: &str| Zone::default().start_of(day(text));
        assert_eq!(to_come(MicroUsd(1_000_000), day("2026-11-01"), at("2026-11-16"), 30), MicroUsd(1_000_000));
        assert_eq!(to_come(MicroUsd(1_000_000), day("2026-11-01"), at("2026-11-01"), 30), MicroUsd(30_000_000));
        assert_eq!(to_come(MicroUsd(1_000_000), day("2026-11-01"), at("2026-12-01"), 30), MicroUsd::ZERO);
    }

    #[test]
    fn every_threshold_that_was_passed_is_named() {
        let at = |micros| alerts(MicroUsd(micros), MicroUsd(100)).iter().map(|alert| alert.threshold).collect::<Vec<_>>();
        assert_eq!(at(79), Vec::<u32>::new());
        assert_eq!(at(80), vec![80]);
        assert_eq!(at(100), vec![100, 95, 80]);
    }

    #[test]
    fn a_trend_needs_something_to_compare_with() {
        assert_eq!(trend(MicroUsd(1125), MicroUsd(1000)), Some(12.5));
        assert_eq!(trend(MicroUsd(500), MicroUsd(1000)), Some(-50.0));
        assert_eq!(trend(MicroUsd(500), MicroUsd::ZERO), None);
    }
}
