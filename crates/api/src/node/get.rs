//! `GET /jobs/{id}`

use super::{Holder, NodeState};
use crate::error::ApiError;
use crate::extract::Params;
use axum::Json;
use axum::extract::{Path, State};
use domain::cluster_api::ClusterJob;
use serde::Deserialize;
use std::time::Duration;

/// Which events to hand over.
#[derive(Debug, Deserialize)]
pub struct Wanted {
    since: Option<u64>,
    wait_ms: Option<u64>,
}

/// How a job stands, and its events after number `since`.
pub async fn get(
    State(node): State<NodeState>,
    Holder(holder): Holder,
    Path(id): Path<String>,
    Params(wanted): Params<Wanted>,
) -> Result<Json<ClusterJob>, ApiError> {
    let wait = Duration::from_millis(wanted.wait_ms.unwrap_or(0));
    Ok(Json(node.job(holder, &id, wanted.since, wait).await?))
}
