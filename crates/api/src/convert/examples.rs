//! Examples as the trainer sees them.

use crate::dto::examples::{ExampleToken, ShowExample, TokenCounts, TokenSegment, TokenTotals, TokenView};
use app::examples::{ExampleQuery, ShownExample, ViewSegment, ViewTotals};
use domain::dataset::TokenPart;

/// What is asked for.
pub fn query(query: ShowExample) -> ExampleQuery {
    let ShowExample { base_model, max_seq_length, overlong_examples } = query;
    ExampleQuery { base_model, max_seq_length, overlong: overlong_examples.unwrap_or_default() }
}

/// An example as shown.
pub fn example(shown: ShownExample) -> TokenView {
    let ShownExample { number, line, conversation_id, validation, base_model, max_seq_length, view, totals } = shown;
    let count = |part| view.count(part) as u64;
    let padding = totals.and_then(|totals| totals.padding_tokens).map(|_| count(TokenPart::Padding));
    let tokens =
        TokenCounts { trained: count(TokenPart::Trained), context: count(TokenPart::Context), padding, cut: count(TokenPart::Cut) };
    TokenView {
        number,
        line,
        conversation_id,
        split: validation.map(|held_out| if held_out { "validation" } else { "train" }),
        base_model,
        max_seq_length,
        tokens,
        overlong: view.overlong,
        dropped: view.dropped,
        cut_answer_tokens: view.cut_answer_tokens as u64,
        open_answers: view.open_answers as u64,
        template_rewrites_turns: view.template_rewrites_turns,
        refused: view.refused,
        segments: view.segments.into_iter().map(segment).collect(),
        totals: totals.map(all),
    }
}

fn segment(segment: ViewSegment) -> TokenSegment {
    let tokens = segment.tokens.iter().map(|t| ExampleToken { id: t.id, start: t.start as u64, end: t.end as u64 }).collect();
    TokenSegment { part: segment.part, text: segment.text, tokens }
}

fn all(t: ViewTotals) -> TokenTotals {
    TokenTotals {
        examples: t.examples,
        tokens: TokenCounts { trained: t.trained_tokens, context: t.context_tokens, padding: t.padding_tokens, cut: t.cut_tokens },
        without_label: t.without_label,
        dropped: t.dropped,
        overlong: t.overlong,
        cut_answers: t.cut_answers,
        open_answers: t.open_answers,
        refused: t.refused,
        validation_examples: t.validation_examples,
    }
}
