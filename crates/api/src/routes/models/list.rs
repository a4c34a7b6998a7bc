//! `GET /api/models`

use crate::convert::models::{model, sort};
use crate::dto::common::Envelope;
use crate::dto::models::{ListModels, ModelList};
use crate::extract::{Auth, Paging, Params, text_filter};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;

/// The caller's models; for administrators also those of another account.
#[utoipa::path(
    get, path = "/api/models", operation_id = "listModels", tag = "models",
    params(ListModels),
    responses((status = 200, description = "A page of models", body = Envelope<ModelList>), Failures),
    extensions(("x-codes" = json!(["USER_NOT_FOUND"])))
)]
pub async fn list(State(state): State<ApiState>, Auth(caller): Auth, Params(query): Params<ListModels>) -> ApiResult<ModelList> {
    let page = Paging::new(query.page, query.page_size)?;
    let filter = app::models::ModelFilter {
        status: text_filter("status", query.status.as_deref())?,
        sort: sort(query.sort_by.unwrap_or_default()),
        deleted: query.deleted.unwrap_or_default(),
        owner: query.user_id.map(Into::into),
        page: page.page,
        page_size: page.page_size,
    };
    let found = app::models::list(&state.app, &caller, filter).await?;
    let models = found.models.into_iter().map(model).collect();
    Ok(Reply::ok(ModelList { models }).page(page, found.total))
}
