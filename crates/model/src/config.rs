//! The geometry of a decoder, read from a Hugging Face `config.json`. Families differ in values, not in code.

mod read;

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{ModelError, Rope};
use read::{Named, RawConfig};

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

    /// The module's path inside the model, `model.layers.0.self_attn.q_proj` and so on.
    pub(crate) fn path(self, layer: usize) -> String {
        format!("model.layers.{layer}.{}", self.block_path())
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

/// Geometry of a decoder: Llama, and what grew out of it. Build it with [`DecoderConfig::from_json`], or check a literal with [`DecoderConfig::validate`].
#[derive(Debug, Clone, PartialEq)]
pub struct DecoderConfig {
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
    /// The rotary embedding.
    pub rope: Rope,
    /// Whether the output head is the transposed embedding.
    pub tie_word_embeddings: bool,
    /// Linear layers that have a (frozen) bias.
    pub biases: Vec<LinearModule>,
    /// Whether each head of the queries and keys goes through an RMSNorm of its own before the rotation (Qwen3).
    pub qk_norm: bool,
    /// Attention that sees only the latest positions; none where every layer sees all that came before.
    pub sliding_window: Option<SlidingWindow>,
}

/// Attention that sees only the latest positions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlidingWindow {
    /// Positions that are seen, the own one among them.
    pub size: usize,
    /// For each layer whether it has the window.
    pub layers: Vec<bool>,
}

/// More layers than any model has; a larger number in a configuration is refused before anything is made for each.
const MOST_LAYERS: usize = 1 << 12;

