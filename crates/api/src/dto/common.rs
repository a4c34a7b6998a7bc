//! The envelope of every answer.

use serde::Serialize;
use utoipa::ToSchema;

/// A successful answer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Envelope<T> {
    /// Always true.
    pub success: bool,
    /// What was asked for.
    pub data: T,
    /// About the answer, where there is anything to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meta: Option<Meta>,
}

/// About an answer.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Meta {
    /// Of lists by page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pagination: Option<Pagination>,
    /// Of lists by cursor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Cursor>,
    /// Of notifications: how many are unread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unread_count: Option<u64>,
    /// Of data sets: totals over all of the caller's data sets, whatever the filter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stats: Option<super::datasets::DatasetTotals>,
    /// Of jobs: how many there are in each state, whatever the filter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counts: Option<super::jobs::JobCounts>,
}

/// Where a page lies in its list.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Pagination {
    /// From 1.
    pub page: u64,
    /// Items a page at most.
    pub page_size: u64,
    /// Items of all pages.
    pub total: u64,
    /// Whether a page follows.
    pub has_more: bool,
}

/// Where to go on in a list that grows.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Cursor {
    /// Give this as `cursor` to get what follows; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Whether there is more.
    pub has_more: bool,
}

/// A failed answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorEnvelope {
    /// Always false.
    pub success: bool,
    /// What went wrong.
    pub error: ErrorBody,
}

/// What went wrong.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    /// Stable code, such as `DATASET_NOT_FOUND`.
    pub code: String,
    /// What happened, to what, and what to do.
    pub message: String,
    /// Figures that go with the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object)]
    pub details: Option<serde_json::Value>,
    /// The request's field at fault, such as `hyperparameters.loraRank`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// An answer that only says what was done.
#[derive(Debug, Serialize, ToSchema)]
pub struct Done {
    /// What was done.
    pub message: String,
}

impl Done {
    /// Says `message`.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}
