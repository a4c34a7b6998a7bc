//! Bodies, query parameters and ids.

use crate::error::ApiError;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use domain::Error;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use serde::de::DeserializeOwned;
use std::str::FromStr;

/// A JSON body. Syntax errors, missing, unknown and wrong fields answer 400 with the field.
#[derive(Debug)]
pub struct Input<T>(pub T);

/// The same, where an empty body stands for the default.
#[derive(Debug)]
pub struct OptionalInput<T>(pub T);

/// Query parameters; wrong values answer 400 with the field. Unknown ones are ignored, as proxies and browsers add some.
#[derive(Debug)]
pub struct Params<T>(pub T);

/// The id in the path. What is not an id cannot name anything, so it answers 404.
#[derive(Debug, Clone, Copy)]
pub struct Id<T>(pub T);

/// The id and the number, from 1, in the path. What is neither cannot name anything, so it answers 404.
#[derive(Debug, Clone, Copy)]
pub struct Numbered<T>(pub T, pub u64);

/// A page that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paging {
    /// From 1.
    pub page: u64,
    /// Items a page at most.
    pub page_size: u64,
}

/// The last page that can be asked for.
pub const MAX_PAGE: u64 = 1_000_000;

impl Paging {
    /// Page 1 of 20 where nothing is said.
    ///
    /// # Errors
    /// A page below 1 or of a size that is not within 1 to 100.
    pub fn new(page: Option<u64>, page_size: Option<u64>) -> Result<Self, ApiError> {
        let (page, page_size) = (page.unwrap_or(1), page_size.unwrap_or(20));
        if !(1..=MAX_PAGE).contains(&page) {
            return Err(Error::invalid("page", format!("page is {page}; it must be between 1 and {MAX_PAGE}.")).into());
        }
        if !(1..=100).contains(&page_size) {
            return Err(Error::invalid("pageSize", format!("pageSize is {page_size}; it must be between 1 and 100.")).into());
        }
        Ok(Self { page, page_size })
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Input<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        json_body(&body(request, state).await?).map(Self)
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for OptionalInput<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = body(request, state).await?;
        if bytes.trim_ascii().is_empty() { Ok(Self(T::default())) } else { json_body(&bytes).map(Self) }
    }
}

pub(super) async fn body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, ApiError> {
    if let Some(kind) = request.headers().get(CONTENT_TYPE) {
        let kind = kind.to_str().unwrap_or("unreadable");
        let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if essence != "application/json" && !essence.ends_with("+json") {
            return Err(ApiError::media_type(kind));
        }
    }
    Bytes::from_request(request, state).await.map_err(|rejection| {
        if rejection.status() == http::StatusCode::PAYLOAD_TOO_LARGE {
            ApiError::too_large("The body is longer than 1 MB; files are sent to the upload URL instead.")
        } else {
            Error::new(domain::ErrorKind::Invalid, "VALIDATION_ERROR", "The body broke off before it was complete; send it again.").into()
        }
    })
}

fn json_body<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|e| {
        let path = e.path().to_string();
        let inner = e.into_inner();
        if inner.is_data() {
            shape_error(&path, &inner.to_string())
        } else if serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok() {
            // A number or a boolean in the place of an enumeration's text is reported as broken syntax, though it is none.
            shape_error(&path, "invalid type, expected a string")
        } else {
            syntax_error(&inner)
        }
    })?;
    json.end().map_err(|e| syntax_error(&e))?;
    Ok(value)
}

fn syntax_error(error: &serde_json::Error) -> ApiError {
    let message = format!("The body is not valid JSON at line {}, column {}: {error}.", error.line(), error.column());
    Error::new(domain::ErrorKind::Invalid, "VALIDATION_ERROR", message).into()
}

/// Names the field: the path, and for a missing or unknown field also its name, which is in the message only.
fn shape_error(path: &str, message: &str) -> ApiError {
    let path = if path == "." || path == "?" { "" } else { path };
    let message = message.split(" at line ").next().unwrap_or(message);
    let named = (message.starts_with("missing field") || message.starts_with("unknown field")).then(|| message.split('`').nth(1)).flatten();
    let field = match named {
        Some(name) if path.is_empty() => name.to_owned(),
        Some(name) if path == name || path.ends_with(&format!(".{name}")) => path.to_owned(),
        Some(name) => format!("{path}.{name}"),
        None => path.to_owned(),
    };
    let mut error = Error::new(domain::ErrorKind::Invalid, "VALIDATION_ERROR", sentence(&field, message));
    error.field = (!field.is_empty()).then_some(field);
    error.into()
}

fn sentence(field: &str, message: &str) -> String {
    if field.is_empty() { format!("The body cannot be read: {message}.") } else { format!("{field}: {message}.") }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        // `?search=` means the same as leaving it out.
        let given: Vec<(String, String)> =
            form_urlencoded::parse(query.as_bytes()).into_owned().filter(|(_, value)| !value.is_empty()).collect();
        let encoded = form_urlencoded::Serializer::new(String::new()).extend_pairs(&given).finish();
        let fields = serde_urlencoded::Deserializer::new(form_urlencoded::parse(encoded.as_bytes()));
        serde_path_to_error::deserialize(fields).map(Self).map_err(|e| shape_error(&e.path().to_string(), &e.inner().to_string()))
    }
}

impl<S: Send + Sync, T: FromStr> FromRequestParts<S> for Id<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let text = <Path<String> as FromRequestParts<S>>::from_request_parts(parts, state).await.map(|Path(text)| text);
        let id = text.ok().and_then(|text| text.parse().ok());
        let error = || Error::new(domain::ErrorKind::NotFound, "NOT_FOUND", "The address has no valid id, so there is nothing at it.");
        id.map(Self).ok_or_else(|| error().into())
    }
}

impl<S: Send + Sync, T: FromStr> FromRequestParts<S> for Numbered<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let texts = <Path<(String, String)> as FromRequestParts<S>>::from_request_parts(parts, state).await.map(|Path(texts)| texts);
        let both = texts.ok().and_then(|(id, n)| Some((id.parse().ok()?, n.parse().ok().filter(|n| *n > 0)?)));
        let error =
            || Error::new(domain::ErrorKind::NotFound, "NOT_FOUND", "The address has no valid id and number, so there is nothing at it.");
        both.map(|(id, n)| Self(id, n)).ok_or_else(|| error().into())
    }
}

/// A filter by one of an enumeration's texts; `all` stands for none.
///
/// # Errors
/// A text that the enumeration does not know.
pub fn text_filter<T: FromStr<Err = domain::error::UnknownValue>>(field: &str, text: Option<&str>) -> Result<Option<T>, ApiError> {
    match text {
        None | Some("all") => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|e| Error::invalid(field, format!("{field}: {e}.")).into()),
    }
}

/// A filter by several of an enumeration's texts, separated by commas.
///
/// # Errors
/// A text that the enumeration does not know.
pub fn one_of<T: FromStr<Err = domain::error::UnknownValue>>(field: &str, text: &str) -> Result<Vec<T>, ApiError> {
    let parsed = text.split(',').map(|part| text_filter(field, Some(part.trim())));
    parsed.filter_map(Result::transpose).collect()
}

/// `true`, `false`, or `all` for either.
///
/// # Errors
/// Any other text.
pub fn ternary(field: &str, text: Option<&str>) -> Result<Option<bool>, ApiError> {
    match text {
        None | Some("all") => Ok(None),
        Some("true") => Ok(Some(true)),
        Some("false") => Ok(Some(false)),
        Some(other) => Err(Error::invalid(field, format!("{field} is '{other}'; it must be true, false or all.")).into()),
    }
}
