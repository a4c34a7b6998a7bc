//! `GET /health`, `GET /healthz`

use super::{Holder, NodeState};
use axum::Json;
use axum::extract::State;
use domain::cluster_api::NodeHealth;

/// How the node is, and what it has.
pub async fn health(State(node): State<NodeState>, Holder(holder): Holder) -> Json<NodeHealth> {
    Json(node.health(holder).await)
}

/// That it runs: for probes, which have no key.
pub async fn alive() -> &'static str {
    "ok"
}
