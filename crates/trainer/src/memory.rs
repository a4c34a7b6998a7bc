//! Memory: what this process takes at most, what the machine has, and what a run will take.

use crate::data::TrainingData;
use crate::error::TrainerError;
use crate::rehearsal::longest_batch;
use domain::job::{Precision, TrainingConfig};
use domain::memory::{LongestBatch, MemoryEstimate, ModelSizes, Trained, advice, choose, in_words};
use model::{DecoderConfig, LoraConfig, LoraWeights};

/// Has this process take memory in small pages only, where the system would give it large ones. The buffers of a training are of many sizes,
/// and ends of large pages that nothing lies in made its peak up to 60 % more than what is needed.
pub fn keep_to_small_pages() {
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}

/// Peak resident memory in bytes, from `/proc`; none where the system has no such file.
pub(crate) fn peak_memory_bytes() -> Option<u64> {
    parse(&std::fs::read_to_string("/proc/self/status").ok()?)
}

/// What a run on this data will take.
///
/// # Errors
/// When that is more than was asked to be kept to, or than the device (or this machine) has, with the figures and with what would fit.
pub(crate) fn plan(
    geometry: &DecoderConfig,
    lora: &LoraConfig,
    weights: &LoraWeights,
    config: &TrainingConfig,
    data: &TrainingData,
    (asked, device): (Option<u64>, Option<u64>),
) -> Result<MemoryEstimate, TrainerError> {
    let h = &config.hyperparameters;
    let sizes = sizes(geometry);
    let trained = Trained {
        parameters: weights.parameter_count(),
        modules: weights.params().len() as u64 / 2,
        rank: lora.rank as u64,
        dropout: lora.dropout > 0.0,
        optimizer: h.optimizer_type,
        weight_bytes: config.settings.precision.bytes(),
        // The processors keep what blocks leave behind in the precision of the weights; a GPU does not.
        kept_bytes: if device.is_some() { Precision::F32 } else { config.settings.precision }.bytes(),
    };
    let limit = match (asked, device.or_else(available_bytes)) {
        (Some(asked), Some(there)) => Some(asked.min(there)),
        (asked, there) => asked.or(there),
    };
    let batch = |size: u32, length: u32| longest(data, size, length as usize);
    let chosen = choose(config.settings.gradient_checkpointing, limit, |recompute| {
        sizes.estimate(&trained, batch(h.batch_size, h.max_seq_length), recompute)
    });
    chosen.map_err(|over| TrainerError::OutOfMemory {
        needed: in_words(over.total()),
        parts: parts(&over),
        limit: in_words(limit.unwrap_or(0)),
        advice: advice(limit.unwrap_or(0), (h.batch_size, h.max_seq_length), |size, length, recompute| {
            sizes.estimate(&trained, batch(size, length), recompute).total()
        }),
    })
}

/// An estimate in words.
pub(crate) fn parts(e: &MemoryEstimate) -> String {
    let parts = [("weights", e.weights), ("adapters", e.adapters), ("optimiser", e.optimizer), ("activations", e.activations)];
    let parts = parts.map(|(name, bytes)| format!("{name} {}", in_words(bytes))).join(", ");
    format!("{parts}; gradient checkpointing {}", if e.recompute { "on" } else { "off" })
}

fn sizes(config: &DecoderConfig) -> ModelSizes {
    ModelSizes {
        hidden: config.hidden_size as u64,
        intermediate: config.intermediate_size as u64,
        layers: config.num_hidden_layers as u64,
        heads: config.num_attention_heads as u64,
        key_value_heads: config.num_key_value_heads as u64,
        head_dim: config.head_dim as u64,
        vocabulary: config.vocab_size as u64,
        tied: config.tie_word_embeddings,
        head_norms: config.qk_norm,
    }
}

/// The largest batch of this size that an epoch could draw, its examples cut to a length.
fn longest(data: &TrainingData, batch_size: u32, length: usize) -> LongestBatch {
    let mut batch = LongestBatch { tokens: 0, labels: 0, longest: 0 };
    for example in longest_batch(data, batch_size as usize) {
        let tokens = data.set.ids(example).len().min(length) as u64;
        batch.tokens += tokens;
        batch.labels += data.set.label_tokens(example).min(tokens);
        batch.longest = batch.longest.max(tokens);
    }
    batch
}

/// Bytes that this process may take: what is free now with what it has, and no more than its group is given. None where the system does
/// not say.
fn available_bytes() -> Option<u64> {
    let read = |path: &str| std::fs::read_to_string(path).ok();
    let free = kibibytes(&read("/proc/meminfo")?, "MemAvailable:")?;
    let own = read("/proc/self/status").and_then(|status| kibibytes(&status, "VmRSS:")).unwrap_or(0);
    let groups = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let group = groups.into_iter().filter_map(read).filter_map(|text| text.trim().parse::<u64>().ok()).min();
    Some((free + own).min(group.unwrap_or(u64::MAX)))
}

fn kibibytes(text: &str, field: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(field))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

fn parse(status: &str) -> Option<u64> {
    kibibytes(status, "VmHWM:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_high_water_mark_is_read() {
        assert_eq!(parse("Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t 1 kB\n"), Some(2 << 20));
        assert_eq!(parse("Name:\tx\n"), None);
    }
}
