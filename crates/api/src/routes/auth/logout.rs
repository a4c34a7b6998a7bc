//! `POST /api/auth/logout`

use super::{cookie, with_cookie};
use crate::dto::common::{Done, Envelope};
use crate::error::ApiError;
use crate::extract::Auth;
use crate::openapi::Failures;
use crate::reply::Reply;
use crate::state::ApiState;
use axum::extract::State;
use axum::response::{IntoResponse, Response};

/// Ends the session of this request, at once and everywhere.
#[utoipa::path(
    post, path = "/api/auth/logout", operation_id = "logout", tag = "auth",
    responses((status = 200, description = "The session is over", body = Envelope<Done>), Failures),
    extensions(("x-codes" = json!(["SESSION_REQUIRED"])))
)]
pub async fn logout(State(state): State<ApiState>, Auth(caller): Auth) -> Result<Response, ApiError> {
    app::accounts::logout(&state.app, &caller).await?;
    let reply = Reply::ok(Done::new("Signed out")).into_response();
    Ok(with_cookie(reply, cookie(&state.app.config.public_url, "", 0)))
}
