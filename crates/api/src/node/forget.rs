//! `DELETE /jobs/{id}`

use super::{Holder, NodeState};
use crate::error::ApiError;
use axum::extract::{Path, State};
use http::StatusCode;

/// Drops what is kept of a job beside its events.
pub async fn forget(State(node): State<NodeState>, Holder(holder): Holder, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    node.forget(holder, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
