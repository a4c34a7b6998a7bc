//! Checkpoints: everything that a run needs to go on as if it had not been interrupted.
//!
//! `checkpoints/step-00000123/` holds the adapter in PEFT's layout, the optimiser's state, `state.json` and `manifest.json` with the size
//! and SHA-256 of the other files. A folder is written under another name, synced and renamed; one whose manifest does not hold is not
//! used. Random numbers need no state of their own: each is drawn from the seed and the position.

use crate::error::TrainerError;
use crate::files::{create_dir, hash_file, remove_dir, replace_dir, sha256_hex, sync_dir, write_synced};
use crate::optimizer::Optimizer;
use crate::tensors;
use crate::watch::LossWatch;
use chrono::{DateTime, Utc};
use model::LoraWeights;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const ADAPTER: &str = model::peft::WEIGHTS_FILE;
const ADAPTER_CONFIG: &str = model::peft::CONFIG_FILE;
const OPTIMIZER: &str = "optimizer.safetensors";
const STATE: &str = "state.json";
const MANIFEST: &str = "manifest.json";
/// Folders that begin with this are unfinished.
const UNFINISHED: &str = ".unfinished-";
/// Checkpoints kept beside the best one.
const KEPT: usize = 3;
/// Layout of a checkpoint; one of another layout is not used.
const FORMAT: u32 = 1;

/// Figures of an optimiser step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StepFigures {
    pub loss: f64,
    pub learning_rate: f64,
    pub gradient_norm: f64,
    pub throughput: Option<f64>,
}

/// The best validation so far.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Best {
    pub step: u64,
    pub epoch: u32,
    pub loss: f64,
}

/// What a checkpoint belongs to: with another of these it is not used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Identity {
    pub format: u32,
    /// SHA-256 of the settings that change what is computed.
    pub config: String,
    /// SHA-256 of the data set.
    pub dataset: String,
}

impl Identity {
    pub fn new(config: String, dataset: String) -> Self {
        Self { format: FORMAT, config, dataset }
    }
}

/// The position and the figures of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunState {
    pub identity: Identity,
    /// The date that the chat template saw; a resumed run shows it the same.
    pub rendered_at: DateTime<Utc>,
    pub seed: u64,
    /// Optimiser steps done.
    pub step: u64,
    /// Epochs that are wholly done, with the validation at their end.
    pub epochs_done: u32,
    /// Sum of the loss over the label tokens of the epoch that runs.
    pub epoch_loss_sum: f64,
    /// Label tokens behind [`Self::epoch_loss_sum`].
    pub epoch_label_tokens: u64,
    /// Mean training loss of the last whole epoch.
    pub last_epoch_loss: Option<f64>,
    pub initial_training_loss: Option<f64>,
    pub initial_validation_loss: Option<f64>,
    /// Validation loss at the end of the last epoch.
    pub validation_loss: Option<f64>,
    /// Mean training loss of the epoch of the best validation.
    #[serde(default)]
    pub best_epoch_loss: Option<f64>,
    /// Validation loss after each epoch.
    #[serde(default)]
    pub validation_losses: Vec<f64>,
    pub best: Option<Best>,
    /// Validations since the best one.
    pub without_improvement: u32,
    pub stopped_early: bool,
    pub last_step: Option<StepFigures>,
    #[serde(default)]
    pub watch: LossWatch,
    /// Seconds on the device, over all attempts.
    pub seconds: f64,
}

