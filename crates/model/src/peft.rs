//! Adapter files as PEFT writes and reads them: `adapter_model.safetensors` beside `adapter_config.json`.

use std::{collections::HashMap, path::Path};

use safetensors::{Dtype, tensor::TensorView};
use serde::{Deserialize, Serialize};

use crate::{
    DecoderConfig, LoraConfig, LoraWeights, ModelError, TargetModules,
    weights::{MappedFile, TensorFiles, read_file},
};

/// Name of the weights' file.
pub const WEIGHTS_FILE: &str = "adapter_model.safetensors";
/// Name of the settings' file.
pub const CONFIG_FILE: &str = "adapter_config.json";

/// Both files of an adapter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdapterFiles {
    /// Contents of [`WEIGHTS_FILE`].
    pub weights: Vec<u8>,
    /// Contents of [`CONFIG_FILE`].
    pub config: Vec<u8>,
}

/// The fields of PEFT's `LoraConfig`, in its (alphabetical) order. What this engine does not do stands there as switched off.
#[derive(Serialize)]
struct WrittenConfig<'a> {
    alpha_pattern: HashMap<String, f32>,
    auto_mapping: Option<()>,
    base_model_name_or_path: &'a str,
    bias: &'static str,
    fan_in_fan_out: bool,
    inference_mode: bool,
    init_lora_weights: bool,
    layer_replication: Option<()>,
    layers_pattern: Option<()>,
    layers_to_transform: Option<&'a [usize]>,
    lora_alpha: Number,
    lora_bias: bool,
    lora_dropout: f32,
    modules_to_save: Option<()>,
    peft_type: &'static str,
    r: usize,
    rank_pattern: HashMap<String, usize>,
    revision: Option<&'a str>,
    target_modules: WrittenTargets<'a>,
    task_type: &'static str,
    use_dora: bool,
    use_rslora: bool,
}

