//! The OpenAPI document. Each entry is declared with its route; here is what belongs to all of them.

use crate::dto::common::ErrorEnvelope;
use crate::dto::{costs, datasets, job_requests, models, text};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, Modify, OpenApi};

/// Every failure of every operation.
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
        datasets::DatasetSort,
        job_requests::JobSort,
        models::ArtifactKind,
        models::ModelSort,
        text::DatasetFormatFilter,
        text::DatasetStatusFilter,
        text::JobStatusFilter,
        text::ModelStatusFilter,
        text::Ternary
    )),
    modifiers(&SecuritySchemes),
    security(("bearer" = []), ("cookie" = [])),
    tags(
        (name = "auth", description = "Accounts and sessions"),
        (name = "datasets", description = "Data sets"),
        (name = "jobs", description = "Training jobs"),
        (name = "models", description = "Trained adapters"),
        (name = "costs", description = "Costs"),
        (name = "notifications", description = "Notifications"),
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
    if let Some(schemas) = value.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
        let names: Vec<String> = schemas.keys().cloned().collect();
        for (name, schema) in schemas.iter_mut() {
            absent_not_null(schema);
            // An envelope names its data instead of repeating its shape.
            if let Some(data) = name.strip_prefix("Envelope_").filter(|data| names.iter().any(|known| known == data)) {
                schema["properties"]["data"] = json!({"$ref": format!("#/components/schemas/{data}")});
            }
        }
    }
    optional_bodies(&mut value);
    value
}

/// A body that may be left out is not null either.
fn optional_bodies(document: &mut Value) {
    let items = document.pointer_mut("/paths").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut);
    for operation in items.filter_map(Value::as_object_mut).flat_map(Map::values_mut) {
        if let Some(schema) = operation.pointer_mut("/requestBody/content/application~1json/schema") {
            drop_null(schema);
        }
    }
}

/// An optional property is left out, never null; the derived schema would allow both.
fn absent_not_null(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            let required: Vec<String> = object
                .get("required")
                .and_then(Value::as_array)
                .map(|names| names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect())
                .unwrap_or_default();
            if let Some(properties) = object.get_mut("properties").and_then(Value::as_object_mut) {
                for (name, property) in properties.iter_mut() {
                    if !required.contains(name) {
                        drop_null(property);
                    }
                }
            }
            object.values_mut().for_each(absent_not_null);
        }
        Value::Array(items) => items.iter_mut().for_each(absent_not_null),
        _ => {}
    }
}

fn drop_null(property: &mut Value) {
    let Some(object) = property.as_object_mut() else { return };
    if let Some(types) = object.get_mut("type").and_then(Value::as_array_mut) {
        types.retain(|kind| kind != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".to_owned(), only);
        }
    }
    if let Some(variants) = object.get_mut("oneOf").and_then(Value::as_array_mut) {
        variants.retain(|variant| variant.get("type").is_none_or(|kind| kind != "null"));
        if let [Value::Object(only)] = variants.as_slice() {
            let only: Map<String, Value> = only.clone();
            object.remove("oneOf");
            object.extend(only);
        }
    }
}
