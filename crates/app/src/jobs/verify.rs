//! Whether a finished adapter is what was asked for: read once, in constant memory, before a job may be completed.

use std::collections::BTreeMap;

use domain::job::{Hyperparameters, TargetModules, module_path};
use serde::Deserialize;

use super::base_model::Geometry;

/// Longest safetensors header that is read, in bytes.
const MAX_HEADER: u64 = 64 * 1024 * 1024;

/// One tensor of a safetensors file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Tensor {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: (u64, u64),
}

/// How values are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Values {
    F32,
    F16,
    Bf16,
}

impl Values {
    fn parse(dtype: &str) -> Result<Self, String> {
        match dtype {
            "F32" => Ok(Self::F32),
            "F16" => Ok(Self::F16),
            "BF16" => Ok(Self::Bf16),
            other => Err(format!("its values are {other}; F32, F16 or BF16 was expected")),
        }
    }

    /// Bytes a value.
    const fn width(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
        }
    }

    /// A value is infinite or not a number when all bits of its exponent are set; they are in its last two bytes.
    fn check_finite(self, bytes: &[u8]) -> Result<(), String> {
        let exponent = if self == Self::F16 { 0x7c00 } else { 0x7f80 };
        let broken = |value: &[u8]| match value {
            [.., low, high] => u16::from_le_bytes([*low, *high]) & exponent == exponent,
            _ => false,
        };
        if bytes.chunks_exact(self.width()).any(broken) {
            return Err("it has values that are infinite or not a number: the training diverged; use a lower learning rate".to_owned());
        }
        Ok(())
    }
}

/// Checks a safetensors file while it streams by: header, offsets, and that every value is finite.
#[derive(Debug)]
pub struct TensorFile {
    size: u64,
    seen: u64,
    buffer: Vec<u8>,
    header: Option<BTreeMap<String, Tensor>>,
    values: Values,
}

impl TensorFile {
    /// A check of a file of `size` bytes.
    pub fn new(size: u64) -> Self {
        Self { size, seen: 0, buffer: Vec::new(), header: None, values: Values::F32 }
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.seen += bytes.len() as u64;
        if self.header.is_some() {
            return self.push_values(bytes);
        }
        self.buffer.extend_from_slice(bytes);
        let Some(length) = self.buffer.first_chunk::<8>().map(|b| u64::from_le_bytes(*b)) else { return Ok(()) };
        if length > MAX_HEADER || length + 8 > self.size {
            return Err(format!("its header claims {length} bytes of {}", self.size));
        }
        let end = usize::try_from(length + 8).map_err(|e| e.to_string())?;
        if self.buffer.len() < end {
            return Ok(());
        }
        let tensors = parse_header(&self.buffer[8..end])?;
        self.values = check_offsets(&tensors, self.size - length - 8)?;
        self.header = Some(tensors);
        let rest = self.buffer.split_off(end);
        self.buffer.clear();
        self.push_values(&rest)
    }

    fn push_values(&mut self, mut bytes: &[u8]) -> Result<(), String> {
        let width = self.values.width();
        if !self.buffer.is_empty() {
            let missing = (width - self.buffer.len()).min(bytes.len());
            self.buffer.extend_from_slice(&bytes[..missing]);
            bytes = &bytes[missing..];
            if self.buffer.len() < width {
                return Ok(());
            }
            let whole = std::mem::take(&mut self.buffer);
            self.values.check_finite(&whole)?;
        }
        let whole = bytes.len() - bytes.len() % width;
        self.values.check_finite(&bytes[..whole])?;
        self.buffer.extend_from_slice(&bytes[whole..]);
        Ok(())
    }

    /// The tensors, once all bytes were taken.
    ///
    /// # Errors
    /// When the file ended early.
    pub fn finish(self) -> Result<BTreeMap<String, Tensor>, String> {
        let header = self.header.ok_or("it ends within its header")?;
        if self.seen != self.size || !self.buffer.is_empty() {
            return Err(format!("it has {} bytes instead of {}", self.seen, self.size));
        }
        Ok(header)
    }
}

fn parse_header(text: &[u8]) -> Result<BTreeMap<String, Tensor>, String> {
    let mut values: BTreeMap<String, serde_json::Value> =
        serde_json::from_slice(text).map_err(|e| format!("its header is not readable: {e}"))?;
    values.remove("__metadata__");
    let tensor = |(name, value)| serde_json::from_value(value).map(|t| (name, t)).map_err(|e| format!("its header is not readable: {e}"));
    values.into_iter().map(tensor).collect()
}