impl DecoderConfig {
    /// Reads the bytes of a `config.json`.
    ///
    /// # Errors
    /// When the JSON does not parse, when a size makes no sense, or when the model needs something that the engine does not compute.
    pub fn from_json(bytes: &[u8]) -> Result<Self, ModelError> {
        let wrong = |source| ModelError::Json { file: "config.json".to_owned(), source };
        let family = serde_json::from_slice::<Named>(bytes).map_err(wrong)?.family()?;
        let raw: RawConfig = serde_json::from_slice(bytes).map_err(wrong)?;
        raw.check_supported()?;
        let head_dim = match raw.head_dim.or((family.head_dim > 0).then_some(family.head_dim)) {
            Some(head_dim) => head_dim,
            None if raw.num_attention_heads > 0 && raw.hidden_size.is_multiple_of(raw.num_attention_heads) => {
                raw.hidden_size / raw.num_attention_heads
            }
            None => {
                return Err(ModelError::invalid_config("hidden_size must be a multiple of num_attention_heads when head_dim is absent"));
            }
        };
        let context = raw.max_position_embeddings.unwrap_or(family.context);
        let config = Self {
            hidden_size: raw.hidden_size,
            intermediate_size: raw.intermediate_size,
            num_hidden_layers: raw.num_hidden_layers,
            num_attention_heads: raw.num_attention_heads,
            num_key_value_heads: raw.num_key_value_heads.unwrap_or(raw.num_attention_heads),
            head_dim,
            vocab_size: raw.vocab_size,
            max_position_embeddings: context,
            rms_norm_eps: raw.rms_norm_eps.unwrap_or(1e-6),
            rope: raw.rope(context)?,
            tie_word_embeddings: raw.tie_word_embeddings.unwrap_or(family.tied),
            biases: raw.biases(family),
            qk_norm: family.qk_norm,
            sliding_window: raw.sliding_window(family)?,
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
        if self.num_hidden_layers > MOST_LAYERS {
            return Err(ModelError::invalid_config(format!(
                "num_hidden_layers is {}; at most {MOST_LAYERS} are taken",
                self.num_hidden_layers
            )));
        }
        if !self.num_attention_heads.is_multiple_of(self.num_key_value_heads) {
            return Err(ModelError::invalid_config("num_attention_heads must be a multiple of num_key_value_heads"));
        }
        if !self.head_dim.is_multiple_of(2) {
            return Err(ModelError::invalid_config(format!("head_dim is {}, but RoPE needs an even one", self.head_dim)));
        }
        if !(self.rms_norm_eps.is_finite() && self.rms_norm_eps >= 0.0 && self.rope.theta.is_finite() && self.rope.theta > 1.0) {
            return Err(ModelError::invalid_config("rms_norm_eps must be at least 0, and rope_theta above 1"));
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

    /// Positions that a layer's attention sees, the own one among them; none for all that came before.
    pub fn window(&self, layer: usize) -> Option<usize> {
        self.sliding_window.as_ref().filter(|window| window.layers.get(layer) == Some(&true)).map(|window| window.size)
    }

    /// Longest sequence that the model can be trained on, in tokens.
    pub fn context(&self) -> usize {
        self.rope.context(self.max_position_embeddings)
    }

    /// Number of parameters of the base model; a tied head is counted once.
    pub fn parameter_count(&self) -> u64 {
        let product = |(a, b): (usize, usize)| a as u64 * b as u64;
        let linears: u64 = LinearModule::ALL.into_iter().map(|module| product(self.linear_dims(module))).sum();
        let biases: u64 = self.biases.iter().map(|module| self.linear_dims(*module).1 as u64).sum();
        let head_norms = if self.qk_norm { 2 * self.head_dim as u64 } else { 0 };
        let block = linears + biases + head_norms + 2 * self.hidden_size as u64;
        let embedding = product((self.vocab_size, self.hidden_size));
        let heads = if self.tie_word_embeddings { 1 } else { 2 };
        heads * embedding + self.num_hidden_layers as u64 * block + self.hidden_size as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RopeScaling;

    const SMOL: &str = r#"{"architectures":["LlamaForCausalLM"],"model_type":"llama","hidden_size":576,"intermediate_size":1536,
        "num_hidden_layers":30,"num_attention_heads":9,"num_key_value_heads":3,"vocab_size":49152,"max_position_embeddings":2048,
        "rms_norm_eps":1e-5,"rope_theta":10000.0,"rope_scaling":null,"tie_word_embeddings":true,"hidden_act":"silu"}"#;

    #[test]
    fn reads_a_published_geometry_and_counts_its_parameters() {
        let config = DecoderConfig::from_json(SMOL.as_bytes()).unwrap();
        assert_eq!(config.head_dim, 64);
        assert_eq!(config.linear_dims(LinearModule::KProj), (576, 192));
        assert_eq!(config.parameter_count(), 134_515_008);
    }

    #[test]
    fn reads_the_newer_place_of_rope_theta() {
        let json = SMOL.replace(r#""rope_theta":10000.0"#, r#""rope_parameters":{"rope_type":"default","rope_theta":500000.0}"#);
        assert_eq!(DecoderConfig::from_json(json.as_bytes()).unwrap().rope, Rope::plain(500_000.0));
    }

    #[test]
    fn refuses_what_it_does_not_compute_and_says_what_it_does() {
        let changes = [
            (r#""model_type":"llama""#, r#""model_type":"gpt2""#, "gpt2"),
            (r#"["LlamaForCausalLM"]"#, r#"["Qwen2ForCausalLM"]"#, "Qwen2ForCausalLM"),
            (r#""rope_scaling":null"#, r#""partial_rotary_factor":0.5"#, "partial_rotary_factor"),
            (r#""rope_scaling":null"#, r#""quantization_config":{"quant_method":"gptq"}"#, "quantised"),
            (r#""hidden_act":"silu""#, r#""hidden_act":"gelu""#, "gelu"),
        ];
        for (from, to, named) in changes {
            let error = DecoderConfig::from_json(SMOL.replace(from, to).as_bytes()).unwrap_err().to_string();
            assert!(error.contains(named) && error.contains("LlamaForCausalLM"), "{error}");
        }
    }

    #[test]
    fn families_differ_in_biases_norms_and_windows() {
        use LinearModule::{KProj, QProj, VProj};
        let of = |changes: &[(&str, &str)]| {
            let json = changes.iter().fold(SMOL.to_owned(), |json, (from, to)| json.replace(from, to));
            DecoderConfig::from_json(json.as_bytes()).unwrap()
        };
        let named =
            |name: &str, class: &str| [(r#""llama""#.to_owned(), format!("{name:?}")), ("LlamaForCausalLM".to_owned(), class.to_owned())];
        let family = |name: &str, class: &str, more: &str| {
            let [a, b] = named(name, class);
            of(&[(&a.0, &a.1), (&b.0, &b.1), (r#""rope_scaling":null"#, more)])
        };
        let qwen2 = family("qwen2", "Qwen2ForCausalLM", r#""sliding_window":8,"use_sliding_window":false"#);
        assert_eq!((qwen2.biases.as_slice(), qwen2.window(29)), ([QProj, KProj, VProj].as_slice(), None));
        assert_eq!(qwen2.parameter_count(), 134_515_008 + 30 * (576 + 192 + 192));
        let upper = family("qwen2", "Qwen2ForCausalLM", r#""sliding_window":8,"use_sliding_window":true,"max_window_layers":28"#);
        assert_eq!((upper.window(27), upper.window(28)), (None, Some(8)));
        let qwen3 = family("qwen3", "Qwen3ForCausalLM", r#""head_dim":64"#);
        assert!(qwen3.qk_norm && qwen3.biases.is_empty());
        assert_eq!(qwen3.parameter_count(), 134_515_008 + 30 * 128);
        let mistral = family("mistral", "MistralForCausalLM", r#""sliding_window":4096"#);
        assert_eq!((mistral.window(0), mistral.window(29)), (Some(4096), Some(4096)));
        assert_eq!(family("mistral", "MistralForCausalLM", r#""sliding_window":null"#).sliding_window, None);
        let biased = of(&[(r#""rope_scaling":null"#, r#""attention_bias":true,"mlp_bias":true"#)]);
        assert_eq!(biased.biases, LinearModule::ALL);
        let llama3 = r#""rope_scaling":{"rope_type":"llama3","factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,"original_max_position_embeddings":8192}"#;
        assert!(matches!(of(&[(r#""rope_scaling":null"#, llama3)]).rope.scaling, RopeScaling::Llama3 { .. }));
    }

    #[test]
    fn refuses_sizes_that_make_no_sense() {
        let changes = [
            (r#""hidden_size":576"#, r#""hidden_size":0"#),
            (r#""num_attention_heads":9"#, r#""num_attention_heads":0"#),
            (r#""num_key_value_heads":3"#, r#""num_key_value_heads":4"#),
            (r#""rope_scaling":null"#, r#""head_dim":7"#),
            (r#""vocab_size":49152"#, r#""vocab_size":99999999999"#),
            (r#""num_hidden_layers":30"#, r#""num_hidden_layers":5000"#),
            (r#""rope_theta":10000.0"#, r#""rope_theta":1.0"#),
        ];
        for (from, to) in changes {
            let error = DecoderConfig::from_json(SMOL.replace(from, to).as_bytes()).unwrap_err();
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
