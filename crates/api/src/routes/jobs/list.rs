//! `GET /api/jobs`

use crate::convert::jobs::{counts, job, sort, statuses};
use crate::dto::common::Envelope;
use crate::dto::job_detail::JobList;
use crate::dto::job_requests::ListJobs;
use crate::extract::{Auth, Paging, Params};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;

/// The caller's training jobs; for administrators also those of another account.
#[utoipa::path(
    get, path = "/api/jobs", operation_id = "listJobs", tag = "jobs",
    params(ListJobs),
    responses((status = 200, description = "A page of jobs", body = Envelope<JobList>), Failures),
    extensions(("x-codes" = json!(["USER_NOT_FOUND"])))
)]
pub async fn list(State(state): State<ApiState>, Auth(caller): Auth, Params(query): Params<ListJobs>) -> ApiResult<JobList> {
    let page = Paging::new(query.page, query.page_size)?;
    let filter = app::jobs::JobFilter {
        statuses: statuses(query.status.as_deref())?,
        dataset_id: query.dataset_id.map(Into::into),
        owner: query.user_id.map(Into::into),
        page: page.page,
        page_size: page.page_size,
        sort: sort(query.sort_by.unwrap_or_default()),
    };
    let found = app::jobs::list(&state.app, &caller, filter).await?;
    let jobs = found.jobs.into_iter().map(job).collect();
    let reply = Reply::ok(JobList { jobs }).page(page, found.total);
    Ok(reply.meta(|meta| meta.counts = Some(counts(found.counts))))
}