/// Checks that the tensors fill `data` bytes without gap or overlap, and answers how their values are stored.
fn check_offsets(tensors: &BTreeMap<String, Tensor>, data: u64) -> Result<Values, String> {
    let mut spans: Vec<(&String, &Tensor)> = tensors.iter().collect();
    spans.sort_by_key(|(_, t)| t.data_offsets);
    let (_, first) = spans.first().ok_or("it has no tensors")?;
    let (dtype, values) = (&first.dtype, Values::parse(&first.dtype)?);
    let mut end = 0;
    for (name, tensor) in &spans {
        let product = tensor.shape.iter().try_fold(values.width() as u64, |n, d| n.checked_mul(*d));
        let length = tensor.data_offsets.1.checked_sub(tensor.data_offsets.0);
        if tensor.dtype != *dtype || tensor.data_offsets.0 != end || length.is_none() || length != product {
            return Err(format!("tensor {name} does not fit its type, shape and place"));
        }
        end = tensor.data_offsets.1;
    }
    if end == data { Ok(values) } else { Err(format!("its tensors take {end} bytes, but {data} are there")) }
}

/// What `adapter_config.json` says.
#[derive(Debug, Deserialize)]
struct AdapterConfig {
    peft_type: String,
    r: u64,
    lora_alpha: f64,
    target_modules: TargetModules,
    #[serde(default)]
    use_rslora: bool,
    #[serde(default)]
    layers_to_transform: Option<Vec<u32>>,
    base_model_name_or_path: String,
}

impl AdapterConfig {
    fn says(&self, asked: &Hyperparameters, base_model: &str) -> bool {
        #[expect(clippy::float_cmp, reason = "copied, not computed")]
        let same_alpha = self.lora_alpha == asked.lora_alpha;
        let same_targets = match (self.target_modules.names(), asked.target_modules.names()) {
            (Some(said), Some(asked)) => said == asked,
            _ => self.target_modules == asked.target_modules,
        };
        let same_scale = same_alpha && self.use_rslora == asked.use_rslora;
        let same_places = same_targets && self.layers_to_transform == asked.layers_to_transform;
        let same_base = self.base_model_name_or_path == base_model;
        self.peft_type == "LORA" && self.r == u64::from(asked.lora_rank) && same_scale && same_places && same_base
    }
}

/// Checks that `adapter_config.json` says what was asked for, and that the tensors are exactly those of such an adapter in PEFT's layout.
///
/// # Errors
/// What does not fit.
pub fn check_adapter(
    config: &[u8],
    tensors: &BTreeMap<String, Tensor>,
    asked: &Hyperparameters,
    base_model: &str,
    geometry: &Geometry,
) -> Result<(), String> {
    let config: AdapterConfig = serde_json::from_slice(config).map_err(|e| format!("adapter_config.json is not readable: {e}"))?;
    if !config.says(asked, base_model) {
        return Err("adapter_config.json does not say what the job asked for".to_owned());
    }
    let expected = expected_tensors(asked, geometry)?;
    for (name, shape) in &expected {
        match tensors.get(name) {
            Some(tensor) if tensor.shape == shape => {}
            Some(tensor) => return Err(format!("tensor {name} is {:?} instead of {shape:?}", tensor.shape)),
            None => return Err(format!("tensor {name} is missing")),
        }
    }
    match tensors.keys().find(|name| !expected.contains_key(*name)) {
        Some(name) => Err(format!("tensor {name} does not belong to the adapter")),
        None => Ok(()),
    }
}

