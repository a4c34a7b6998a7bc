//! What administrators see and change.

use super::auth::User;
use super::text as t;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Which accounts.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ListUsers {
    /// From 1.
    #[param(minimum = 1, maximum = 1_000_000)]
    pub page: Option<u64>,
    /// Accounts a page; 20 where nothing is said.
    #[param(minimum = 1, maximum = 100)]
    pub page_size: Option<u64>,
    /// Text in address, name or organisation.
    pub search: Option<String>,
    /// Only of this role.
    #[param(value_type = Option<t::RoleFilter>)]
    pub role: Option<String>,
    /// Only of this tier.
    #[param(value_type = Option<t::TierFilter>)]
    pub tier: Option<String>,
    /// Only those that may not log in, or only those that may.
    #[param(value_type = Option<t::Ternary>)]
    pub disabled: Option<String>,
}

/// An account as administrators see it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdminUser {
    /// The account.
    #[serde(flatten)]
    pub user: User,
    /// Whether it may not log in.
    pub disabled: bool,
    /// When one of its sessions was used last, to the minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen_at: Option<DateTime<Utc>>,
}

/// Accounts, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminUserList {
    /// The accounts.
    pub users: Vec<AdminUser>,
}

/// One account.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminUserDetail {
    /// The account.
    pub user: AdminUser,
}

/// What is there, null included, against what is left out.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// What to change of an account's rights; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateUser {
    /// New role.
    #[schema(value_type = Option<t::Role>)]
    pub role: Option<domain::Role>,
    /// New tier.
    #[schema(value_type = Option<t::Tier>)]
    pub subscription_tier: Option<domain::Tier>,
    /// New monthly budget in USD; null for the tier's.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = t::NumberOrNull)]
    pub monthly_budget: Option<Option<f64>>,
    /// Whether it may not log in; its sessions end at once.
    pub disabled: Option<bool>,
}

/// A way to choose a new password, to be handed over.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PasswordResetLink {
    /// For `POST /api/auth/password/reset`; shown once.
    #[schema(example = "q2b0m3x1c2v3b4n5m6a7s8d9f0g1h2j3k4l5z6x7c8v")]
    pub token: String,
    /// The page that takes it, where `APP_URL` is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "https://train.example.org/reset-password#token=q2b0m3x1c2v3b4n5m6a7s8d9f0g1h2j3k4l5z6x7c8v")]
    pub url: Option<String>,
    /// From then on it is not accepted.
    pub expires_at: DateTime<Utc>,
}

/// A new invitation.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateInvitation {
    /// The only address that it is good for; it is sent there where the server can send links.
    #[schema(example = "grace@example.org", format = "email", max_length = 254)]
    pub email: Option<String>,
    /// Role of whoever signs up with it; `user` where it is left out.
    #[schema(value_type = Option<t::Role>)]
    pub role: Option<domain::Role>,
    /// Days that it is good; 7 where it is left out.
    #[schema(minimum = 1, maximum = 90)]
    pub expires_in_days: Option<u32>,
}

/// What became of an invitation.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum InvitationState {
    /// It can be used.
    Pending,
    /// Somebody signed up with it.
    Used,
    /// It was taken back.
    Revoked,
    /// It was not used in time.
    Expired,
}

/// An invitation.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Invitation {
    /// Id.
    pub id: Uuid,
    /// The only address that it is good for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Role of whoever signs up with it.
    #[schema(value_type = t::Role)]
    pub role: domain::Role,
    /// What became of it.
    pub state: InvitationState,
    /// Who invited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invited_by: Option<Uuid>,
    /// Who signed up with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used_by: Option<Uuid>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// From then on it is not accepted.
    pub expires_at: DateTime<Utc>,
    /// When it was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used_at: Option<DateTime<Utc>>,
}

