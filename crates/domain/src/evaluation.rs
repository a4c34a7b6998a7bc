//! What an evaluation measured of an adapter and of its base model, on the same held-out examples. Formulas and sources are in
//! `docs/evaluation.md`; what was not measured is absent.

use crate::text_enum::text_enum;
use serde::{Deserialize, Serialize};

/// An evaluation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Evaluation {
    /// Held-out examples whose answers were scored.
    pub examples: u64,
    /// Tokens of those answers.
    pub label_tokens: u64,
    /// Conversations that the examples belong to.
    pub conversations: u64,
    /// Examples of them that both models answered themselves.
    pub generated_examples: u64,
    /// What it took.
    pub seconds: f64,
    /// Whether its time ran out, so that fewer examples were measured than asked for.
    pub time_limit_reached: bool,
    /// The adapter's figures.
    pub adapter: EvaluationScores,
    /// The base model's, on the same examples.
    pub base: EvaluationScores,
    /// How much better the adapter is: for each figure the difference, positive where the adapter is better.
    pub improvement: EvaluationScores,
    /// Relative fall of the perplexity, percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub perplexity_reduction: Option<f64>,
    /// Interval of the improvement of the loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss_interval: Option<Interval>,
    /// Interval of the improvement of BLEU.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bleu_interval: Option<Interval>,
}

/// Figures of one model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EvaluationScores {
    /// Mean loss an answer's token, nats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<f64>,
    /// e to the power of the loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub perplexity: Option<f64>,
    /// Share of the answers' tokens that the model would have chosen, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_accuracy: Option<f64>,
    /// Corpus BLEU of the model's own answers, 0 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bleu: Option<f64>,
    /// Likeness of the model's own answers to the data set's, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub semantic_similarity: Option<f64>,
    /// Likeness of neighbouring sentences of the model's own answers, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coherence: Option<f64>,
    /// How probable and how free of repetition the model's own answers are, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fluency: Option<f64>,
}

impl EvaluationScores {
    /// Differences to the base model's figures, positive where these are better.
    #[must_use]
    pub fn over(&self, base: &Self) -> Self {
        let higher = |mine: Option<f64>, theirs: Option<f64>| Some(mine? - theirs?);
        Self {
            loss: higher(base.loss, self.loss),
            perplexity: higher(base.perplexity, self.perplexity),
            token_accuracy: higher(self.token_accuracy, base.token_accuracy),
            bleu: higher(self.bleu, base.bleu),
            semantic_similarity: higher(self.semantic_similarity, base.semantic_similarity),
            coherence: higher(self.coherence, base.coherence),
            fluency: higher(self.fluency, base.fluency),
        }
    }
}

text_enum! {
    /// What was drawn anew in a bootstrap.
    ResampledUnit {
        /// Whole conversations, whose examples resemble each other.
        Conversation = "conversation",
        /// Single examples, where too few conversations were held out.
        Example = "example",
    }
}

/// A bootstrap interval of a difference between adapter and base model.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// Share of the drawn differences that lie in it.
    pub level: f64,
    /// How often was drawn.
    pub resamples: u32,
    /// What was drawn.
    pub unit: ResampledUnit,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_improvement_is_positive_where_the_adapter_is_better_and_absent_where_one_is() {
        let base = EvaluationScores { loss: Some(2.0), token_accuracy: Some(0.5), bleu: Some(4.0), ..EvaluationScores::default() };
        let mine = EvaluationScores { loss: Some(1.5), token_accuracy: Some(0.75), bleu: None, ..EvaluationScores::default() };
        let better = mine.over(&base);
        assert_eq!((better.loss, better.token_accuracy, better.bleu), (Some(0.5), Some(0.25), None));
    }
}
