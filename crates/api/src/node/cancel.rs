//! `POST /jobs/{id}/cancel`

use super::{Holder, NodeState};
use crate::error::ApiError;
use axum::Json;
use axum::extract::{Path, State};
use domain::cluster_api::ClusterJob;

/// Stops a job and answers when it is gone. One that has ended stays as it is.
pub async fn cancel(State(node): State<NodeState>, Holder(holder): Holder, Path(id): Path<String>) -> Result<Json<ClusterJob>, ApiError> {
    Ok(Json(node.cancel(holder, &id).await?))
}
