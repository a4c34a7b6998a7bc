//! Costs, USD.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Length of a row of a cost list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CostGrouping {
    /// A day.
    #[default]
    Day,
    /// A week, from Monday.
    Week,
    /// A calendar month.
    Month,
}

/// Which costs to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ListCosts {
    /// First day, as `2026-01-31` or an ISO time; without it, everything.
    #[param(pattern = r"^\d{4}-\d{2}-\d{2}(T.*)?$", example = "2026-03-01")]
    pub start_date: Option<String>,
    /// Last day, included.
    #[param(pattern = r"^\d{4}-\d{2}-\d{2}(T.*)?$", example = "2026-03-31")]
    pub end_date: Option<String>,
    /// Length of a row.
    pub group_by: Option<CostGrouping>,
    /// Only this job.
    pub job_id: Option<Uuid>,
    /// Whose days, weeks and months these are: the IANA name of a time zone. That of the caller's settings where nothing is said.
    #[param(pattern = "^[A-Za-z0-9_+/-]+$", example = "Europe/Vienna")]
    pub timezone: Option<String>,
    /// Only of this account; for administrators and billing administrators.
    pub user_id: Option<Uuid>,
    /// Whose costs; where nothing is said, everybody's for administrators and billing administrators, and one's own for all others.
    pub scope: Option<CostScope>,
}

/// Whose costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CostScope {
    /// The caller's own.
    Mine,
    /// Everybody's.
    All,
}

/// Costs.
#[derive(Debug, Serialize, ToSchema)]
pub struct CostReport {
    /// By time, oldest first; times without any cost are left out.
    pub costs: Vec<CostRow>,
    /// Over all of them.
    pub summary: CostTotals,
    /// Whose they are, where they are everybody's: the 100 accounts that cost most, in that order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accounts: Option<Vec<AccountCost>>,
}

/// An account and its cost.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccountCost {
    /// Account.
    pub user_id: Uuid,
    /// Its name.
    pub name: String,
    /// Its e-mail address.
    pub email: String,
    /// USD.
    pub total: f64,
}

/// Costs of a day, week or month.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CostRow {
    /// Its first day.
    pub date: NaiveDate,
    /// GPU time.
    pub compute: f64,
    /// Storage.
    pub storage: f64,
    /// Transfer.
    pub data_transfer: f64,
    /// Calls of paid interfaces.
    pub api_calls: f64,
    /// Sum.
    pub total: f64,
}

/// Over all costs that were asked for.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CostTotals {
    /// Sum.
    pub total_spend: f64,
    /// GPU time of that.
    pub compute: f64,
    /// Storage of that.
    pub storage: f64,
    /// Transfer of that.
    pub data_transfer: f64,
    /// Paid calls of that.
    pub api_calls: f64,
    /// Mean over the jobs that cost something; 0 where there are none.
    pub average_job_cost: f64,
    /// The job that cost most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most_expensive_job: Option<ExpensiveJob>,
}

/// A job and its cost.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExpensiveJob {
    /// Job.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// USD.
    pub cost: f64,
}

/// The month so far.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CostSummary {
    /// This month, UTC.
    pub current_month: MonthSpend,
    /// What needs attention.
    pub alerts: Vec<CostAlert>,
}

/// Spending of a month.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MonthSpend {
    /// Spent so far.
    pub spent: f64,
    /// GPU time of that.
    pub compute: f64,
    /// Storage of that.
    pub storage: f64,
    /// Transfer of that.
    pub data_transfer: f64,
    /// Paid calls of that.
    pub api_calls: f64,
    /// Held for jobs that have not ended.
    pub held: f64,
    /// The budget; absent means unlimited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<f64>,
    /// The budget minus what was spent; absent means unlimited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remaining: Option<f64>,
    /// Whole days after today.
    pub days_remaining: u32,
    /// What the month will cost: `spent`, `committed`, and for the rest of the month as much a day as all jobs that have ended cost so far.
    pub projected_total: f64,
    /// What the jobs that have not ended are still estimated to cost.
    pub committed: f64,
    /// Spent in the whole month before.
    pub previous_month: f64,
    /// Spent in the month before up to the same time of it.
    pub previous_month_to_date: f64,
    /// `spent` compared to that, in percent; absent where nothing was spent then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trend_percent: Option<f64>,
}

/// A threshold that was passed.
#[derive(Debug, Serialize, ToSchema)]
pub struct CostAlert {
    /// How serious.
    #[serde(rename = "type")]
    pub kind: AlertKind,
    /// What was passed.
    pub message: String,
    /// Percent of the budget.
    pub threshold: u32,
}

/// How serious an alert is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AlertKind {
    /// Near the budget.
    Warning,
    /// At the budget.
    Critical,
}
