//! Figures of this process, and all figures in Prometheus' text format (version 0.0.4).

use app::health::Figures;
use http::{Method, StatusCode};
use std::collections::BTreeMap;
use std::fmt::{Display, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// Upper bounds of the buckets of request durations, in milliseconds.
const BUCKETS: [u64; 9] = [5, 10, 25, 50, 100, 250, 500, 1_000, 10_000];
/// Methods that are told apart; all others are the last one.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OTHER"];
/// What is no operation: files of the page, and addresses that do not exist.
const PAGE: &str = "page";

/// Counts the requests of this process, by method and route. A route is the operation's template, never the address that was asked for, so
/// that there are as many as the program has.
#[derive(Debug, Default)]
pub struct Telemetry(RwLock<BTreeMap<String, Arc<[Counts; METHODS.len()]>>>);

#[derive(Debug, Default)]
struct Counts {
    /// By the first digit of the status.
    by_class: [AtomicU64; 5],
    /// Requests that took at most so long.
    within: [AtomicU64; BUCKETS.len()],
    micros: AtomicU64,
}

impl Telemetry {
    /// Counts a request by its status and the time until its answer began.
    pub fn count(&self, method: &Method, route: Option<&str>, status: StatusCode, took: Duration) {
        let method = METHODS.iter().position(|known| *known == method.as_str()).unwrap_or(METHODS.len() - 1);
        let route = self.route(route.unwrap_or(PAGE));
        let counts = &route[method];
        let class = usize::from(status.as_u16() / 100).clamp(1, 5) - 1;
        counts.by_class[class].fetch_add(1, Ordering::Relaxed);
        counts.micros.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
        for (bound, counter) in BUCKETS.iter().zip(&counts.within) {
            if took <= Duration::from_millis(*bound) {
                counter.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn route(&self, route: &str) -> Arc<[Counts; METHODS.len()]> {
        // What is guarded is only ever added to.
        if let Some(counts) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(route) {
            return counts.clone();
        }
        self.0.write().unwrap_or_else(PoisonError::into_inner).entry(route.to_owned()).or_default().clone()
    }
}

/// All figures as text.
pub fn render(figures: &Figures, telemetry: &Telemetry) -> String {
    let mut text = String::new();
    gauge(&mut text, "brightrun_users", "Accounts.", figures.users);
    gauge(&mut text, "brightrun_datasets", "Data sets.", figures.datasets);
    gauge(&mut text, "brightrun_dataset_bytes", "Bytes of data set files.", figures.dataset_bytes);
    gauge(&mut text, "brightrun_models", "Models.", figures.models);
    gauge(&mut text, "brightrun_model_bytes", "Bytes of model files.", figures.model_bytes);
    head(&mut text, "brightrun_jobs", "Training jobs by status.", "gauge");
    for status in domain::job::JobStatus::ALL {
        let number = figures.jobs.get(status).copied().unwrap_or_default();
        line(&mut text, &format!("brightrun_jobs{{status=\"{status}\"}}"), number);
    }
    let (pending, running, failed) = figures.tasks;
    head(&mut text, "brightrun_tasks", "Background tasks by state.", "gauge");
    for (state, number) in [("pending", pending), ("running", running), ("failed", failed)] {
        line(&mut text, &format!("brightrun_tasks{{state=\"{state}\"}}"), number);
    }
    gauge(&mut text, "brightrun_oldest_task_seconds", "Seconds since when the longest waiting task is due.", figures.oldest_task_seconds);
    let name = "brightrun_oldest_queued_seconds";
    gauge(&mut text, name, "Seconds that the job which waits longest for a place has been waiting.", figures.oldest_queued_seconds);
    gauge(&mut text, "brightrun_event_streams", "Open event streams of this process.", figures.streams.1);
    database(&mut text, &figures.database);
    requests(&mut text, telemetry);
    text
}

fn database(text: &mut String, figures: &app::health::DatabaseFigures) {
    head(text, "brightrun_db_connections", "Open database connections of this process by state.", "gauge");
    let idle = figures.idle.min(usize::try_from(figures.connections).unwrap_or(usize::MAX));
    line(text, "brightrun_db_connections{state=\"idle\"}", idle);
    line(text, "brightrun_db_connections{state=\"busy\"}", u64::from(figures.connections) - idle as u64);
    head(text, "brightrun_db_statements_total", "Database statements of this process.", "counter");
    line(text, "brightrun_db_statements_total{outcome=\"done\"}", figures.statements - figures.failed.min(figures.statements));
    line(text, "brightrun_db_statements_total{outcome=\"failed\"}", figures.failed);
    head(text, "brightrun_db_statement_seconds_total", "Time that database statements took together.", "counter");
    line(text, "brightrun_db_statement_seconds_total", figures.took.as_secs_f64());
}

fn requests(text: &mut String, telemetry: &Telemetry) {
    let routes = telemetry.0.read().unwrap_or_else(PoisonError::into_inner).clone();
    let used = |counts: &&Counts| counts.by_class.iter().any(|counter| counter.load(Ordering::Relaxed) > 0);
    let rows = routes.iter().flat_map(|(route, counts)| {
        let label = move |method: &str| format!("method=\"{method}\",route=\"{route}\"");
        METHODS.iter().zip(counts.iter()).filter(move |(_, counts)| used(counts)).map(move |(method, counts)| (label(method), counts))
    });
    let rows: Vec<(String, &Counts)> = rows.collect();
    head(text, "brightrun_http_requests_total", "Requests by method, route and class of status.", "counter");
    for (labels, counts) in &rows {
        for (class, counter) in (1..).zip(&counts.by_class) {
            let number = counter.load(Ordering::Relaxed);
            if number > 0 {
                line(text, &format!("brightrun_http_requests_total{{{labels},class=\"{class}xx\"}}"), number);
            }
        }
    }
    head(text, DURATION, "Time until the answer began.", "histogram");
    for (labels, counts) in &rows {
        durations(text, labels, counts);
    }
}

const DURATION: &str = "brightrun_http_request_seconds";

fn durations(text: &mut String, labels: &str, counts: &Counts) {
    let total: u64 = counts.by_class.iter().map(|counter| counter.load(Ordering::Relaxed)).sum();
    for (bound, counter) in BUCKETS.iter().zip(&counts.within) {
        let seconds = Duration::from_millis(*bound).as_secs_f64();
        line(text, &format!("{DURATION}_bucket{{{labels},le=\"{seconds}\"}}"), counter.load(Ordering::Relaxed));
    }
    line(text, &format!("{DURATION}_bucket{{{labels},le=\"+Inf\"}}"), total);
    line(text, &format!("{DURATION}_sum{{{labels}}}"), Duration::from_micros(counts.micros.load(Ordering::Relaxed)).as_secs_f64());
    line(text, &format!("{DURATION}_count{{{labels}}}"), total);
}

fn gauge(text: &mut String, name: &str, help: &str, value: impl Display) {
    head(text, name, help, "gauge");
    line(text, name, value);
}

fn head(text: &mut String, name: &str, help: &str, kind: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn line(text: &mut String, name: &str, value: impl Display) {
    let _ = writeln!(text, "{name} {value}");
}
