//! `GET /jobs/{id}/artifacts/{name}`

use super::{Holder, NodeState};
use crate::error::ApiError;
use crate::reply::streamed;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::Error;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use tokio_util::io::ReaderStream;

/// A file of a job that was submitted without addresses to put them to.
pub async fn artifact(
    State(node): State<NodeState>,
    Holder(holder): Holder,
    Path((id, name)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let file = node.artifact(holder, &id, &name).await?;
    let size = file.metadata().await.map_err(Error::internal)?.len();
    let headers = [(CONTENT_TYPE, "application/octet-stream".to_owned()), (CONTENT_LENGTH, size.to_string())];
    Ok((headers, streamed(ReaderStream::with_capacity(file, 256 * 1024))).into_response())
}
