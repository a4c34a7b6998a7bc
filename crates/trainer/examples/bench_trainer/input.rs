//! The models and batches that both sides read.

use std::fs;
use std::path::Path;

use half::bf16;
use model::{DecoderConfig, LinearModule};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use safetensors::tensor::{Dtype, TensorView};
use serde_json::json;

use crate::Failure;

/// Sequences of a batch.
pub const BATCH: usize = 4;
/// Tokens of a sequence.
pub const LENGTH: usize = 256;
/// Inner width of the adapters.
pub const RANK: usize = 16;
/// Steps before those that are measured.
pub const WARM_UP: usize = 2;

/// A geometry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// 6 layers of 256.
    Small,
    /// SmolLM-135M.
    Medium,
}

impl Size {
    pub const ALL: [Self; 2] = [Self::Small, Self::Medium];

    pub fn name(self) -> &'static str {
        match self {
            Self::Small => "S",
            Self::Medium => "M",
        }
    }

    /// Steps to make, warm-up included.
    pub fn steps(self) -> usize {
        WARM_UP
            + match self {
                Self::Small => 12,
                Self::Medium => 6,
            }
    }

    fn config_json(self) -> serde_json::Value {
        let (hidden, layers, heads, key_value_heads, intermediate, vocabulary, tied) = match self {
            Self::Small => (256, 6, 8, 8, 704, 4096, false),
            Self::Medium => (576, 30, 9, 3, 1536, 49152, true),
        };
        json!({
            "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu", "hidden_size": hidden,
            "num_hidden_layers": layers, "num_attention_heads": heads, "num_key_value_heads": key_value_heads,
            "intermediate_size": intermediate, "vocab_size": vocabulary, "tie_word_embeddings": tied,
            "max_position_embeddings": 2048, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "torch_dtype": "bfloat16",
            "attention_bias": false, "mlp_bias": false, "bos_token_id": null, "eos_token_id": null,
        })
    }

    pub fn config(self) -> Result<DecoderConfig, Failure> {
        Ok(DecoderConfig::from_json(self.config_json().to_string().as_bytes())?)
    }

    /// Floating-point operations of the matrix products of a step: frozen ones forward and backward, and those of the adapters.
    pub fn product_operations(self) -> Result<f64, Failure> {
        let config = self.config()?;
        let (mut frozen, mut adapters) = (config.vocab_size * config.hidden_size, 0);
        for module in LinearModule::ALL {
            let (inputs, outputs) = config.linear_dims(module);
            frozen += config.num_hidden_layers * inputs * outputs;
            adapters += config.num_hidden_layers * RANK * (inputs + outputs);
        }
        Ok((BATCH * LENGTH) as f64 * (4.0 * frozen as f64 + 6.0 * adapters as f64))
    }
}

/// Tensors by name and shape, as transformers names them.
fn tensors(config: &DecoderConfig) -> Vec<(String, Vec<usize>)> {
    let hidden = config.hidden_size;
    let mut tensors = vec![("model.embed_tokens.weight".to_owned(), vec![config.vocab_size, hidden])];
    for layer in 0..config.num_hidden_layers {
        for module in LinearModule::ALL {
            let (inputs, outputs) = config.linear_dims(module);
            tensors.push((format!("model.layers.{layer}.{}.weight", module.block_path()), vec![outputs, inputs]));
        }
        for norm in ["input_layernorm", "post_attention_layernorm"] {
            tensors.push((format!("model.layers.{layer}.{norm}.weight"), vec![hidden]));
        }
    }
    tensors.push(("model.norm.weight".to_owned(), vec![hidden]));
    if !config.tie_word_embeddings {
        tensors.push(("lm_head.weight".to_owned(), vec![config.vocab_size, hidden]));
    }
    tensors
}

/// Writes a model of random weights in bf16, as models are published, and the batches of every step.
pub fn write(size: Size, folder: &Path) -> Result<(), Failure> {
    let config = size.config()?;
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut stored = Vec::new();
    for (name, shape) in tensors(&config) {
        let norm = name.contains("norm");
        let draw = |_| if norm { 1.0 } else { (random.random::<f32>() - 0.5) * 0.07 };
        let bytes: Vec<u8> = (0..shape.iter().product()).map(draw).flat_map(|x| bf16::from_f32(x).to_le_bytes()).collect();
        stored.push((name, shape, bytes));
    }
    let views = stored.iter().map(|(name, shape, bytes)| Ok((name, TensorView::new(Dtype::BF16, shape.clone(), bytes)?)));
    let views = views.collect::<Result<Vec<_>, safetensors::SafeTensorError>>()?;
    safetensors::serialize_to_file(views, Some([("format".to_owned(), "pt".to_owned())].into()), &folder.join("model.safetensors"))?;
    fs::write(folder.join("config.json"), size.config_json().to_string())?;
    let batches: Vec<Vec<u32>> =
        (0..size.steps()).map(|_| (0..BATCH * LENGTH).map(|_| random.random_range(0..config.vocab_size as u32)).collect()).collect();
    fs::write(folder.join("batches.json"), serde_json::to_string(&batches)?)?;
    Ok(())
}
