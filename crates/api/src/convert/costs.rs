//! Costs.

use crate::dto::costs::{
    AccountCost, AlertKind, CostAlert, CostGrouping, CostReport, CostRow, CostScope, CostSummary, CostTotals, ExpensiveJob, ListCosts,
    MonthSpend,
};
use crate::error::ApiError;
use app::costs::{CostQuery, Day, Grouping, MonthView, Scope, Zone};
use chrono::{DateTime, NaiveDate};
use domain::{Error, MicroUsd};

/// Which costs are wanted.
///
/// # Errors
/// When a day or a time zone is none.
pub fn filter(query: &ListCosts) -> Result<CostQuery, ApiError> {
    Ok(CostQuery {
        start: query.start_date.as_deref().map(|text| day("startDate", text)).transpose()?,
        end: query.end_date.as_deref().map(|text| day("endDate", text)).transpose()?,
        zone: query.timezone.as_deref().map(|name| Zone::parse("timezone", name)).transpose()?,
        group_by: match query.group_by.unwrap_or_default() {
            CostGrouping::Day => Grouping::Day,
            CostGrouping::Week => Grouping::Week,
            CostGrouping::Month => Grouping::Month,
        },
        job_id: query.job_id.map(Into::into),
        user_id: query.user_id.map(Into::into),
        scope: query.scope.map(|scope| match scope {
            CostScope::Mine => Scope::Mine,
            CostScope::All => Scope::All,
        }),
    })
}

/// A day, or the instant that stands for one.
fn day(field: &str, text: &str) -> Result<Day, ApiError> {
    let instant = || DateTime::parse_from_rfc3339(text).map(|at| Day::At(at.to_utc()));
    let error = |_| Error::invalid(field, format!("{field} is '{text}'; write a day as 2026-01-31, or an ISO 8601 time.")).into();
    text.parse().map(Day::Named).or_else(|_| instant()).map_err(error)
}

/// Costs by time.
pub fn report(report: app::costs::CostReport) -> CostReport {
    let row = |(date, sums): (NaiveDate, app::costs::CostSums)| CostRow {
        date,
        compute: sums.compute.usd(),
        storage: sums.storage.usd(),
        data_transfer: sums.data_transfer.usd(),
        api_calls: sums.api_calls.usd(),
        total: sums.total().usd(),
    };
    let job = |job: app::costs::ExpensiveJob| ExpensiveJob { id: job.id.uuid(), name: job.name, cost: job.cost.usd() };
    let account = |account: app::costs::AccountCost| AccountCost {
        user_id: account.id.uuid(),
        name: account.name,
        email: account.email,
        total: account.cost.usd(),
    };
    CostReport {
        accounts: report.accounts.map(|accounts| accounts.into_iter().map(account).collect()),
        costs: report.rows.into_iter().map(row).collect(),
        summary: CostTotals {
            total_spend: report.sums.total().usd(),
            compute: report.sums.compute.usd(),
            storage: report.sums.storage.usd(),
            data_transfer: report.sums.data_transfer.usd(),
            api_calls: report.sums.api_calls.usd(),
            average_job_cost: report.average_job_cost.usd(),
            most_expensive_job: report.most_expensive.map(job),
        },
    }
}

/// The month so far.
pub fn summary(month: MonthView) -> CostSummary {
    let spent = month.spent.total();
    let alert = |alert: app::costs::BudgetAlert| CostAlert {
        kind: if alert.critical { AlertKind::Critical } else { AlertKind::Warning },
        message: alert.message,
        threshold: alert.threshold,
    };
    CostSummary {
        current_month: MonthSpend {
            spent: spent.usd(),
            compute: month.spent.compute.usd(),
            storage: month.spent.storage.usd(),
            data_transfer: month.spent.data_transfer.usd(),
            api_calls: month.spent.api_calls.usd(),
            held: month.held.usd(),
            budget: month.budget.map(MicroUsd::usd),
            remaining: month.budget.map(|budget| (budget - spent).or_zero().usd()),
            days_remaining: month.days_remaining,
            projected_total: month.projected.usd(),
            committed: month.committed.usd(),
            previous_month: month.previous_month.usd(),
            previous_month_to_date: month.previous_to_date.usd(),
            trend_percent: month.trend_percent,
        },
        alerts: month.alerts.into_iter().map(alert).collect(),
    }
}
