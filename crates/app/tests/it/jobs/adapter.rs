//! Files of an adapter as a trainer leaves them.

use std::collections::BTreeMap;

use blob::{BlobStore, Key, SizeLimit, memory_content};
use cluster::RunSpec;
use domain::ModelId;
use domain::run::ArtifactFile;
use serde_json::json;

/// Of the base model that the tests use: two layers.
pub const HIDDEN: u64 = 32;

/// The files that fit what was asked for.
pub fn files(spec: &RunSpec) -> BTreeMap<String, Vec<u8>> {
    let h = &spec.config.hyperparameters;
    let config = json!({
        "peft_type": "LORA", "r": h.lora_rank, "lora_alpha": h.lora_alpha, "target_modules": h.target_modules,
        "base_model_name_or_path": spec.base_model.id,
    });
    BTreeMap::from([
        ("adapter_model.safetensors".to_owned(), weights(u64::from(h.lora_rank), 0.25)),
        ("adapter_config.json".to_owned(), config.to_string().into_bytes()),
        ("tokenizer.json".to_owned(), b"{}".to_vec()),
        ("tokenizer_config.json".to_owned(), b"{}".to_vec()),
        ("metadata.json".to_owned(), b"{}".to_vec()),
        ("README.md".to_owned(), b"# An adapter".to_vec()),
    ])
}

/// Weights of an adapter on `q_proj`, all of one value.
pub fn weights(rank: u64, value: f32) -> Vec<u8> {
    let (mut header, mut data) = (serde_json::Map::new(), Vec::new());
    for layer in 0..2 {
        for (matrix, shape) in [("lora_A", [rank, HIDDEN]), ("lora_B", [HIDDEN, rank])] {
            let start = data.len();
            (0..shape[0] * shape[1]).for_each(|_| data.extend_from_slice(&value.to_le_bytes()));
            let name = format!("base_model.model.model.layers.{layer}.self_attn.q_proj.{matrix}.weight");
            header.insert(name, json!({"dtype": "F32", "shape": shape, "data_offsets": [start, data.len()]}));
        }
    }
    let header = serde_json::to_vec(&header).expect("json");
    [&(header.len() as u64).to_le_bytes()[..], &header, &data].concat()
}

/// Stores the files where the specification's signed URLs lead, and answers them as the trainer reports them.
pub async fn upload(blob: &dyn BlobStore, spec: &RunSpec, files: &BTreeMap<String, Vec<u8>>) -> Vec<ArtifactFile> {
    let mut reported = Vec::new();
    for (name, bytes) in files {
        assert!(spec.output.uploads.contains_key(name), "{name} has no signed URL");
        let key = Key::model_file(ModelId(spec.attempt_id.uuid()), name).expect("a plain name");
        assert!(spec.output.uploads[name].url.contains(key.as_str()), "{name} is signed for another key");
        let size = bytes.len() as u64;
        let stored = blob.put(&key, memory_content(bytes.clone()), SizeLimit::Exactly(size)).await.expect("stored");
        reported.push(ArtifactFile { name: name.clone(), size, sha256: stored.sha256 });
    }
    reported
}
