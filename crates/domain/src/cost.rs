//! Cost rules: estimates, the cost of a run, and the terms they are made of.
//!
//! Compute = hours × rate, which is that of all GPUs together. Storage = (data set in GB + 5) × 0.023. Transfer = data set in GB × 2 × 0.09. Total = their sum, as the
//! specification's cost calculator has it; 1 GB = 10⁹ bytes.

use crate::dataset::{DatasetStatistics, LENGTH_BIN};
use crate::job::{JobSettings, TrainingConfig};
use crate::money::MicroUsd;
use crate::text_enum::text_enum;
use serde::{Deserialize, Serialize};

text_enum! {
    /// What a cost record is for.
    CostType {
        /// GPU seconds × rate.
        Compute = "compute",
        /// Data set and artifacts kept.
        Storage = "storage",
        /// Bytes moved to and from the cluster.
        DataTransfer = "data_transfer",
        /// Calls of paid interfaces.
        ApiCalls = "api_calls",
    }
}

/// USD a GB of storage.
pub const STORAGE_RATE: f64 = 0.023;
/// USD a GB of transfer.
pub const TRANSFER_RATE: f64 = 0.09;
/// GB reserved for a run's checkpoints and artifacts.
pub const STORAGE_RESERVE_GB: f64 = 5.0;

/// One term of a cost: `quantity` × `rate` = `total`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CostTerm {
    /// Hours or GB.
    pub quantity: f64,
    /// USD an hour, all GPUs together, or a GB.
    pub rate: f64,
    /// The product.
    pub total: MicroUsd,
}

impl CostTerm {
    fn new(quantity: f64, rate: f64) -> Self {
        Self { quantity, rate, total: MicroUsd::from_usd(quantity * rate) }
    }
}

/// A cost with its terms.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CostBreakdown {
    /// Hours × rate of all GPUs.
    pub compute: CostTerm,
    /// GB × rate.
    pub storage: CostTerm,
    /// GB × rate.
    pub data_transfer: CostTerm,
}

impl CostBreakdown {
    /// The cost of `seconds` on `num_gpus` devices at `rate_per_hour` each, for a data set of `dataset_bytes`.
    pub fn new(seconds: f64, num_gpus: u32, rate_per_hour: MicroUsd, dataset_bytes: u64) -> Self {
        let gb = bytes_to_gb(dataset_bytes);
        let rate = MicroUsd(rate_per_hour.0.saturating_mul(i64::from(num_gpus)));
        Self {
            compute: CostTerm::new(seconds.max(0.0) / 3600.0, rate.usd()),
            storage: CostTerm::new(gb + STORAGE_RESERVE_GB, STORAGE_RATE),
            data_transfer: CostTerm::new(gb * 2.0, TRANSFER_RATE),
        }
    }

    /// The sum of the terms.
    pub fn total(&self) -> MicroUsd {
        self.compute.total + self.storage.total + self.data_transfer.total
    }
}

#[expect(clippy::cast_precision_loss, reason = "file sizes are far below 2^53 bytes")]
fn bytes_to_gb(bytes: u64) -> f64 {
    bytes as f64 / 1e9
}

/// What the estimate of the running time is made from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Throughput {
    /// Tokens a second, all devices together.
    pub tokens_per_second: f64,
    /// Whether earlier runs measured it; otherwise it is from FLOPs.
    pub measured: bool,
}

/// Steps, time and cost of a run that was not made yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// Optimiser steps.
    pub total_steps: u64,
    /// Examples trained on in an epoch.
    pub train_examples: u64,
    /// Examples held out.
    pub validation_examples: u64,
    /// Tokens passed through the model in all epochs and validations.
    pub total_tokens: u64,
    /// Tokens of a row of a batch, in the mean; see [`row_tokens`].
    pub row_tokens: u64,
    /// Tokens a second that the duration assumes.
    pub throughput: Throughput,
    /// Most likely duration in seconds.
    pub seconds: f64,
    /// Lower end of the range in seconds.
    pub seconds_min: f64,
    /// Upper end of the range in seconds.
    pub seconds_max: f64,
    /// Cost of the most likely duration.
    pub cost: CostBreakdown,
    /// Cost of the lower end.
    pub cost_min: MicroUsd,
    /// Cost of the upper end: what is held against the budget.
    pub cost_max: MicroUsd,
}

