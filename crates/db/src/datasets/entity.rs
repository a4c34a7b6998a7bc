//! The table, and the way between its rows and records.

use super::Dataset;
use crate::convert::{big, count, from_json_opt, instant, instant_opt, text, to_json, to_json_opt};
use crate::error::{Error, Result};
use domain::{DatasetId, UserId};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "datasets")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Uuid,
    pub name: String,
    pub description: String,
    pub format: String,
    pub status: String,
    pub training_ready: bool,
    pub review_recommended: bool,
    pub file_name: String,
    pub file_size: i64,
    pub s3_bucket: String,
    pub s3_key: String,
    pub sha256: Option<String>,
    pub validation_progress: Option<f64>,
    pub error_message: Option<String>,
    pub statistics: Option<Json>,
    pub findings: Option<Json>,
    pub sample: Option<Json>,
    pub total_training_pairs: Option<i64>,
    pub total_validation_pairs: Option<i64>,
    pub total_tokens: Option<i64>,
    pub total_conversations: Option<i64>,
    pub avg_turns_per_conversation: Option<f64>,
    pub avg_tokens_per_turn: Option<f64>,
    pub quality_score: Option<f64>,
    pub human_reviewed_percent: Option<f64>,
    pub vertical: Option<String>,
    pub consultant_name: Option<String>,
    pub consultant_title: Option<String>,
    pub uploaded_at: Option<DateTimeUtc>,
    pub validated_at: Option<DateTimeUtc>,
    pub processed_at: Option<DateTimeUtc>,
    pub deleted_at: Option<DateTimeUtc>,
    pub purged_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Dataset {
    type Error = Error;
    fn try_from(m: Model) -> Result<Self> {
        Ok(Self {
            id: DatasetId(m.id),
            user_id: UserId(m.user_id),
            name: m.name,
            description: m.description,
            format: text("datasets.format", &m.format)?,
            status: text("datasets.status", &m.status)?,
            training_ready: m.training_ready,
            review_recommended: m.review_recommended,
            file_name: m.file_name,
            file_size: count(m.file_size),
            s3_bucket: m.s3_bucket,
            s3_key: m.s3_key,
            sha256: m.sha256,
            validation_progress: m.validation_progress,
            error_message: m.error_message,
            statistics: from_json_opt("datasets.statistics", m.statistics)?,
            findings: from_json_opt("datasets.findings", m.findings)?.unwrap_or_default(),
            sample: from_json_opt("datasets.sample", m.sample)?.unwrap_or_default(),
            uploaded_at: m.uploaded_at,
            validated_at: m.validated_at,
            processed_at: m.processed_at,
            deleted_at: m.deleted_at,
            created_at: m.created_at,
            updated_at: m.updated_at,
        })
    }
}

impl TryFrom<&Dataset> for Model {
    type Error = Error;
    fn try_from(d: &Dataset) -> Result<Self> {
        let s = d.statistics.as_ref();
        Ok(Self {
            id: d.id.uuid(),
            user_id: d.user_id.uuid(),
            name: d.name.clone(),
            description: d.description.clone(),
            format: d.format.as_str().to_owned(),
            status: d.status.as_str().to_owned(),
            training_ready: d.training_ready,
            review_recommended: d.review_recommended,
            file_name: d.file_name.clone(),
            file_size: big(d.file_size),
            s3_bucket: d.s3_bucket.clone(),
            s3_key: d.s3_key.clone(),
            sha256: d.sha256.clone(),
            validation_progress: d.validation_progress,
            error_message: d.error_message.clone(),
            statistics: to_json_opt("datasets.statistics", s)?,
            findings: Some(to_json("datasets.findings", &d.findings)?),
            sample: Some(to_json("datasets.sample", &d.sample)?),
            total_training_pairs: s.map(|s| big(s.total_training_pairs)),
            total_validation_pairs: s.map(|s| big(s.total_validation_pairs)),
            total_tokens: s.map(|s| big(s.total_tokens)),
            total_conversations: s.map(|s| big(s.total_conversations)),
            avg_turns_per_conversation: s.map(|s| s.avg_turns_per_conversation),
            avg_tokens_per_turn: s.map(|s| s.avg_tokens_per_turn),
            quality_score: s.and_then(|s| s.quality_score),
            human_reviewed_percent: s.and_then(|s| s.human_reviewed_percent),
            vertical: s.and_then(|s| s.vertical.clone()),
            consultant_name: s.and_then(|s| s.consultant_name.clone()),
            consultant_title: s.and_then(|s| s.consultant_title.clone()),
            uploaded_at: instant_opt(d.uploaded_at),
            validated_at: instant_opt(d.validated_at),
            processed_at: instant_opt(d.processed_at),
            deleted_at: instant_opt(d.deleted_at),
            // What was purged is never written back.
            purged_at: None,
            created_at: instant(d.created_at),
            updated_at: instant(d.updated_at),
        })
    }
}