impl RunState {
    /// Before the first step.
    pub fn fresh(identity: Identity, rendered_at: DateTime<Utc>, seed: u64) -> Self {
        Self {
            identity,
            rendered_at,
            seed,
            step: 0,
            epochs_done: 0,
            epoch_loss_sum: 0.0,
            epoch_label_tokens: 0,
            last_epoch_loss: None,
            initial_training_loss: None,
            initial_validation_loss: None,
            validation_loss: None,
            best_epoch_loss: None,
            validation_losses: Vec::new(),
            best: None,
            without_improvement: 0,
            stopped_early: false,
            last_step: None,
            watch: LossWatch::default(),
            seconds: 0.0,
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct FileSum {
    size: u64,
    sha256: String,
}

type Manifest = BTreeMap<String, FileSum>;

/// A checkpoint on disk whose files were checked.
#[derive(Debug)]
pub(crate) struct Checkpoint {
    pub path: PathBuf,
    pub state: RunState,
}

/// What [`Checkpoints::newest`] found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub checkpoint: Option<Checkpoint>,
    /// Folders that were passed over, and why.
    pub skipped: Vec<String>,
}

/// The folder of the checkpoint of a step in a run's output folder.
pub fn checkpoint_folder(output: &Path, step: u64) -> PathBuf {
    Checkpoints::new(output).path(step)
}

/// Step of the newest checkpoint in a run's output folder, whether it can be used or not.
pub fn newest_checkpoint(output: &Path) -> Option<u64> {
    Checkpoints::new(output).steps().ok()?.pop()
}

/// The checkpoints of a job.
#[derive(Debug, Clone)]
pub(crate) struct Checkpoints {
    output: PathBuf,
    root: PathBuf,
}

impl Checkpoints {
    pub fn new(output: &Path) -> Self {
        Self { output: output.to_owned(), root: output.join("checkpoints") }
    }

    /// The run's folder.
    pub fn output(&self) -> &Path {
        &self.output
    }

    pub fn path(&self, step: u64) -> PathBuf {
        self.root.join(format!("step-{step:08}"))
    }

    /// Writes a checkpoint and removes those that are no longer kept. Yields its folder and size in bytes.
    pub fn save(
        &self,
        state: &RunState,
        weights: &LoraWeights,
        optimizer: &Optimizer,
        base_model: &str,
    ) -> Result<(PathBuf, u64), TrainerError> {
        let target = self.path(state.step);
        let unfinished = self.root.join(format!("{UNFINISHED}step-{:08}", state.step));
        remove_dir(&unfinished)?;
        create_dir(&unfinished)?;
        let written = write_files(&unfinished, state, weights, optimizer, base_model);
        let size = match written {
            Ok(size) => size,
            Err(e) => {
                // Gives back the space that the unfinished files take; the failure itself is what matters.
                let _ = remove_dir(&unfinished);
                return Err(e);
            }
        };
        replace_dir(&unfinished, &target)?;
        self.rotate(state)?;
        Ok((target, size))
    }

    /// Removes all but the newest [`KEPT`] and the best.
    fn rotate(&self, state: &RunState) -> Result<(), TrainerError> {
        let best = state.best.map(|b| b.step);
        for step in self.steps()?.into_iter().rev().skip(KEPT).filter(|s| Some(*s) != best) {
            remove_dir(&self.path(step))?;
        }
        sync_dir(&self.root)
    }

    /// Steps of the folders that look like checkpoints, ascending. Unfinished folders are removed.
    fn steps(&self) -> Result<Vec<u64>, TrainerError> {
        let entries = match fs::read_dir(&self.root) {
            Ok(entries) => entries,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(TrainerError::io("read", &self.root, e)),
        };
        let mut steps = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|e| TrainerError::io("read", &self.root, e))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with(UNFINISHED) || Path::new(&name).extension().is_some_and(|e| e == "old") {
                remove_dir(&entry.path())?;
            } else if let Some(step) = name.strip_prefix("step-").and_then(|s| s.parse().ok()) {
                steps.push(step);
            }
        }
        steps.sort_unstable();
        Ok(steps)
    }

    /// The newest checkpoint that is whole and belongs to this run.
    pub fn newest(&self, identity: &Identity) -> Result<Found, TrainerError> {
        let mut found = Found::default();
        for step in self.steps()?.into_iter().rev() {
            let path = self.path(step);
            match read_state(&path) {
                Ok(state) if state.identity == *identity => {
                    found.checkpoint = Some(Checkpoint { path, state });
                    return Ok(found);
                }
                Ok(_) => found.skipped.push(format!("The checkpoint of step {step} belongs to other settings or another data set.")),
                Err(reason) => found.skipped.push(format!("The checkpoint of step {step} is damaged: {reason}.")),
            }
        }
        Ok(found)
    }
}

