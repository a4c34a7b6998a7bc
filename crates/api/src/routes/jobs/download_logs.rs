//! `GET /api/jobs/{id}/logs/download`

use crate::convert::jobs::{log_filter, log_text};
use crate::dto::job_requests::DownloadLogs;
use crate::error::ApiError;
use crate::extract::{Auth, Id, Params};
use crate::openapi::Failures;
use crate::reply::streamed;
use crate::state::ApiState;
use app::jobs::LogsQuery;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::JobId;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};

/// Lines read at a time.
const BATCH: u64 = 1000;

/// The log of a job as a text file, a line each: time, level, text. It is read while it is sent.
#[utoipa::path(
    get, path = "/api/jobs/{id}/logs/download", operation_id = "downloadJobLogs", tag = "jobs",
    params(("id" = Uuid, Path, description = "Job"), DownloadLogs),
    responses(
        (
            status = 200, description = "Text", body = String, content_type = "text/plain",
            example = "2026-03-02T09:30:00Z INFO epoch 1 begins\n"
        ),
        Failures
    )
)]
pub async fn download_logs(
    State(state): State<ApiState>,
    Auth(caller): Auth,
    Id(id): Id<JobId>,
    Params(query): Params<DownloadLogs>,
) -> Result<Response, ApiError> {
    let first = LogsQuery { limit: BATCH, ..log_filter(query) };
    // The first page before the answer begins, so that what is refused is refused.
    let page = app::jobs::logs(&state.app, &caller, id, first.clone()).await?;
    let pages = futures::stream::try_unfold(Some((page, first)), move |next| {
        let state = state.clone();
        async move {
            let Some((page, query)) = next else { return Ok::<_, std::io::Error>(None) };
            let text = log_text(&page.logs);
            let next = match page.next_cursor {
                Some(cursor) => {
                    let query = LogsQuery { cursor: Some(cursor), ..query };
                    let page = app::jobs::logs(&state.app, &caller, id, query.clone()).await.map_err(std::io::Error::other)?;
                    Some((page, query))
                }
                None => None,
            };
            Ok(Some((text, next)))
        }
    });
    let name = format!("attachment; filename=\"job-{id}.log\"");
    let headers = [(CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()), (CONTENT_DISPOSITION, name)];
    Ok((headers, streamed(pages)).into_response())
}
