//! The one mapping from failures of the use cases to HTTP.

use crate::dto::common::{ErrorBody, ErrorEnvelope};
use axum::Json;
use axum::response::{IntoResponse, Response};
use domain::{Error, ErrorKind};
use http::{HeaderValue, StatusCode, header};

/// A failure on its way out. Logged once, here, when it is a fault of ours.
#[derive(Debug)]
pub struct ApiError(Box<Failure>);

#[derive(Debug)]
struct Failure {
    status: StatusCode,
    error: Error,
    retry_after: Option<u64>,
}

/// The one code with a status that only HTTP knows.
const RANGE_NOT_SATISFIABLE: &str = "RANGE_NOT_SATISFIABLE";

/// The status of a kind of failure.
pub const fn status_of(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorKind::Forbidden => StatusCode::FORBIDDEN,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Invalid => StatusCode::BAD_REQUEST,
        ErrorKind::Conflict => StatusCode::CONFLICT,
        ErrorKind::PaymentRequired => StatusCode::PAYMENT_REQUIRED,
        ErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorKind::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let retry_after = matches!(error.kind, ErrorKind::Unavailable).then_some(5);
        let status = if error.code == RANGE_NOT_SATISFIABLE { StatusCode::RANGE_NOT_SATISFIABLE } else { status_of(error.kind) };
        Self::new(status, error, retry_after)
    }
}

impl ApiError {
    fn new(status: StatusCode, error: Error, retry_after: Option<u64>) -> Self {
        Self(Box::new(Failure { status, error, retry_after }))
    }

    /// There is nothing at this address.
    pub fn no_route(path: &str) -> Self {
        Error::new(ErrorKind::NotFound, "NOT_FOUND", format!("There is nothing at {path}; /docs lists all operations.")).into()
    }

    /// This address does not know the method.
    pub fn method_not_allowed(method: &http::Method, path: &str) -> Self {
        let message = format!("{path} does not know {method}; /docs lists all operations.");
        let error = Error::new(ErrorKind::Invalid, "METHOD_NOT_ALLOWED", message);
        Self::new(StatusCode::METHOD_NOT_ALLOWED, error, None)
    }

    /// The body is not of a type that is understood.
    pub fn media_type(given: &str) -> Self {
        let message = format!("The body's type is '{given}'; send application/json.");
        let error = Error::new(ErrorKind::Invalid, "UNSUPPORTED_MEDIA_TYPE", message);
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, error, None)
    }

    /// Too many requests; the next is accepted after `seconds`.
    pub fn rate_limited(seconds: u64) -> Self {
        let message = format!("Too many requests; try again in {seconds} s.");
        let error = Error::new(ErrorKind::RateLimited, "RATE_LIMITED", message);
        Self::new(StatusCode::TOO_MANY_REQUESTS, error, Some(seconds.max(1)))
    }

    /// The body is longer than allowed.
    pub fn too_large(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::TooLarge, "PAYLOAD_TOO_LARGE", message).into()
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Failure { status, error, retry_after } = *self.0;
        if status.is_server_error() {
            let cause = error.source.as_deref().map(chain).unwrap_or_default();
            tracing::error!(code = error.code, %cause, "{}", error.message);
        }
        let body = ErrorBody { code: error.code.to_owned(), message: error.message, details: error.details, field: error.field };
        let mut response = (status, Json(ErrorEnvelope { success: false, error: body })).into_response();
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// A cause with the causes of it.
fn chain(error: &(dyn std::error::Error + Send + Sync + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
