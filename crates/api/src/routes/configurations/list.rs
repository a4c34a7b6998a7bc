//! `GET /api/configurations`

use crate::convert::configurations::configuration;
use crate::dto::common::Envelope;
use crate::dto::configurations::{ConfigurationList, ListConfigurations};
use crate::extract::{Auth, Paging, Params};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;

/// The caller's saved configurations, the one that changed last first.
#[utoipa::path(
    get, path = "/api/configurations", operation_id = "listConfigurations", tag = "configurations",
    params(ListConfigurations),
    responses((status = 200, description = "A page of configurations", body = Envelope<ConfigurationList>), Failures)
)]
pub async fn list(
    State(state): State<ApiState>,
    Auth(caller): Auth,
    Params(query): Params<ListConfigurations>,
) -> ApiResult<ConfigurationList> {
    let page = Paging::new(query.page, query.page_size)?;
    let (found, total) = app::configurations::list(&state.app, &caller, page.page, page.page_size).await?;
    Ok(Reply::ok(ConfigurationList { configurations: found.into_iter().map(configuration).collect() }).page(page, total))
}
