//! What happened in a week, for the accounts that want to be told: after each Monday's midnight in their time zone.

use chrono::{DateTime, Duration, Utc};
use db::costs::CostFilter;
use domain::job::JobStatus;
use domain::notification::{NotificationKind, NotificationPriority};
use domain::{Result, UserId};
use serde_json::json;

use super::Told;
use crate::App;
use crate::costs::{Grouping, Zone};

/// Accounts looked at in a run.
const BATCH: u64 = 500;
/// Nobody's week is shorter than this, whatever clocks do.
const SHORTEST_WEEK: Duration = Duration::days(6);

/// Tells every account whose week is over of it, once. Takes no input and can run at any time, anywhere.
///
/// # Errors
/// When storage does not answer; the next run goes on.
pub async fn sum_up_weeks(app: &App) -> Result<()> {
    let now = app.clock.now();
    for (user_id, settings) in db::settings::unsummed(&app.db, now - SHORTEST_WEEK, BATCH).await? {
        let zone = Zone::of(&settings);
        let monday = zone.start_of(Grouping::Week.first_day(zone.day_of(now)));
        if settings.summary_sent_at.is_some_and(|sent| sent >= monday) || !db::settings::take_summary(&app.db, user_id, monday, now).await?
        {
            continue;
        }
        let wanted = settings.notifications.of(NotificationKind::WeeklySummary);
        // The first week of somebody who has just asked for it is not over yet.
        if settings.summary_sent_at.is_some() && (wanted.in_app || wanted.mail || wanted.webhook) {
            sum_up(app, user_id, monday, now).await?;
        }
    }
    Ok(())
}

async fn sum_up(app: &App, user_id: UserId, monday: DateTime<Utc>, now: DateTime<Utc>) -> Result<()> {
    let from = monday - Duration::days(7);
    let ended = db::jobs::ended_between(&app.db, user_id, from, monday).await?;
    let of = |status| ended.get(&status).copied().unwrap_or(0);
    let filter = CostFilter { user_id: Some(user_id), job_id: None, from: Some(from), until: Some(monday) };
    let spent = db::costs::sum(&app.db, &filter).await?;
    let (completed, failed, cancelled) = (of(JobStatus::Completed), of(JobStatus::Failed), of(JobStatus::Cancelled));
    let told = Told {
        kind: NotificationKind::WeeklySummary,
        title: "Your week in BrightRun",
        message: format!("{completed} jobs completed, {failed} failed, {cancelled} were cancelled; ${:.2} spent.", spent.usd()),
        priority: NotificationPriority::Low,
        action_url: Some("/costs".to_owned()),
        metadata: Some(
            json!({ "from": from, "until": monday, "completed": completed, "failed": failed, "cancelled": cancelled, "spent": spent.usd() }),
        ),
    };
    Ok(db::notifications::insert(&app.db, &[told.to(user_id, now)]).await?)
}
