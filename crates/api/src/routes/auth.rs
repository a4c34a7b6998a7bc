//! Accounts.

pub mod cancel_deletion;
pub mod change_password;
pub mod create_key;
pub mod export;
pub mod forgot_password;
pub mod keys;
pub mod login;
pub mod logout;
pub mod me;
pub mod options;
pub mod request_deletion;
pub mod reset_password;
pub mod revoke_key;
pub mod revoke_others;
pub mod revoke_session;
pub mod send_verification;
pub mod sessions;
pub mod signup;
pub mod update_me;
pub mod verify_email;

use crate::base;
use crate::convert::accounts::session;
use crate::dto::auth::Session;
use crate::dto::common::Envelope;
use crate::extract::SESSION_COOKIE;
use crate::state::ApiState;
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::SET_COOKIE;
use http::{HeaderValue, StatusCode};

/// A begun session: the token in the body, and the same as a cookie that scripts cannot read.
fn begun(state: &ApiState, status: StatusCode, view: app::accounts::SessionView) -> Response {
    let seconds = (view.expires_at - state.app.clock.now()).num_seconds().max(0);
    let cookie = cookie(&state.app.config.public_url, &view.token, seconds);
    let body: Envelope<Session> = Envelope { success: true, data: session(view), meta: None };
    with_cookie((status, Json(body)).into_response(), cookie)
}

/// The session cookie with `value` for `seconds`.
fn cookie(public_url: &str, value: &str, seconds: i64) -> String {
    let secure = if public_url.starts_with("https://") { "; Secure" } else { "" };
    let path = Some(base::path(public_url)).filter(|path| !path.is_empty()).unwrap_or("/");
    format!("{SESSION_COOKIE}={value}; Path={path}; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}")
}

fn with_cookie(mut response: Response, cookie: String) -> Response {
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(SET_COOKIE, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_of_an_encrypted_server_is_sent_encrypted_only() {
        assert_eq!(cookie("http://a.example", "t", 9), "brightrun_session=t; Path=/; HttpOnly; SameSite=Lax; Max-Age=9");
        assert_eq!(cookie("https://a.example/runs", "t", 9), "brightrun_session=t; Path=/runs; HttpOnly; SameSite=Lax; Max-Age=9; Secure");
    }
}
