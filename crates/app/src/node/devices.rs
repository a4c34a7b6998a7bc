//! What a node trains on, as the operating system tells it.

use domain::cluster_api::Device;

/// The devices of this machine.
pub fn present() -> Vec<Device> {
    let cores = std::thread::available_parallelism().ok().and_then(|n| u32::try_from(n.get()).ok());
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    vec![Device {
        kind: "cpu".to_owned(),
        cores,
        memory_bytes: field(&memory, "MemTotal:"),
        free_memory_bytes: field(&memory, "MemAvailable:"),
    }]
}

/// A line such as `MemTotal:  16384 kB`, in bytes.
fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_where_the_system_tells_it() {
        let text = "MemTotal:       16384 kB\nMemAvailable:    1 kB\n";
        assert_eq!((field(text, "MemTotal:"), field(text, "MemAvailable:"), field(text, "Swap:")), (Some(16_777_216), Some(1024), None));
    }
}
