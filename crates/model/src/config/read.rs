//! What a `config.json` says, and what the families' own classes add to it.

use serde::Deserialize;

use super::{LinearModule, MOST_LAYERS, SlidingWindow};
use crate::{
    ModelError,
    rope::{RawRope, Rope, RopeScaling},
};

/// What a family's own classes in transformers fix, so that its `config.json` need not say it.
pub(super) struct Family {
    model_type: &'static str,
    architecture: &'static str,
    /// Biases of queries, keys and values: always, or where `attention_bias` says so.
    qkv_bias: Bias,
    /// Bias of the attention's output.
    o_bias: Bias,
    /// Biases of the feed-forward where `mlp_bias` says so.
    mlp_bias: bool,
    pub(super) qk_norm: bool,
    window: Window,
    /// Width of a head where the configuration is silent; zero for `hidden_size / num_attention_heads`.
    pub(super) head_dim: usize,
    pub(super) context: usize,
    pub(super) tied: bool,
}

#[derive(PartialEq)]
enum Bias {
    Never,
    Always,
    /// Where `attention_bias` is true.
    ByConfig,
}

enum Window {
    Never,
    /// In every layer, where `sliding_window` is a number.
    Everywhere,
    /// Where `use_sliding_window` is true: in the layers from `max_window_layers` on.
    UpperLayers,
}

const FAMILIES: [Family; 4] = [
    Family {
        model_type: "llama",
        architecture: "LlamaForCausalLM",
        qkv_bias: Bias::ByConfig,
        o_bias: Bias::ByConfig,
        mlp_bias: true,
        qk_norm: false,
        window: Window::Never,
        head_dim: 0,
        context: 2048,
        tied: false,
    },
    Family {
        model_type: "mistral",
        architecture: "MistralForCausalLM",
        qkv_bias: Bias::Never,
        o_bias: Bias::Never,
        mlp_bias: false,
        qk_norm: false,
        window: Window::Everywhere,
        head_dim: 0,
        context: 131_072,
        tied: false,
    },
    Family {
        model_type: "qwen2",
        architecture: "Qwen2ForCausalLM",
        qkv_bias: Bias::Always,
        o_bias: Bias::Never,
        mlp_bias: false,
        qk_norm: false,
        window: Window::UpperLayers,
        head_dim: 0,
        context: 32_768,
        tied: false,
    },
    Family {
        model_type: "qwen3",
        architecture: "Qwen3ForCausalLM",
        qkv_bias: Bias::ByConfig,
        o_bias: Bias::ByConfig,
        mlp_bias: false,
        qk_norm: true,
        window: Window::UpperLayers,
        head_dim: 128,
        context: 32_768,
        tied: false,
    },
];

/// What a configuration calls itself. It is read first, since those of other architectures lack the fields of ours.
#[derive(Deserialize)]
pub(super) struct Named {
    model_type: Option<String>,
    architectures: Option<Vec<String>>,
}

impl Named {
    /// The family.
    pub(super) fn family(&self) -> Result<&'static Family, ModelError> {
        let architectures = self.architectures.as_deref().unwrap_or_default();
        let family = match (self.model_type.as_deref(), architectures.first()) {
            (Some(model_type), _) => match FAMILIES.iter().find(|family| family.model_type == model_type) {
                Some(family) => family,
                None => return refuse(format!("model type {model_type:?}")),
            },
            (None, Some(architecture)) => match FAMILIES.iter().find(|family| family.architecture == architecture) {
                Some(family) => family,
                None => return refuse(format!("architecture {architecture:?}")),
            },
            (None, None) => return refuse("a configuration without model_type and architectures".to_owned()),
        };
        match architectures.iter().find(|a| *a != family.architecture) {
            Some(other) => refuse(format!("architecture {other:?}")),
            None => Ok(family),
        }
    }
}

/// The fields of `config.json` that matter here; absent ones take the defaults of the family's class in transformers.
#[derive(Deserialize)]
pub(super) struct RawConfig {
    pub(super) hidden_size: usize,
    pub(super) intermediate_size: usize,
    pub(super) num_hidden_layers: usize,
    pub(super) num_attention_heads: usize,
    pub(super) num_key_value_heads: Option<usize>,
    pub(super) head_dim: Option<usize>,
    pub(super) vocab_size: usize,
    pub(super) max_position_embeddings: Option<usize>,
    pub(super) rms_norm_eps: Option<f32>,
    rope_theta: Option<f64>,
    rope_scaling: Option<RawRope>,
    rope_parameters: Option<RawRope>,
    partial_rotary_factor: Option<f64>,
    pub(super) tie_word_embeddings: Option<bool>,
    hidden_act: Option<String>,
    attention_bias: Option<bool>,
    mlp_bias: Option<bool>,
    sliding_window: Option<usize>,
    use_sliding_window: Option<bool>,
    max_window_layers: Option<usize>,
    layer_types: Option<Vec<String>>,
    quantization_config: Option<serde_json::Value>,
}

