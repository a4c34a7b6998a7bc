//! Accounts.

use super::text as t;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A new account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignupRequest {
    /// E-mail address; compared without case.
    #[schema(example = "ada@example.org", format = "email", max_length = 254)]
    pub email: String,
    /// At least 10 characters and not a common one.
    #[schema(min_length = 10, max_length = 1024)]
    pub password: String,
    /// As shown.
    #[schema(min_length = 1, max_length = 200, pattern = r"\S")]
    pub name: String,
    /// Organisation.
    #[schema(max_length = 200)]
    pub organization: Option<String>,
    /// Token of an invitation, where the server takes accounts by invitation.
    #[schema(example = "q2b0m3x1c2v3b4n5m6a7s8d9f0g1h2j3k4l5z6x7c8v")]
    pub invitation: Option<String>,
}

/// Credentials.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LoginRequest {
    /// E-mail address.
    pub email: String,
    /// Password.
    pub password: String,
}

/// What to change of the own account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateMe {
    /// New name.
    #[schema(min_length = 1, max_length = 200, pattern = r"\S")]
    pub name: Option<String>,
    /// New organisation; an empty text removes it.
    #[schema(max_length = 200)]
    pub organization: Option<String>,
    /// New e-mail address. Needs `currentPassword`. Where the server sends mail, it counts from when the link that is sent there is opened.
    #[schema(example = "ada@example.org", format = "email", max_length = 254)]
    pub email: Option<String>,
    /// The password, for a new e-mail address.
    #[schema(example = "seven wild geese")]
    pub current_password: Option<String>,
}

/// An account.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Id.
    pub id: Uuid,
    /// E-mail address.
    pub email: String,
    /// Name.
    pub name: String,
    /// Organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// What it may do.
    #[schema(value_type = t::Role)]
    pub role: domain::Role,
    /// Its tier.
    #[schema(value_type = t::Tier)]
    pub subscription_tier: domain::Tier,
    /// Its own monthly budget in USD; absent where the tier's counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monthly_budget: Option<f64>,
    /// Whether its owner proved that the address is theirs.
    pub email_verified: bool,
    /// When it goes with its data, where its owner asked for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletion_scheduled_for: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// A session that has begun. The same token is set as the cookie `brightrun_session`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// The account.
    pub user: User,
    /// For `Authorization: Bearer`.
    pub token: String,
    /// When the session ends by itself.
    pub expires_at: DateTime<Utc>,
}

/// The own account.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Me {
    /// The account.
    pub user: User,
    /// Of an answer to a change of address: the address that the account will have when the link that was sent there is opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "ada@example.com")]
    pub pending_email: Option<String>,
}