/// An invitation that was just made.
#[derive(Debug, Serialize, ToSchema)]
pub struct MadeInvitation {
    /// The invitation.
    pub invitation: Invitation,
    /// For signing up; shown once.
    #[schema(example = "q2b0m3x1c2v3b4n5m6a7s8d9f0g1h2j3k4l5z6x7c8v")]
    pub token: String,
    /// The page that takes it, where `APP_URL` is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "https://train.example.org/reset-password#token=q2b0m3x1c2v3b4n5m6a7s8d9f0g1h2j3k4l5z6x7c8v")]
    pub url: Option<String>,
    /// Whether it was sent to its address.
    pub mailed: bool,
}

/// Invitations, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvitationList {
    /// The invitations.
    pub invitations: Vec<Invitation>,
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ListInvitations {
    /// From 1.
    #[param(minimum = 1, maximum = 1_000_000)]
    pub page: Option<u64>,
    /// Invitations a page; 20 where nothing is said.
    #[param(minimum = 1, maximum = 100)]
    pub page_size: Option<u64>,
}

/// An instance type with what was changed of it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdminInstance {
    /// Id.
    #[schema(example = "h100-80gb")]
    pub id: String,
    /// As shown.
    #[schema(example = "H100 (80GB)")]
    pub display_name: String,
    /// USD a GPU and hour.
    pub rate_per_hour: f64,
    /// Spot, USD a GPU and hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spot_rate_per_hour: Option<f64>,
    /// Whether it can be chosen: it is offered, and the cluster has it.
    pub available: bool,
    /// Whether administrators let it be chosen.
    pub offered: bool,
    /// USD a GPU and hour, as configured.
    pub configured_rate_per_hour: f64,
    /// Spot, USD a GPU and hour, as configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configured_spot_rate_per_hour: Option<f64>,
}

/// All instance types.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminInstanceList {
    /// The instance types.
    pub instances: Vec<AdminInstance>,
}

/// One instance type.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminInstanceDetail {
    /// The instance type.
    pub instance: AdminInstance,
}

/// What to change of an instance type; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateInstance {
    /// As shown; null for the configured name.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = t::TextOrNull)]
    pub display_name: Option<Option<String>>,
    /// USD a GPU and hour; null for the configured rate.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = t::NumberOrNull)]
    pub rate_per_hour: Option<Option<f64>>,
    /// Spot, USD a GPU and hour; null for the configured rate.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = t::NumberOrNull)]
    pub spot_rate_per_hour: Option<Option<f64>>,
    /// Whether it can be chosen.
    pub offered: Option<bool>,
}

/// Which lines of the audit log.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ListAudit {
    /// From 1.
    #[param(minimum = 1, maximum = 1_000_000)]
    pub page: Option<u64>,
    /// Lines a page; 20 where nothing is said.
    #[param(minimum = 1, maximum = 100)]
    pub page_size: Option<u64>,
    /// Only this act.
    #[param(value_type = Option<t::AuditActionFilter>)]
    pub action: Option<String>,
    /// Only what this account did, or what was done to it.
    pub user_id: Option<Uuid>,
}

/// An account as a line of the audit log names it.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditAccount {
    /// Id; it stays when the account is gone.
    pub id: Uuid,
    /// Name, while the account is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// E-mail address, while the account is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// A line of the audit log.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditEntry {
    /// Id.
    pub id: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// What was done.
    #[schema(value_type = t::AuditAction)]
    pub action: domain::audit::AuditAction,
    /// By whom; absent where nobody was logged in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<AuditAccount>,
    /// To what: an account, a session, a key, an invitation. Name and address are there where it is an account that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<AuditAccount>,
    /// How the actor came in: `session:ID` or `key:ID`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "session:01971b8e-7c00-7000-8000-000000000005")]
    pub via: Option<String>,
    /// Network of the actor.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "192.0.2.0/24")]
    pub address_prefix: Option<String>,
    /// What changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object, example = json!({"from": "user", "to": "admin"}))]
    pub details: Option<Value>,
}

/// Lines of the audit log, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditLog {
    /// The lines.
    pub entries: Vec<AuditEntry>,
}
