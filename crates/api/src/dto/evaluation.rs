//! What an evaluation measured. What was not measured is absent.

use super::text as t;
use serde::Serialize;
use utoipa::ToSchema;

/// Scores of the adapter, each from 0 to 1.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ValidationScores {
    /// Likeness of its own answers to the data set's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub semantic_similarity: Option<f64>,
    /// Likeness of neighbouring sentences of its own answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coherence: Option<f64>,
    /// How probable and how free of repetition its own answers are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fluency: Option<f64>,
    /// Share of the held-out answers' tokens that it would have chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_accuracy: Option<f64>,
}

/// Adapter and base model on the same held-out examples.
#[derive(Debug, Serialize, ToSchema)]
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
    /// Seconds that it took.
    pub seconds: f64,
    /// Whether its time ran out, so that fewer examples were measured than asked for.
    pub time_limit_reached: bool,
    /// The adapter's figures.
    pub adapter: EvaluationScores,
    /// The base model's.
    pub base: EvaluationScores,
    /// Differences, positive where the adapter is better.
    pub improvement: EvaluationScores,
    /// Relative fall of the perplexity, percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub perplexity_reduction: Option<f64>,
    /// Bootstrap interval of the improvement of the loss.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss_interval: Option<Interval>,
    /// Bootstrap interval of the improvement of BLEU.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bleu_interval: Option<Interval>,
}

/// Figures of one model, or differences of two.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EvaluationScores {
    /// Mean loss an answer's token, nats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss: Option<f64>,
    /// e to the power of the loss.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub perplexity: Option<f64>,
    /// Share of the answers' tokens that the model would have chosen, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_accuracy: Option<f64>,
    /// Corpus BLEU of the model's own answers, 0 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bleu: Option<f64>,
    /// Likeness of the model's own answers to the data set's, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub semantic_similarity: Option<f64>,
    /// Likeness of neighbouring sentences of the model's own answers, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coherence: Option<f64>,
    /// How probable and how free of repetition the model's own answers are, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fluency: Option<f64>,
}

/// A bootstrap interval.
#[derive(Debug, Serialize, ToSchema)]
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
    #[schema(value_type = t::ResampledUnit)]
    pub unit: domain::evaluation::ResampledUnit,
}
