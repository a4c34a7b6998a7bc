//! A tiny random Llama with a byte-level tokenizer, data sets, specs and sinks.

use chrono::DateTime;
use domain::clock::SystemClock;
use domain::job::{Hyperparameters, JobSettings, OptimizerType, Scheduler, TargetModules, TrainingConfig};
use domain::run::{BaseModelSource, DatasetSource, OutputTarget, RunSpec, TrainerEvent, TrainerEventKind};
use domain::{AttemptId, JobId};
use safetensors::tensor::{Dtype, TensorView};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use trainer::{Emitter, EventSink, RunOutcome, StopFlag, TrainerError};

pub const TEMPLATE: &str = "{% for m in messages %}\n<|{{ m.role }}|>{{ m.content }}<|end|>\n\n{% endfor %}\n{% if add_generation_prompt %}\n<|assistant|>{% endif %}";
const SPECIAL: [&str; 5] = ["<|pad|>", "<|system|>", "<|user|>", "<|assistant|>", "<|end|>"];
pub const CONTEXT: u32 = 128;

/// A folder that is removed at the end, with a base model, a data set and an output folder.
pub struct Bench {
    pub folder: TempDir,
}

impl Bench {
    pub fn new() -> Self {
        Self::of_size(32, 64, 2)
    }

    /// With a base model of this width, inner width and number of layers.
    pub fn of_size(hidden: usize, inner: usize, layers: usize) -> Self {
        let folder = tempfile::tempdir().expect("temporary folder");
        write_model(&folder.path().join("base"), (hidden, inner, layers));
        Self { folder }
    }

    pub fn base(&self) -> PathBuf {
        self.folder.path().join("base")
    }

    pub fn dataset(&self) -> PathBuf {
        self.folder.path().join("data.jsonl")
    }

    /// Writes conversations of one exchange each, as OpenAI messages.
    pub fn write_dataset(&self, exchanges: &[(&str, &str)]) {
        let line = |(user, assistant): &(&str, &str)| {
            json!({"messages": [{"role": "user", "content": user}, {"role": "assistant", "content": assistant}]}).to_string() + "\n"
        };
        fs::write(self.dataset(), exchanges.iter().map(line).collect::<String>()).expect("data set is written");
    }

    /// Conversations that differ in words and length.
    pub fn write_varied_dataset(&self, count: usize) {
        let words = ["brake", "chain", "wheel", "saddle", "spoke", "gear", "pump"];
        let texts: Vec<_> = (0..count)
            .map(|i| {
                let (a, b) = (words[i % 7], words[(i * 3 + 1) % 7]);
                (format!("my {a} is {i}"), format!("check the {}", [b].repeat(1 + i % 4).join(" ")))
            })
            .collect();
        self.write_dataset(&texts.iter().map(|(u, a)| (u.as_str(), a.as_str())).collect::<Vec<_>>());
    }

    /// A small run of `epochs` epochs that writes to `output` in the folder.
    pub fn spec(&self, output: &str, epochs: u32) -> RunSpec {
        let hyperparameters = Hyperparameters {
            learning_rate: 5e-3,
            batch_size: 2,
            num_epochs: epochs,
            warmup_steps: 2,
            warmup_ratio: 0.0,
            lora_rank: 4,
            lora_alpha: 8.0,
            use_rslora: false,
            lora_dropout: 0.1,
            target_modules: TargetModules::all(),
            layers_to_transform: None,
            optimizer_type: OptimizerType::Adamw,
            weight_decay: 0.01,
            gradient_accumulation_steps: 2,
            max_grad_norm: 1.0,
            scheduler: Scheduler::Cosine,
            max_seq_length: CONTEXT,
        };
        let settings = JobSettings { validation_split_ratio: 0.2, checkpoint_interval: 2, seed: 7, ..JobSettings::default() };
        RunSpec {
            job_id: JobId::new(DateTime::UNIX_EPOCH),
            attempt_id: AttemptId::new(DateTime::UNIX_EPOCH),
            attempt: 1,
            base_model: BaseModelSource { id: "test/tiny".into(), revision: "r1".into(), path: self.base(), repo: None },
            dataset: DatasetSource { url: None, path: Some(self.dataset()), format: None, sha256: None, size: None },
            config: TrainingConfig { hyperparameters, settings },
            output: OutputTarget { dir: self.folder.path().join(output), uploads: BTreeMap::new() },
            gpu: None,
            callback: None,
            resume_from: None,
            parent: None,
            memory_limit: None,
            threads: Some(2),
            kernel_cache: None,
            provenance: BTreeMap::from([("datasetName".to_owned(), "Bench".to_owned())]),
        }
    }

    /// Runs to the end or the first error, with the events on the way.
    pub fn run(&self, spec: &RunSpec) -> (Result<RunOutcome, TrainerError>, Vec<TrainerEvent>) {
        self.run_until(spec, |_| Reaction::GoOn)
    }

    /// Runs with a reaction to each event.
    pub fn run_until(
        &self,
        spec: &RunSpec,
        react: impl FnMut(&TrainerEvent) -> Reaction + Send + 'static,
    ) -> (Result<RunOutcome, TrainerError>, Vec<TrainerEvent>) {
        let stop = StopFlag::new();
        let mut sink = Sink { events: Vec::new(), react: Box::new(react), stop: stop.clone() };
        let mut emitter = Emitter::new(&mut sink, &SystemClock);
        let outcome = trainer::run(spec, &self.dataset(), &mut emitter, &stop);
        (outcome, sink.events)
    }
}

/// What a sink does after an event.
pub enum Reaction {
    GoOn,
    /// Sets the stop flag, as a signal does.
    Stop,
    /// Fails, which ends the run at once without a checkpoint, as a kill does.
    Die,
}

