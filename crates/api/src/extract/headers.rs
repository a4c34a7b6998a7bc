//! Headers, and bodies that are not JSON.

use crate::error::ApiError;
use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Request};
use bytes::Bytes;
use domain::{Error, ErrorKind};
use futures::stream::{BoxStream, StreamExt};
use http::HeaderMap;
use http::header::CONTENT_LENGTH;
use http::request::Parts;
use utoipa::IntoParams;

/// The header `Idempotency-Key`.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IdempotencyKey {
    /// Any text of at most 200 characters. The same request with the same key is done once, and answered the same every time.
    #[param(rename = "Idempotency-Key", max_length = 200)]
    key: Option<String>,
}

impl IdempotencyKey {
    /// The key, where one was given.
    pub fn as_deref(&self) -> Option<&str> {
        self.key.as_deref()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let Some(value) = parts.headers.get("idempotency-key") else { return Ok(Self { key: None }) };
        let key = value.to_str().ok().map(str::trim).filter(|key| !key.is_empty() && key.len() <= 200);
        let key = key.ok_or_else(|| Error::invalid("Idempotency-Key", "The Idempotency-Key must have 1 to 200 plain characters."))?;
        Ok(Self { key: Some(key.to_owned()) })
    }
}

/// The header `Last-Event-ID`.
#[derive(Debug, Clone, Copy)]
pub struct LastEventId(pub Option<u64>);

impl<S: Send + Sync> FromRequestParts<S> for LastEventId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let Some(value) = parts.headers.get("last-event-id") else { return Ok(Self(None)) };
        let text = value.to_str().unwrap_or_default().trim();
        if text.is_empty() {
            return Ok(Self(None));
        }
        let id = text.parse().map_err(|_| Error::invalid("Last-Event-ID", "Last-Event-ID must be the number of an event of this job."))?;
        Ok(Self(Some(id)))
    }
}

/// A body that is signed as a whole with the time of sending.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct SignedBody {
    /// Seconds since 1970.
    #[param(rename = "x-brightrun-timestamp")]
    timestamp: String,
    /// `v1=` and the HMAC in hex.
    #[param(rename = "x-brightrun-signature")]
    signature: String,
    #[param(ignore)]
    body: Bytes,
}

impl SignedBody {
    /// As the use cases take it.
    pub fn call(&self) -> app::jobs::SignedCall<'_> {
        app::jobs::SignedCall { timestamp: &self.timestamp, signature: &self.signature, body: &self.body }
    }
}

impl<S: Send + Sync> FromRequest<S> for SignedBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        // What is missing cannot be right, so it need not be told apart.
        let timestamp = text(request.headers(), "x-brightrun-timestamp");
        let signature = text(request.headers(), "x-brightrun-signature");
        Ok(Self { timestamp, signature, body: super::input::body(request, state).await? })
    }
}

fn text(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

/// A body that is a file, not read yet.
pub struct Upload {
    /// Bytes, as the request says.
    pub length: Option<u64>,
    /// The bytes.
    pub body: BoxStream<'static, std::io::Result<Bytes>>,
}

impl<S: Send + Sync> FromRequest<S> for Upload {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        let length = match request.headers().get(CONTENT_LENGTH) {
            None => None,
            Some(value) => {
                let length = value.to_str().ok().and_then(|text| text.parse().ok());
                let error = || Error::new(ErrorKind::Invalid, "VALIDATION_ERROR", "Content-Length is not a number.");
                Some(length.ok_or_else(error)?)
            }
        };
        let body: Body = request.into_body();
        Ok(Self { length, body: body.into_data_stream().map(|chunk| chunk.map_err(std::io::Error::other)).boxed() })
    }
}
