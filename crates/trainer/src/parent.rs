//! An adapter that a training goes on from.

use crate::error::TrainerError;
use domain::run::{ParentAdapter, RunSpec};
use model::{DecoderConfig, LoraWeights, peft};
use std::path::Path;

/// Puts the parent's weights in place of fresh ones.
///
/// # Errors
/// When its files are missing or damaged, or it was made for another base model, rank, scaling or choice of modules.
pub(crate) fn load(spec: &RunSpec, parent: &ParentAdapter, model: &DecoderConfig, weights: &mut LoraWeights) -> Result<(), TrainerError> {
    let missing = || TrainerError::Config("parent: it names neither a folder nor files that were fetched.".to_owned());
    let folder = parent.path.as_deref().ok_or_else(missing)?;
    let fail = |reason: String| TrainerError::Parent { path: folder.to_owned(), reason };
    check_base(folder, &spec.base_model.id)?;
    let loaded = peft::load_adapter(folder, model).map_err(|e| fail(with_causes(&e)))?;
    let (found, wanted) = (loaded.config(), weights.config());
    if found.rank != wanted.rank {
        return Err(fail(format!("its rank is {}, but loraRank is {}; set loraRank to {}", found.rank, wanted.rank, found.rank)));
    }
    if found.scale().to_bits() != wanted.scale().to_bits() {
        let (alpha, rslora) = (found.alpha, found.use_rslora);
        return Err(fail(format!("it scales otherwise; set loraAlpha to {alpha} and useRslora to {rslora}")));
    }
    let names = |weights: &LoraWeights| weights.params().iter().map(|p| (p.name.to_owned(), p.shape)).collect::<Vec<_>>();
    if names(&loaded) != names(weights) {
        let why = "it is on other modules or layers; set targetModules and layersToTransform as its adapter_config.json has them";
        return Err(fail(why.to_owned()));
    }
    for (to, from) in weights.params_mut().into_iter().zip(loaded.params()) {
        to.data.copy_from_slice(from.data);
    }
    Ok(())
}

fn check_base(folder: &Path, base_model: &str) -> Result<(), TrainerError> {
    let file = folder.join(peft::CONFIG_FILE);
    let bytes = std::fs::read(&file).map_err(|e| TrainerError::io("read", &file, e))?;
    let fail = |reason: String| TrainerError::Parent { path: folder.to_owned(), reason };
    let config: serde_json::Value = serde_json::from_slice(&bytes).map_err(|e| fail(format!("{} is not JSON: {e}", peft::CONFIG_FILE)))?;
    match config["base_model_name_or_path"].as_str() {
        Some(name) if name == base_model => Ok(()),
        Some(name) => Err(fail(format!("base_model_name_or_path in {} is {name}, but the job's is {base_model}", peft::CONFIG_FILE))),
        None => Err(fail(format!("{} names no base_model_name_or_path", peft::CONFIG_FILE))),
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error} ({})", with_causes(source)),
        None => error.to_string(),
    }
}
