//! Trained adapters: states and quality.

use crate::evaluation::Evaluation;
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

/// The version of an adapter that goes on from none.
pub const FIRST_VERSION: &str = "1.0.0";

/// The version of an adapter that goes on from one of this version: the next minor one.
pub fn next_version(parent: &str) -> String {
    let mut parts = parent.split('.').map(|part| part.parse::<u32>().ok());
    match (parts.next().flatten(), parts.next().flatten()) {
        (Some(major), Some(minor)) => format!("{major}.{}.0", minor.saturating_add(1)),
        _ => FIRST_VERSION.to_owned(),
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
        /// By less, or by not much more while the run over-fitted.
        Poor = "poor",
    }
}

text_enum! {
    /// Where the validation loss was going when the run ended.
    LossTrend {
        /// Still lower than after the epoch before: more epochs would probably help.
        Falling = "falling",
        /// About the same.
        Flat = "flat",
        /// Higher than after the best epoch: fewer epochs would do.
        Rising = "rising",
    }
}

/// Relative change of the validation loss below which it is called flat.
const FLAT: f64 = 0.01;
/// Excess of the validation loss over the training loss above which a run over-fitted.
const WIDE_GAP: f64 = 0.5;

impl LossTrend {
    /// The trend of the validation losses after each epoch; none for fewer than two.
    pub fn of(losses: &[f64]) -> Option<Self> {
        let [.., before, last] = losses else { return None };
        let best = losses.iter().copied().fold(f64::INFINITY, f64::min);
        Some(if *last > best * (1.0 + FLAT) {
            Self::Rising
        } else if *last < before * (1.0 - FLAT) {
            Self::Falling
        } else {
            Self::Flat
        })
    }
}

/// The four scores of the specification, each from 0 to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ValidationScores {
    /// Likeness of the adapter's answers to the data set's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub semantic_similarity: Option<f64>,
    /// Likeness of neighbouring sentences of the adapter's answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coherence: Option<f64>,
    /// How probable and how free of repetition the adapter's answers are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fluency: Option<f64>,
    /// Share of the held-out answers' tokens that the adapter would have chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_accuracy: Option<f64>,
}

/// What is known about an adapter's quality. Absent where it was not measured.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QualityMetrics {
    /// Mean training loss of the last epoch, nats a token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_training_loss: Option<f64>,
    /// Validation loss of the adapter, nats a token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_validation_loss: Option<f64>,
    /// Training loss of the first step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_training_loss: Option<f64>,
    /// Validation loss before the first step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_validation_loss: Option<f64>,
    /// e to the power of the final validation loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub perplexity: Option<f64>,
    /// Corpus BLEU of the adapter's answers, 0 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bleu_score: Option<f64>,
    /// Judgement by [`convergence`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub convergence_quality: Option<ConvergenceQuality>,
    /// Validation loss less the training loss of the same epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overfit_gap: Option<f64>,
    /// Where the validation loss was going.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss_trend: Option<LossTrend>,
    /// The scores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_scores: Option<ValidationScores>,
    /// All that was measured, beside the base model's own figures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluation: Option<Evaluation>,
}

/// Judges how a run converged from the relative fall of the validation loss, `(initial − final) / initial`: over .5 excellent, over .3
/// good, over .1 acceptable, else poor; one level lower when the run over-fitted: the validation loss is more than .5 above the training
/// loss of the same epoch, or was rising again at the end.
pub fn convergence(initial: f64, last: f64, overfit_gap: Option<f64>, trend: Option<LossTrend>) -> ConvergenceQuality {
    use ConvergenceQuality::{Acceptable, Excellent, Good, Poor};
    let fall = if initial > 0.0 { (initial - last) / initial } else { 0.0 };
    let level = if fall > 0.5 {
        Excellent
    } else if fall > 0.3 {
        Good
    } else if fall > 0.1 {
        Acceptable
    } else {
        Poor
    };
    if overfit_gap.is_none_or(|gap| gap <= WIDE_GAP) && trend != Some(LossTrend::Rising) {
        return level;
    }
    match level {
        Excellent => Good,
        Good => Acceptable,
        Acceptable | Poor => Poor,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_adapter_of_a_line_has_the_next_version() {
        assert_eq!(
            (next_version(FIRST_VERSION), next_version("1.9.3"), next_version("first")),
            ("1.1.0".into(), "1.10.0".into(), "1.0.0".into())
        );
    }

    #[test]
    fn a_trend_needs_two_epochs() {
        assert_eq!(LossTrend::of(&[2.0]), None);
        assert_eq!(LossTrend::of(&[2.0, 1.5]), Some(LossTrend::Falling));
        assert_eq!(LossTrend::of(&[2.0, 1.5, 1.499]), Some(LossTrend::Flat));
        assert_eq!(LossTrend::of(&[2.0, 1.4, 1.5]), Some(LossTrend::Rising));
        assert_eq!(LossTrend::of(&[2.0, 1.4, 1.5, 1.4]), Some(LossTrend::Falling));
    }

    #[test]
    fn convergence_is_the_fall_less_what_over_fitting_takes() {
        let judged = |first, last, gap, trend| convergence(first, last, gap, trend).as_str();
        assert_eq!(judged(4.0, 1.9, None, None), "excellent");
        assert_eq!(judged(4.0, 2.0, Some(0.5), Some(LossTrend::Falling)), "good");
        assert_eq!(judged(4.0, 3.5, None, None), "acceptable");
        assert_eq!(judged(4.0, 3.9, None, None), "poor");
        assert_eq!(judged(4.0, 1.9, Some(0.51), None), "good");
        assert_eq!(judged(4.0, 1.9, Some(0.6), Some(LossTrend::Rising)), "good");
        assert_eq!(judged(4.0, 3.5, None, Some(LossTrend::Rising)), "poor");
        assert_eq!(judged(0.0, 1.0, None, None), "poor");
    }
}
