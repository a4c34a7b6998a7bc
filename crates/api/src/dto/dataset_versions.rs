//! Versions, fixes, conversations and exports of data sets.

use super::datasets::Message;
use super::text as t;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// What to mend.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApplyFixes {
    /// The fixes; the findings of the data set name those that can help.
    #[schema(value_type = Vec<t::DatasetFix>)]
    pub fixes: Vec<domain::dataset::DatasetFix>,
    /// Only look at what they would do.
    #[serde(default)]
    pub preview: bool,
    /// Name of the new version, 1 to 200 characters; without it the old name with the version's number.
    pub name: Option<String>,
}

/// What fixes would do, or the version that they make: one of the two.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FixesOutcome {
    /// With `preview`: what would change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preview: Option<FixesPreview>,
    /// Otherwise: the new version, which a worker writes and validates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dataset_id: Option<Uuid>,
    /// Its status now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<t::DatasetStatus>)]
    pub status: Option<domain::dataset::DatasetStatus>,
}

/// What fixes would do.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FixesPreview {
    /// The numbers.
    pub figures: FixFigures,
    /// The first changes.
    pub changes: Vec<FixChange>,
    /// Whether all of the file was looked at; otherwise only its first 64 MiB.
    pub complete: bool,
    /// Bytes that were looked at.
    pub bytes_read: u64,
}

/// What fixes did, in numbers.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FixFigures {
    /// Records of the file.
    pub records: u64,
    /// Records that are left out.
    pub dropped: u64,
    /// Records that are kept and changed.
    pub changed: u64,
    /// Records that come of cutting others, beyond the first of each.
    pub added: u64,
    /// Records that a fix was meant for and could not mend.
    pub not_mended: u64,
    /// Trainable examples before.
    pub examples_before: u64,
    /// And after.
    pub examples_after: u64,
    /// How many records, or other places, each fix touches.
    pub by_fix: Vec<FixCount>,
}

/// How much one fix touches.
#[derive(Debug, Serialize, ToSchema)]
pub struct FixCount {
    /// The fix.
    #[schema(value_type = t::DatasetFix)]
    pub fix: domain::dataset::DatasetFix,
    /// Records, or other places.
    pub count: u64,
}

/// One change.
#[derive(Debug, Serialize, ToSchema)]
pub struct FixChange {
    /// Line in the file, from 1.
    pub line: u64,
    /// What changes it.
    #[schema(value_type = Vec<t::DatasetFix>)]
    pub fixes: Vec<domain::dataset::DatasetFix>,
    /// The messages before; none of a record that cannot be read. Long texts are cut.
    pub before: Vec<Message>,
    /// The conversations that take its place; none where it is left out.
    pub after: Vec<Vec<Message>>,
}

/// A version that was made of a data set.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChildVersion {
    /// The data set that it is.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Its number.
    pub version: u32,
    /// What made it.
    #[schema(value_type = Vec<t::DatasetFix>)]
    pub fixes: Vec<domain::dataset::DatasetFix>,
    /// When its file was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made_at: Option<DateTime<Utc>>,
}

/// Which page of conversations.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ListConversations {
    /// Go on after this cursor.
    pub cursor: Option<String>,
    /// Conversations at most.
    #[param(minimum = 1, maximum = 50, default = 20)]
    pub limit: Option<u64>,
    /// Only those with this in their id or messages, compared without case.
    #[param(max_length = 200, example = "chain")]
    pub search: Option<String>,
}

/// Some conversations of a data set.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConversationList {
    /// The conversations, in the order of the file.
    pub conversations: Vec<DatasetConversation>,
    /// Records that cannot be used, in this part of the file.
    pub rejected_records: u64,
}

/// One conversation as it is in the file.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DatasetConversation {
    /// Its id in the file, or its position.
    pub conversation_id: String,
    /// Line on which its first record begins.
    pub line: u64,
    /// Its records that are trained on.
    pub examples: u64,
    /// Its pairs without an answer.
    pub context_pairs: u64,
    /// The side of the file's own split, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "train")]
    pub split: Option<&'static str>,
    /// Persona's name, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub persona: Option<String>,
    /// Emotional arc, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emotional_arc: Option<String>,
    /// Topic, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Quality score of its first record, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quality_score: Option<f64>,
    /// Its messages, at most 200.
    pub messages: Vec<Message>,
    /// Messages or texts were cut.
    pub truncated: bool,
}

/// Which format to export.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// The new format, `openai-chat` where none is named; all but `brightrun-lora-v3` can be written.
    #[param(value_type = Option<t::DatasetFormat>)]
    pub format: Option<String>,
}

/// What an export holds and loses.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExportReport {
    /// The name that the file will have.
    pub file_name: String,
    /// Trainable examples that are read.
    pub examples: u64,
    /// Records that are written.
    pub records: u64,
    /// Bytes that are written.
    pub bytes: u64,
    /// What the format cannot hold.
    pub losses: Vec<ExportLoss>,
    /// Whether all of the file was looked at; otherwise only its first 256 MiB.
    pub complete: bool,
}

/// Something that a format cannot hold.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportLoss {
    /// Stable code.
    #[schema(example = "labels")]
    pub code: String,
    /// What it is.
    pub description: String,
    /// Records that it concerns.
    pub count: u64,
}
