//! `GET /api/activity`

use crate::convert::jobs::within;
use crate::convert::notifications::entry;
use crate::dto::common::Envelope;
use crate::dto::notifications::{ActivityList, ListActivity};
use crate::extract::{AuthAccount, Params};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;

/// What happened lately to the caller's data sets and jobs.
#[utoipa::path(
    get, path = "/api/activity", operation_id = "listActivity", tag = "activity",
    params(ListActivity),
    responses((status = 200, description = "Newest first", body = Envelope<ActivityList>), Failures)
)]
pub async fn activity(
    State(state): State<ApiState>,
    AuthAccount(who): AuthAccount,
    Params(query): Params<ListActivity>,
) -> ApiResult<ActivityList> {
    let limit = within("limit", query.limit.unwrap_or(20), 1, 100)?;
    let found = app::activity::recent(&state.app, &who, limit).await?;
    Ok(Reply::ok(ActivityList { activity: found.into_iter().map(entry).collect() }))
}
