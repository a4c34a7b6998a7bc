//! `GET /api/datasets/{id}/conversations`

use crate::convert::dataset_versions::conversations as list;
use crate::dto::common::Envelope;
use crate::dto::dataset_versions::{ConversationList, ListConversations};
use crate::extract::{Auth, Id, Params};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;
use domain::DatasetId;

/// The conversations of a data set, read from its file from where the page before ended. With a search, those whose id or messages have it;
/// a page may hold none although its cursor leads on, as it ends after 32 MiB of the file.
#[utoipa::path(
    get, path = "/api/datasets/{id}/conversations", operation_id = "listDatasetConversations", tag = "datasets",
    params(("id" = Uuid, Path, description = "Data set"), ListConversations),
    responses((status = 200, description = "A page of conversations", body = Envelope<ConversationList>), Failures),
    extensions(("x-codes" = json!(["DATASET_NOT_VALIDATED", "DATASET_UNREADABLE", "DATASET_FILE_MISSING"])))
)]
pub async fn conversations(
    State(state): State<ApiState>,
    Auth(caller): Auth,
    Id(id): Id<DatasetId>,
    Params(query): Params<ListConversations>,
) -> ApiResult<ConversationList> {
    let page = app::datasets::conversations(&state.app, &caller, id, query.cursor.as_deref(), query.limit, query.search.as_deref()).await?;
    let next = page.next.as_ref().map(|place| place.to_text());
    Ok(Reply::ok(list(page)).cursor(next))
}
