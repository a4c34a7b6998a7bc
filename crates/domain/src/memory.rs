//! Memory that a training takes, from sizes alone: what the engine keeps, buffer by buffer (`docs/memory.md` has it measured).

use crate::job::{GradientCheckpointing, OptimizerType};
use serde::{Deserialize, Serialize};

/// Bytes of a number in activations, adapters and the optimiser.
const F32: u64 = 4;
/// Rows whose logits exist at once.
const LOGIT_ROWS: u64 = 128;
/// Most bytes of a frozen matrix that are turned round at a time.
const TURNED: u64 = 8 << 20;
/// The program itself, with its threads.
const PROGRAM: u64 = 24 << 20;
/// A token in the tokenizer's tables: its text, its id both ways, its merge.
const TOKEN: u64 = 384;
/// Of the memory that is there, what a run may take.
const SHARE_IN_USE: f64 = 0.95;

/// What the program takes whatever it trains, with a tokenizer of so many tokens.
pub fn program_bytes(vocabulary: u64) -> u64 {
    PROGRAM + vocabulary * TOKEN
}

/// Sizes of a decoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelSizes {
    /// Width of the residual stream.
    pub hidden: u64,
    /// Inner width of the feed-forward.
    pub intermediate: u64,
    /// Blocks.
    pub layers: u64,
    /// Query heads.
    pub heads: u64,
    /// Key and value heads.
    pub key_value_heads: u64,
    /// Width of a head.
    pub head_dim: u64,
    /// Tokens that it knows.
    pub vocabulary: u64,
    /// Whether the head is the embedding.
    pub tied: bool,
    /// Whether queries and keys have a norm of their own.
    pub head_norms: bool,
}

/// What is trained, and how.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trained {
    /// Parameters of the adapters.
    pub parameters: u64,
    /// Modules that carry one, over all layers.
    pub modules: u64,
    /// Rank.
    pub rank: u64,
    /// Whether the adapters' inputs are dropped out.
    pub dropout: bool,
    /// Optimiser.
    pub optimizer: OptimizerType,
    /// Bytes of a frozen weight.
    pub weight_bytes: u64,
    /// Bytes of a number that a block leaves for its backward pass.
    pub kept_bytes: u64,
}

/// The batch that takes most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LongestBatch {
    /// Its tokens.
    pub tokens: u64,
    /// Those of them that are learned.
    pub labels: u64,
    /// Tokens of its longest sequence.
    pub longest: u64,
}

/// Bytes by what they are for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MemoryEstimate {
    /// The base model's weights.
    pub weights: u64,
    /// The adapters with their gradients, at the host and at the device, and twice the adapters as a checkpoint of them is written.
    pub adapters: u64,
    /// What the optimiser keeps.
    pub optimizer: u64,
    /// What the longest batch leaves for its backward pass, and the buffers of both passes.
    pub activations: u64,
    /// The program itself.
    pub program: u64,
    /// Whether blocks are computed again in the backward pass.
    pub recompute: bool,
}

impl MemoryEstimate {
    /// All of it.
    pub fn total(&self) -> u64 {
        [self.weights, self.adapters, self.optimizer, self.activations, self.program].iter().sum()
    }
}

impl ModelSizes {
    fn query_width(&self) -> u64 {
        self.heads * self.head_dim
    }

    fn key_width(&self) -> u64 {
        self.key_value_heads * self.head_dim
    }

    /// Weights of the base model; a tied head is counted once.
    pub fn parameters(&self) -> u64 {
        let (h, q, k, f) = (self.hidden, self.query_width(), self.key_width(), self.intermediate);
        let block = h * (2 * q + 2 * k) + 3 * h * f + 2 * h;
        let heads = if self.tied { 1 } else { 2 };
        heads * self.vocabulary * h + self.layers * block + h
    }