struct Sink {
    events: Vec<TrainerEvent>,
    react: Box<dyn FnMut(&TrainerEvent) -> Reaction + Send>,
    stop: StopFlag,
}

impl EventSink for Sink {
    fn emit(&mut self, event: TrainerEvent) -> Result<(), TrainerError> {
        let reaction = (self.react)(&event);
        self.events.push(event);
        match reaction {
            Reaction::GoOn => {}
            Reaction::Stop => self.stop.stop(),
            Reaction::Die => return Err(TrainerError::Sink(std::io::Error::from(std::io::ErrorKind::BrokenPipe))),
        }
        Ok(())
    }
}

/// A sink that only collects.
#[derive(Default)]
pub struct Collect(pub Vec<TrainerEvent>);

impl EventSink for Collect {
    fn emit(&mut self, event: TrainerEvent) -> Result<(), TrainerError> {
        self.0.push(event);
        Ok(())
    }
}

pub fn kinds(events: &[TrainerEvent]) -> impl Iterator<Item = &TrainerEventKind> {
    events.iter().map(|e| &e.kind)
}

pub fn completed(outcome: Result<RunOutcome, TrainerError>) -> (PathBuf, domain::run::RunSummary) {
    match outcome.expect("the run completes") {
        RunOutcome::Completed { path, summary, .. } => (path, summary),
        RunOutcome::Stopped { step, .. } => panic!("stopped at step {step}"),
    }
}

pub fn adapter_bytes(spec: &RunSpec) -> Vec<u8> {
    fs::read(spec.output.dir.join("adapter/adapter_model.safetensors")).expect("adapter is there")
}

/// Writes a tokenizer of bytes with five special tokens, and its configuration.
pub fn write_tokenizer(folder: &Path, template: &str) {
    let mut alphabet: Vec<char> = ByteLevel::alphabet().into_iter().collect();
    alphabet.sort_unstable();
    let vocabulary: serde_json::Map<String, Value> =
        alphabet.iter().enumerate().map(|(i, c)| (c.to_string(), json!(i + SPECIAL.len()))).collect();
    let added: Vec<Value> = SPECIAL
        .iter()
        .enumerate()
        .map(|(id, content)| {
            json!({"id": id, "content": content, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true})
        })
        .collect();
    let level = json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true});
    let tokenizer = json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": added, "normalizer": null, "pre_tokenizer": level,
        "post_processor": null, "decoder": level,
        "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null, "end_of_word_suffix": null,
            "fuse_unk": false, "byte_fallback": false, "vocab": vocabulary, "merges": []},
    });
    fs::create_dir_all(folder).expect("folder");
    fs::write(folder.join("tokenizer.json"), tokenizer.to_string()).expect("tokenizer");
    let config = json!({"chat_template": template, "eos_token": "<|end|>", "pad_token": {"content": "<|pad|>"}, "bos_token": null});
    fs::write(folder.join("tokenizer_config.json"), config.to_string()).expect("tokenizer configuration");
}

/// Writes a Llama with random weights.
fn write_model(folder: &Path, (hidden, inner, layers): (usize, usize, usize)) {
    write_tokenizer(folder, TEMPLATE);
    let (vocabulary, key_value) = (256 + SPECIAL.len(), hidden / 2);
    let config = json!({
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": hidden, "intermediate_size": inner,
        "num_hidden_layers": layers, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": hidden / 4, "vocab_size": vocabulary,
        "max_position_embeddings": CONTEXT, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "tie_word_embeddings": true,
        "hidden_act": "silu", "torch_dtype": "float32",
    });
    fs::write(folder.join("config.json"), config.to_string()).expect("configuration");
    let mut shapes =
        vec![("model.embed_tokens.weight".to_owned(), vec![vocabulary, hidden]), ("model.norm.weight".to_owned(), vec![hidden])];
    for layer in 0..layers {
        let mut add = |name: &str, shape: Vec<usize>| shapes.push((format!("model.layers.{layer}.{name}.weight"), shape));
        for (name, out, input) in [
            ("self_attn.q_proj", hidden, hidden),
            ("self_attn.k_proj", key_value, hidden),
            ("self_attn.v_proj", key_value, hidden),
            ("self_attn.o_proj", hidden, hidden),
            ("mlp.gate_proj", inner, hidden),
            ("mlp.up_proj", inner, hidden),
            ("mlp.down_proj", hidden, inner),
        ] {
            add(name, vec![out, input]);
        }
        add("input_layernorm", vec![hidden]);
        add("post_attention_layernorm", vec![hidden]);
    }
    let mut seed = 0x9e37_79b9_7f4a_7c15u64;
    let mut uniform = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed >> 40) as f32 / (1u32 << 23) as f32 - 1.0
    };
    let tensors: Vec<(String, Vec<usize>, Vec<u8>)> = shapes
        .into_iter()
        .map(|(name, shape)| {
            let norm = shape.len() == 1;
            // Embeddings large enough that the tied head can be sure of a token.
            let scale = match (norm, name.contains("embed")) {
                (true, _) => 0.1,
                (_, true) => 1.0,
                _ => 1.5 / (shape[1] as f32).sqrt(),
            };
            let count: usize = shape.iter().product();
            let data = (0..count).flat_map(|_| (uniform() * scale + f32::from(u8::from(norm))).to_le_bytes()).collect();
            (name, shape, data)
        })
        .collect();
    let views = tensors.iter().map(|(n, s, d)| (n.as_str(), TensorView::new(Dtype::F32, s.clone(), d).expect("sizes fit")));
    fs::write(folder.join("model.safetensors"), safetensors::serialize(views, None).expect("serialises")).expect("weights");
}
