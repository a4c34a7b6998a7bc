//! Measures what trainings take against what is estimated beforehand, each in a process of its own:
//! `cargo run --release -p trainer --example memory`. The table is in `docs/memory.md`.
#![expect(clippy::print_stdout, reason = "an example that prints")]

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use domain::clock::SystemClock;
use domain::job::{GradientCheckpointing, Hyperparameters, JobSettings, PresetId, TrainingConfig, preset};
use domain::run::{BaseModelSource, DatasetSource, OutputTarget, RunSpec, TrainerEvent, TrainerEventKind};
use domain::{AttemptId, JobId};
use half::bf16;
use model::{DecoderConfig, LinearModule};
use safetensors::tensor::{Dtype, TensorView};
use serde_json::json;
use trainer::{Emitter, EventSink, RunOutcome, StopFlag, TrainerError};

type Failure = Box<dyn Error>;

const SIZES: [&str; 2] = ["tiny-chat", "S"];
const LENGTHS: [u32; 4] = [128, 256, 512, 1024];
const BATCH: u32 = 4;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [size, length, recompute] = arguments.as_slice() {
        return measure(size, length.parse()?, recompute == "on");
    }
    println!("| model | length | recompute | estimated MiB | measured MiB | difference |\n|---|---|---|---|---|---|");
    for size in SIZES {
        for length in LENGTHS {
            for recompute in ["off", "on"] {
                let output = Command::new(std::env::current_exe()?).args([size, &length.to_string(), recompute]).output()?;
                print!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            }
        }
    }
    Ok(())
}

/// The estimate of the plan.
struct Planned(Option<u64>);

impl EventSink for Planned {
    fn emit(&mut self, event: TrainerEvent) -> Result<(), TrainerError> {
        if let TrainerEventKind::Plan { memory_bytes, .. } = event.kind {
            self.0 = memory_bytes;
        }
        Ok(())
    }
}

fn measure(size: &str, length: u32, recompute: bool) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let built_in = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/tiny-chat");
    let base = if size == "S" { small(&built_in, folder.path())? } else { built_in };
    let dataset = folder.path().join("data.jsonl");
    let line = json!({"messages": [
        {"role": "user", "content": "my brake is loose ".repeat(length as usize / 8)},
        {"role": "assistant", "content": "tighten the cable a little ".repeat(length as usize / 4)},
    ]});
    fs::write(&dataset, format!("{line}\n").repeat(3 * BATCH as usize))?;
    let spec = spec(&base, &dataset, folder.path(), length, recompute);
    let (mut planned, stop) = (Planned(None), StopFlag::new());
    let outcome = trainer::run(&spec, &dataset, &mut Emitter::new(&mut planned, &SystemClock), &stop)?;
    let RunOutcome::Completed { summary, .. } = outcome else { return Err("it was stopped".into()) };
    let (estimated, measured) = (planned.0.unwrap_or(0) as f64, summary.peak_memory_bytes.unwrap_or(0) as f64);
    let mib = f64::from(1 << 20);
    let (difference, shown) = (100.0 * (estimated / measured - 1.0), if recompute { "on" } else { "off" });
    println!("| {size} | {length} | {shown} | {:.0} | {:.0} | {difference:+.1} % |", estimated / mib, measured / mib);
    Ok(())
}

fn spec(base: &Path, dataset: &Path, folder: &Path, length: u32, recompute: bool) -> RunSpec {
    let hyperparameters =
        Hyperparameters { num_epochs: 1, max_seq_length: length, batch_size: BATCH, ..preset(PresetId::Balanced, length) };
    let gradient_checkpointing = if recompute { GradientCheckpointing::On } else { GradientCheckpointing::Off };
    let settings = JobSettings { validation_split_ratio: 0.0, evaluation_examples: 0, gradient_checkpointing, ..JobSettings::default() };
    RunSpec {
        job_id: JobId::new(chrono::DateTime::UNIX_EPOCH),
        attempt_id: AttemptId::new(chrono::DateTime::UNIX_EPOCH),
        attempt: 1,
        base_model: BaseModelSource { id: "measured".into(), revision: "1".into(), path: base.to_owned(), repo: None },
        dataset: DatasetSource { url: None, path: Some(dataset.to_owned()), format: None, sha256: None, size: None },
        config: TrainingConfig { hyperparameters, settings },
        output: OutputTarget { dir: folder.join("run"), uploads: Default::default() },
        gpu: None,
        callback: None,
        resume_from: None,
        parent: None,
        threads: None,
        memory_limit: None,
        kernel_cache: None,
        provenance: Default::default(),
    }
}

/// A model of random weights: hidden 256, 6 layers, feed-forward 704, vocabulary 4096; with the built-in model's tokenizer.
fn small(built_in: &Path, folder: &Path) -> Result<PathBuf, Failure> {
    let base = folder.join("base");
    fs::create_dir_all(&base)?;
    for name in ["tokenizer.json", "tokenizer_config.json"] {
        fs::copy(built_in.join(name), base.join(name))?;
    }
    let config = json!({
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu", "hidden_size": 256, "num_hidden_layers": 6,
        "num_attention_heads": 8, "num_key_value_heads": 8, "intermediate_size": 704, "vocab_size": 4096, "tie_word_embeddings": false,
        "max_position_embeddings": 2048, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
    });
    fs::write(base.join("config.json"), config.to_string())?;
    let config = DecoderConfig::from_json(config.to_string().as_bytes())?;
    let mut shapes = vec![("model.embed_tokens.weight".to_owned(), vec![config.vocab_size, config.hidden_size])];
    for layer in 0..config.num_hidden_layers {
        for module in LinearModule::ALL {
            let (inputs, outputs) = config.linear_dims(module);
            shapes.push((format!("model.layers.{layer}.{}.weight", module.block_path()), vec![outputs, inputs]));
        }
        for norm in ["input_layernorm", "post_attention_layernorm"] {
            shapes.push((format!("model.layers.{layer}.{norm}.weight"), vec![config.hidden_size]));
        }
    }
    shapes.push(("model.norm.weight".to_owned(), vec![config.hidden_size]));
    shapes.push(("lm_head.weight".to_owned(), vec![config.vocab_size, config.hidden_size]));
    let number = |i: usize| bf16::from_f32(((i * 2_654_435_761) % 1009) as f32 / 1009.0 * 0.07 - 0.035).to_le_bytes();
    let stored: Vec<(String, Vec<usize>, Vec<u8>)> =
        shapes.into_iter().map(|(name, shape)| (name, shape.clone(), (0..shape.iter().product()).flat_map(number).collect())).collect();
    let views = stored.iter().map(|(name, shape, bytes)| Ok((name, TensorView::new(Dtype::BF16, shape.clone(), bytes)?)));
    let views = views.collect::<Result<Vec<_>, safetensors::SafeTensorError>>()?;
    safetensors::serialize_to_file(views, Some([("format".to_owned(), "pt".to_owned())].into()), &base.join("model.safetensors"))?;
    Ok(base)
}
