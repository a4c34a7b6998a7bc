//! Where figures were measured.

use std::fs::read_to_string;

/// The machine, how busy it was before, the date and the version, in one line for a benchmark's report.
pub fn described() -> String {
    let processor = read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        processor.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':').map(|(_, model)| model.trim().to_owned()));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let load = read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("?").to_owned();
    let day = chrono::Utc::now().format("%Y-%m-%d");
    let (model, version) = (model.unwrap_or_else(|| "unknown processor".to_owned()), env!("CARGO_PKG_VERSION"));
    let build = if cfg!(debug_assertions) { "debug build" } else { "release build" };
    format!("{model}, {cores} cores, load {load} before; {day}; BrightRun {version}, {build}")
}
