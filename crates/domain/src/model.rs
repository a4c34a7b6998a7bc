//! Trained adapters: states and quality.

use crate::text_enum::text_enum;
use serde::{Deserialize, Serialize};

text_enum! {
    /// Where an adapter is in its life.
    ModelStatus {
        /// Stored.
        Stored = "stored",
        /// Served somewhere.
        Deployed = "deployed",
        /// Put aside; can be restored.
        Archived = "archived",
    }
}

text_enum! {
    /// How well the loss converged.
    ConvergenceQuality {
        /// Validation loss fell by more than half.
        Excellent = "excellent",
        /// By more than 30 %.
        Good = "good",
        /// By more than 10 %.
        Acceptable = "acceptable",
        /// By less, or the gap to the training loss is wide.
        Poor = "poor",
    }
}

/// What is known about an adapter's quality. Absent where it was not measured.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QualityMetrics {
    /// Mean training loss of the last logged steps, nats per token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_training_loss: Option<f64>,
    /// Validation loss at the end, nats per token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_validation_loss: Option<f64>,
    /// Training loss of the first step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_training_loss: Option<f64>,
    /// Validation loss of the base model before the first step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_validation_loss: Option<f64>,
    /// e to the power of the final validation loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub perplexity: Option<f64>,
    /// Judgement by [`convergence`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub convergence_quality: Option<ConvergenceQuality>,
}

/// Judges how a run converged from the relative fall of the validation loss, `(initial − final) / initial`: over .5 excellent, over .3
/// good, over .1 acceptable, else poor; one level lower when the final validation loss is more than .5 above the training loss
/// (over-fitting).
pub fn convergence(initial_validation: f64, final_validation: f64, final_training: f64) -> ConvergenceQuality {
    use ConvergenceQuality::{Acceptable, Excellent, Good, Poor};
    let fall = if initial_validation > 0.0 { (initial_validation - final_validation) / initial_validation } else { 0.0 };
    let level = if fall > 0.5 {
        Excellent
    } else if fall > 0.3 {
        Good
    } else if fall > 0.1 {
        Acceptable
    } else {
        Poor
    };
    if final_validation - final_training <= 0.5 {
        return level;
    }
    match level {
        Excellent => Good,
        Good => Acceptable,
        Acceptable | Poor => Poor,
    }
}
