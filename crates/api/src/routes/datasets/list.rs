//! `GET /api/datasets`

use crate::convert::datasets::{dataset, sort, totals};
use crate::dto::common::Envelope;
use crate::dto::datasets::{DatasetList, ListDatasets};
use crate::extract::{Auth, Paging, Params, ternary, text_filter};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;

/// The caller's data sets; for administrators also those of another account.
#[utoipa::path(
    get, path = "/api/datasets", operation_id = "listDatasets", tag = "datasets",
    params(ListDatasets),
    responses((status = 200, description = "A page of data sets", body = Envelope<DatasetList>), Failures),
    extensions(("x-codes" = json!(["USER_NOT_FOUND"])))
)]
pub async fn list(State(state): State<ApiState>, Auth(caller): Auth, Params(query): Params<ListDatasets>) -> ApiResult<DatasetList> {
    let page = Paging::new(query.page, query.page_size)?;
    let (sort, direction) = sort(query.sort_by.unwrap_or_default());
    let filter = app::datasets::DatasetFilter {
        page: page.page,
        page_size: page.page_size,
        sort,
        direction,
        format: text_filter("format", query.format.as_deref())?,
        status: text_filter("status", query.status.as_deref())?,
        training_ready: ternary("trainingReady", query.training_ready.as_deref())?,
        needs_review: ternary("needsReview", query.needs_review.as_deref())?,
        search: query.search,
        deleted: query.deleted.unwrap_or_default(),
        owner: query.user_id.map(Into::into),
    };
    let found = app::datasets::list(&state.app, &caller, filter).await?;
    let datasets = found.datasets.into_iter().map(dataset).collect();
    let reply = Reply::ok(DatasetList { datasets }).page(page, found.total);
    Ok(reply.meta(|meta| meta.stats = Some(totals(found.totals))))
}
