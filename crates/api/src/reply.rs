//! Successful answers.

use crate::dto::common::{Cursor, Envelope, Meta, Pagination};
use crate::error::ApiError;
use axum::Json;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, TryStream};
use http::StatusCode;
use serde::Serialize;

/// What a handler gives.
pub type ApiResult<T> = Result<Reply<T>, ApiError>;

/// Content that is made while it is sent. What compresses it asks once more after its end, which not every stream bears.
pub fn streamed<S>(content: S) -> Body
where
    S: TryStream<Ok: Into<bytes::Bytes>, Error: Into<axum::BoxError>> + futures::Stream<Item = Result<S::Ok, S::Error>> + Send + 'static,
{
    Body::from_stream(content.fuse())
}

/// A successful answer on its way out.
#[derive(Debug)]
pub struct Reply<T> {
    status: StatusCode,
    data: T,
    meta: Option<Meta>,
}

impl<T> Reply<T> {
    /// 200 with `data`.
    pub fn ok(data: T) -> Self {
        Self { status: StatusCode::OK, data, meta: None }
    }

    /// 201 with `data`.
    pub fn created(data: T) -> Self {
        Self { status: StatusCode::CREATED, data, meta: None }
    }

    /// Says where the page lies in its list.
    #[must_use]
    pub fn page(self, page: crate::extract::Paging, total: u64) -> Self {
        let end = page.page.saturating_mul(page.page_size);
        let pagination = Pagination { page: page.page, page_size: page.page_size, total, has_more: end < total };
        self.meta(|meta| meta.pagination = Some(pagination))
    }

    /// Says where to go on.
    #[must_use]
    pub fn cursor(self, next: Option<String>) -> Self {
        let has_more = next.is_some();
        self.meta(|meta| meta.cursor = Some(Cursor { next, has_more }))
    }

    /// Adds to what is said about the answer.
    #[must_use]
    pub fn meta(mut self, change: impl FnOnce(&mut Meta)) -> Self {
        change(self.meta.get_or_insert_default());
        self
    }
}

impl<T: Serialize> IntoResponse for Reply<T> {
    fn into_response(self) -> Response {
        (self.status, Json(Envelope { success: true, data: self.data, meta: self.meta })).into_response()
    }
}