    /// What a training takes.
    pub fn estimate(&self, trained: &Trained, batch: LongestBatch, recompute: bool) -> MemoryEstimate {
        let (h, q, k, f) = (self.hidden, self.query_width(), self.key_width(), self.intermediate);
        let rows = batch.tokens;
        // Queries, keys, values, the attention's output, the stream between the halves, gate and up; and, never rounded, the attention's
        // denominators and what is inside the adapters.
        let raw = if self.head_norms { q + k } else { 0 };
        let (rounded, exact) = (2 * q + 2 * k + h + 2 * f + raw, self.heads + trained.rank * trained.modules.div_ceil(self.layers.max(1)));
        let kept = if recompute { 1 } else { self.layers };
        // What is rounded stands beside the block that is computed; what is not changes places with it.
        let block = if trained.kept_bytes < F32 { rounded } else { 0 };
        // The stream, a norm of it and the feed-forward's product, each with its gradient, and the gradients of the attention.
        let buffers = 4 * h + 2 * f + 2 * q + 2 * k + if trained.dropout { f.max(q) } else { 0 } + trained.rank;
        let rotary = batch.longest.next_power_of_two() * self.head_dim;
        let head = 4 * batch.labels * h + LOGIT_ROWS.min(batch.labels) * self.vocabulary;
        // A frozen matrix that is turned round for the way back, a part at a time.
        let turned = (self.vocabulary.max(f) * h * trained.weight_bytes).min(TURNED);
        let numbers = rows * (exact * kept + block + self.layers * h + buffers) + rotary + head;
        let activations = rows * rounded * kept * trained.kept_bytes + numbers * F32 + turned;
        let slots = match trained.optimizer {
            OptimizerType::Adamw => 2 * trained.parameters,
            OptimizerType::Sgd => trained.parameters,
            // Rows and columns of each factor.
            OptimizerType::Adafactor => trained.parameters / trained.rank.max(1) + trained.rank * trained.modules * 2,
        };
        MemoryEstimate {
            weights: self.parameters() * trained.weight_bytes,
            adapters: 6 * trained.parameters * F32,
            optimizer: slots * F32,
            activations,
            program: program_bytes(self.vocabulary),
            recompute,
        }
    }
}

/// Whether blocks are to be computed again, as asked for, or where that is left open as soon as it is needed to fit into `limit` bytes.
///
/// # Errors
/// The estimate that does not fit.
pub fn choose(
    asked: GradientCheckpointing,
    limit: Option<u64>,
    estimate: impl Fn(bool) -> MemoryEstimate,
) -> Result<MemoryEstimate, MemoryEstimate> {
    let fits = |e: &MemoryEstimate| limit.is_none_or(|limit| fits(e.total(), limit));
    let tried = match asked {
        GradientCheckpointing::Off => vec![false],
        GradientCheckpointing::On => vec![true],
        GradientCheckpointing::Auto => vec![false, true],
    };
    let mut last = MemoryEstimate::default();
    for recompute in tried {
        last = estimate(recompute);
        if fits(&last) {
            return Ok(last);
        }
    }
    Err(last)
}

#[expect(clippy::cast_precision_loss, reason = "bytes are far below 2^53")]
fn fits(bytes: u64, limit: u64) -> bool {
    bytes as f64 <= limit as f64 * SHARE_IN_USE
}

/// What would fit in place of a batch and length that do not, in the words of the settings; `estimate` is asked with a batch size, a
/// sequence length and whether blocks are computed again.
pub fn advice(limit: u64, (batch_size, length): (u32, u32), estimate: impl Fn(u32, u32, bool) -> u64) -> String {
    let halves = |from: u32, least: u32| std::iter::successors(Some(from), move |n| (*n / 2 >= least).then_some(n / 2));
    let mut found = Vec::new();
    if fits(estimate(batch_size, length, true), limit) {
        found.push("gradientCheckpointing on".to_owned());
    }
    if let Some(batch) = halves(batch_size, 1).skip(1).find(|batch| fits(estimate(*batch, length, true), limit)) {
        found.push(format!("batchSize {batch} (with {} times the gradientAccumulationSteps for the same steps)", batch_size / batch));
    }
    if let Some(shorter) = halves(length, 64).skip(1).find(|shorter| fits(estimate(batch_size, *shorter, true), limit)) {
        found.push(format!("maxSeqLength {shorter}"));
    }
    if found.is_empty() {
        let both = halves(length, 64).find(|shorter| fits(estimate(1, *shorter, true), limit));
        found.extend(both.map(|shorter| format!("batchSize 1 with maxSeqLength {shorter}")));
    }
    match found.is_empty() {
        true => "Nothing makes it fit: choose a smaller base model or a machine with more memory.".to_owned(),
        false => format!("What would fit: {}.", found.join(", or ")),
    }
}

