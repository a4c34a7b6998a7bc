//! The figures that `scripts/peft_oracle.py` wrote.

use std::path::{Path, PathBuf};

use model::{Backend, Batch, Cpu, LoraConfig, LoraWeights, Model, NamedTensor, Precision, peft};
use safetensors::SafeTensors;
use serde::Deserialize;

#[derive(Deserialize)]
pub struct Step {
    pub batch_size: usize,
    pub seq_len: usize,
    pub input_ids: Vec<u32>,
    pub labels: Vec<i32>,
    pub loss: f64,
    pub base_loss: f64,
    pub label_tokens: usize,
}

impl Step {
    pub fn batch(&self) -> Batch<'_> {
        Batch { input_ids: &self.input_ids, labels: &self.labels, batch_size: self.batch_size, seq_len: self.seq_len }
    }
}

#[derive(Deserialize)]
pub struct Logits {
    pub batch_size: usize,
    pub seq_len: usize,
    pub input_ids: Vec<u32>,
}

#[derive(Deserialize)]
struct Figures {
    steps: Vec<Step>,
    logits: Logits,
}

pub struct Fixture<B: Backend = Cpu> {
    pub folder: PathBuf,
    pub model: Model<B>,
    pub steps: Vec<Step>,
    pub logits: Logits,
    tensors: Vec<u8>,
}

pub const VARIANTS: [&str; 9] = ["untied", "tied", "mistral", "qwen2", "qwen3", "linear", "dynamic", "llama3", "yarn"];

impl Fixture {
    pub fn open(variant: &str) -> Self {
        Self::on(Cpu, variant)
    }
}

impl<B: Backend> Fixture<B> {
    pub fn on(backend: B, variant: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(variant);
        let figures: Figures = serde_json::from_slice(&std::fs::read(folder.join("oracle.json")).unwrap()).unwrap();
        let tensors = std::fs::read(folder.join("oracle.safetensors")).unwrap();
        let model = Model::load_on(backend, &folder, Precision::F32, |_| ()).unwrap();
        Self { model, folder, steps: figures.steps, logits: figures.logits, tensors }
    }

    pub fn tensor(&self, name: &str) -> Vec<f32> {
        let file = SafeTensors::deserialize(&self.tensors).unwrap();
        let tensor = file.tensor(name).unwrap_or_else(|_| panic!("{name} is not in the fixture"));
        let (words, rest) = tensor.data().as_chunks::<4>();
        assert!(rest.is_empty() && tensor.dtype() == safetensors::Dtype::F32);
        words.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
    }

    /// Settings of the fixture's adapter.
    pub fn lora(&self) -> LoraConfig {
        self.adapter().config().clone()
    }

    /// The adapter after both steps, as PEFT saved it.
    pub fn adapter(&self) -> LoraWeights {
        peft::load_adapter(&self.folder.join("adapter"), self.model.config()).unwrap()
    }

    /// The adapter's weights before a step.
    pub fn weights(&self, step: usize) -> LoraWeights {
        let mut weights = LoraWeights::zeros(self.model.config(), &self.lora()).unwrap();
        for tensor in weights.params_mut() {
            tensor.data.copy_from_slice(&self.tensor(&format!("step{step}.weights.{}", tensor.name)));
        }
        weights
    }
}

/// `|found - wanted| / |wanted|`, Euclidean.
pub fn relative_distance(found: &[f32], wanted: &[f32]) -> f64 {
    assert_eq!(found.len(), wanted.len());
    let square = |x: f64| x * x;
    let distance: f64 = found.iter().zip(wanted).map(|(f, w)| square(f64::from(*f) - f64::from(*w))).sum();
    let length: f64 = wanted.iter().map(|w| square(f64::from(*w))).sum();
    if length == 0.0 { distance.sqrt() } else { (distance / length).sqrt() }
}

pub fn largest_difference(found: &[f32], wanted: &[f32]) -> f32 {
    assert_eq!(found.len(), wanted.len());
    found.iter().zip(wanted).fold(0.0, |most, (f, w)| if (f - w).abs() <= most { most } else { (f - w).abs() })
}

pub fn bits(tensors: &[NamedTensor<'_>]) -> Vec<u32> {
    tensors.iter().flat_map(|tensor| tensor.data).map(|value| value.to_bits()).collect()
}
