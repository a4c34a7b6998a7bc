//! `GET /jobs`

use super::{Holder, NodeState};
use crate::error::ApiError;
use crate::extract::Params;
use axum::Json;
use axum::extract::State;
use domain::cluster_api::ClusterJobs;
use serde::Deserialize;

/// Which jobs to list.
#[derive(Debug, Deserialize)]
pub struct Wanted {
    active: Option<bool>,
}

/// All jobs, or those that run.
pub async fn list(
    State(node): State<NodeState>,
    Holder(holder): Holder,
    Params(wanted): Params<Wanted>,
) -> Result<Json<ClusterJobs>, ApiError> {
    Ok(Json(node.jobs(holder, wanted.active.unwrap_or(false)).await?))
}