/// PEFT's names and shapes: A is rank by in features, B is out features by rank.
fn expected_tensors(asked: &Hyperparameters, geometry: &Geometry) -> Result<BTreeMap<String, [u64; 2]>, String> {
    let rank = u64::from(asked.lora_rank);
    let mut expected = BTreeMap::new();
    for (layer, module) in geometry.places(asked).map_err(|e| e.message)? {
        let Some((columns, rows)) = geometry.features(module) else { continue };
        let name = format!("base_model.model.{}", module_path(layer, module));
        expected.insert(format!("{name}.lora_A.weight"), [rank, columns]);
        expected.insert(format!("{name}.lora_B.weight"), [rows, rank]);
    }
    Ok(expected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::base_model::tests::TINY;
    use domain::job::{PresetId, preset};

    fn asked() -> Hyperparameters {
        let mut h = preset(PresetId::Balanced, 256);
        h.lora_rank = 4;
        h.target_modules = TargetModules::of(&["v_proj", "down_proj"]);
        h
    }

    const CONFIG: &str =
        r#"{"peft_type":"LORA","r":4,"lora_alpha":32.0,"target_modules":["down_proj","v_proj"],"base_model_name_or_path":"m","x":1}"#;

    /// A file with these tensors, all of this value.
    fn file(tensors: &BTreeMap<String, [u64; 2]>, value: f32) -> Vec<u8> {
        let (mut header, mut data) = (serde_json::Map::new(), Vec::new());
        for (name, shape) in tensors {
            let start = data.len();
            for _ in 0..shape[0] * shape[1] {
                data.extend_from_slice(&value.to_le_bytes());
            }
            header.insert(name.clone(), serde_json::json!({"dtype": "F32", "shape": shape, "data_offsets": [start, data.len()]}));
        }
        header.insert("__metadata__".into(), serde_json::json!({"format": "pt"}));
        let header = serde_json::to_vec(&header).expect("json");
        [&(header.len() as u64).to_le_bytes()[..], &header, &data].concat()
    }

    fn read(bytes: &[u8], piece: usize) -> Result<BTreeMap<String, Tensor>, String> {
        let mut check = TensorFile::new(bytes.len() as u64);
        bytes.chunks(piece).try_for_each(|c| check.push(c))?;
        check.finish()
    }

    #[test]
    fn a_right_adapter_passes_in_pieces_of_any_size() {
        let bytes = file(&expected_tensors(&asked(), &TINY).expect("places"), 0.5);
        for piece in [1, 3, 7, 1000, bytes.len()] {
            let tensors = read(&bytes, piece).expect("whole");
            assert_eq!(tensors.len(), 8);
            check_adapter(CONFIG.as_bytes(), &tensors, &asked(), "m", &TINY).expect("fits");
        }
    }

    #[test]
    fn a_wrong_file_is_refused() {
        let tensors = expected_tensors(&asked(), &TINY).expect("places");
        let bytes = file(&tensors, 0.5);
        assert!(read(&bytes[..bytes.len() - 1], 100).is_err());
        let mut longer = bytes.clone();
        longer.extend_from_slice(&[0; 4]);
        assert!(read(&longer, 100).is_err());
        assert!(read(b"{}", 1).is_err() && read(&[255; 64], 8).is_err() && read(&[0; 8], 8).is_err());
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert!(read(&file(&tensors, value), 3).expect_err("not finite").contains("diverged"));
        }
        assert!(read(&file(&tensors, f32::MAX), 5).is_ok());
    }

    #[test]
    fn tensors_and_config_must_be_those_asked_for() {
        let whole = |t: &BTreeMap<String, [u64; 2]>| read(&file(t, 1.0), 64).expect("whole");
        let right = expected_tensors(&asked(), &TINY).expect("places");
        let check = |t: &BTreeMap<String, [u64; 2]>, config: &str| check_adapter(config.as_bytes(), &whole(t), &asked(), "m", &TINY);
        let mut missing = right.clone();
        missing.pop_first();
        assert!(check(&missing, CONFIG).expect_err("one less").contains("missing"));
        let mut more = right.clone();
        more.insert("base_model.model.lm_head.lora_A.weight".into(), [1, 1]);
        assert!(check(&more, CONFIG).expect_err("one more").contains("lm_head"));
        let mut other = right.clone();
        other.values_mut().for_each(|shape| shape.reverse());
        assert!(check(&other, CONFIG).expect_err("shape").contains("instead of"));
        assert!(check(&right, &CONFIG.replace("\"r\":4", "\"r\":8")).is_err());
        assert!(check(&right, "{}").is_err());
    }
    #[test]
    fn scaling_layers_and_patterns_must_be_those_asked_for() {
        let mut h = asked();
        (h.use_rslora, h.layers_to_transform) = (true, Some(vec![1]));
        let config = |targets: &str, scale: bool, layers: &str| {
            format!(
                r#"{{"peft_type":"LORA","r":4,"lora_alpha":32,"target_modules":{targets},"use_rslora":{scale},
                "layers_to_transform":{layers},"base_model_name_or_path":"m"}}"#
            )
        };
        let check = |h: &Hyperparameters, config: String| {
            let tensors = read(&file(&expected_tensors(h, &TINY).expect("places"), 1.0), 64).expect("whole");
            check_adapter(config.as_bytes(), &tensors, h, "m", &TINY)
        };
        let names = r#"["v_proj","down_proj"]"#;
        check(&h, config(names, true, "[1]")).expect("fits");
        assert!(check(&h, config(names, false, "[1]")).is_err() && check(&h, config(names, true, "null")).is_err());
        (h.use_rslora, h.layers_to_transform) = (false, None);
        h.target_modules = TargetModules::Text("all-linear".into());
        check(&h, config(r#"["q_proj","k_proj","v_proj","o_proj","gate_proj","up_proj","down_proj"]"#, false, "null")).expect("fits");
        h.target_modules = TargetModules::Text(".*mlp.*".into());
        check(&h, config(r#"".*mlp.*""#, false, "null")).expect("fits");
        assert!(check(&h, config(r#"".*attn.*""#, false, "null")).is_err());
    }
}
