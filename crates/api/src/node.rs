//! The GPU cluster API that a node serves: a router of its own, without the platform's routes.
//!
//! Shapes are those of `domain::cluster_api`, as the specification has them: no envelope around an answer. Failures are the same as the
//! platform's.

mod artifact;
mod cancel;
mod forget;
mod get;
mod health;
mod list;
mod submit;

use crate::error::ApiError;
use crate::layers;
use app::node::{KeyHolder, Node};
use axum::Router;
use axum::extract::FromRequestParts;
use axum::routing::{get, post};
use http::header::AUTHORIZATION;
use http::request::Parts;
use std::sync::Arc;

/// What the handlers share.
type NodeState = Arc<Node>;

/// Everything that a node answers.
pub fn node_router(node: Arc<Node>) -> Router {
    let router = Router::new()
        .route("/health", get(health::health))
        .route("/healthz", get(health::alive))
        .route("/jobs", get(list::list).post(submit::submit))
        .route("/jobs/{id}", get(get::get).delete(forget::forget))
        .route("/jobs/{id}/cancel", post(cancel::cancel))
        .route("/jobs/{id}/artifacts/{name}", get(artifact::artifact));
    layers::plain(router).with_state(node)
}

/// Somebody with the node's key.
struct Holder(KeyHolder);

impl FromRequestParts<NodeState> for Holder {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, node: &NodeState) -> Result<Self, ApiError> {
        let value = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = value.and_then(|value| value.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        Ok(Self(node.admit(token.map(|(_, token)| token.trim()))?))
    }
}
