//! `POST /api/auth/signup`

use super::begun;
use crate::dto::auth::{Session, SignupRequest};
use crate::dto::common::Envelope;
use crate::error::ApiError;
use crate::extract::{Guarded, Input};
use crate::openapi::Failures;
use crate::state::ApiState;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

/// Makes an account and begins a session. The first account of a server is its administrator.
#[utoipa::path(
    post, path = "/api/auth/signup", operation_id = "signup", tag = "auth", security(()),
    request_body = SignupRequest,
    responses((status = 201, description = "The account, and its session", body = Envelope<Session>), Failures),
    extensions(("x-codes" = json!(["EMAIL_TAKEN", "INVITATION_INVALID", "SIGNUP_CLOSED", "RATE_LIMITED"])))
)]
pub async fn signup(
    State(state): State<ApiState>,
    Guarded(origin): Guarded,
    Input(body): Input<SignupRequest>,
) -> Result<Response, ApiError> {
    let input = app::accounts::Signup {
        email: body.email,
        password: body.password,
        name: body.name,
        organization: body.organization,
        invitation: body.invitation,
    };
    let view = app::accounts::signup(&state.app, input, &origin).await?;
    Ok(begun(&state, StatusCode::CREATED, view))
}
