//! The OpenAPI document as a measure: every answer that a test gets must be one that the document declares.

use crate::world::Answer;
use serde_json::{Map, Value};
use std::sync::LazyLock;

pub static DOCUMENT: LazyLock<Value> = LazyLock::new(api::openapi);

/// An operation of the document.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    pub method: &'static str,
    pub path: &'static str,
    pub entry: &'static Value,
}

pub fn operations() -> impl Iterator<Item = Operation> {
    DOCUMENT["paths"].as_object().expect("paths").iter().flat_map(|(path, item)| {
        let operations = item.as_object().expect("operations").iter();
        operations.map(move |(method, entry)| Operation { method, path, entry })
    })
}

/// The operation that answers a request; a path without parameters wins.
pub fn operation(method: &str, path: &str) -> Option<Operation> {
    let path = path.split('?').next().unwrap_or_default();
    let fits = |template: &str| {
        let (mut asked, mut wanted) = (path.split('/'), template.split('/'));
        loop {
            match (asked.next(), wanted.next()) {
                (None, None) => return true,
                (Some(_), Some("{key}")) => return true,
                (Some(part), Some(want)) if part == want || want.starts_with('{') => {}
                _ => return false,
            }
        }
    };
    let fitting = operations().filter(|operation| operation.method.eq_ignore_ascii_case(method) && fits(operation.path));
    fitting.min_by_key(|operation| operation.path.matches('{').count())
}

/// Follows a reference.
pub fn resolved(value: &'static Value) -> &'static Value {
    match value["$ref"].as_str() {
        Some(reference) => DOCUMENT.pointer(reference.trim_start_matches('#')).unwrap_or_else(|| panic!("{reference} leads nowhere")),
        None => value,
    }
}

/// Fails when the document does not declare this answer: its status, its error's code, every property and its type.
pub fn check(method: &str, path: &str, answer: &Answer) {
    let Some(operation) = operation(method, path) else { return };
    let (status, name) = (answer.status.as_u16(), format!("{method} {}", operation.path));
    if matches!(status, 405 | 304) {
        return;
    }
    let responses = &operation.entry["responses"];
    let declared = responses.get(status.to_string());
    let declared = resolved(declared.unwrap_or_else(|| {
        panic!("{name} answered {status}, which it does not declare: {}", String::from_utf8_lossy(&answer.bytes));
    }));
    let Some(schema) = declared.pointer("/content/application~1json/schema") else { return };
    let body = answer.json();
    if let Some(codes) = declared["x-codes"].as_array() {
        let code = &body["error"]["code"];
        assert!(codes.contains(code), "{name} answered {status} {code}, but declares {codes:?}: name it in its x-codes");
    }
    if let Err(problem) = fits(schema, &body) {
        panic!("{name} answered what its schema does not allow: {problem}\n{body:#}");
    }
}

/// Whether a value is one of a schema's, with no property that the schema does not name.
pub fn fits(schema: &'static Value, value: &Value) -> Result<(), String> {
    let schema = resolved(schema);
    let mut parts = Vec::new();
    collect(schema, &mut parts);
    for part in &parts {
        part_fits(part, value)?;
    }
    let Some(object) = value.as_object() else { return Ok(()) };
    let closed = parts.iter().any(|part| part.get("properties").is_some());
    let open = parts.iter().any(|part| part.get("additionalProperties").is_some_and(|others| *others != Value::Bool(false)));
    let known = |name: &String| parts.iter().any(|part| part["properties"].get(name).is_some());
    match object.keys().find(|name| closed && !open && !known(name)) {
        Some(name) => Err(format!("`{name}` is not declared")),
        None => Ok(()),
    }
}

/// A schema with all that it is made of.
fn collect(schema: &'static Value, parts: &mut Vec<&'static Value>) {
    let schema = resolved(schema);
    parts.push(schema);
    for part in schema["allOf"].as_array().into_iter().flatten() {
        collect(part, parts);
    }
}

fn part_fits(schema: &'static Value, value: &Value) -> Result<(), String> {
    let variants = schema["oneOf"].as_array().or(schema["anyOf"].as_array());
    if let Some(variants) = variants
        && !variants.iter().any(|variant| fits(variant, value).is_ok())
    {
        return Err(format!("{value} is none of the variants"));
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !kinds.is_empty() && !kinds.iter().any(|kind| is(kind, value)) {
        return Err(format!("{value} is not of type {kinds:?}"));
    }
    if schema["enum"].as_array().is_some_and(|values| !values.contains(value)) {
        return Err(format!("{value} is none of {}", schema["enum"]));
    }
    match value {
        Value::Number(_) => number_fits(schema, value),
        Value::String(text) => text_fits(schema, text),
        Value::Array(items) => items.iter().enumerate().try_for_each(|(i, item)| within(&i.to_string(), schema.get("items"), item)),
        Value::Object(object) => object_fits(schema, object),
        _ => Ok(()),
    }
}

fn is(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "number" => value.is_number(),
        _ => value.is_null(),
    }
}

fn within(name: &str, schema: Option<&'static Value>, value: &Value) -> Result<(), String> {
    schema.map_or(Ok(()), |schema| fits(schema, value).map_err(|problem| format!("{name}: {problem}")))
}

fn number_fits(schema: &Value, value: &Value) -> Result<(), String> {
    let number = value.as_f64().unwrap_or_default();
    let below = schema["minimum"].as_f64().is_some_and(|least| number < least);
    let above = schema["maximum"].as_f64().is_some_and(|most| number > most);
    if below || above { Err(format!("{value} is out of bounds")) } else { Ok(()) }
}

fn text_fits(schema: &Value, text: &str) -> Result<(), String> {
    let length = text.chars().count() as u64;
    if schema["minLength"].as_u64().is_some_and(|least| length < least) || schema["maxLength"].as_u64().is_some_and(|most| length > most) {
        return Err(format!("'{text}' has {length} characters"));
    }
    let right = match schema["format"].as_str() {
        Some("uuid") => text.parse::<uuid::Uuid>().is_ok(),
        Some("date-time") => chrono::DateTime::parse_from_rfc3339(text).is_ok(),
        Some("date") => text.parse::<chrono::NaiveDate>().is_ok(),
        _ => true,
    };
    if right { Ok(()) } else { Err(format!("'{text}' is not of format {}", schema["format"])) }
}

fn object_fits(schema: &'static Value, object: &Map<String, Value>) -> Result<(), String> {
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !object.contains_key(name) {
            return Err(format!("`{name}` is missing"));
        }
    }
    for (name, value) in object {
        let others = schema.get("additionalProperties").filter(|others| others.is_object());
        within(name, schema["properties"].get(name).or(others), value)?;
    }
    Ok(())
}
