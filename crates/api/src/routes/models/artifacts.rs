//! `GET /api/models/artifacts`

use crate::convert::models::artifact_entries;
use crate::dto::common::Envelope;
use crate::dto::models::{ArtifactList, ListArtifacts};
use crate::extract::{Auth, Paging, Params};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;

/// All files of the caller's models in one flat list, newest model first.
#[utoipa::path(
    get, path = "/api/models/artifacts", operation_id = "listArtifacts", tag = "models",
    params(ListArtifacts),
    responses((status = 200, description = "The files of a page of models", body = Envelope<ArtifactList>), Failures)
)]
pub async fn artifacts(State(state): State<ApiState>, Auth(caller): Auth, Params(query): Params<ListArtifacts>) -> ApiResult<ArtifactList> {
    let page = Paging::new(query.page, query.page_size)?;
    let filter = app::models::ModelFilter { page: page.page, page_size: page.page_size, ..app::models::ModelFilter::default() };
    let found = app::models::list(&state.app, &caller, filter).await?;
    let artifacts = found.models.into_iter().flat_map(artifact_entries).collect();
    Ok(Reply::ok(ArtifactList { artifacts }).page(page, found.total))
}
