//! Reading jobs, and changing what is only for people.

use db::costs::CostFilter;
use db::jobs::{Job, JobEffects, LogFilter, Named};
use domain::cost::CostType;
use domain::job::JobStatus;
use domain::{Caller, Error, JobId, MicroUsd, Result};

use super::create::{check_name, check_notes};
use super::sample::extremes;
use super::stored::{RunInfo, StoredEstimate};
use super::types::{
    EventView, JobCounts, JobDetail, JobFilter, JobList, JobSort, JobView, LogView, LogsPage, LogsQuery, LossCurve, MetricsPage,
    MetricsPoint, MetricsQuery, Receipt, UpdateJob,
};
use super::view::{metrics_view, view, views};
use crate::events::Topic;
use crate::{App, accounts};

/// Points of the history that come with a job's detail.
const DETAIL_POINTS: u64 = 500;
/// Log lines that come with a job's detail.
const DETAIL_LOGS: u64 = 200;

/// The job with this id, where the caller may manage it.
pub async fn find(app: &App, caller: &Caller, id: JobId) -> Result<Job> {
    let job = db::jobs::get(&app.db, id).await?.filter(|job| caller.may_manage(job.user_id));
    job.ok_or_else(not_found)
}

async fn find_named(app: &App, caller: &Caller, id: JobId) -> Result<Named> {
    let found = db::jobs::get_named(&app.db, id).await?.filter(|named| caller.may_manage(named.job.user_id));
    found.ok_or_else(not_found)
}

fn not_found() -> Error {
    Error::not_found("JOB_NOT_FOUND", "job")
}

/// A page of an account's jobs, and how many there are in each state.
///
/// # Errors
/// When there is no such account for the caller.
pub async fn list(app: &App, caller: &Caller, filter: JobFilter) -> Result<JobList> {
    let owner = accounts::whose(app, caller, filter.owner).await?;
    let mine = db::jobs::JobFilter { user_id: Some(owner), ..db::jobs::JobFilter::default() };
    let wanted = db::jobs::JobFilter { statuses: filter.statuses, dataset_id: filter.dataset_id, ..mine.clone() };
    let sort = match filter.sort {
        JobSort::CreatedDesc => db::jobs::JobSort::CreatedDesc,
        JobSort::CreatedAsc => db::jobs::JobSort::CreatedAsc,
        JobSort::CostDesc => db::jobs::JobSort::CostDesc,
    };
    let page = db::Page { number: filter.page, size: filter.page_size };
    let counts = db::jobs::counts(&app.db, &mine).await?;
    let of = |status| counts.get(&status).copied().unwrap_or(0);
    let found = if wanted.dataset_id.is_some() {
        db::jobs::list(&app.db, &wanted, sort, page).await?
    } else {
        let rows = db::jobs::rows(&app.db, &wanted, sort, page).await?;
        let listed = |status: &JobStatus| wanted.statuses.is_empty() || wanted.statuses.contains(status);
        let total = counts.iter().filter(|(status, _)| listed(status)).map(|(_, number)| number).sum();
        db::Paged { rows, total }
    };
    let counts = JobCounts {
        queued: of(JobStatus::Queued),
        initializing: of(JobStatus::Initializing),
        running: of(JobStatus::Running),
        completed: of(JobStatus::Completed),
        failed: of(JobStatus::Failed),
        cancelled: of(JobStatus::Cancelled),
    };
    Ok(JobList { jobs: views(app, found.rows).await?, total: found.total, counts })
}

/// One job.
///
/// # Errors
/// `JOB_NOT_FOUND`.
pub async fn get(app: &App, caller: &Caller, id: JobId) -> Result<JobView> {
    view(app, find_named(app, caller, id).await?).await
}

