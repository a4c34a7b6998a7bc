//! The OpenAPI document. Each entry is declared with its route; here is what belongs to all of them.

mod codes;
mod examples;
mod failures;
mod schemas;

pub use codes::CODES;
pub use failures::table as error_table;

use crate::dto::common::ErrorEnvelope;
use crate::dto::{costs, datasets, job_requests, models, text};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, Modify, OpenApi};

/// The failures of an operation: those that follow from its shape, and its own codes under `x-codes`.
#[derive(Debug)]
pub struct Failures;

impl IntoResponses for Failures {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("ErrorEnvelope"))).build();
        let response = ResponseBuilder::new().description("What went wrong").content("application/json", content).build();
        BTreeMap::from([("default".to_owned(), response.into())])
    }
}

/// What belongs to all operations.
#[derive(Debug, OpenApi)]
#[openapi(
    info(
        title = "BrightRun",
        description = "Turns a file of conversations into a trained LoRA adapter. Answers are `{success, data, meta?}`; failures are \
                       `{success, error: {code, message, details?, field?}}`. Times are ISO 8601 in UTC, money is USD, sizes are bytes.",
        license(name = "MIT OR Apache-2.0")
    ),
    components(schemas(
        ErrorEnvelope,
        costs::CostGrouping,
        costs::CostScope,
        datasets::DatasetSort,
        job_requests::JobSort,
        models::ArtifactKind,
        models::ModelSort,
        text::AuditActionFilter,
        text::DatasetFormatFilter,
        text::DatasetStatusFilter,
        text::JobStatusFilter,
        text::ModelStatusFilter,
        text::RoleFilter,
        text::TierFilter,
        text::Ternary
    )),
    modifiers(&SecuritySchemes),
    security(("bearer" = []), ("cookie" = [])),
    tags(
        (name = "auth", description = "Accounts and sessions"),
        (name = "admin", description = "For administrators"),
        (name = "datasets", description = "Data sets"),
        (name = "jobs", description = "Training jobs"),
        (name = "models", description = "Trained adapters"),
        (name = "costs", description = "Costs"),
        (name = "notifications", description = "Notifications"),
        (name = "settings", description = "What an account says about itself"),
        (name = "webhooks", description = "Addresses to which notifications are sent"),
        (name = "configurations", description = "Saved settings of jobs to come"),
        (name = "catalogue", description = "What is on offer"),
        (name = "activity", description = "What happened lately"),
        (name = "storage", description = "Signed addresses of objects"),
        (name = "server", description = "The server itself")
    )
)]
pub struct ApiDoc;

struct SecuritySchemes;

impl Modify for SecuritySchemes {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_default();
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        let cookie = ApiKeyValue::new(crate::extract::SESSION_COOKIE);
        components.add_security_scheme("cookie", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
        components.add_security_scheme("metricsToken", SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build()));
        let signed = ApiKeyValue::with_description("signature", "The address comes signed from another operation");
        components.add_security_scheme("signedUrl", SecurityScheme::ApiKey(ApiKey::Query(signed)));
        let callback = ApiKeyValue::with_description("x-brightrun-signature", "Signed with the key of the attempt");
        components.add_security_scheme("signature", SecurityScheme::ApiKey(ApiKey::Header(callback)));
    }
}

/// The document of all operations, as JSON.
pub fn openapi() -> Value {
    let document = crate::routes::operations().into_openapi();
    // Serialising a document that was just built from maps and strings cannot fail; an empty document would fail every test there is.
    let mut value = serde_json::to_value(document).unwrap_or_default();
    if let Some(paths) = value.pointer_mut("/paths").and_then(Value::as_object_mut) {
        // The router's `{*key}`, which matches slashes too, is `{key}` in OpenAPI.
        *paths = std::mem::take(paths).into_iter().map(|(path, item)| (path.replace("{*", "{"), item)).collect();
    }
    schemas::mend(&mut value);
    say_who_may_call(&mut value);
    failures::spell_out(&mut value);
    examples::illustrate(&mut value);
    value
}

/// Every operation says itself how its caller is known.
fn say_who_may_call(document: &mut Value) {
    let usual = document["security"].clone();
    for (_, _, operation) in operations_of(document) {
        operation.entry("security").or_insert_with(|| usual.clone());
    }
}

/// All operations with their path and method.
fn operations_of(document: &mut Value) -> impl Iterator<Item = (String, String, &mut Map<String, Value>)> {
    let paths = document.pointer_mut("/paths").and_then(Value::as_object_mut).into_iter().flatten();
    paths.flat_map(|(path, item)| {
        let operations = item.as_object_mut().into_iter().flatten();
        operations.filter_map(|(method, operation)| Some((path.clone(), method.clone(), operation.as_object_mut()?)))
    })
}
