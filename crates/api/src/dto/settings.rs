//! Settings of an account.

use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use utoipa::openapi::schema::AnyOfBuilder;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// An account's settings.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccountSettings {
    /// Through what each kind of notification is told, by type.
    pub notifications: BTreeMap<String, NotificationChannels>,
    /// Whether this server can send mail at all.
    pub mail_available: bool,
    /// The monthly budget that the account has set itself, USD.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monthly_budget: Option<f64>,
    /// What an administrator or the tier allows, USD; absent means unlimited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget_allowed: Option<f64>,
    /// The lower of the two, which is enforced; absent means unlimited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget_in_force: Option<f64>,
    /// Base model of jobs whose request names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_base_model: Option<String>,
    /// Instance type of jobs whose request names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_instance_type: Option<String>,
    /// IANA name of the time zone in which weeks are summed up, and costs listed where the request names none.
    #[schema(example = "Europe/Vienna")]
    pub timezone: String,
}

/// Through what a kind of notification is told.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NotificationChannels {
    /// In the list of notifications and its stream.
    pub in_app: bool,
    /// By mail.
    pub mail: bool,
    /// To webhooks, as far as they ask for it.
    pub webhook: bool,
}

/// What to change of the settings. What is left out stays as it is.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateSettings {
    /// Kinds of notification by type; kinds and channels that are left out stay as they are.
    #[serde(default)]
    #[schema(example = json!({ "job_failed": { "mail": false } }))]
    pub notifications: BTreeMap<String, ChannelsChange>,
    /// The account's own monthly budget, USD, up to what is allowed; null takes it back.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<NumberOrNull>)]
    pub monthly_budget: Option<Option<f64>>,
    /// Base model of jobs whose request names none; null takes it back.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<StringOrNull>)]
    pub default_base_model: Option<Option<String>>,
    /// Instance type of jobs whose request names none; null takes it back.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<StringOrNull>)]
    pub default_instance_type: Option<Option<String>>,
    /// IANA name of a time zone.
    #[schema(example = "Europe/Vienna", pattern = "^[A-Za-z0-9_+/-]+$")]
    pub timezone: Option<String>,
}

/// Channels to switch on or off.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChannelsChange {
    /// In the list of notifications and its stream.
    pub in_app: Option<bool>,
    /// By mail.
    pub mail: Option<bool>,
    /// To webhooks.
    pub webhook: Option<bool>,
}

/// What is given, null included; what is left out is none by default.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

/// A number, or null to take one back.
pub struct NumberOrNull;

/// A text, or null to take one back.
pub struct StringOrNull;

fn or_null(kind: Type) -> RefOr<Schema> {
    let of = |kind| ObjectBuilder::new().schema_type(kind);
    Schema::AnyOf(AnyOfBuilder::new().item(of(kind)).item(of(Type::Null)).build()).into()
}

impl PartialSchema for NumberOrNull {
    fn schema() -> RefOr<Schema> {
        or_null(Type::Number)
    }
}

impl ToSchema for NumberOrNull {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("NumberOrNull")
    }
}

impl PartialSchema for StringOrNull {
    fn schema() -> RefOr<Schema> {
        or_null(Type::String)
    }
}

impl ToSchema for StringOrNull {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("StringOrNull")
    }
}