/// Optimiser steps of a run: every epoch ends with a step, so a last, smaller accumulation counts.
pub fn total_steps(train_examples: u64, batch_size: u32, accumulation: u32, epochs: u32) -> u64 {
    let micro_steps = train_examples.div_ceil(u64::from(batch_size.max(1)));
    micro_steps.div_ceil(u64::from(accumulation.max(1))) * u64::from(epochs)
}

/// Estimates a run over a data set. `setup_seconds` is the fixed part before the first step and after the last.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an estimate")]
pub fn estimate(
    statistics: &DatasetStatistics,
    dataset_bytes: u64,
    config: &TrainingConfig,
    num_gpus: u32,
    rate_per_hour: MicroUsd,
    throughput: Throughput,
    setup_seconds: f64,
) -> Estimate {
    let h = &config.hyperparameters;
    let examples = statistics.examples();
    let validation = if statistics.total_validation_pairs > 0 {
        statistics.total_validation_pairs.min(examples)
    } else {
        held_out(examples, statistics.total_conversations, config.settings.validation_split_ratio)
    };
    let train = examples.saturating_sub(validation);
    let tokens_all = truncated_tokens(statistics, u64::from(h.max_seq_length));
    let share = |n: u64| if examples == 0 { 0.0 } else { tokens_all * n as f64 / examples as f64 };
    // A validation pass has no backward: about a third of the work. One before the first step, one an epoch.
    let work = share(train) * f64::from(h.num_epochs) + share(validation) * (f64::from(h.num_epochs) + 1.0) / 3.0;
    let evaluation = if validation == 0 { 0.0 } else { evaluation_work(share(validation), validation, &config.settings) };
    let evaluation_seconds = (evaluation / throughput.tokens_per_second.max(1e-9)).min(config.settings.evaluation_minutes * 60.0);
    let seconds = setup_seconds + work / throughput.tokens_per_second.max(1e-9) + evaluation_seconds;
    let rows = if config.settings.packing { packed_rows(statistics, u64::from(h.max_seq_length), share(train), train) } else { train };
    let spread = if throughput.measured { 0.2 } else { 0.5 };
    let (low, high) = (seconds * (1.0 - spread), seconds * (1.0 + spread));
    let cost = |s: f64| CostBreakdown::new(s, num_gpus, rate_per_hour, dataset_bytes);
    Estimate {
        total_steps: total_steps(rows, h.batch_size, h.gradient_accumulation_steps, h.num_epochs),
        train_examples: train,
        validation_examples: validation,
        total_tokens: work as u64,
        row_tokens: row_tokens(statistics, config),
        throughput,
        seconds,
        seconds_min: low,
        seconds_max: high,
        cost: cost(seconds),
        cost_min: cost(low).total(),
        cost_max: cost(high).total(),
    }
}

/// Tokens of a row of a batch, in the mean: of an example, cut to the sequence length; with packing, the sequence length.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an estimate")]
pub fn row_tokens(statistics: &DatasetStatistics, config: &TrainingConfig) -> u64 {
    let most = u64::from(config.hyperparameters.max_seq_length);
    if config.settings.packing {
        return most;
    }
    (truncated_tokens(statistics, most) / statistics.examples().max(1) as f64).ceil() as u64
}

/// Tokens of an answer that an evaluation counts with before it has seen any.
const ANSWER_TOKENS: f64 = 128.0;
/// Work of writing a token of an answer, in tokens trained on: the weights are read anew for each, for eight answers at a time.
const ANSWER_TOKEN_WORK: f64 = 1.5;

/// Work of an evaluation, in tokens trained on. Both models pass over the held-out examples, over as many questions as are to be answered,
/// and over the answers; a pass without its way back is a third of the work.
#[expect(clippy::cast_precision_loss, reason = "an estimate")]
pub fn evaluation_work(validation_tokens: f64, validation_examples: u64, settings: &JobSettings) -> f64 {
    let answered = validation_examples.min(u64::from(settings.evaluation_examples)) as f64;
    let questions = answered * validation_tokens / validation_examples.max(1) as f64;
    let answers = answered * ANSWER_TOKENS;
    2.0 * ((validation_tokens + questions + 2.0 * answers) / 3.0 + answers * ANSWER_TOKEN_WORK)
}

/// Rows that packing will make: as many as the tokens fill, and at least one for each example longer than half a row.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an estimate")]
fn packed_rows(statistics: &DatasetStatistics, max: u64, tokens: f64, train: u64) -> u64 {
    let counted: u64 = statistics.length_histogram.iter().sum();
    let long = statistics.length_histogram.iter().enumerate().filter(|(bin, _)| (*bin as u64 * LENGTH_BIN + LENGTH_BIN / 2) * 2 > max);
    let share = long.map(|(_, count)| *count).sum::<u64>() as f64 / counted.max(1) as f64;
    let filled = (tokens / max.max(1) as f64).ceil();
    (filled.max(share * train as f64).ceil() as u64).clamp(train.min(1), train)
}

