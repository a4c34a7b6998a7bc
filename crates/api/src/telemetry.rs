//! Figures of this process, and all figures in Prometheus' text format (version 0.0.4).

use app::health::Figures;
use std::fmt::{Display, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of the buckets of request durations, in milliseconds.
const BUCKETS: [u64; 6] = [10, 50, 100, 500, 1_000, 10_000];

/// Counts the requests of this process.
#[derive(Debug, Default)]
pub struct Telemetry {
    /// By the first digit of the status.
    by_class: [AtomicU64; 5],
    /// Requests that took at most so long.
    within: [AtomicU64; BUCKETS.len()],
    micros: AtomicU64,
}

impl Telemetry {
    /// Counts a request by its status and the time until its answer began.
    pub fn count(&self, status: http::StatusCode, took: Duration) {
        let class = usize::from(status.as_u16() / 100).clamp(1, 5) - 1;
        self.by_class[class].fetch_add(1, Ordering::Relaxed);
        self.micros.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
        for (bound, counter) in BUCKETS.iter().zip(&self.within) {
            if took <= Duration::from_millis(*bound) {
                counter.fetch_add(1, Ordering::Relaxed);
            }
        }
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
    let counts: Vec<u64> = telemetry.by_class.iter().map(|counter| counter.load(Ordering::Relaxed)).collect();
    head(text, "brightrun_http_requests_total", "Requests by class of status.", "counter");
    for (class, number) in (1..).zip(&counts) {
        line(text, &format!("brightrun_http_requests_total{{class=\"{class}xx\"}}"), number);
    }
    let name = "brightrun_http_request_seconds";
    head(text, name, "Time until the answer began.", "histogram");
    for (bound, counter) in BUCKETS.iter().zip(&telemetry.within) {
        let seconds = Duration::from_millis(*bound).as_secs_f64();
        line(text, &format!("{name}_bucket{{le=\"{seconds}\"}}"), counter.load(Ordering::Relaxed));
    }
    let total: u64 = counts.iter().sum();
    line(text, &format!("{name}_bucket{{le=\"+Inf\"}}"), total);
    line(text, &format!("{name}_sum"), Duration::from_micros(telemetry.micros.load(Ordering::Relaxed)).as_secs_f64());
    line(text, &format!("{name}_count"), total);
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
