//! Sessions, API keys, passwords, confirmed addresses, leaving.

use super::text as t;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// How to get in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EntryOptions {
    /// Who may sign up now.
    #[schema(value_type = t::SignupMode)]
    pub signup: &'static str,
    /// Whether the next account is the first, and so the administrator's.
    pub first_account: bool,
    /// Whether a forgotten password can be reset by mail.
    pub password_reset: bool,
}

/// A login session.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LiveSession {
    /// Id.
    pub id: Uuid,
    /// What logged in, as it called itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0")]
    pub user_agent: Option<String>,
    /// Network that it logged in from: the /24 of an IPv4 address, the /48 of an IPv6 address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "192.0.2.0/24")]
    pub address_prefix: Option<String>,
    /// Login.
    pub created_at: DateTime<Utc>,
    /// Last request, to the minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen_at: Option<DateTime<Utc>>,
    /// When it ends by itself.
    pub expires_at: DateTime<Utc>,
    /// Whether it is the session of this request.
    pub current: bool,
}

/// Login sessions, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionList {
    /// The sessions.
    pub sessions: Vec<LiveSession>,
}

/// A new API key.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateApiKey {
    /// What you call it.
    #[schema(example = "nightly backup", min_length = 1, max_length = 200, pattern = r"\S")]
    pub name: String,
    /// `read` for requests that change nothing, `write` for all.
    #[schema(value_type = t::KeyScope)]
    pub scope: domain::KeyScope,
    /// From then on it is not accepted; never where it is left out.
    #[schema(example = "2040-01-01T00:00:00Z")]
    pub expires_at: Option<DateTime<Utc>>,
}

/// An API key.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApiKey {
    /// Id.
    pub id: Uuid,
    /// What you call it.
    pub name: String,
    /// What it is good for.
    #[schema(value_type = t::KeyScope)]
    pub scope: domain::KeyScope,
    /// Its first characters.
    #[schema(example = "br_6Qx0w")]
    pub hint: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// From then on it is not accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    /// Last request, to the minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<DateTime<Utc>>,
}

/// An API key that was just made.
#[derive(Debug, Serialize, ToSchema)]
pub struct MadeApiKey {
    /// The key as it is listed.
    pub key: ApiKey,
    /// The key itself, for `Authorization: Bearer`. It is not shown again.
    #[schema(example = "br_6Qx0wq2b0m3x1c2v3b4n5m6a7s8d9f0g1h2j3k4l5z6x")]
    pub secret: String,
}

/// API keys, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApiKeyList {
    /// The keys.
    pub keys: Vec<ApiKey>,
}

/// A new password, by somebody who knows the old one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChangePassword {
    /// The old one.
    #[schema(example = "seven wild geese")]
    pub current_password: String,
    /// At least 10 characters and not a common one.
    #[schema(example = "nine grey herons", min_length = 10, max_length = 1024)]
    pub new_password: String,
}

/// A forgotten password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ForgotPassword {
    /// E-mail address of the account.
    #[schema(example = "ada@example.org")]
    pub email: String,
}

/// A new password, by a link that was sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResetPassword {
    /// What the link has after `#token=`.
    #[schema(example = "q2b0m3x1c2v3b4n5m6a7s8d9f0g1h2j3k4l5z6x7c8v")]
    pub token: String,
    /// At least 10 characters and not a common one.
    #[schema(min_length = 10, max_length = 1024)]
    pub password: String,
}

/// A confirmed address, by a link that was sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VerifyEmail {
    /// What the link has after `#token=`.
    #[schema(example = "q2b0m3x1c2v3b4n5m6a7s8d9f0g1h2j3k4l5z6x7c8v")]
    pub token: String,
}

/// The end of the own account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequestDeletion {
    /// The account's password.
    pub password: String,
}
