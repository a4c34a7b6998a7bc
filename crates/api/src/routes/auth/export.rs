//! `GET /api/auth/me/export`

use crate::convert;
use crate::error::ApiError;
use crate::extract::Auth;
use crate::openapi::Failures;
use crate::reply::streamed;
use crate::state::ApiState;
use app::accounts::export::Shapes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use serde_json::json;

/// Everything of the caller's in one ZIP, made while it is sent: account, data sets with their files, jobs, models, saved configurations,
/// costs and notifications, as JSON in the shapes of this interface. `not-included.json` names what could not be put in.
#[utoipa::path(
    get, path = "/api/auth/me/export", operation_id = "exportAccount", tag = "auth",
    responses((status = 200, description = "The ZIP", body = Vec<u8>, content_type = "application/zip"), Failures)
)]
pub async fn export(State(state): State<ApiState>, Auth(caller): Auth) -> Result<Response, ApiError> {
    let day = state.app.clock.now().format("%Y-%m-%d");
    let content = app::accounts::export::export(state.app.clone(), caller, SHAPES).await?;
    let headers = [
        (CONTENT_TYPE, "application/zip".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"brightrun-export-{day}.zip\"")),
        (CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    Ok((headers, streamed(content)).into_response())
}

const SHAPES: Shapes = Shapes {
    account: |view| json!(convert::accounts::user(view)),
    dataset: |row| json!(convert::datasets::dataset(row)),
    job: |view| json!(convert::jobs::job(view)),
    model: |view| json!(convert::models::model(view)),
    configuration: |view| json!(convert::configurations::configuration(view)),
    notification: |view| json!(convert::notifications::notification(view)),
};