#[derive(Serialize)]
#[serde(untagged)]
enum WrittenTargets<'a> {
    Names(Vec<&'static str>),
    Pattern(&'a str),
}

/// Alpha is a whole number for most users, and PEFT writes it so.
#[derive(Serialize)]
#[serde(untagged)]
enum Number {
    Whole(i64),
    Real(f32),
}

impl From<f32> for Number {
    fn from(value: f32) -> Self {
        const LIMIT: f32 = 1e6;
        if value.fract() == 0.0 && value.abs() < LIMIT { Self::Whole(value as i64) } else { Self::Real(value) }
    }
}

/// Both files of an adapter for the named base model, at a revision where it is one of a hub.
///
/// # Errors
/// When the tensors cannot be laid out as safetensors.
pub fn adapter_files(weights: &LoraWeights, base_model: &str, revision: Option<&str>) -> Result<AdapterFiles, ModelError> {
    let damaged = |source| ModelError::Safetensors { file: WEIGHTS_FILE.to_owned(), source };
    let params = weights.params();
    let bytes: Vec<Vec<u8>> = params.iter().map(|tensor| tensor.data.iter().flat_map(|x| x.to_le_bytes()).collect()).collect();
    let mut views = Vec::with_capacity(params.len());
    for (tensor, bytes) in params.iter().zip(&bytes) {
        views.push((tensor.name, TensorView::new(Dtype::F32, tensor.shape.to_vec(), bytes).map_err(damaged)?));
    }
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    let weights_file = safetensors::serialize(views, Some(metadata)).map_err(damaged)?;

    let lora = weights.config();
    let config = WrittenConfig {
        alpha_pattern: HashMap::new(),
        auto_mapping: None,
        base_model_name_or_path: base_model,
        bias: "none",
        fan_in_fan_out: false,
        inference_mode: true,
        init_lora_weights: true,
        layer_replication: None,
        layers_pattern: None,
        layers_to_transform: lora.layers_to_transform.as_deref(),
        lora_alpha: lora.alpha.into(),
        lora_bias: false,
        lora_dropout: lora.dropout,
        modules_to_save: None,
        peft_type: "LORA",
        r: lora.rank,
        rank_pattern: HashMap::new(),
        revision,
        target_modules: match &lora.target_modules {
            TargetModules::Names(names) => WrittenTargets::Names(names.iter().map(|module| module.name()).collect()),
            TargetModules::Pattern(pattern) => WrittenTargets::Pattern(pattern),
        },
        task_type: "CAUSAL_LM",
        use_dora: false,
        use_rslora: lora.use_rslora,
    };
    let mut config_file = serde_json::to_vec_pretty(&config).map_err(|source| ModelError::Json { file: CONFIG_FILE.to_owned(), source })?;
    config_file.push(b'\n');
    Ok(AdapterFiles { weights: weights_file, config: config_file })
}

/// Writes both files into a folder that exists.
///
/// # Errors
/// As [`adapter_files`], and when a file cannot be written.
pub fn save_adapter(folder: &Path, weights: &LoraWeights, base_model: &str) -> Result<(), ModelError> {
    let files = adapter_files(weights, base_model, None)?;
    for (name, bytes) in [(WEIGHTS_FILE, &files.weights), (CONFIG_FILE, &files.config)] {
        let path = folder.join(name);
        std::fs::write(&path, bytes).map_err(|source| ModelError::Write { path, source })?;
    }
    Ok(())
}

/// The fields that decide what the tensors mean. Those that change the computation and are not supported must be absent or off.
#[derive(Deserialize)]
struct ReadConfig {
    peft_type: String,
    r: usize,
    lora_alpha: f32,
    #[serde(default)]
    lora_dropout: f32,
    target_modules: ReadTargets,
    #[serde(default)]
    use_rslora: bool,
    layers_to_transform: Option<ReadLayers>,
    #[serde(flatten)]
    others: HashMap<String, serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ReadTargets {
    Names(Vec<String>),
    Text(String),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ReadLayers {
    One(usize),
    Some(Vec<usize>),
}

/// Settings that would change what the adapter computes.
const MUST_BE_OFF: [&str; 12] = [
    "alpha_pattern",
    "fan_in_fan_out",
    "layer_replication",
    "lora_bias",
    "modules_to_save",
    "rank_pattern",
    "target_parameters",
    "trainable_token_indices",
    "use_bdlora",
    "use_dora",
    "use_qalora",
    "alora_invocation_tokens",
];

impl ReadConfig {
    fn into_lora(self) -> Result<LoraConfig, ModelError> {
        let supported = "the engine reads plain LoRA adapters on linear layers, without biases, patterns or other variants";
        let refuse = |what: String| Err(ModelError::unsupported(what, supported));
        if self.peft_type != "LORA" {
            return refuse(format!("adapter type {:?}", self.peft_type));
        }
        let off = |value: &serde_json::Value| match value {
            serde_json::Value::Null | serde_json::Value::Bool(false) => true,
            serde_json::Value::Object(entries) => entries.is_empty(),
            serde_json::Value::Array(entries) => entries.is_empty(),
            _ => false,
        };
        if let Some(name) = MUST_BE_OFF.into_iter().find(|name| self.others.get(*name).is_some_and(|value| !off(value))) {
            return refuse(format!("{CONFIG_FILE} with {name}"));
        }
        if self.others.get("bias").is_some_and(|bias| bias != "none") {
            return refuse(format!("{CONFIG_FILE} with bias"));
        }
        Ok(LoraConfig {
            rank: self.r,
            alpha: self.lora_alpha,
            use_rslora: self.use_rslora,
            dropout: self.lora_dropout,
            target_modules: match self.target_modules {
                ReadTargets::Names(names) => TargetModules::from_names(&names)?,
                ReadTargets::Text(text) => text.parse()?,
            },
            layers_to_transform: self.layers_to_transform.map(|layers| match layers {
                ReadLayers::One(layer) => vec![layer],
                ReadLayers::Some(layers) => layers,
            }),
        })
    }
}

/// Reads an adapter for a model, as written by [`save_adapter`] or by PEFT.
///
/// # Errors
/// When a file is missing or damaged, when the adapter is of a kind that the engine does not compute, or when it was made for a model
/// of another geometry.
pub fn load_adapter(folder: &Path, model: &DecoderConfig) -> Result<LoraWeights, ModelError> {
    let config = read_file(&folder.join(CONFIG_FILE))?;
    let config: ReadConfig = serde_json::from_slice(&config).map_err(|source| ModelError::Json { file: CONFIG_FILE.to_owned(), source })?;
    let mut weights = LoraWeights::zeros(model, &config.into_lora()?)?;
    let files = [MappedFile::open(&folder.join(WEIGHTS_FILE))?];
    let tensors = TensorFiles::parse(&files)?;
    let mut params = weights.params_mut();
    for tensor in &mut params {
        let values = tensors.read(tensor.name, &tensor.shape)?;
        tensor.data.copy_from_slice(&values);
    }
    match tensors.names().find(|name| !params.iter().any(|tensor| tensor.name == *name)) {
        Some(name) => {
            Err(ModelError::AdapterMismatch { reason: format!("{WEIGHTS_FILE} holds {name}, which this model has no place for") })
        }
        None => Ok(weights),
    }
}
