//! The base model's geometry, as far as it bounds a job and tells whether an adapter fits.

use std::path::Path;

use domain::job::{Hyperparameters, Precision, TrainingConfig};
use domain::memory::{ModelSizes, Trained};
use domain::{Error, Result};
use serde::Deserialize;

/// Sizes of a Llama-family decoder, from its `config.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Geometry {
    hidden_size: u64,
    intermediate_size: u64,
    /// Decoder layers.
    pub num_hidden_layers: u64,
    num_attention_heads: u64,
    #[serde(default)]
    num_key_value_heads: Option<u64>,
    #[serde(default)]
    head_dim: Option<u64>,
    #[serde(default)]
    vocab_size: u64,
    #[serde(default)]
    tie_word_embeddings: Option<bool>,
    #[serde(default)]
    model_type: Option<ModelType>,
}

/// What changes the memory that a family takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ModelType {
    /// Queries and keys have norms of their own.
    Qwen3,
    #[serde(other)]
    Other,
}

impl Geometry {
    /// Reads the geometry from a folder in Hugging Face layout.
    ///
    /// # Errors
    /// When the file is missing or is no configuration of that family: the server is set up wrongly.
    pub async fn read(folder: &Path) -> Result<Self> {
        let path = folder.join("config.json");
        let wrong = |e: String| Error::internal(format!("the base model's {} cannot be used: {e}", path.display()));
        let text = tokio::fs::read(&path).await.map_err(|e| wrong(e.to_string()))?;
        let geometry: Self = serde_json::from_slice(&text).map_err(|e| wrong(e.to_string()))?;
        if geometry.num_attention_heads == 0 {
            return Err(wrong("num_attention_heads is 0".to_owned()));
        }
        Ok(geometry)
    }

    /// Columns and rows, that is in and out features, of a linear layer by its name in `TARGET_MODULES`.
    pub fn features(&self, module: &str) -> Option<(u64, u64)> {
        let head = self.head_dim.unwrap_or(self.hidden_size / self.num_attention_heads.max(1));
        let attention = self.num_attention_heads * head;
        let keys = self.num_key_value_heads.unwrap_or(self.num_attention_heads) * head;
        Some(match module {
            "q_proj" => (self.hidden_size, attention),
            "k_proj" | "v_proj" => (self.hidden_size, keys),
            "o_proj" => (attention, self.hidden_size),
            "gate_proj" | "up_proj" => (self.hidden_size, self.intermediate_size),
            "down_proj" => (self.intermediate_size, self.hidden_size),
            _ => return None,
        })
    }

    /// Sizes, for the memory that a training takes.
    pub fn sizes(&self) -> ModelSizes {
        ModelSizes {
            hidden: self.hidden_size,
            intermediate: self.intermediate_size,
            layers: self.num_hidden_layers,
            heads: self.num_attention_heads,
            key_value_heads: self.num_key_value_heads.unwrap_or(self.num_attention_heads),
            head_dim: self.head_dim.unwrap_or(self.hidden_size / self.num_attention_heads.max(1)),
            vocabulary: self.vocab_size,
            tied: self.tie_word_embeddings.unwrap_or(false),
            head_norms: self.model_type == Some(ModelType::Qwen3),
        }
    }

    /// What is trained, for the same, on a device with memory of its own or on the processors.
    ///
    /// # Errors
    /// As [`Self::places`].
    pub fn trained(&self, config: &TrainingConfig, own_memory: bool) -> Result<Trained> {
        let hyperparameters = &config.hyperparameters;
        Ok(Trained {
            parameters: self.adapter_parameters(hyperparameters)?,
            modules: self.places(hyperparameters)?.len() as u64,
            rank: u64::from(hyperparameters.lora_rank),
            dropout: hyperparameters.lora_dropout > 0.0,
            optimizer: hyperparameters.optimizer_type,
            weight_bytes: config.settings.precision.bytes(),
            kept_bytes: if own_memory { Precision::F32 } else { config.settings.precision }.bytes(),
        })
    }

    /// Layers and modules that get an adapter.
    ///
    /// # Errors
    /// With the field: what is named is not there, or nothing is.
    pub fn places(&self, hyperparameters: &Hyperparameters) -> Result<Vec<(u32, &'static str)>> {
        let layers = u32::try_from(self.num_hidden_layers).unwrap_or(u32::MAX);
        hyperparameters.target_modules.places(layers, hyperparameters.layers_to_transform.as_deref())
    }

    /// Parameters of an adapter.
    ///
    /// # Errors
    /// As [`Self::places`].
    pub fn adapter_parameters(&self, hyperparameters: &Hyperparameters) -> Result<u64> {
        let rank = u64::from(hyperparameters.lora_rank);
        let sizes = self.places(hyperparameters)?.into_iter().filter_map(|(_, module)| self.features(module));
        Ok(sizes.map(|(columns, rows)| rank.saturating_mul(columns + rows)).sum())
    }

    /// Checks that there is something to put an adapter on, and that the rank is no larger than any of it.
    ///
    /// # Errors
    /// With the field, naming the layer and its size.
    pub fn check(&self, hyperparameters: &Hyperparameters) -> Result<()> {
        for (_, module) in self.places(hyperparameters)? {
            let Some((columns, rows)) = self.features(module) else { continue };
            let largest = columns.min(rows);
            if u64::from(hyperparameters.lora_rank) > largest {
                let rank = hyperparameters.lora_rank;
                return Err(Error::invalid(
                    "hyperparameters.loraRank",
                    format!("loraRank is {rank}, but {module} of this base model is {columns} by {rows}; use at most {largest}."),
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use domain::job::{PresetId, TargetModules, preset};

    /// The smallest geometry with grouped keys.
    pub const TINY: Geometry = Geometry {
        hidden_size: 64,
        intermediate_size: 128,
        num_hidden_layers: 2,
        num_attention_heads: 4,
        num_key_value_heads: Some(2),
        head_dim: None,
        vocab_size: 100,
        tie_word_embeddings: None,
        model_type: None,
    };

    #[test]
    fn a_rank_above_a_layer_names_the_layer() {
        let mut h = preset(PresetId::Balanced, 256);
        h.lora_rank = 32;
        assert!(TINY.check(&h).is_ok());
        h.lora_rank = 33;
        let error = TINY.check(&h).expect_err("k_proj has 32 rows");
        assert!(error.message.contains("k_proj") && error.field.as_deref() == Some("hyperparameters.loraRank"));
        h.target_modules = TargetModules::of(&["q_proj"]);
        assert!(TINY.check(&h).is_ok());
    }
    #[test]
    fn places_that_are_not_there_are_named() {
        let mut h = preset(PresetId::Balanced, 256);
        assert_eq!(TINY.adapter_parameters(&h).expect("fits"), 2 * 16 * (128 + 96 + 96 + 128 + 3 * 192));
        h.layers_to_transform = Some(vec![1]);
        assert_eq!(TINY.adapter_parameters(&h).expect("fits"), 16 * (128 + 96 + 96 + 128 + 3 * 192));
        h.layers_to_transform = Some(vec![2]);
        assert_eq!(TINY.check(&h).expect_err("two layers").field.as_deref(), Some("hyperparameters.layersToTransform"));
        (h.layers_to_transform, h.target_modules) = (None, TargetModules::Text(r".*\.1\.self_attn\.q_proj".into()));
        assert_eq!(TINY.adapter_parameters(&h).expect("fits"), 16 * 128);
        h.target_modules = TargetModules::Text(r".*\.7\..*".into());
        assert_eq!(TINY.check(&h).expect_err("two layers").field.as_deref(), Some("hyperparameters.targetModules"));
    }
}