const SUPPORTED: &str = "the engine trains Llama, SmolLM, TinyLlama (LlamaForCausalLM), Mistral (MistralForCausalLM), Qwen2 and Qwen2.5 \
    (Qwen2ForCausalLM) and Qwen3 (Qwen3ForCausalLM) models with SiLU and unquantised f32, f16 or bf16 weights";

fn refuse<T>(what: String) -> Result<T, ModelError> {
    Err(ModelError::unsupported(what, SUPPORTED))
}

impl RawConfig {
    /// Refuses what no family does.
    pub(super) fn check_supported(&self) -> Result<(), ModelError> {
        if let Some(act) = self.hidden_act.as_deref().filter(|a| !matches!(*a, "silu" | "swish")) {
            return refuse(format!("activation {act:?}"));
        }
        if self.quantization_config.is_some() {
            return refuse("a quantised base model".to_owned());
        }
        let partial = self.ropes().find_map(RawRope::partial_rotary_factor).or(self.partial_rotary_factor);
        match partial.filter(|factor| *factor != 1.0) {
            Some(factor) => refuse(format!("partial_rotary_factor {factor}")),
            None => Ok(()),
        }
    }

    /// Where the rotary embedding is described; the newer place first.
    fn ropes(&self) -> impl Iterator<Item = &RawRope> {
        [self.rope_parameters.as_ref(), self.rope_scaling.as_ref()].into_iter().flatten()
    }

    pub(super) fn rope(&self, context: usize) -> Result<Rope, ModelError> {
        let theta = self.ropes().find_map(RawRope::theta).or(self.rope_theta).unwrap_or(10_000.0);
        #[expect(clippy::cast_precision_loss, reason = "a number of tokens")]
        let scalings: Vec<RopeScaling> = self.ropes().map(|rope| rope.scaling(context as f64)).collect::<Result<_, _>>()?;
        let scaling = scalings.into_iter().find(|scaling| *scaling != RopeScaling::Default).unwrap_or(RopeScaling::Default);
        Ok(Rope { theta, scaling })
    }

    pub(super) fn biases(&self, family: &Family) -> Vec<LinearModule> {
        use LinearModule::{DownProj, GateProj, KProj, OProj, QProj, UpProj, VProj};
        let has = |bias: &Bias| *bias == Bias::Always || (*bias == Bias::ByConfig && self.attention_bias == Some(true));
        let mlp = family.mlp_bias && self.mlp_bias == Some(true);
        let wanted = |module: &LinearModule| match module {
            QProj | KProj | VProj => has(&family.qkv_bias),
            OProj => has(&family.o_bias),
            GateProj | UpProj | DownProj => mlp,
        };
        LinearModule::ALL.into_iter().filter(wanted).collect()
    }

    pub(super) fn sliding_window(&self, family: &Family) -> Result<Option<SlidingWindow>, ModelError> {
        let layers = self.num_hidden_layers.min(MOST_LAYERS);
        let first = match family.window {
            Window::Never => return Ok(None),
            Window::Everywhere => 0,
            Window::UpperLayers if self.use_sliding_window != Some(true) => return Ok(None),
            Window::UpperLayers => self.max_window_layers.unwrap_or(28),
        };
        let Some(size) = self.sliding_window else { return Ok(None) };
        if size == 0 {
            return Err(ModelError::invalid_config("sliding_window is 0, but a position sees at least itself"));
        }
        let layers: Vec<bool> = match &self.layer_types {
            None => (0..layers).map(|layer| layer >= first).collect(),
            Some(types) => types
                .iter()
                .map(|kind| match kind.as_str() {
                    "sliding_attention" => Ok(true),
                    "full_attention" => Ok(false),
                    other => refuse(format!("layer type {other:?}")),
                })
                .collect::<Result<_, _>>()?,
        };
        if layers.len() != self.num_hidden_layers.min(MOST_LAYERS) {
            return Err(ModelError::invalid_config(format!(
                "layer_types names {} layers, the model has {}",
                layers.len(),
                self.num_hidden_layers
            )));
        }
        Ok(layers.contains(&true).then_some(SlidingWindow { size, layers }))
    }
}
