//! `GET /api/jobs/{id}/examples/{n}`

use crate::convert::examples::example as view;
use crate::dto::common::Envelope;
use crate::dto::examples::TokenView;
use crate::extract::{Auth, Numbered};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;
use domain::JobId;

/// An example of the job's data set as its trainer sees it: with the job's base model, sequence length, split, and the padding of the first
/// epoch's batches.
#[utoipa::path(
    get, path = "/api/jobs/{id}/examples/{n}", operation_id = "showJobExample", tag = "jobs",
    params(("id" = Uuid, Path, description = "Job"), ("n" = u64, Path, description = "Place of the example in the file, from 1", minimum = 1)),
    responses((status = 200, description = "The example", body = Envelope<TokenView>), Failures),
    extensions(("x-codes" = json!(["DATASET_DELETED", "DATASET_NOT_VALIDATED", "DATASET_UNREADABLE", "DATASET_FILE_MISSING", "BASE_MODEL_NOT_LOADED",
        "EXAMPLE_NOT_FOUND", "EXAMPLE_NOT_SHOWN", "EXAMPLE_TOO_FAR"])))
)]
pub async fn example(State(state): State<ApiState>, Auth(caller): Auth, Numbered(id, n): Numbered<JobId>) -> ApiResult<TokenView> {
    let shown = app::examples::of_job(&state.app, &caller, id, n).await?;
    Ok(Reply::ok(view(shown)))
}
