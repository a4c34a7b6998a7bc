//! The geometry of a Llama decoder, read from a Hugging Face `config.json`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::ModelError;

/// The linear layers of a decoder block, each of which can carry a LoRA adapter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinearModule {
    /// Attention queries, `hidden` → `heads · head_dim`.
    QProj,
    /// Attention keys, `hidden` → `kv_heads · head_dim`.
    KProj,
    /// Attention values, `hidden` → `kv_heads · head_dim`.
    VProj,
    /// Attention output, `heads · head_dim` → `hidden`.
    OProj,
    /// Gate of the SwiGLU feed-forward, `hidden` → `intermediate`.
    GateProj,
    /// Value branch of the SwiGLU feed-forward, `hidden` → `intermediate`.
    UpProj,
    /// Output of the SwiGLU feed-forward, `intermediate` → `hidden`.
    DownProj,
}

impl LinearModule {
    /// All seven, in the order in which the forward pass meets them.
    pub const ALL: [Self; 7] = [Self::QProj, Self::KProj, Self::VProj, Self::OProj, Self::GateProj, Self::UpProj, Self::DownProj];

    /// The name by which Hugging Face and PEFT call the module, `q_proj` and so on.
    pub const fn name(self) -> &'static str {
        match self {
            Self::QProj => "q_proj",
            Self::KProj => "k_proj",
            Self::VProj => "v_proj",
            Self::OProj => "o_proj",
            Self::GateProj => "gate_proj",
            Self::UpProj => "up_proj",
            Self::DownProj => "down_proj",
        }
    }

    /// The module's path inside its decoder block, `self_attn.q_proj` and so on.
    pub const fn block_path(self) -> &'static str {
        match self {
            Self::QProj => "self_attn.q_proj",
            Self::KProj => "self_attn.k_proj",
            Self::VProj => "self_attn.v_proj",
            Self::OProj => "self_attn.o_proj",
            Self::GateProj => "mlp.gate_proj",
            Self::UpProj => "mlp.up_proj",
            Self::DownProj => "mlp.down_proj",
        }
    }

    /// Place in [`Self::ALL`].
    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for LinearModule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for LinearModule {
    type Err = ModelError;

    fn from_str(name: &str) -> Result<Self, ModelError> {
        Self::ALL.into_iter().find(|module| module.name() == name).ok_or_else(|| {
            let known = Self::ALL.map(Self::name).join(", ");
            ModelError::unsupported(format!("target module {name:?}"), format!("use any of {known}"))
        })
    }
}

/// Geometry of a Llama decoder. Build it with [`LlamaConfig::from_json`], or check a literal with [`LlamaConfig::validate`].
#[derive(Debug, Clone, PartialEq)]
pub struct LlamaConfig {
    /// Width of the residual stream.
    pub hidden_size: usize,
    /// Width of the feed-forward.
    pub intermediate_size: usize,
    /// Number of decoder blocks.
    pub num_hidden_layers: usize,
    /// Number of query heads.
    pub num_attention_heads: usize,
    /// Number of key and value heads; divides the number of query heads.
    pub num_key_value_heads: usize,
    /// Width of one head; even.
    pub head_dim: usize,
    /// Number of tokens.
    pub vocab_size: usize,
    /// Longest sequence, in tokens.
    pub max_position_embeddings: usize,
    /// Added to the mean square in RMSNorm.
    pub rms_norm_eps: f32,
    /// Base of the rotary frequencies.
    pub rope_theta: f64,
    /// Whether the output head is the transposed embedding.
    pub tie_word_embeddings: bool,
}

