//! `POST /api/auth/login`

use super::begun;
use crate::dto::auth::{LoginRequest, Session};
use crate::dto::common::Envelope;
use crate::error::ApiError;
use crate::extract::{Guarded, Input};
use crate::openapi::Failures;
use crate::state::ApiState;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

/// Begins a session.
#[utoipa::path(
    post, path = "/api/auth/login", operation_id = "login", tag = "auth", security(()),
    request_body = LoginRequest,
    responses((status = 200, description = "The session", body = Envelope<Session>), Failures),
    extensions(("x-codes" = json!(["INVALID_CREDENTIALS", "RATE_LIMITED"])))
)]
pub async fn login(
    State(state): State<ApiState>,
    Guarded(origin): Guarded,
    Input(body): Input<LoginRequest>,
) -> Result<Response, ApiError> {
    state.limits.check_account(&body.email).await?;
    let view = app::accounts::login(&state.app, &body.email, body.password, &origin).await?;
    Ok(begun(&state, StatusCode::OK, view))
}