/// Bytes in words.
#[expect(clippy::cast_precision_loss, reason = "bytes are far below 2^53")]
pub fn in_words(bytes: u64) -> String {
    match bytes {
        0..=0x3fff_ffff => format!("{:.0} MiB", bytes as f64 / f64::from(1 << 20)),
        _ => format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: ModelSizes = ModelSizes {
        hidden: 256,
        intermediate: 704,
        layers: 6,
        heads: 8,
        key_value_heads: 8,
        head_dim: 32,
        vocabulary: 4096,
        tied: false,
        head_norms: false,
    };
    const TRAINED: Trained = Trained {
        parameters: 500_000,
        modules: 42,
        rank: 16,
        dropout: true,
        optimizer: OptimizerType::Adamw,
        weight_bytes: 4,
        kept_bytes: 4,
    };

    fn batch(tokens: u64) -> LongestBatch {
        LongestBatch { tokens, labels: tokens / 2, longest: 256 }
    }

    #[test]
    fn more_tokens_take_more_and_recompute_takes_less() {
        assert_eq!(SMALL.parameters(), 2 * 4096 * 256 + 6 * (4 * 256 * 256 + 3 * 256 * 704 + 512) + 256);
        let bytes = |tokens, recompute| SMALL.estimate(&TRAINED, batch(tokens), recompute).total();
        assert!(bytes(2048, false) > bytes(1024, false) && bytes(1024, false) > bytes(1024, true));
        let half = Trained { weight_bytes: 2, kept_bytes: 2, ..TRAINED };
        assert!(SMALL.estimate(&half, batch(1024), false).total() < bytes(1024, false));
    }

    #[test]
    fn recompute_is_chosen_when_it_is_needed() {
        let estimate = |recompute| SMALL.estimate(&TRAINED, batch(8192), recompute);
        let (plain, again) = (estimate(false).total(), estimate(true).total());
        let chosen = |asked, limit| choose(asked, Some(limit), estimate).map(|e| e.recompute).ok();
        assert_eq!(chosen(GradientCheckpointing::Auto, 2 * plain), Some(false));
        assert_eq!(chosen(GradientCheckpointing::Auto, plain), Some(true));
        assert_eq!(chosen(GradientCheckpointing::Auto, again), None);
        assert_eq!((chosen(GradientCheckpointing::Off, plain), chosen(GradientCheckpointing::On, plain)), (None, Some(true)));
        assert!(choose(GradientCheckpointing::Auto, None, estimate).is_ok_and(|e| !e.recompute));
    }

    #[test]
    fn what_would_fit_is_told() {
        let estimate = |batch_size: u32, length: u32, recompute| {
            SMALL.estimate(&TRAINED, batch(u64::from(batch_size) * u64::from(length)), recompute).total()
        };
        let told = |limit| advice(limit, (8, 1024), estimate);
        assert!(told(estimate(8, 1024, true) * 2).contains("gradientCheckpointing on"));
        let tight = told(estimate(8, 1024, true));
        assert!(
            !tight.contains("gradientCheckpointing") && tight.contains("batchSize 4 (with 2 times") && tight.contains("maxSeqLength 512")
        );
        assert!(told(1 << 20).starts_with("Nothing makes it fit"));
        assert_eq!((in_words(5 << 20).as_str(), in_words(3 << 29).as_str()), ("5 MiB", "1.5 GiB"));
    }
}