/// The fields of `config.json` that matter here; absent ones take the defaults of transformers' `LlamaConfig`.
#[derive(Deserialize)]
struct RawConfig {
    model_type: Option<String>,
    architectures: Option<Vec<String>>,
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    num_key_value_heads: Option<usize>,
    head_dim: Option<usize>,
    vocab_size: usize,
    max_position_embeddings: Option<usize>,
    rms_norm_eps: Option<f32>,
    rope_theta: Option<f64>,
    rope_scaling: Option<RawRope>,
    rope_parameters: Option<RawRope>,
    tie_word_embeddings: Option<bool>,
    hidden_act: Option<String>,
    attention_bias: Option<bool>,
    mlp_bias: Option<bool>,
    quantization_config: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct RawRope {
    #[serde(alias = "type")]
    rope_type: Option<String>,
    rope_theta: Option<f64>,
}

const SUPPORTED: &str =
    "the engine trains Llama models (LlamaForCausalLM) with SiLU, default RoPE, no biases and unquantised f32, f16 or bf16 weights";

impl RawConfig {
    fn check_supported(&self) -> Result<(), ModelError> {
        let refuse = |what: String| Err(ModelError::unsupported(what, SUPPORTED));
        if let Some(model_type) = self.model_type.as_deref().filter(|t| *t != "llama") {
            return refuse(format!("model type {model_type:?}"));
        }
        let architectures = self.architectures.as_deref().unwrap_or_default();
        if let Some(other) = architectures.iter().find(|a| *a != "LlamaForCausalLM") {
            return refuse(format!("architecture {other:?}"));
        }
        if self.model_type.is_none() && architectures.is_empty() {
            return refuse("a configuration without model_type and architectures".to_owned());
        }
        if let Some(act) = self.hidden_act.as_deref().filter(|a| !matches!(*a, "silu" | "swish")) {
            return refuse(format!("activation {act:?}"));
        }
        if self.attention_bias == Some(true) || self.mlp_bias == Some(true) {
            return refuse("a bias in the linear layers".to_owned());
        }
        if self.quantization_config.is_some() {
            return refuse("a quantised base model".to_owned());
        }
        let ropes = [self.rope_scaling.as_ref(), self.rope_parameters.as_ref()];
        match ropes.into_iter().flatten().filter_map(|r| r.rope_type.as_deref()).find(|t| *t != "default") {
            Some(kind) => refuse(format!("RoPE type {kind:?}")),
            None => Ok(()),
        }
    }
}

impl LlamaConfig {
    /// Reads the bytes of a `config.json`.
    ///
    /// # Errors
    /// When the JSON does not parse, when a size makes no sense, or when the model needs something that the engine does not compute.
    pub fn from_json(bytes: &[u8]) -> Result<Self, ModelError> {
        let raw: RawConfig = serde_json::from_slice(bytes).map_err(|source| ModelError::Json { file: "config.json".to_owned(), source })?;
        raw.check_supported()?;
        let in_parameters = raw.rope_parameters.as_ref().and_then(|r| r.rope_theta);
        let head_dim = match raw.head_dim {
            Some(head_dim) => head_dim,
            None if raw.num_attention_heads > 0 && raw.hidden_size.is_multiple_of(raw.num_attention_heads) => {
                raw.hidden_size / raw.num_attention_heads
            }
            None => {
                return Err(ModelError::invalid_config("hidden_size must be a multiple of num_attention_heads when head_dim is absent"));
            }
        };
        let config = Self {
            hidden_size: raw.hidden_size,
            intermediate_size: raw.intermediate_size,
            num_hidden_layers: raw.num_hidden_layers,
            num_attention_heads: raw.num_attention_heads,
            num_key_value_heads: raw.num_key_value_heads.unwrap_or(raw.num_attention_heads),
            head_dim,
            vocab_size: raw.vocab_size,
            max_position_embeddings: raw.max_position_embeddings.unwrap_or(2048),
            rms_norm_eps: raw.rms_norm_eps.unwrap_or(1e-6),
            rope_theta: in_parameters.or(raw.rope_theta).unwrap_or(10_000.0),
            tie_word_embeddings: raw.tie_word_embeddings.unwrap_or(false),
        };
        config.validate()?;
        Ok(config)
    }

    /// Checks that the sizes belong together.
    ///
    /// # Errors
    /// Names the first value that makes no sense.
    pub fn validate(&self) -> Result<(), ModelError> {
        const LIMIT: usize = 1 << 24;
        let sizes = [
            ("hidden_size", self.hidden_size),
            ("intermediate_size", self.intermediate_size),
            ("num_hidden_layers", self.num_hidden_layers),
            ("num_attention_heads", self.num_attention_heads),
            ("num_key_value_heads", self.num_key_value_heads),
            ("head_dim", self.head_dim),
            ("vocab_size", self.vocab_size),
            ("max_position_embeddings", self.max_position_embeddings),
        ];
        for (name, size) in sizes {
            if !(1..=LIMIT).contains(&size) {
                return Err(ModelError::invalid_config(format!("{name} is {size}, but must lie between 1 and {LIMIT}")));
            }
        }
        if !self.num_attention_heads.is_multiple_of(self.num_key_value_heads) {
            return Err(ModelError::invalid_config("num_attention_heads must be a multiple of num_key_value_heads"));
        }
        if !self.head_dim.is_multiple_of(2) {
            return Err(ModelError::invalid_config(format!("head_dim is {}, but RoPE needs an even one", self.head_dim)));
        }
        if !(self.rms_norm_eps.is_finite() && self.rms_norm_eps >= 0.0 && self.rope_theta.is_finite() && self.rope_theta > 0.0) {
            return Err(ModelError::invalid_config("rms_norm_eps must be at least 0, and rope_theta above 0"));
        }
        Ok(())
    }

    /// Width of all query heads together.
    pub fn query_width(&self) -> usize {
        self.num_attention_heads * self.head_dim
    }