/// One job with its history.
///
/// # Errors
/// `JOB_NOT_FOUND`.
pub async fn detail(app: &App, caller: &Caller, id: JobId) -> Result<JobDetail> {
    let named = find_named(app, caller, id).await?;
    let receipt = receipt(app, &named.job).await?;
    let MetricsPage { points, total, .. } = sampled(app, id, DETAIL_POINTS).await?;
    let checkpoints = db::jobs::checkpoints(&app.db, id).await?;
    let logs = db::jobs::last_logs(&app.db, id, &LogFilter::default(), DETAIL_LOGS).await?;
    let curve: Vec<_> = points.iter().filter(|p| p.metrics.training_loss.or(p.metrics.validation_loss).is_some()).collect();
    Ok(JobDetail {
        job: view(app, named).await?,
        loss_curve: LossCurve {
            steps: curve.iter().map(|p| p.metrics.step).collect(),
            training_loss: curve.iter().map(|p| p.metrics.training_loss).collect(),
            validation_loss: curve.iter().map(|p| p.metrics.validation_loss).collect(),
        },
        metrics: points,
        metrics_total: total,
        checkpoints: super::checkpoints::views(&checkpoints),
        logs: logs.into_iter().map(log_view).collect(),
        receipt,
    })
}

fn log_view(line: db::jobs::LogLine) -> LogView {
    LogView { id: line.id, at: line.timestamp, level: line.level, message: line.message }
}

async fn receipt(app: &App, job: &Job) -> Result<Option<Receipt>> {
    if !job.status.is_terminal() {
        return Ok(None);
    }
    let estimate = StoredEstimate::of(job).map_err(Error::internal)?;
    let records = db::costs::list(&app.db, &CostFilter { job_id: Some(job.id), ..CostFilter::default() }).await?;
    let sum = |of: Option<CostType>| -> MicroUsd { records.iter().filter(|r| of.is_none_or(|t| r.cost_type == t)).map(|r| r.amount).sum() };
    Ok(Some(Receipt {
        estimated: estimate.breakdown,
        estimated_seconds: estimate.seconds,
        compute: sum(Some(CostType::Compute)),
        storage: sum(Some(CostType::Storage)),
        data_transfer: sum(Some(CostType::DataTransfer)),
        total: sum(None),
        seconds: RunInfo::of(job).billed_seconds(),
    }))
}

/// Changes a job's name or notes.
///
/// # Errors
/// `JOB_NOT_FOUND`; a name or notes that cannot be accepted.
pub async fn update(app: &App, caller: &Caller, id: JobId, change: UpdateJob) -> Result<JobView> {
    may_see(app, caller, id).await?;
    let name = change.name.as_deref().map(check_name).transpose()?;
    check_notes(change.notes.as_deref())?;
    let write = |job: &mut Job, _: &mut JobEffects| {
        if let Some(name) = name {
            job.name = name;
        }
        if let Some(notes) = change.notes {
            job.notes = Some(notes).filter(|n| !n.is_empty());
        }
    };
    db::jobs::update(&app.db, id, app.clock.now(), write).await?;
    get(app, caller, id).await
}

/// A job's metrics.
///
/// # Errors
/// `JOB_NOT_FOUND`; a cursor that is none.
pub async fn metrics(app: &App, caller: &Caller, id: JobId, query: MetricsQuery) -> Result<MetricsPage> {
    may_see(app, caller, id).await?;
    let (cursor, limit) = match query {
        MetricsQuery::Sampled { points } => return sampled(app, id, points).await,
        MetricsQuery::Page { cursor, limit } => (cursor, limit.max(1)),
    };
    let total = db::jobs::count_metrics(&app.db, id).await?;
    let mut points = db::jobs::metrics_after(&app.db, id, parse_cursor(cursor.as_deref())?, limit + 1).await?;
    let more = points.len() as u64 > limit;
    points.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next_cursor = points.last().filter(|_| more).map(|p| p.metrics.step.to_string());
    Ok(MetricsPage { points: points.iter().map(point).collect(), total, next_cursor })
}

fn parse_cursor(cursor: Option<&str>) -> Result<Option<u64>> {
    let parse = |text: &str| text.parse().map_err(|_| Error::invalid("cursor", "The cursor is not one that this list gave."));
    cursor.map(parse).transpose()
}

fn point(p: &db::jobs::MetricsPoint) -> MetricsPoint {
    MetricsPoint { id: p.id, metrics: metrics_view(&p.metrics) }
}

