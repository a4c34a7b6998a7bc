//! Writes an adapter, and the logits it gives, for `scripts/peft_roundtrip.py` to check with PEFT.
//!
//! `cargo run -p model --example adapter_for_peft -- MODEL_FOLDER OUTPUT_FOLDER`

use std::{error::Error, path::PathBuf};

use model::{LinearModule, LoraConfig, LoraWeights, Model, peft};

const SEQUENCES: usize = 2;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(folder), Some(output)) = (arguments.next(), arguments.next()) else {
        return Err("name the model's folder and the output folder".into());
    };
    let folder = folder.canonicalize()?;
    let model = Model::load(&folder)?;
    let config = model.config();
    let lora = LoraConfig::on(&LinearModule::ALL, 8, 16.0, 0.05);
    let mut weights = LoraWeights::init(config, &lora, 5)?;
    // B starts at zero, which would hide it: give it what another seed gives A.
    let other = LoraWeights::init(config, &lora, 6)?;
    let source: Vec<f32> = other.params().iter().flat_map(|tensor| tensor.data).copied().filter(|value| *value != 0.0).collect();
    for (index, tensor) in weights.params_mut().into_iter().enumerate().filter(|(index, _)| index % 2 == 1) {
        tensor.data.iter_mut().zip(source.iter().cycle().skip(index)).for_each(|(value, from)| *value = *from);
    }
    std::fs::create_dir_all(&output)?;
    peft::save_adapter(&output, &weights, &folder.to_string_lossy())?;
    let length = 48.min(config.max_position_embeddings);
    let input_ids: Vec<u32> = (0..SEQUENCES * length).map(|place| ((place * 7919 + 13) % config.vocab_size) as u32).collect();
    let logits = model.logits(Some(&weights), &input_ids, SEQUENCES, length)?;
    let record = serde_json::json!({ "batch_size": SEQUENCES, "seq_len": length, "input_ids": input_ids, "logits": logits });
    std::fs::write(output.join("logits.json"), record.to_string())?;
    Ok(())
}