    /// Width of all key heads (and of all value heads) together.
    pub fn key_value_width(&self) -> usize {
        self.num_key_value_heads * self.head_dim
    }

    /// `(in, out)` features of a linear layer; its weight has shape `[out, in]`.
    pub fn linear_dims(&self, module: LinearModule) -> (usize, usize) {
        let (hidden, intermediate) = (self.hidden_size, self.intermediate_size);
        match module {
            LinearModule::QProj => (hidden, self.query_width()),
            LinearModule::KProj | LinearModule::VProj => (hidden, self.key_value_width()),
            LinearModule::OProj => (self.query_width(), hidden),
            LinearModule::GateProj | LinearModule::UpProj => (hidden, intermediate),
            LinearModule::DownProj => (intermediate, hidden),
        }
    }

    /// Number of parameters of the base model; a tied head is counted once.
    pub fn parameter_count(&self) -> u64 {
        let product = |(a, b): (usize, usize)| a as u64 * b as u64;
        let linears: u64 = LinearModule::ALL.into_iter().map(|module| product(self.linear_dims(module))).sum();
        let block = linears + 2 * self.hidden_size as u64;
        let embedding = product((self.vocab_size, self.hidden_size));
        let heads = if self.tie_word_embeddings { 1 } else { 2 };
        heads * embedding + self.num_hidden_layers as u64 * block + self.hidden_size as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMOL: &str = r#"{"architectures":["LlamaForCausalLM"],"model_type":"llama","hidden_size":576,"intermediate_size":1536,
        "num_hidden_layers":30,"num_attention_heads":9,"num_key_value_heads":3,"vocab_size":49152,"max_position_embeddings":2048,
        "rms_norm_eps":1e-5,"rope_theta":10000.0,"rope_scaling":null,"tie_word_embeddings":true,"hidden_act":"silu"}"#;

    #[test]
    fn reads_a_published_geometry_and_counts_its_parameters() {
        let config = LlamaConfig::from_json(SMOL.as_bytes()).unwrap();
        assert_eq!(config.head_dim, 64);
        assert_eq!(config.linear_dims(LinearModule::KProj), (576, 192));
        assert_eq!(config.parameter_count(), 134_515_008);
    }

    #[test]
    fn reads_the_newer_place_of_rope_theta() {
        let json = SMOL.replace(r#""rope_theta":10000.0"#, r#""rope_parameters":{"rope_type":"default","rope_theta":500000.0}"#);
        assert_eq!(LlamaConfig::from_json(json.as_bytes()).unwrap().rope_theta, 500_000.0);
    }

    #[test]
    fn refuses_what_it_does_not_compute_and_says_what_it_does() {
        let changes = [
            (r#""model_type":"llama""#, r#""model_type":"gpt2""#, "gpt2"),
            (r#"["LlamaForCausalLM"]"#, r#"["Qwen2ForCausalLM"]"#, "Qwen2ForCausalLM"),
            (r#""rope_scaling":null"#, r#""rope_scaling":{"rope_type":"llama3"}"#, "llama3"),
            (r#""rope_scaling":null"#, r#""attention_bias":true"#, "bias"),
            (r#""rope_scaling":null"#, r#""quantization_config":{"quant_method":"gptq"}"#, "quantised"),
            (r#""hidden_act":"silu""#, r#""hidden_act":"gelu""#, "gelu"),
        ];
        for (from, to, named) in changes {
            let error = LlamaConfig::from_json(SMOL.replace(from, to).as_bytes()).unwrap_err().to_string();
            assert!(error.contains(named) && error.contains("LlamaForCausalLM"), "{error}");
        }
    }

    #[test]
    fn refuses_sizes_that_make_no_sense() {
        let changes = [
            (r#""hidden_size":576"#, r#""hidden_size":0"#),
            (r#""num_attention_heads":9"#, r#""num_attention_heads":0"#),
            (r#""num_key_value_heads":3"#, r#""num_key_value_heads":4"#),
            (r#""rope_scaling":null"#, r#""head_dim":7"#),
            (r#""vocab_size":49152"#, r#""vocab_size":99999999999"#),
        ];
        for (from, to) in changes {
            let error = LlamaConfig::from_json(SMOL.replace(from, to).as_bytes()).unwrap_err();
            assert!(matches!(error, ModelError::InvalidConfig { .. }), "{to}: {error}");
        }
    }

    #[test]
    fn module_names_round_trip() {
        for module in LinearModule::ALL {
            assert_eq!(module.to_string().parse::<LinearModule>().unwrap(), module);
            assert!(module.block_path().ends_with(module.name()));
            assert_eq!(LinearModule::ALL[module.index()], module);
        }
        assert!("lm_head".parse::<LinearModule>().is_err());
    }
}