async fn sampled(app: &App, id: JobId, points: u64) -> Result<MetricsPage> {
    let all = db::jobs::all_metrics(&app.db, id).await?;
    let value = |i: usize, kind: usize| if kind == 0 { all[i].metrics.training_loss } else { all[i].metrics.validation_loss };
    let wanted = usize::try_from(points.clamp(2, 10_000)).unwrap_or(10_000);
    let kept = extremes(all.len(), wanted, 2, value);
    Ok(MetricsPage { points: kept.into_iter().map(|i| point(&all[i])).collect(), total: all.len() as u64, next_cursor: None })
}

/// A job's log.
///
/// # Errors
/// `JOB_NOT_FOUND`; a cursor that is none.
pub async fn logs(app: &App, caller: &Caller, id: JobId, query: LogsQuery) -> Result<LogsPage> {
    may_see(app, caller, id).await?;
    let filter = LogFilter { level: query.level, search: query.search };
    let (after, limit) = (parse_cursor(query.cursor.as_deref())?.unwrap_or(0), query.limit.max(1));
    let mut lines = db::jobs::logs(&app.db, id, &filter, after, limit + 1).await?;
    let more = lines.len() as u64 > limit;
    lines.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next_cursor = lines.last().filter(|_| more).map(|line| line.seq.to_string());
    Ok(LogsPage { logs: lines.into_iter().map(log_view).collect(), next_cursor })
}

/// Whether the caller may see a job: for requests that last.
///
/// # Errors
/// `JOB_NOT_FOUND`.
pub async fn may_see(app: &App, caller: &Caller, id: JobId) -> Result<()> {
    let owner = db::jobs::owner(&app.db, id).await?.filter(|owner| caller.may_manage(*owner));
    owner.map(drop).ok_or_else(not_found)
}

/// The number of the last event of all jobs of the caller.
///
/// # Errors
/// When storage does not answer.
pub async fn last_account_event(app: &App, caller: &Caller) -> Result<u64> {
    let id = caller.user_id;
    Ok(db::jobs::last_user_seqs(&app.db, &[id]).await?.remove(&id).unwrap_or(0))
}

/// Events of a topic after number `after`, at most `limit`, in order.
///
/// # Errors
/// `JOB_NOT_FOUND`; the jobs of another account.
pub async fn events(app: &App, caller: &Caller, topic: Topic, after: u64, limit: u64) -> Result<Vec<EventView>> {
    match topic {
        Topic::Job(id) => may_see(app, caller, id).await?,
        Topic::Account(id) if id == caller.user_id => {}
        Topic::Account(_) => return Err(not_found()),
    }
    read_log(&app.db, topic, after, limit).await
}

/// As [`events`], for all who were allowed to watch.
pub(crate) async fn read_log(db: &db::Db, topic: Topic, after: u64, limit: u64) -> Result<Vec<EventView>> {
    let id = match topic {
        Topic::Job(id) => id,
        Topic::Account(id) => {
            let events = db::jobs::user_events_after(db, id, after, limit).await?;
            return Ok(events.into_iter().map(|event| event_view(event, false)).collect());
        }
    };
    let events = db::jobs::events_after(db, id, after, limit).await?;
    let ends = |e: &db::jobs::JobEvent| matches!(&*e.event, "complete" | "error" | "cancelled");
    // A retried job's log goes on after an earlier end: only the last event of a job that has ended ends the stream. The job is read after
    // the events, so that an end among them is never taken for an earlier one.
    let last = match events.iter().any(ends) {
        true => db::jobs::get(db, id).await?.filter(|job| job.status.is_terminal()).map(|job| job.last_event_seq),
        false => None,
    };
    let view = |event: db::jobs::JobEvent| {
        let terminal = ends(&event) && last == Some(event.seq);
        event_view(event, terminal)
    };
    Ok(events.into_iter().map(view).collect())
}

fn event_view(e: db::jobs::JobEvent, terminal: bool) -> EventView {
    EventView { job_id: e.job_id, seq: e.seq, user_seq: e.user_seq, name: e.event, data: e.data, at: e.at, terminal }
}
