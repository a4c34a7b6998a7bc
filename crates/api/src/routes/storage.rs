//! `GET` and `PUT /storage/{key}`: objects of the embedded storage, by signed address only.

use crate::error::ApiError;
use crate::extract::Upload;
use crate::openapi::Failures;
use crate::reply::streamed;
use crate::state::ApiState;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, RANGE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

/// Reads an object, or the part of it that `Range` asks for. The address comes signed from another operation.
#[utoipa::path(
    get, path = "/storage/{*key}", operation_id = "getObject", tag = "storage", security(("signedUrl" = [])),
    params(("key" = String, Path, description = "Key of the object; it may hold slashes")),
    responses((status = 200, description = "The object", body = Vec<u8>, content_type = "application/octet-stream"), Failures),
    extensions(("x-codes" = json!(["URL_EXPIRED", "URL_INVALID", "NOT_FOUND", "OBJECT_NOT_FOUND", "RANGE_NOT_SATISFIABLE"])))
)]
pub async fn get_object(
    State(state): State<ApiState>,
    Path(key): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let range = headers.get(RANGE).and_then(|value| value.to_str().ok());
    let object = app::storage::read(&state.app, &key, query.as_deref().unwrap_or_default(), range).await?;
    let whole = object.range.start == 0 && object.range.end == object.size;
    let mut response = streamed(object.content).into_response();
    if !whole {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        let (first, last) = (object.range.start, object.range.end.saturating_sub(1));
        set(&mut response, CONTENT_RANGE, &format!("bytes {first}-{last}/{}", object.size));
    }
    let name = object.file_name.replace(['"', '\\'], "_");
    set(&mut response, CONTENT_TYPE, "application/octet-stream");
    set(&mut response, CONTENT_LENGTH, &(object.range.end - object.range.start).to_string());
    set(&mut response, ACCEPT_RANGES, "bytes");
    set(&mut response, CACHE_CONTROL, "private, no-store");
    set(&mut response, CONTENT_DISPOSITION, &format!("attachment; filename=\"{name}\""));
    Ok(response)
}

/// A value that is no header is left out.
fn set(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// Writes an object. The address comes signed from another operation and says how many bytes are accepted.
#[utoipa::path(
    put, path = "/storage/{*key}", operation_id = "putObject", tag = "storage", security(("signedUrl" = [])),
    params(("key" = String, Path, description = "Key of the object; it may hold slashes")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "The object"),
    responses((status = 200, description = "It is stored"), Failures),
    extensions(("x-codes" = json!([
        "URL_EXPIRED", "URL_INVALID", "NOT_FOUND", "DATASET_NOT_FOUND", "ALREADY_CONFIRMED", "FILE_TOO_LARGE", "FILE_SIZE_MISMATCH"
    ])))
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
