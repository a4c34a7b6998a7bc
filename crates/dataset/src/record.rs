//! One record as it stands in the file: the keys of every known form in one type, each read leniently.

use crate::lenient::{Lenient, Shape, Text, text};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

/// A line of JSONL, an element of an array, or a pair of a document.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Record<'a> {
    #[serde(borrow, rename = "_meta")]
    pub(crate) meta: Lenient<Box<FileMeta<'a>>>,
    // v3 and v4 pairs
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) id: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) conversation_id: Text<'a>,
    pub(crate) turn_number: Lenient<f64>,
    #[serde(borrow)]
    pub(crate) conversation_metadata: Lenient<PairMeta<'a>>,
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) system_prompt: Text<'a>,
    #[serde(borrow)]
    pub(crate) conversation_history: Lenient<Vec<Element<'a>>>,
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) current_user_input: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) target_response: Text<'a>,
    #[serde(borrow)]
    pub(crate) training_metadata: Lenient<TrainingMeta<'a>>,
    // chat forms
    #[serde(borrow)]
    pub(crate) messages: Lenient<Vec<Element<'a>>>,
    #[serde(borrow)]
    pub(crate) turns: Lenient<Vec<Element<'a>>>,
    #[serde(borrow)]
    pub(crate) conversations: Lenient<Vec<Element<'a>>>,
    pub(crate) tools: Option<IgnoredAny>,
    // instruction forms
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) system: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) instruction: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) input: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) output: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) prompt: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) completion: Text<'a>,
    /// `train` or `validation`, where the file splits itself.
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) split: Text<'a>,
    // documents, to tell them from records
    pub(crate) training_pairs: Option<IgnoredAny>,
    pub(crate) training_file_metadata: Option<IgnoredAny>,
}

impl Shape for Record<'_> {
    const OBJECT: bool = true;
}

/// `_meta` of v4 JSONL, and what the metadata objects of v3 and v4 documents have: one type, as their keys do not collide.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct FileMeta<'a> {
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) version: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) schema_version: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) format_spec: Text<'a>,
    pub(crate) total_pairs: Lenient<f64>,
    pub(crate) total_training_pairs: Lenient<f64>,
    pub(crate) total_conversations: Lenient<f64>,
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) vertical: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) dataset_name: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) conversation_source: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) consultant_persona: Text<'a>,
    pub(crate) quality_summary: Lenient<QualitySummary>,
}

impl Shape for FileMeta<'_> {
    const OBJECT: bool = true;
}

/// What a v4 document says about the quality of the whole.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(crate) struct QualitySummary {
    pub(crate) avg_quality_score: Lenient<f64>,
    pub(crate) human_reviewed_percentage: Lenient<f64>,
}

impl Shape for QualitySummary {
    const OBJECT: bool = true;
}

/// `consultant_profile`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Profile<'a> {
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) name: Text<'a>,
}

impl Shape for Profile<'_> {
    const OBJECT: bool = true;
}

/// `conversation_metadata` of a conversation of a v4 document.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ConversationMeta<'a> {
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) conversation_id: Text<'a>,
    #[serde(borrow)]
    pub(crate) scaffolding: Lenient<Scaffolding<'a>>,
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) split: Text<'a>,
}

impl Shape for ConversationMeta<'_> {
    const OBJECT: bool = true;
}

/// Persona, arc and topic of a conversation.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Scaffolding<'a> {
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) persona_key: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) persona_name: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) emotional_arc_key: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) emotional_arc: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) training_topic_key: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) training_topic: Text<'a>,
}

impl Shape for Scaffolding<'_> {
    const OBJECT: bool = true;
}

/// `conversation_metadata` of a pair.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PairMeta<'a> {
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) client_persona: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) persona_archetype: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) emotional_arc: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) emotional_arc_key: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) training_topic: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) training_topic_key: Text<'a>,
}

impl Shape for PairMeta<'_> {
    const OBJECT: bool = true;
}

impl PairMeta<'_> {
    /// Whether it has the keys by which v4 is told from v3.
    pub(crate) fn has_scaffolding(&self) -> bool {
        ![&self.persona_archetype, &self.emotional_arc_key, &self.training_topic_key].iter().all(|text| text.is_missing())
    }
}

/// `training_metadata` of a pair.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct TrainingMeta<'a> {
    pub(crate) quality_score: Lenient<f64>,
    pub(crate) human_reviewed: Lenient<bool>,
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) split: Text<'a>,
}

impl Shape for TrainingMeta<'_> {
    const OBJECT: bool = true;
}

/// A message as any of the forms writes it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RawMessage<'a> {
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) role: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) from: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) content: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(crate) value: Text<'a>,
    pub(crate) weight: Lenient<f64>,
    pub(crate) tool_calls: Option<Value>,
    pub(crate) function_call: Option<Value>,
}

impl Shape for RawMessage<'_> {
    const OBJECT: bool = true;
}

/// An element of a list of messages.
pub(crate) type Element<'a> = Lenient<RawMessage<'a>>;
