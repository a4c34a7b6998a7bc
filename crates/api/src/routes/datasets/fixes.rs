//! `POST /api/datasets/{id}/fixes`

use crate::convert::dataset_versions::preview;
use crate::dto::common::Envelope;
use crate::dto::dataset_versions::{ApplyFixes, FixesOutcome};
use crate::extract::{Auth, Id, IdempotencyKey, Input};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;
use domain::DatasetId;

/// Mends a data set: a look at what would change, or a new version of it. Nothing is changed in place.
#[utoipa::path(
    post, path = "/api/datasets/{id}/fixes", operation_id = "fixDataset", tag = "datasets",
    params(("id" = Uuid, Path, description = "Data set"), IdempotencyKey), request_body = ApplyFixes,
    responses(
        (status = 200, description = "What would change", body = Envelope<FixesOutcome>),
        (status = 201, description = "The new version, on its way", body = Envelope<FixesOutcome>),
        Failures
    ),
    extensions(("x-codes" = json!(["DATASET_NOT_VALIDATED", "DATASET_UNREADABLE", "DATASET_FILE_MISSING", "STORAGE_QUOTA_EXCEEDED", "IDEMPOTENCY_KEY_REUSED", "REQUEST_IN_PROGRESS"])))
)]
pub async fn fixes(
    State(state): State<ApiState>,
    Auth(caller): Auth,
    Id(id): Id<DatasetId>,
    key: IdempotencyKey,
    Input(body): Input<ApplyFixes>,
) -> ApiResult<FixesOutcome> {
    if body.preview {
        let report = app::datasets::preview_fixes(&state.app, &caller, id, &body.fixes).await?;
        return Ok(Reply::ok(FixesOutcome { preview: Some(preview(report)), dataset_id: None, status: None }));
    }
    let made = app::datasets::apply_fixes(&state.app, &caller, id, &body.fixes, body.name, key.as_deref()).await?;
    Ok(Reply::created(FixesOutcome { preview: None, dataset_id: Some(made.id.uuid()), status: Some(made.status) }))
}
