//! `GET /api/datasets/{id}/examples/{n}`

use crate::convert::examples::{example as view, query as wanted};
use crate::dto::common::Envelope;
use crate::dto::examples::{ShowExample, TokenView};
use crate::extract::{Auth, Numbered, Params};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;
use domain::DatasetId;

/// An example as the trainer sees it: the rendered text in pieces with their tokens, by what becomes of them, and what all examples of
/// the data set come to. The totals are counted in the background, once for the same settings.
#[utoipa::path(
    get, path = "/api/datasets/{id}/examples/{n}", operation_id = "showDatasetExample", tag = "datasets",
    params(("id" = Uuid, Path, description = "Data set"), ("n" = u64, Path, description = "Place of the example in the file, from 1", minimum = 1), ShowExample),
    responses((status = 200, description = "The example", body = Envelope<TokenView>), Failures),
    extensions(("x-codes" = json!(["DATASET_NOT_VALIDATED", "DATASET_UNREADABLE", "DATASET_FILE_MISSING", "BASE_MODEL_NOT_LOADED",
        "EXAMPLE_NOT_FOUND", "EXAMPLE_NOT_SHOWN", "EXAMPLE_TOO_FAR"])))
)]
pub async fn example(
    State(state): State<ApiState>,
    Auth(caller): Auth,
    Numbered(id, n): Numbered<DatasetId>,
    Params(query): Params<ShowExample>,
) -> ApiResult<TokenView> {
    let shown = app::examples::of_dataset(&state.app, &caller, id, n, wanted(query)).await?;
    Ok(Reply::ok(view(shown)))
}
