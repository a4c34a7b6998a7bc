//! Our side: a process that makes a step for each line it reads.

use std::fs;
use std::io::{BufRead, Write, stdin, stdout};
use std::path::Path;
use std::time::Instant;

use domain::job::OptimizerType;
use model::backend::{Backend, Write as Into};
use model::{
    Batch, Cpu, Elements, LinearModule, LoraConfig, LoraGradients, LoraWeights, LossScale, Model, ModelError, Precision, Workspace,
};
use serde_json::{Value, json};
use trainer::Optimizer;

use crate::Failure;
use crate::input::{BATCH, LENGTH, RANK};

/// The program's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

struct Training {
    model: Model,
    weights: LoraWeights,
    gradients: LoraGradients,
    optimizer: Optimizer,
    workspace: Workspace,
}

/// Loads the model, and makes a step for every line; the last line is an empty one.
pub fn serve(folder: &Path, precision: Precision) -> Result<(), Failure> {
    let batches: Vec<Vec<u32>> = serde_json::from_slice(&fs::read(folder.join("batches.json"))?)?;
    let mut training = Training::new(folder, precision)?;
    let loaded = memory();
    let mut lines = stdin().lock().lines();
    for tokens in &batches {
        if lines.next().transpose()?.is_none_or(|line| line.is_empty()) {
            break;
        }
        let (start, before) = (Instant::now(), cpu_seconds());
        let loss = training.step(tokens)?;
        say(&json!({ "seconds": start.elapsed().as_secs_f64(), "cpu": cpu_seconds() - before, "loss": loss }))?;
    }
    lines.next();
    let ended = memory();
    drop(training);
    say(&json!({
        "peak_bytes": ended.peak, "loading_peak_bytes": loaded.peak, "loaded_bytes": loaded.now,
        "product_rate": product_rate(precision),
    }))
}

fn say(value: &Value) -> Result<(), Failure> {
    let mut out = stdout().lock();
    writeln!(out, "{value}")?;
    Ok(out.flush()?)
}

impl Training {
    fn new(folder: &Path, precision: Precision) -> Result<Self, ModelError> {
        let model = Model::load_on(Cpu, folder, precision, |_| ())?;
        let lora = LoraConfig::on(&LinearModule::ALL, RANK, 32.0, 0.0);
        let weights = LoraWeights::init(model.config(), &lora, 0)?;
        let optimizer = Optimizer::new(OptimizerType::Adamw, 0.01, weights.params().iter().map(|p| (p.name, p.shape)));
        Ok(Self { gradients: LoraGradients::zeros_like(&weights), weights, optimizer, model, workspace: Workspace::new() })
    }

    fn step(&mut self, tokens: &[u32]) -> Result<Option<f64>, Failure> {
        let labels: Vec<i32> = tokens.iter().map(|token| token.cast_signed()).collect();
        let batch = Batch { input_ids: tokens, labels: &labels, batch_size: BATCH, seq_len: LENGTH };
        let scale = LossScale::mean_over(batch.label_tokens());
        self.gradients.zero();
        let loss = self.model.forward_backward(&self.weights, &mut self.gradients, &batch, scale, None, &mut self.workspace)?;
        let gradients: Vec<&[f32]> = self.gradients.params().into_iter().map(|tensor| tensor.data).collect();
        let mut weights: Vec<&mut [f32]> = self.weights.params_mut().into_iter().map(|tensor| tensor.data).collect();
        self.optimizer.step(&mut weights, &gradients, 2e-4)?;
        Ok(loss.mean())
    }
}

/// Operations a second of a product with a frozen matrix of M's feed-forward, the best of some.
fn product_rate(precision: Precision) -> f64 {
    let (rows, inputs, outputs) = (BATCH * LENGTH, 576, 1536);
    let numbers = |count: usize| (0..count).map(|i| (i * 37 % 101) as f32 * 0.01 - 0.5).collect::<Vec<_>>();
    let weight = Cpu.freeze(Elements::Owned(numbers(inputs * outputs)), outputs, inputs, precision);
    let (x, mut y) = (numbers(rows * inputs), vec![0.0; rows * outputs]);
    let mut best = f64::INFINITY;
    for _ in 0..40 {
        let start = Instant::now();
        Cpu.linear(&x, &weight, None, Into::Replace, &mut y);
        best = best.min(start.elapsed().as_secs_f64());
    }
    2.0 * (rows * inputs * outputs) as f64 / best
}

/// Resident bytes of this process.
struct Memory {
    now: u64,
    peak: u64,
}

fn memory() -> Memory {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).map_or(0, |kib| kib * 1024)
    };
    Memory { now: field("VmRSS:"), peak: field("VmHWM:") }
}

/// Processor time of this process, in hundredths of a second.
fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<f64> = stat.rsplit(") ").next().unwrap_or_default().split(' ').map(|f| f.parse().unwrap_or(0.0)).collect();
    fields.get(11).zip(fields.get(12)).map_or(0.0, |(user, system)| (user + system) / 100.0)
}
