//! Data sets: formats, states, findings and statistics.

use crate::text_enum::text_enum;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

text_enum! {
    /// The formats that can be read.
    DatasetFormat {
        /// BrightRun v4: JSON document, JSONL, or an individual conversation.
        BrightrunLoraV4 = "brightrun-lora-v4",
        /// Legacy BrightRun; trainable with a warning.
        BrightrunLoraV3 = "brightrun-lora-v3",
        /// `{"messages":[{"role","content"}]}` a line.
        OpenaiChat = "openai-chat",
        /// `{"conversations":[{"from","value"}]}`.
        Sharegpt = "sharegpt",
        /// `{"instruction","input","output"}`.
        Alpaca = "alpaca",
        /// `{"prompt","completion"}`.
        PromptCompletion = "prompt-completion",
    }
}

text_enum! {
    /// Where a data set is in its life.
    DatasetStatus {
        /// Made; its file is not confirmed yet.
        Uploading = "uploading",
        /// The file is there and is being read.
        Validating = "validating",
        /// Validated; `trainingReady` says whether it can be trained on.
        Ready = "ready",
        /// Cannot be used; the findings say why.
        Error = "error",
    }
}

text_enum! {
    /// What becomes of a token of an example.
    TokenPart {
        /// Its loss is counted.
        Trained = "trained",
        /// It is read, not learned.
        Context = "context",
        /// It fills a row of a batch up; the engine passes over it.
        Padding = "padding",
        /// It is beyond the sequence length, or left out with its example.
        Cut = "cut",
    }
}

text_enum! {
    /// How bad a finding is.
    Severity {
        /// For information.
        Info = "info",
        /// The data set is trainable, but somebody should look.
        Warning = "warning",
        /// The line, or the whole file, cannot be used.
        Error = "error",
    }
}

text_enum! {
    /// What can be mended in a data set without a hand on its file. Each makes a new version.
    DatasetFix {
        /// Records that cannot be used.
        DropRejected = "drop_rejected",
        /// Examples that repeat an earlier one word for word.
        DropDuplicates = "drop_duplicates",
        /// Examples that are nearly the same as an earlier one.
        DropNearDuplicates = "drop_near_duplicates",
        /// Examples whose answer looks cut off.
        DropTruncated = "drop_truncated",
        /// Examples whose own quality score is low.
        DropLowQuality = "drop_low_quality",
        /// Examples with blank messages.
        DropEmptyMessages = "drop_empty_messages",
        /// Examples that are on the other side of the file's own split already.
        DropSplitOverlap = "drop_split_overlap",
        /// Examples that are longer than the base model reads.
        DropOverLong = "drop_over_long",
        /// Long conversations become several, histories lose their oldest turns.
        SplitOverLong = "split_over_long",
        /// Messages of one role that follow each other become one.
        MergeTurns = "merge_turns",
        /// Text that was misread, control characters, another encoding than UTF-8, byte order mark, line ends.
        RepairEncoding = "repair_encoding",
        /// E-mail addresses, phone and card numbers.
        MaskPersonalData = "mask_personal_data",
        /// Keys and tokens.
        MaskSecrets = "mask_secrets",
        /// The totals that the file declares.
        CorrectTotals = "correct_totals",
    }
}

impl DatasetFix {
    /// Whether it leaves out examples, rather than changing them.
    pub const fn drops(self) -> bool {
        !matches!(
            self,
            Self::SplitOverLong
                | Self::MergeTurns
                | Self::RepairEncoding
                | Self::MaskPersonalData
                | Self::MaskSecrets
                | Self::CorrectTotals
        )
    }

    /// What it does, in one sentence.
    pub const fn description(self) -> &'static str {
        match self {
            Self::DropRejected => "Leaves out records that cannot be used.",
            Self::DropDuplicates => "Leaves out examples that repeat an earlier one word for word.",
            Self::DropNearDuplicates => "Leaves out examples that are nearly the same as an earlier one that is kept.",
            Self::DropTruncated => "Leaves out examples whose answer looks cut off.",
            Self::DropLowQuality => "Leaves out examples whose own quality score is below 3.0.",
            Self::DropEmptyMessages => "Leaves out examples that have a blank message.",
            Self::DropSplitOverlap => {
                "Leaves out examples whose conversation, or whose like, came before on the other side of the file's split."
            }
            Self::DropOverLong => "Leaves out examples that are longer than the base model reads at a time.",
            Self::SplitOverLong => {
                "Cuts long conversations into several that fit, each with the system message, and drops the oldest turns of long histories; \
                 what does not fit even so stays as it is."
            }
            Self::MergeTurns => {
                "Joins messages of one role that follow each other, and drops assistant messages before the first user message."
            }
            Self::RepairEncoding => {
                "Writes UTF-8 without a mark and with plain line ends, puts right what was read as Windows-1252, and drops control characters."
            }
            Self::MaskPersonalData => "Puts `[email]`, `[phone]` and `[card]` in the place of addresses and numbers.",
            Self::MaskSecrets => "Puts `[secret]` in the place of keys and tokens.",
            Self::CorrectTotals => "Writes the numbers that the file really has where it declares totals. Goes with every other fix.",
        }
    }
}

