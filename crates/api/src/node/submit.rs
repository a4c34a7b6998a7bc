//! `POST /jobs`

use super::{Holder, NodeState};
use crate::error::ApiError;
use crate::extract::Input;
use axum::Json;
use axum::extract::State;
use domain::cluster_api::{Submission, Submitted};
use http::{HeaderMap, StatusCode};

/// Trains.
pub async fn submit(
    State(node): State<NodeState>,
    Holder(holder): Holder,
    headers: HeaderMap,
    Input(submission): Input<Submission>,
) -> Result<(StatusCode, Json<Submitted>), ApiError> {
    let key = headers.get("idempotency-key").and_then(|value| value.to_str().ok());
    let submitted = node.submit(holder, submission, key).await?;
    Ok((StatusCode::CREATED, Json(submitted)))
}