/// Examples that the trainer will hold out: whole conversations, `ratio` of them, at least one and not all where there are two or more;
/// counted as if all had the same number of examples.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an estimate")]
fn held_out(examples: u64, conversations: u64, ratio: f64) -> u64 {
    if ratio <= 0.0 || conversations < 2 {
        return 0;
    }
    let held = ((conversations as f64 * ratio).round() as u64).clamp(1, conversations - 1);
    (examples as f64 * held as f64 / conversations as f64).round() as u64
}

/// Tokens of all examples when each is cut to `max` tokens, from the histogram of lengths.
#[expect(clippy::cast_precision_loss, reason = "an estimate")]
fn truncated_tokens(statistics: &DatasetStatistics, max: u64) -> f64 {
    let total = statistics.total_tokens as f64;
    let counted: u64 = statistics.length_histogram.iter().sum();
    if counted == 0 || statistics.length_distribution.max <= max {
        return total;
    }
    let middle = |i: usize| (i as u64 * LENGTH_BIN + LENGTH_BIN / 2).min(statistics.length_distribution.max);
    let sum =
        |cap: u64| -> f64 { statistics.length_histogram.iter().enumerate().map(|(i, n)| *n as f64 * middle(i).min(cap) as f64).sum() };
    total * sum(max) / sum(u64::MAX).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{JobSettings, PresetId, preset};

    #[test]
    fn a_cost_is_the_sum_of_its_terms() {
        let cost = CostBreakdown::new(7200.0, 2, MicroUsd::from_usd(2.5), 1_000_000_000);
        assert_eq!((cost.compute.quantity, cost.compute.rate, cost.compute.total), (2.0, 5.0, MicroUsd::from_usd(10.0)));
        assert_eq!(cost.storage.total, MicroUsd::from_usd(0.138));
        assert_eq!(cost.data_transfer.total, MicroUsd::from_usd(0.18));
        assert_eq!(cost.total(), MicroUsd::from_usd(10.318));
    }

    #[test]
    fn the_last_smaller_batch_is_a_step() {
        assert_eq!(total_steps(10, 4, 1, 3), 9);
        assert_eq!(total_steps(10, 4, 2, 3), 6);
        assert_eq!(total_steps(0, 4, 1, 3), 0);
    }

    #[test]
    fn cutting_examples_makes_a_run_shorter() {
        let mut histogram = vec![0; 64];
        histogram[1] = 100;
        histogram[40] = 20;
        let mut statistics = DatasetStatistics {
            total_training_pairs: 120,
            total_conversations: 40,
            total_tokens: 100 * 96 + 20 * 2600,
            length_histogram: histogram,
            ..DatasetStatistics::default()
        };
        statistics.length_distribution.max = 2624;
        let run = |seq| {
            let mut hyperparameters = preset(PresetId::Balanced, 4096);
            hyperparameters.max_seq_length = seq;
            let config = TrainingConfig { hyperparameters, settings: JobSettings::default() };
            let speed = Throughput { tokens_per_second: 1000.0, measured: true };
            estimate(&statistics, 1_000_000, &config, 1, MicroUsd::from_usd(0.05), speed, 5.0)
        };
        let (long, short) = (run(4096), run(512));
        assert_eq!((long.train_examples, long.validation_examples, long.total_steps), (108, 12, 81));
        let mut packed = TrainingConfig { hyperparameters: preset(PresetId::Balanced, 4096), settings: JobSettings::default() };
        (packed.hyperparameters.max_seq_length, packed.settings.packing) = (4096, true);
        let speed = Throughput { tokens_per_second: 1000.0, measured: true };
        let packed = estimate(&statistics, 1_000_000, &packed, 1, MicroUsd::from_usd(0.05), speed, 5.0);
        // 18 of the long examples need a row each; the short ones fit in beside them.
        assert_eq!((packed.train_examples, packed.total_steps), (108, 15));
        assert_eq!((long.row_tokens, short.row_tokens, packed.row_tokens), (514, 166, 4096));
        assert!(short.seconds < long.seconds && short.cost_max < long.cost_max && short.cost_min < short.cost_max);
    }
}