/// What a pass of fixes did, in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FixFigures {
    /// Records of the file.
    pub records: u64,
    /// Records that were left out.
    pub dropped: u64,
    /// Records that were kept and changed.
    pub changed: u64,
    /// Records that came of cutting others, beyond the first of each.
    pub added: u64,
    /// Records that a fix was meant for and could not mend.
    pub not_mended: u64,
    /// Trainable examples before.
    pub examples_before: u64,
    /// And after.
    pub examples_after: u64,
    /// How many records, or other places, each fix touched.
    pub by_fix: BTreeMap<DatasetFix, u64>,
}

/// One thing that validation found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Stable code, such as `invalid_json`.
    pub code: String,
    /// How bad it is.
    pub severity: Severity,
    /// Line in the file, from 1; none where it is about the whole file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Column in that line, from 1, counted in bytes; only for syntax errors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u64>,
    /// JSON pointer within the line or document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// What was found.
    pub message: String,
    /// What to do about it.
    pub fix: String,
}

/// All findings of one code: every occurrence is counted, the first 100 are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FindingGroup {
    /// Stable code.
    pub code: String,
    /// How bad it is.
    pub severity: Severity,
    /// Occurrences in the whole file.
    pub count: u64,
    /// The first of them, at most 100.
    pub findings: Vec<Finding>,
}

/// A value and how often it occurs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TopicCount {
    /// The topic's key or label.
    pub topic: String,
    /// Trainable pairs that carry it.
    pub count: u64,
}

/// Lengths of the rendered examples in tokens of the base model that validation used.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LengthDistribution {
    /// Shortest.
    pub min: u64,
    /// Longest.
    pub max: u64,
    /// Mean.
    pub mean: f64,
    /// Median.
    pub median: u64,
    /// 95th percentile.
    pub p95: u64,
}

/// One cell of the scaffolding: trainable pairs per persona and emotional arc.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScaffoldingCell {
    /// Persona key, or `unknown`.
    pub persona: String,
    /// Persona name as shown.
    pub persona_name: String,
    /// Emotional arc key, or `unknown`.
    pub arc: String,
    /// Trainable pairs.
    pub pairs: u64,
}

/// What validation measured. Every number is over the whole file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DatasetStatistics {
    /// Pairs with an answer that can be trained on, over all splits.
    pub total_training_pairs: u64,
    /// Pairs that the file itself assigns to validation; zero where it has no split of its own.
    pub total_validation_pairs: u64,
    /// Pairs without an answer, which are context only.
    pub context_pairs: u64,
    /// Lines, messages or pairs that were rejected by an error-level finding.
    pub rejected_pairs: u64,
    /// The number of pairs that the document itself claims, where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared_pairs: Option<u64>,
    /// Conversations.
    pub total_conversations: u64,
    /// Tokens of all rendered examples together.
    pub total_tokens: u64,
    /// Turns per conversation, a mean.
    pub avg_turns_per_conversation: f64,
    /// Tokens per turn, a mean.
    pub avg_tokens_per_turn: f64,
    /// Different words, compared without case.
    pub vocabulary_size: u64,
    /// Different personas, or roles where there are none.
    pub unique_speakers: u64,
    /// Trainable pairs per topic, most frequent first.
    pub topic_distribution: Vec<TopicCount>,
    /// Lengths of the rendered examples in tokens.
    pub length_distribution: LengthDistribution,
    /// Number of examples by length: entry i counts those of (64·i, 64·(i+1)] tokens; the last entry counts all longer ones too.
    pub length_histogram: Vec<u64>,
    /// Base model whose tokenizer counted.
    pub tokenizer: String,
    /// Trainable pairs per persona and arc.
    pub scaffolding: Vec<ScaffoldingCell>,
    /// Mean quality score, 1 to 5, where the file has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality_score: Option<f64>,
    /// Share of pairs reviewed by a human, in percent, where the file says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub human_reviewed_percent: Option<f64>,
    /// The vertical, where the file says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vertical: Option<String>,
    /// The consultant's name, where the file says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consultant_name: Option<String>,
    /// The consultant's title or credentials, where the file says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consultant_title: Option<String>,
}

impl DatasetStatistics {
    /// Examples that a trainer makes of it: pairs for the formats of pairs, conversations for those whose conversations are trained on as
    /// a whole. Counted by the histogram of lengths; without one, the pairs.
    pub fn examples(&self) -> u64 {
        let counted: u64 = self.length_histogram.iter().sum();
        if counted > 0 { counted } else { self.total_training_pairs }
    }
}

/// Width of one bin of [`DatasetStatistics::length_histogram`], in tokens.
pub const LENGTH_BIN: u64 = 64;
/// Bins of [`DatasetStatistics::length_histogram`].
pub const LENGTH_BINS: usize = 256;

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// `system`, `user`, `assistant` or `tool`.
    pub role: String,
    /// Text.
    pub content: String,
    /// Whether an assistant message is trained on; false for OpenAI's `weight: 0`.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub trained: bool,
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_yes(value: &bool) -> bool {
    *value
}

/// A sample that is shown beside the statistics.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SampleConversation {
    /// The conversation's id in the file, or its position.
    pub conversation_id: String,
    /// Persona name, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub persona: Option<String>,
    /// Emotional arc, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emotional_arc: Option<String>,
    /// Topic, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Its messages.
    pub messages: Vec<Message>,
}
