//! Measures training throughput and peak memory on random weights.
//!
//! `cargo run --release -p model --example throughput -- [small|large] [--recompute] [--dropout]`
//!
//! `small` has 256 hidden, 6 layers and a vocabulary of 4096; `large` has SmolLM-135M's geometry. Both train rank 16 on all linear
//! layers, 4 sequences of 256 tokens.
#![expect(clippy::print_stdout, reason = "a measurement is for the terminal")]

use std::{error::Error, time::Instant};

use model::{
    Batch, Cpu, DecoderConfig, DropoutKey, LinearModule, LoraConfig, LoraGradients, LoraWeights, LossScale, Model, ModelError, Precision,
    Rope, Workspace,
};

const BATCH: usize = 4;
const LENGTH: usize = 256;
const WARM_UP: usize = 2;
const STEPS: usize = 8;

fn geometry(large: bool) -> DecoderConfig {
    let small = DecoderConfig {
        hidden_size: 256,
        intermediate_size: 704,
        num_hidden_layers: 6,
        num_attention_heads: 8,
        num_key_value_heads: 8,
        head_dim: 32,
        vocab_size: 4096,
        max_position_embeddings: 2048,
        rms_norm_eps: 1e-5,
        rope: Rope::plain(10_000.0),
        tie_word_embeddings: false,
        biases: Vec::new(),
        qk_norm: false,
        sliding_window: None,
    };
    if !large {
        return small;
    }
    DecoderConfig {
        hidden_size: 576,
        intermediate_size: 1536,
        num_hidden_layers: 30,
        num_attention_heads: 9,
        num_key_value_heads: 3,
        head_dim: 64,
        vocab_size: 49_152,
        tie_word_embeddings: true,
        ..small
    }
}

/// A linear congruential generator: these numbers need only be unequal.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

fn random_model(config: DecoderConfig) -> Result<Model, ModelError> {
    let mut state = 1;
    Model::from_tensors(config, Cpu, Precision::F32, |name, shape| {
        let count = shape.iter().product();
        if name.contains("norm") {
            return Ok(vec![1.0; count]);
        }
        Ok((0..count).map(|_| (next(&mut state) as f32 / (1u64 << 31) as f32 - 0.5) * 0.07).collect())
    })
}

/// The most memory that this process ever held, in MiB, where the kernel tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib / 1024)
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    let config = geometry(has("large"));
    let dropout = if has("--dropout") { 0.05 } else { 0.0 };
    let lora = LoraConfig::on(&LinearModule::ALL, 16, 32.0, dropout);
    let (model, weights) = (random_model(config.clone())?, LoraWeights::init(&config, &lora, 0)?);
    let mut gradients = LoraGradients::zeros_like(&weights);
    let mut ws = if has("--recompute") { Workspace::with_recompute() } else { Workspace::new() };
    let mut state = 2;
    let input_ids: Vec<u32> = (0..BATCH * LENGTH).map(|_| (next(&mut state) % config.vocab_size as u64) as u32).collect();
    let labels: Vec<i32> = input_ids.iter().map(|token| *token as i32).collect();
    let batch = Batch { input_ids: &input_ids, labels: &labels, batch_size: BATCH, seq_len: LENGTH };
    let scale = LossScale::mean_over(batch.label_tokens());
    let mut seconds = Vec::new();
    for step in 0..WARM_UP + STEPS {
        let start = Instant::now();
        gradients.zero();
        let key = DropoutKey { seed: 0, step: step as u64, micro_step: 0 };
        let loss = model.forward_backward(&weights, &mut gradients, &batch, scale, Some(key), &mut ws)?;
        let elapsed = start.elapsed().as_secs_f64();
        println!("step {step}: loss {:.4}, gradient norm {:.4}, {elapsed:.3} s", loss.mean().unwrap_or(f64::NAN), gradients.global_norm());
        if step >= WARM_UP {
            seconds.push(elapsed);
        }
    }
    seconds.sort_by(f64::total_cmp);
    let rate = |seconds: f64| (BATCH * LENGTH) as f64 / seconds;
    println!(
        "{} parameters, {} trainable: median {:.0} tokens/s, best {:.0}; peak memory {} MiB",
        config.parameter_count(),
        weights.parameter_count(),
        rate(seconds[seconds.len() / 2]),
        rate(seconds[0]),
        peak_memory().map_or_else(|| "?".to_owned(), |mib| mib.to_string()),
    );
    Ok(())
}
