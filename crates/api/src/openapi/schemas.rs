//! What derived schemas do not say by themselves.

use super::operations_of;
use serde_json::{Map, Value, json};

/// Requests whose numbers have the ranges of the domain.
const RANGED: &[&str] = &["HyperparameterInput", "CreateJobRequest", "EstimateRequest", "ConfigurationSettings"];

/// Mends all schemas of the document.
pub fn mend(document: &mut Value) {
    if let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
        let names: Vec<String> = schemas.keys().cloned().collect();
        for (name, schema) in schemas.iter_mut() {
            absent_not_null(schema);
            // An envelope names its data instead of repeating its shape.
            if let Some(data) = name.strip_prefix("Envelope_").filter(|data| names.iter().any(|known| known == data)) {
                schema["properties"]["data"] = json!({"$ref": format!("#/components/schemas/{data}")});
            }
        }
        ranges(schemas);
    }
    for (_, _, operation) in operations_of(document) {
        // A body that may be left out is not null either.
        if let Some(schema) = operation.get_mut("requestBody").and_then(|body| body.pointer_mut("/content/application~1json/schema")) {
            drop_null(schema);
        }
        for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
            drop_null(&mut parameter["schema"]);
            if parameter["name"] == "page" {
                parameter["schema"]["maximum"] = json!(crate::extract::MAX_PAGE);
            }
        }
    }
}

/// The ranges that requests are checked against are those of the schema.
fn ranges(schemas: &mut Map<String, Value>) {
    let limits = serde_json::to_value(domain::job::LIMITS).unwrap_or_default();
    for name in RANGED {
        let properties = schemas.get_mut(*name).and_then(|schema| schema["properties"].as_object_mut());
        for (name, property) in properties.into_iter().flatten() {
            let Some(range) = limits.get(name) else { continue };
            let whole = property["type"] == "integer";
            property["minimum"] = number(&range["min"], whole);
            property["maximum"] = number(&range["max"], whole);
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the ranges of whole numbers are whole and small")]
fn number(value: &Value, whole: bool) -> Value {
    match value.as_f64() {
        Some(number) if whole => json!(number as i64),
        _ => value.clone(),
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
