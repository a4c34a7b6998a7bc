//! Data sets.

use super::dataset_versions::{ChildVersion, FixFigures};
use super::text as t;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Announces a file that will be uploaded.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateDataset {
    /// 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200, pattern = r"\S")]
    pub name: String,
    /// At most 5,000 characters; may be empty.
    #[serde(default)]
    #[schema(max_length = 5000)]
    pub description: String,
    /// The format that the file is said to have. What is detected wins.
    #[schema(value_type = t::DatasetFormat)]
    pub format: domain::dataset::DatasetFormat,
    /// Exact number of bytes.
    pub file_size: u64,
    /// Name of the file, ending in `.jsonl`, `.json` or `.txt`.
    #[schema(max_length = 255, pattern = r"\.([jJ][sS][oO][nN][lL]?|[tT][xX][tT])$")]
    pub file_name: String,
}

/// Where to send the file.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DatasetUpload {
    /// The new data set.
    pub dataset_id: Uuid,
    /// Signed URL; valid for an hour, for this size only.
    pub upload_url: String,
    /// Method to use: `PUT`, with the file as the body.
    #[schema(example = "PUT")]
    pub upload_method: String,
    /// Headers that must be sent as they are.
    pub upload_headers: BTreeMap<String, String>,
    /// Kept for form clients; holds the key of the object. Nothing of it needs to be sent.
    pub upload_fields: UploadFields,
    /// When the URL ends.
    pub expires_at: DateTime<Utc>,
}

/// Fields of an upload.
#[derive(Debug, Serialize, ToSchema)]
pub struct UploadFields {
    /// Key of the object.
    pub key: String,
}

/// What to change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateDataset {
    /// 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200, pattern = r"\S")]
    pub name: Option<String>,
    /// At most 5,000 characters.
    #[schema(max_length = 5000)]
    pub description: Option<String>,
}

/// Order of a list of data sets.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DatasetSort {
    /// Newest first.
    #[default]
    DateDesc,
    /// Oldest first.
    DateAsc,
    /// A to Z.
    NameAsc,
    /// Z to A.
    NameDesc,
    /// Most bytes first.
    SizeDesc,
    /// Fewest bytes first.
    SizeAsc,
    /// Highest quality first.
    QualityDesc,
    /// Lowest quality first.
    QualityAsc,
    /// Most pairs first.
    PairsDesc,
    /// Fewest pairs first.
    PairsAsc,
}

/// Which data sets to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ListDatasets {
    /// From 1.
    #[param(minimum = 1, default = 1)]
    pub page: Option<u64>,
    /// At most 100.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub page_size: Option<u64>,
    /// Order.
    pub sort_by: Option<DatasetSort>,
    /// Only this format.
    #[param(value_type = Option<t::DatasetFormatFilter>)]
    pub format: Option<String>,
    /// `true`, `false` or `all`.
    #[param(value_type = Option<t::Ternary>)]
    pub training_ready: Option<String>,
    /// `true` lists those that are not ready or have points to review, `false` the others.
    #[param(value_type = Option<t::Ternary>)]
    pub needs_review: Option<String>,
    /// Only this status.
    #[param(value_type = Option<t::DatasetStatusFilter>)]
    pub status: Option<String>,
    /// Part of the name, description, consultant or vertical, without case.
    pub search: Option<String>,
    /// `true` lists those that were deleted and can be restored, instead of the others.
    #[param(default = false)]
    pub deleted: Option<bool>,
    /// Those of this account, for administrators; the caller's own where nothing is said.
    pub user_id: Option<Uuid>,
}

/// Totals over all of the caller's data sets.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DatasetTotals {
    /// Data sets.
    pub total_datasets: u64,
    /// Those that can be trained on.
    pub training_ready: u64,
    /// Conversations.
    pub total_conversations: u64,
    /// Trainable pairs.
    pub total_training_pairs: u64,
}

/// A page of data sets.
#[derive(Debug, Serialize, ToSchema)]
pub struct DatasetList {
    /// The data sets.
    pub datasets: Vec<Dataset>,
}

/// One data set.
#[derive(Debug, Serialize, ToSchema)]
pub struct DatasetBody {
    /// The data set.
    pub dataset: DatasetDetail,
}

