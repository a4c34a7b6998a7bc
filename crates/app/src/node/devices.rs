//! What a node trains on, as the operating system and the driver of the cards tell it. What neither tells is left out.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use domain::cluster_api::Device;
use tokio::process::Command;

/// Where the kernel's driver lists its cards, whether its programs are installed or not.
const DRIVER: &str = "/proc/driver/nvidia/gpus";
/// How long the driver's program may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The devices of this machine: the processor, and the cards as their driver tells of them, or, where it does not, as they were `found`.
pub async fn present(found: &[Device]) -> Vec<Device> {
    let cores = std::thread::available_parallelism().ok().and_then(|n| u32::try_from(n.get()).ok());
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let mut devices = vec![Device {
        kind: "cpu".to_owned(),
        name: None,
        cores,
        memory_bytes: field(&memory, "MemTotal:"),
        free_memory_bytes: field(&memory, "MemAvailable:"),
    }];
    let cards = cards().await;
    devices.extend(if cards.is_empty() { found.to_vec() } else { cards });
    devices
}

/// The cards, with their memory where the driver's program says it.
async fn cards() -> Vec<Device> {
    let listed = listed(Path::new(DRIVER));
    if listed.is_empty() {
        return Vec::new();
    }
    let query = ["--query-gpu=name,memory.total,memory.free", "--format=csv,noheader,nounits"];
    let asked = Command::new("nvidia-smi").args(query).stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).output();
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(output)) if output.status.success() => parsed(&String::from_utf8_lossy(&output.stdout)),
        _ => listed,
    }
}

/// The cards that the kernel's driver knows, by their folders.
fn listed(folder: &Path) -> Vec<Device> {
    let folders = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let card = |entry: std::fs::DirEntry| {
        let text = std::fs::read_to_string(entry.path().join("information")).unwrap_or_default();
        let name = text.lines().find_map(|line| line.strip_prefix("Model:")).map(|name| name.trim().to_owned());
        Device { kind: "cuda".to_owned(), name, cores: None, memory_bytes: None, free_memory_bytes: None }
    };
    folders.map(card).collect()
}

/// Lines such as `NVIDIA H100 80GB HBM3, 81559, 81029`, in MiB.
fn parsed(text: &str) -> Vec<Device> {
    let card = |line: &str| {
        let mut parts = line.rsplitn(3, ',').map(str::trim);
        let (free, total, name) = (parts.next()?, parts.next()?, parts.next()?);
        // Some cards do not tell, and say so in words.
        let bytes = |mib: &str| mib.parse::<u64>().ok()?.checked_mul(1024 * 1024);
        let (memory_bytes, free_memory_bytes) = (bytes(total), bytes(free));
        Some(Device { kind: "cuda".to_owned(), name: Some(name.to_owned()), cores: None, memory_bytes, free_memory_bytes })
    };
    text.lines().filter_map(card).collect()
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

    #[test]
    fn cards_are_those_that_the_driver_names_and_no_others() {
        let cards = parsed("NVIDIA H100 80GB HBM3, 81559, 81029\nA card, with a comma, [N/A], [N/A]\nnonsense\n");
        let mib = |n: u64| Some(n * 1024 * 1024);
        assert_eq!(cards.len(), 2);
        assert_eq!((cards[0].name.as_deref(), cards[0].memory_bytes), (Some("NVIDIA H100 80GB HBM3"), mib(81559)));
        assert_eq!((cards[0].kind.as_str(), cards[0].free_memory_bytes), ("cuda", mib(81029)));
        assert_eq!((cards[1].name.as_deref(), cards[1].free_memory_bytes), (Some("A card, with a comma"), None));
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(listed(&folder.path().join("none")), []);
        std::fs::create_dir(folder.path().join("0000:01:00.0")).expect("made");
        std::fs::write(folder.path().join("0000:01:00.0/information"), "Model: \t NVIDIA A10G\nIRQ: 5\n").expect("written");
        let listed = listed(folder.path());
        assert_eq!((listed.len(), listed[0].name.as_deref(), listed[0].memory_bytes), (1, Some("NVIDIA A10G"), None));
    }
}
