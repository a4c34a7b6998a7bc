//! The monthly budget: what is left, refusals, alerts.

use chrono::{DateTime, Utc};
use db::jobs::Budget;
use db::notifications::Notification;
use domain::account::Tier;
use domain::notification::{NotificationKind, NotificationPriority};
use domain::{Error, ErrorKind, MicroUsd, NotificationId, Result, UserId};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::stored::month_of;
use super::types::BudgetView;
use crate::App;

/// Percent of the budget at which the owner is told, highest first.
pub const THRESHOLDS: [u32; 3] = [100, 95, 80];

/// What an administrator has given the account, else what its tier allows; none means unlimited.
pub async fn allowed(app: &App, user_id: UserId) -> Result<Option<MicroUsd>> {
    let user = db::users::get(&app.db, user_id).await?.ok_or_else(Error::unauthenticated)?;
    Ok(allowed_to(app, user.tier, user.monthly_budget))
}

/// As [`allowed`], for who knows the account.
pub fn allowed_to(app: &App, tier: Tier, given: Option<MicroUsd>) -> Option<MicroUsd> {
    given.or(app.limits(tier).monthly_budget)
}

/// What is in force: what is allowed, or less where the account has set itself less; none means unlimited.
pub fn in_force(allowed: Option<MicroUsd>, own: Option<MicroUsd>) -> Option<MicroUsd> {
    [allowed, own].into_iter().flatten().min()
}

/// The budget [in force](in_force).
pub async fn limit(app: &App, user_id: UserId) -> Result<Option<MicroUsd>> {
    let own = db::settings::get(&app.db, user_id).await?.monthly_budget;
    Ok(in_force(allowed(app, user_id).await?, own))
}

/// How the account stands now.
pub async fn stand(app: &App, user_id: UserId, now: DateTime<Utc>) -> Result<BudgetView> {
    Ok(BudgetView {
        limit: limit(app, user_id).await?,
        spent: db::costs::spent_in_month(&app.db, user_id, month_of(now)).await?,
        held: db::jobs::held_budget(&app.db, user_id).await?,
    })
}

/// Refuses what would pass the budget.
///
/// # Errors
/// `BUDGET_EXCEEDED` with the figures.
pub fn admit(limit: Option<MicroUsd>, stand: Budget, needed: MicroUsd) -> Result<()> {
    let budget = BudgetView { limit, spent: stand.spent, held: stand.held };
    match (limit, budget.remaining()) {
        (Some(limit), Some(remaining)) if needed > remaining => {
            let usd = |amount: MicroUsd| format!("${:.2}", amount.usd());
            let message = format!(
                "This job may cost up to {}, but only {} of the monthly budget of {} is left ({} spent, {} held for other jobs). \
                 Raise the budget, choose smaller settings, or wait for the next month.",
                usd(needed),
                usd(remaining),
                usd(limit),
                usd(budget.spent),
                usd(budget.held),
            );
            let details = json!({
                "monthlyBudget": limit.usd(), "spent": budget.spent.usd(), "held": budget.held.usd(),
                "remaining": remaining.usd(), "required": needed.usd(),
            });
            Err(Error::new(ErrorKind::PaymentRequired, "BUDGET_EXCEEDED", message).with_details(details))
        }
        _ => Ok(()),
    }
}

/// Whether so many percent of the budget are spent.
pub fn reached(spent: MicroUsd, limit: MicroUsd, percent: u32) -> bool {
    i128::from(spent.0) * 100 >= i128::from(limit.0) * i128::from(percent)
}

/// Tells the owner once for each threshold that the month's spending has reached; answers whether the budget is used up.
pub async fn check(app: &App, user_id: UserId, now: DateTime<Utc>) -> Result<bool> {
    let Some(limit) = limit(app, user_id).await? else { return Ok(false) };
    let spent = db::costs::spent_in_month(&app.db, user_id, month_of(now)).await?;
    // Of a budget of nothing, too, something must be spent first.
    if spent <= MicroUsd::ZERO {
        return Ok(false);
    }
    let Some(percent) = THRESHOLDS.into_iter().find(|percent| reached(spent, limit, *percent)) else { return Ok(false) };
    db::notifications::insert(&app.db, &[alert(user_id, limit, spent, percent, now)]).await?;
    Ok(percent == 100)
}

fn alert(user_id: UserId, limit: MicroUsd, spent: MicroUsd, percent: u32, now: DateTime<Utc>) -> Notification {
    let (title, priority, message) = if percent == 100 {
        let message = format!(
            "${:.2} of your monthly budget of ${:.2} is spent. Running jobs save a checkpoint and stop; raise the budget to retry them.",
            spent.usd(),
            limit.usd()
        );
        ("Budget Exceeded", NotificationPriority::Critical, message)
    } else {
        let message = format!("${:.2}, more than {percent} % of your monthly budget of ${:.2}, is spent.", spent.usd(), limit.usd());
        ("Budget Warning", NotificationPriority::High, message)
    };
    Notification {
        id: alert_id(user_id, limit, percent, now),
        user_id,
        kind: NotificationKind::CostAlert,
        title: title.to_owned(),
        message,
        priority,
        read: false,
        action_url: Some("/costs".to_owned()),
        metadata: Some(json!({"percent": percent, "spent": spent.usd(), "monthlyBudget": limit.usd()})),
        created_at: now,
        dismissed_at: None,
        seq: 0,
    }
}

/// Made from what the alert is about, so that it is there once.
fn alert_id(user_id: UserId, limit: MicroUsd, percent: u32, now: DateTime<Utc>) -> NotificationId {
    let digest = Sha256::digest(format!("budget {user_id} {} {} {percent}", limit.0, month_of(now)));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    NotificationId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_figures() {
        let stand = Budget { spent: MicroUsd::from_usd(6.0), held: MicroUsd::from_usd(3.0) };
        let limit = Some(MicroUsd::from_usd(10.0));
        assert!(admit(limit, stand, MicroUsd::from_usd(1.0)).is_ok());
        assert!(admit(None, stand, MicroUsd::from_usd(1e6)).is_ok());
        let error = admit(limit, stand, MicroUsd::from_usd(1.01)).expect_err("one cent too much");
        assert_eq!((error.kind, error.code), (ErrorKind::PaymentRequired, "BUDGET_EXCEEDED"));
        assert_eq!(error.details.expect("figures")["remaining"], 1.0);
    }

    #[test]
    fn an_alert_has_one_id_a_month_and_threshold() {
        let user = UserId(uuid::Uuid::from_u128(1));
        let at = |text: &str| text.parse::<DateTime<Utc>>().expect("a time");
        let (limit, march) = (MicroUsd::from_usd(10.0), at("2025-03-01T00:00:00Z"));
        assert_eq!(alert_id(user, limit, 80, march), alert_id(user, limit, 80, at("2025-03-31T23:00:00Z")));
        assert_ne!(alert_id(user, limit, 80, march), alert_id(user, limit, 95, march));
        assert_ne!(alert_id(user, limit, 80, march), alert_id(user, limit, 80, at("2025-04-01T00:00:00Z")));
    }
}
