//! The table.

use std::fs;

use model::Precision;

use crate::input::{BATCH, LENGTH, Size, WARM_UP};
use crate::side::{Measured, Step};

/// One line of the table.
pub struct Row {
    pub size: Size,
    pub precision: Precision,
    pub ours: Measured,
    pub theirs: Option<Measured>,
    /// Seconds from the start of a process to the end of its first step, each alone on the machine.
    pub our_starts: Vec<f64>,
    pub their_starts: Vec<f64>,
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => values[middle],
        _ => (values[middle - 1] + values[middle]) / 2.0,
    }
}

fn of(measured: &Measured, what: impl Fn(&Step) -> f64) -> f64 {
    median(measured.steps.iter().skip(WARM_UP).map(what).collect())
}

fn rate(measured: &Measured) -> f64 {
    (BATCH * LENGTH) as f64 / of(measured, |step| step.seconds)
}

fn mib(bytes: f64) -> f64 {
    bytes / f64::from(1 << 20)
}

/// A figure of both sides and what ours is of theirs, or ours alone.
fn both(ours: f64, theirs: Option<f64>, digits: usize) -> String {
    match theirs {
        None => format!("{ours:.digits$}"),
        Some(theirs) => format!("{ours:.digits$} / {theirs:.digits$} = {:.2}", ours / theirs),
    }
}

/// Prints everything as Markdown.
pub fn print(rows: &[Row], versions: Option<&str>) {
    println!("{}\n", machine(versions));
    println!("| size | weights | tokens/s | speed | processor s a step | peak MiB | first step s | GFLOP/s of products | share of rate |");
    println!("|---|---|---|---|---|---|---|---|---|");
    for row in rows {
        let theirs = row.theirs.as_ref();
        let pairs = theirs.map(|theirs| {
            let pairs = row.ours.steps.iter().zip(&theirs.steps).skip(WARM_UP);
            median(pairs.map(|(ours, theirs)| theirs.seconds / ours.seconds).collect())
        });
        let operations = row.size.product_operations().unwrap_or(f64::NAN);
        let speed = |measured: &Measured| operations / of(measured, |step| step.seconds);
        let share = |measured: &Measured| speed(measured) / measured.end.product_rate;
        println!(
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            row.size.name(),
            row.precision,
            both(rate(&row.ours), theirs.map(rate), 0),
            pairs.map_or_else(|| "–".to_owned(), |ratio| format!("**{ratio:.2}**")),
            both(of(&row.ours, |s| s.cpu), theirs.map(|t| of(t, |s| s.cpu)), 2),
            both(mib(row.ours.end.peak_bytes), theirs.map(|t| mib(t.end.peak_bytes)), 0),
            both(median(row.our_starts.clone()), theirs.map(|_| median(row.their_starts.clone())), 2),
            both(speed(&row.ours) / 1e9, theirs.map(|t| speed(t) / 1e9), 0),
            both(share(&row.ours), theirs.map(share), 2),
        );
    }
    println!();
    for row in rows {
        let end = &row.ours.end;
        let loading = end.loading_peak_bytes.zip(end.loaded_bytes).map_or(f64::NAN, |(peak, now)| peak / now);
        let rates = both(end.product_rate / 1e9, row.theirs.as_ref().map(|t| t.end.product_rate / 1e9), 0);
        let losses = |measured: &Measured| measured.steps.first().map_or(f64::NAN, |step| step.loss);
        let losses = match &row.theirs {
            Some(theirs) => format!("{:.4} and {:.4}", losses(&row.ours), losses(theirs)),
            None => format!("{:.4}", losses(&row.ours)),
        };
        println!(
            "- {} in {}: rate of a large product {rates} GFLOP/s; first loss {losses}; most memory while loading {loading:.2} of what is loaded",
            row.size.name(),
            row.precision,
        );
    }
}

fn machine(versions: Option<&str>) -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| cpu.lines().find(|line| line.starts_with(name)).and_then(|line| line.split(": ").nth(1)).unwrap_or("?");
    let flags = field("flags");
    let found: Vec<&str> =
        ["avx2", "avx512f", "avx512_bf16", "amx_bf16"].into_iter().filter(|f| flags.split(' ').any(|g| g == *f)).collect();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let threads = std::thread::available_parallelism().map_or(0, usize::from);
    format!(
        "{}, {threads} threads, {}; {}; {}; load {} at the end. Pairs are ours / PEFT; speed is the median of the pairs' PEFT time / ours.",
        field("model name"),
        found.join(" "),
        chrono::Utc::now().format("%Y-%m-%d"),
        versions.unwrap_or("no PEFT"),
        load.split(' ').next().unwrap_or("?"),
    )
}