/// Validation has been asked for.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DatasetConfirmed {
    /// The data set.
    pub dataset_id: Uuid,
    /// Its status now.
    #[schema(value_type = t::DatasetStatus)]
    pub status: domain::dataset::DatasetStatus,
    /// What happens next.
    pub message: String,
}

/// A data set. Figures are zero until validation has read the file.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Dataset {
    /// Id.
    pub id: Uuid,
    /// Owner.
    pub user_id: Uuid,
    /// Name.
    pub name: String,
    /// Description.
    pub description: String,
    /// Format: declared until validation, detected from then on.
    #[schema(value_type = t::DatasetFormat)]
    pub format: domain::dataset::DatasetFormat,
    /// Where it is in its life.
    #[schema(value_type = t::DatasetStatus)]
    pub status: domain::dataset::DatasetStatus,
    /// Whether it can be trained on.
    pub training_ready: bool,
    /// Whether somebody should look at its warnings first.
    pub review_recommended: bool,
    /// How far validation is, 0 to 100, while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_progress: Option<f64>,
    /// Name of the file as uploaded.
    pub file_name: String,
    /// Bytes.
    pub file_size: u64,
    /// Pairs that can be trained on.
    pub total_training_pairs: u64,
    /// Pairs that the file itself assigns to validation.
    pub total_validation_pairs: u64,
    /// Conversations.
    pub total_conversations: u64,
    /// Pairs without an answer, which are context only.
    pub context_pairs: u64,
    /// Pairs, lines or messages rejected by an error.
    pub rejected_pairs: u64,
    /// The number of pairs that the document itself claims, where it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declared_pairs: Option<u64>,
    /// Tokens of all rendered examples.
    pub total_tokens: u64,
    /// Mean turns a conversation.
    pub avg_turns_per_conversation: f64,
    /// Mean tokens a turn.
    pub avg_tokens_per_turn: f64,
    /// Mean quality score, 1 to 5, where the file has any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quality_score: Option<f64>,
    /// Share of pairs reviewed by a human, in percent, where the file says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub human_reviewed_percent: Option<f64>,
    /// The vertical, where the file says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vertical: Option<String>,
    /// The consultant, where the file says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consultant_name: Option<String>,
    /// The consultant's title or credentials, where the file says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consultant_title: Option<String>,
    /// Trainable pairs per persona and emotional arc.
    pub scaffolding: Vec<ScaffoldingCell>,
    /// Why a look at it is recommended, one sentence each.
    pub readiness_issues: Vec<String>,
    /// How many findings there are, by severity.
    pub finding_counts: FindingCounts,
    /// Key of the object.
    pub s3_key: String,
    /// Bucket of the object; `local` for the embedded storage.
    pub s3_bucket: String,
    /// When the file was confirmed; until then, when it was announced.
    pub uploaded_at: DateTime<Utc>,
    /// When it became ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processed_at: Option<DateTime<Utc>>,
    /// When validation ended, with either result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validated_at: Option<DateTime<Utc>>,
    /// Why it cannot be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// When it was deleted; only in the list of those.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<DateTime<Utc>>,
    /// Until when it can be restored; its file goes then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purge_at: Option<DateTime<Utc>>,
    /// The first three conversations; only in the detail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample_conversations: Option<Vec<Conversation>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// A data set with all that validation measured and found.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DatasetDetail {
    /// The data set.
    #[serde(flatten)]
    pub dataset: Dataset,
    /// Statistics over the whole file; absent until validation has read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_statistics: Option<FullStatistics>,
    /// What validation found, most serious first.
    pub findings: Vec<FindingGroup>,
    /// 1 for what was uploaded; versions made of it count on.
    pub version: u32,
    /// The data set that it was made from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<Uuid>,
    /// What made it from its parent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Option<Vec<t::DatasetFix>>)]
    pub applied_fixes: Vec<domain::dataset::DatasetFix>,
    /// What they did, once its file is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix_figures: Option<FixFigures>,
    /// Versions that were made of it.
    pub children: Vec<ChildVersion>,
}

/// How many findings there are, by severity.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub struct FindingCounts {
    /// Errors.
    pub error: u64,
    /// Warnings.
    pub warning: u64,
    /// For information.
    pub info: u64,
}

