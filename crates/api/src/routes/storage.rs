//! `GET` and `PUT /storage/{key}`: objects of the embedded storage, by signed address only.

use crate::error::ApiError;
use crate::extract::Upload;
use crate::openapi::Failures;
use crate::range::{self, Wanted};
use crate::state::ApiState;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};

/// Reads an object, or the part of it that `Range` asks for. The address comes signed from another operation.
#[utoipa::path(
    get, path = "/storage/{*key}", operation_id = "getObject", tag = "storage", security(()),
    params(("key" = String, Path, description = "Key of the object; it may hold slashes")),
    responses((status = 200, description = "The object", body = Vec<u8>, content_type = "application/octet-stream"), Failures)
)]
pub async fn get_object(
    State(state): State<ApiState>,
    Path(key): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let object = app::storage::find(&state.app, &key, query.as_deref().unwrap_or_default()).await?;
    let wanted = range::wanted(&headers, object.size).ok_or_else(ApiError::range_not_satisfiable)?;
    let (status, from, to) = match wanted {
        Wanted::All => (StatusCode::OK, 0, object.size),
        Wanted::Part { from, to } => (StatusCode::PARTIAL_CONTENT, from, to),
    };
    let body = app::storage::read(&state.app, &object, from..to).await?;
    let name = object.file_name.replace(['"', '\\'], "_");
    let mut response = Body::from_stream(body).into_response();
    *response.status_mut() = status;
    let mut set = |name, value: String| http::HeaderValue::from_str(&value).map(|value| response.headers_mut().insert(name, value)).is_ok();
    set(CONTENT_TYPE, "application/octet-stream".to_owned());
    set(CONTENT_LENGTH, (to - from).to_string());
    set(ACCEPT_RANGES, "bytes".to_owned());
    set(CACHE_CONTROL, "private, no-store".to_owned());
    set(CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""));
    if let Wanted::Part { from, to } = wanted {
        set(CONTENT_RANGE, format!("bytes {from}-{}/{}", to.saturating_sub(1), object.size));
    }
    Ok(response)
}

/// Writes an object. The address comes signed from another operation and says how many bytes are accepted.
#[utoipa::path(
    put, path = "/storage/{*key}", operation_id = "putObject", tag = "storage", security(()),
    params(("key" = String, Path, description = "Key of the object; it may hold slashes")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "The object"),
    responses((status = 200, description = "It is stored"), Failures)
)]
pub async fn put_object(
    State(state): State<ApiState>,
    Path(key): Path<String>,
    RawQuery(query): RawQuery,
    upload: Upload,
) -> Result<StatusCode, ApiError> {
    app::storage::write(&state.app, &key, query.as_deref().unwrap_or_default(), upload.length, upload.body).await?;
    Ok(StatusCode::OK)
}