impl Checkpoint {
    /// Whether these are the adapter's weights.
    pub fn holds(&self, weights: &LoraWeights) -> Result<bool, TrainerError> {
        let file = self.path.join(ADAPTER);
        let bytes = fs::read(&file).map_err(|e| TrainerError::io("read", &file, e))?;
        let found = tensors::deserialize(&bytes).map_err(|reason| TrainerError::Checkpoint { path: self.path.clone(), reason })?;
        Ok(weights.params().iter().all(|p| found.get(p.name).is_some_and(|data| data == p.data)))
    }

    /// Fills in the adapter's weights.
    pub fn load_weights(path: &Path, weights: &mut LoraWeights) -> Result<(), TrainerError> {
        let file = path.join(ADAPTER);
        let bytes = fs::read(&file).map_err(|e| TrainerError::io("read", &file, e))?;
        let fail = |reason| TrainerError::Checkpoint { path: path.to_owned(), reason };
        let tensors = tensors::deserialize(&bytes).map_err(fail)?;
        for parameter in weights.params_mut() {
            let found = tensors.get(parameter.name).filter(|t| t.len() == parameter.data.len());
            let found = found.ok_or_else(|| fail(format!("the tensor '{}' is missing or has another size", parameter.name)))?;
            parameter.data.copy_from_slice(found);
        }
        Ok(())
    }

    /// Gives the optimiser its state back.
    pub fn load_optimizer(&self, optimizer: &mut Optimizer) -> Result<(), TrainerError> {
        let file = self.path.join(OPTIMIZER);
        let bytes = fs::read(&file).map_err(|e| TrainerError::io("read", &file, e))?;
        let fail = |reason| TrainerError::Checkpoint { path: self.path.clone(), reason };
        let tensors = tensors::deserialize(&bytes).map_err(fail)?;
        optimizer.restore(self.state.step, |name| tensors.get(name).cloned()).map_err(fail)
    }
}

/// Writes all files of a checkpoint; yields their size.
fn write_files(
    folder: &Path,
    state: &RunState,
    weights: &LoraWeights,
    optimizer: &Optimizer,
    base_model: &str,
) -> Result<u64, TrainerError> {
    let fail = |reason| TrainerError::Internal(format!("a checkpoint could not be made ({reason})"));
    let state = serde_json::to_vec_pretty(state).map_err(|e| fail(e.to_string()))?;
    let adapter = model::peft::adapter_files(weights, base_model, None).map_err(|e| fail(e.to_string()))?;
    let mut manifest = Manifest::new();
    for (name, bytes) in [(ADAPTER, adapter.weights), (ADAPTER_CONFIG, adapter.config), (STATE, state)] {
        write_synced(&folder.join(name), &bytes)?;
        manifest.insert(name.to_owned(), FileSum { size: bytes.len() as u64, sha256: sha256_hex(&bytes) });
    }
    let slots: Vec<_> = optimizer.slots().map(|(name, data)| (name, vec![data.len()], data)).collect();
    let (sha256, size) = tensors::write_synced(&folder.join(OPTIMIZER), &slots)?;
    manifest.insert(OPTIMIZER.to_owned(), FileSum { size, sha256 });
    let total: u64 = manifest.values().map(|file| file.size).sum();
    let manifest = serde_json::to_vec_pretty(&manifest).map_err(|e| fail(e.to_string()))?;
    write_synced(&folder.join(MANIFEST), &manifest)?;
    Ok(total + manifest.len() as u64)
}

/// Checks the files of a folder against its manifest and reads its state.
fn read_state(folder: &Path) -> Result<RunState, String> {
    let read = |name: &str| fs::read(folder.join(name)).map_err(|e| format!("{name}: {e}"));
    let manifest: Manifest = serde_json::from_slice(&read(MANIFEST)?).map_err(|e| format!("{MANIFEST}: {e}"))?;
    for name in [ADAPTER, OPTIMIZER, STATE] {
        let expected = manifest.get(name).ok_or_else(|| format!("{MANIFEST} does not name {name}"))?;
        let (sha256, size) = hash_file(&folder.join(name)).map_err(|e| e.full_message())?;
        if size != expected.size || sha256 != expected.sha256 {
            return Err(format!("{name} is not what was written"));
        }
    }
    serde_json::from_slice(&read(STATE)?).map_err(|e| format!("{STATE}: {e}"))
}