/// Statistics over the whole file.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FullStatistics {
    /// Different words, compared without case.
    pub vocabulary_size: u64,
    /// Different personas, or roles where there are none.
    pub unique_speakers: u64,
    /// Trainable pairs per topic, most frequent first.
    pub topic_distribution: Vec<TopicCount>,
    /// Lengths of the rendered examples in tokens.
    pub length_distribution: LengthDistribution,
    /// Number of examples by length: entry i counts those of (binWidth·i, binWidth·(i+1)] tokens; empty entries at the end are left out.
    pub length_histogram: Vec<u64>,
    /// Width of one entry of the histogram in tokens.
    pub length_bin_width: u64,
    /// Base model whose tokenizer counted.
    pub tokenizer: String,
}

/// A topic and how many trainable pairs carry it.
#[derive(Debug, Serialize, ToSchema)]
pub struct TopicCount {
    /// Topic.
    pub topic: String,
    /// Pairs.
    pub count: u64,
}

/// Lengths in tokens.
#[derive(Debug, Serialize, ToSchema)]
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

/// Trainable pairs of one persona and emotional arc.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScaffoldingCell {
    /// Persona's key, or `unknown`.
    pub persona: String,
    /// Persona's name.
    pub persona_name: String,
    /// Emotional arc's key, or `unknown`.
    pub arc: String,
    /// Pairs.
    pub pairs: u64,
}

/// All findings of one code.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindingGroup {
    /// Stable code, such as `invalid_json`.
    pub code: String,
    /// How bad it is.
    #[schema(value_type = t::Severity)]
    pub severity: domain::dataset::Severity,
    /// A few words for a heading.
    pub title: String,
    /// When it is found, and what follows.
    pub meaning: String,
    /// What mends it by `POST /api/datasets/{id}/fixes`, the best first.
    #[schema(value_type = Vec<t::DatasetFix>)]
    pub fixes: Vec<domain::dataset::DatasetFix>,
    /// Occurrences in the whole file.
    pub count: u64,
    /// The first of them, at most 100.
    pub findings: Vec<Finding>,
}

/// One thing that validation found.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Stable code.
    pub code: String,
    /// How bad it is.
    #[schema(value_type = t::Severity)]
    pub severity: domain::dataset::Severity,
    /// Line in the file, from 1; absent where it is about the whole file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Column in that line, from 1, in bytes; only for syntax errors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u64>,
    /// JSON pointer within the line or document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// What was found.
    pub message: String,
    /// What to do about it.
    pub fix: String,
}

/// A sample conversation.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Conversation {
    /// Its id in the file, or its position.
    pub conversation_id: String,
    /// Persona's name, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub persona: Option<String>,
    /// Emotional arc, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emotional_arc: Option<String>,
    /// Topic, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Its messages.
    pub messages: Vec<Message>,
}

/// One message.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// `system`, `user`, `assistant` or `tool`.
    pub role: String,
    /// Text.
    pub content: String,
    /// Whether it is trained on, where it is the assistant's.
    pub trained: bool,
}

/// The beginning of a file, to be looked at before the upload.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ValidateHead {
    /// The first bytes of the file, at most 100 KB. It may end in the middle of a line or document.
    #[schema(max_length = 102_400)]
    pub content: String,
    /// The format that the file is said to have.
    #[schema(value_type = t::DatasetFormat)]
    pub format: domain::dataset::DatasetFormat,
}

/// What a look at the beginning of a file says.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HeadReport {
    /// Whether nothing was found that keeps the file from being used.
    pub is_valid: bool,
    /// Format as detected, where one was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<t::DatasetFormat>)]
    pub detected_format: Option<domain::dataset::DatasetFormat>,
    /// Errors.
    pub errors: Vec<Finding>,
    /// Warnings.
    pub warnings: Vec<Finding>,
    /// Figures.
    pub statistics: HeadStatistics,
}

/// Figures of the beginning of a file.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HeadStatistics {
    /// Trainable pairs found in what was given.
    pub estimated_pairs: u64,
    /// The first conversation, where one was complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample_conversation: Option<Conversation>,
}
