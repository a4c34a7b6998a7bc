//! How the text enumerations of the domain look in the OpenAPI document. The domain itself knows nothing of OpenAPI, so each gets a
//! marker here that is named by `#[schema(value_type = ..)]`; values come from the enumeration, so they cannot drift.

use std::borrow::Cow;
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

/// A string schema with these values.
fn strings(values: impl Iterator<Item = &'static str>) -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(values)).into()
}

macro_rules! text_schema {
    ($($(#[$meta:meta])* $name:ident: $first:expr, $values:path);+ $(;)?) => {$(
        $(#[$meta])*
        pub struct $name;

        impl utoipa::PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let first: &[&'static str] = &$first;
                strings(first.iter().copied().chain(<$values>::ALL.iter().map(|value| value.as_str())))
            }
        }

        impl utoipa::ToSchema for $name {
            fn name() -> Cow<'static, str> { Cow::Borrowed(stringify!($name)) }
        }
    )+};
}

text_schema! {
    /// Role of an account.
    Role: [], domain::Role;
    /// The same, or all of them.
    RoleFilter: ["all"], domain::Role;
    /// Subscription tier.
    Tier: [], domain::Tier;
    /// The same, or all of them.
    TierFilter: ["all"], domain::Tier;
    /// What an API key is good for.
    KeyScope: [], domain::KeyScope;
    /// An act that the audit log keeps.
    AuditAction: [], domain::audit::AuditAction;
    /// The same, or all of them.
    AuditActionFilter: ["all"], domain::audit::AuditAction;
    /// Format of a data set.
    DatasetFormat: [], domain::dataset::DatasetFormat;
    /// The same, or all of them.
    DatasetFormatFilter: ["all"], domain::dataset::DatasetFormat;
    /// Where a data set is in its life.
    DatasetStatus: [], domain::dataset::DatasetStatus;
    /// The same, or all of them.
    DatasetStatusFilter: ["all"], domain::dataset::DatasetStatus;
    /// What can be mended in a data set.
    DatasetFix: [], domain::dataset::DatasetFix;
    /// How bad a finding is.
    Severity: [], domain::dataset::Severity;
    /// What becomes of a token of an example.
    TokenPart: [], domain::dataset::TokenPart;
    /// Whether blocks are computed again in the backward pass.
    GradientCheckpointing: [], domain::job::GradientCheckpointing;
    /// Preset.
    PresetId: [], domain::job::PresetId;
    /// What happens to examples above the sequence length.
    OverlongExamples: [], domain::job::OverlongExamples;
    /// Numbers in which the base model's matrices are kept.
    Precision: [], domain::job::Precision;
    /// Optimiser.
    OptimizerType: [], domain::job::OptimizerType;
    /// Learning rate schedule.
    Scheduler: [], domain::job::Scheduler;
    /// Where a job is in its life.
    JobStatus: [], domain::job::JobStatus;
    /// The same, or all of them; `active` and `running` mean initializing or running.
    JobStatusFilter: ["all", "active"], domain::job::JobStatus;
    /// What a job is doing.
    JobStage: [], domain::job::JobStage;
    /// The page's stages.
    StageGroup: [], domain::job::StageGroup;
    /// What became of a message to a webhook.
    DeliveryStatus: [], domain::webhook::DeliveryStatus;
    /// Level of a log line.
    LogLevel: [], domain::job::LogLevel;
    /// Why a job was cancelled.
    CancelReason: [], domain::job::CancelReason;
    /// Where a model is in its life.
    ModelStatus: [], domain::model::ModelStatus;
    /// The same, or all of them.
    ModelStatusFilter: ["all"], domain::model::ModelStatus;
    /// How the loss converged.
    ConvergenceQuality: [], domain::model::ConvergenceQuality;
    /// Where the validation loss was going when the run ended.
    LossTrend: [], domain::model::LossTrend;
    /// What was drawn anew in a bootstrap.
    ResampledUnit: [], domain::evaluation::ResampledUnit;
    /// What a notification is about.
    NotificationType: [], domain::notification::NotificationKind;
    /// How urgent a notification is.
    NotificationPriority: [], domain::notification::NotificationPriority;
}

/// Yes, no, or either.
pub struct Ternary;

impl utoipa::PartialSchema for Ternary {
    fn schema() -> RefOr<Schema> {
        strings(["all", "true", "false"].into_iter())
    }
}

impl utoipa::ToSchema for Ternary {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Ternary")
    }
}

/// Who may sign up.
pub struct SignupMode;

impl utoipa::PartialSchema for SignupMode {
    fn schema() -> RefOr<Schema> {
        strings(["open", "invite", "closed"].into_iter())
    }
}

impl utoipa::ToSchema for SignupMode {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("SignupMode")
    }
}

macro_rules! or_null {
    ($($(#[$meta:meta])* $name:ident: $kind:expr);+ $(;)?) => {$(
        $(#[$meta])*
        pub struct $name;

        impl utoipa::PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new().schema_type(SchemaType::from_iter([$kind, Type::Null])).into()
            }
        }

        impl utoipa::ToSchema for $name {
            fn name() -> Cow<'static, str> { Cow::Borrowed(stringify!($name)) }
        }
    )+};
}

or_null! {
    /// A number; null takes it away.
    NumberOrNull: Type::Number;
    /// A text; null takes it away.
    TextOrNull: Type::String;
}
