//! Examples as the trainer sees them.

use super::text as t;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// For which base model and length to show an example.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ShowExample {
    /// Base model; the default is the first of the catalogue.
    pub base_model: Option<String>,
    /// Tokens an example at most; the default is that of the presets. Never more than the base model's context.
    #[param(minimum = 64, maximum = 32768)]
    pub max_seq_length: Option<u32>,
    /// What happens to longer examples; the default is `truncate`.
    #[param(value_type = Option<t::OverlongExamples>)]
    pub overlong_examples: Option<domain::job::OverlongExamples>,
}

/// An example of a data set as the trainer sees it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokenView {
    /// Its place in the file, from 1; pairs without an answer are not counted.
    pub number: u64,
    /// Line on which it begins.
    pub line: u64,
    /// Its conversation's id in the file, or its position.
    pub conversation_id: String,
    /// `train` or `validation`; left out where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "train")]
    pub split: Option<&'static str>,
    /// Base model whose chat template and tokenizer these are.
    pub base_model: String,
    /// Tokens an example at most.
    pub max_seq_length: u32,
    /// The rendered text in pieces; together they are the whole of it. Empty where the chat template refuses the example.
    pub segments: Vec<TokenSegment>,
    /// Tokens by what becomes of them.
    pub tokens: TokenCounts,
    /// Whether it is longer than `maxSeqLength`.
    #[schema(example = false)]
    pub overlong: bool,
    /// Whether it is left out for its length.
    #[schema(example = false)]
    pub dropped: bool,
    /// Tokens of answers that are cut off.
    pub cut_answer_tokens: u64,
    /// Answers that are learned without an end-of-turn token behind them.
    pub open_answers: u64,
    /// Whether the chat template prints earlier turns differently once more turns follow.
    #[schema(example = false)]
    pub template_rewrites_turns: bool,
    /// Why the chat template refuses it, where it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Conversation roles must alternate")]
    pub refused: Option<String>,
    /// What all examples of the data set come to. Left out while they are counted: ask again a little later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub totals: Option<TokenTotals>,
}

/// Tokens in a row with the same fate.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokenSegment {
    /// What becomes of them.
    #[schema(value_type = t::TokenPart)]
    pub part: domain::dataset::TokenPart,
    /// Their text; padding has none.
    #[schema(example = "<|im_start|>assistant\n")]
    pub text: String,
    /// The tokens.
    pub tokens: Vec<ExampleToken>,
}

/// A token and the characters (Unicode code points) of the rendered text that it stands for.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExampleToken {
    /// Its id in the vocabulary.
    pub id: u32,
    /// First character.
    pub start: u64,
    /// One past the last character.
    pub end: u64,
}

/// Tokens by what becomes of them.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokenCounts {
    /// Their loss is counted.
    pub trained: u64,
    /// Read, not learned.
    pub context: u64,
    /// Fill up the batches of the first epoch; left out where no batches are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub padding: Option<u64>,
    /// Beyond the sequence length, or left out with their example.
    pub cut: u64,
}

/// What all examples of a data set come to.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokenTotals {
    /// Examples with an answer.
    pub examples: u64,
    /// Their tokens.
    pub tokens: TokenCounts,
    /// Examples that are left out because nothing of them is trained on.
    pub without_label: u64,
    /// Examples that are left out for their length.
    pub dropped: u64,
    /// Examples that are cut to the sequence length.
    pub overlong: u64,
    /// Examples that lose the end of an answer.
    pub cut_answers: u64,
    /// Examples with an answer that no end-of-turn token follows.
    pub open_answers: u64,
    /// Examples that the chat template refuses; they are among those without a label.
    pub refused: u64,
    /// Examples held out for validation; left out where no job says how.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_examples: Option<u64>,
}
