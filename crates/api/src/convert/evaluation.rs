//! What an evaluation measured.

use crate::dto::evaluation::{Evaluation, EvaluationScores, Interval, ValidationScores};
use domain::evaluation as measured;

/// The four scores.
pub fn scores(s: domain::model::ValidationScores) -> ValidationScores {
    ValidationScores {
        semantic_similarity: s.semantic_similarity,
        coherence: s.coherence,
        fluency: s.fluency,
        task_accuracy: s.task_accuracy,
    }
}

/// An evaluation.
pub fn evaluation(e: measured::Evaluation) -> Evaluation {
    Evaluation {
        examples: e.examples,
        label_tokens: e.label_tokens,
        conversations: e.conversations,
        generated_examples: e.generated_examples,
        seconds: e.seconds,
        time_limit_reached: e.time_limit_reached,
        adapter: figures(e.adapter),
        base: figures(e.base),
        improvement: figures(e.improvement),
        perplexity_reduction: e.perplexity_reduction,
        loss_interval: e.loss_interval.map(interval),
        bleu_interval: e.bleu_interval.map(interval),
    }
}

fn figures(s: measured::EvaluationScores) -> EvaluationScores {
    EvaluationScores {
        loss: s.loss,
        perplexity: s.perplexity,
        token_accuracy: s.token_accuracy,
        bleu: s.bleu,
        semantic_similarity: s.semantic_similarity,
        coherence: s.coherence,
        fluency: s.fluency,
    }
}

fn interval(i: measured::Interval) -> Interval {
    Interval { low: i.low, high: i.high, level: i.level, resamples: i.resamples, unit: i.unit }
}
