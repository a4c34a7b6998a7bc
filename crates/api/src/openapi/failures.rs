//! The failures of each operation, by status, with their codes.
//!
//! What follows from an operation's shape (a body, parameters, an id in its path, a session) is added here by itself. Codes that are its
//! own stand in its declaration: `extensions(("x-codes" = json!(["BUDGET_EXCEEDED"])))`.

use super::codes::{self, CODES};
use super::operations_of;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Where an operation names codes of its own.
const OWN: &str = "x-codes";
/// Codes of things by the beginning of the path that names them.
const NOT_FOUND: &[(&str, &str)] = &[
    ("/api/admin/instances/{id}", "INSTANCE_NOT_FOUND"),
    ("/api/admin/invitations/{id}", "INVITATION_NOT_FOUND"),
    ("/api/admin/users/{id}", "USER_NOT_FOUND"),
    ("/api/auth/keys/{id}", "KEY_NOT_FOUND"),
    ("/api/auth/sessions/{id}", "SESSION_NOT_FOUND"),
    ("/api/configurations/{id}", "CONFIGURATION_NOT_FOUND"),
    ("/api/datasets/{id}", "DATASET_NOT_FOUND"),
    ("/api/jobs/{id}", "JOB_NOT_FOUND"),
    ("/api/models/{id}", "MODEL_NOT_FOUND"),
    ("/api/notifications/{id}", "NOTIFICATION_NOT_FOUND"),
    ("/api/webhooks/{id}", "WEBHOOK_NOT_FOUND"),
];
/// Codes that nearly every operation shares: their answers are components.
const SHARED: &[(u16, &str, &str)] = &[
    (401, "Unauthorized", "UNAUTHORIZED"),
    (415, "UnsupportedMediaType", "UNSUPPORTED_MEDIA_TYPE"),
    (429, "RateLimited", "RATE_LIMITED"),
    (500, "InternalError", "INTERNAL_ERROR"),
    (503, "Unavailable", "SERVICE_UNAVAILABLE"),
];

/// Puts the failures of every operation in the place of its `default` answer.
pub fn spell_out(document: &mut Value) {
    document["components"]["responses"] = shared();
    for (path, method, operation) in operations_of(document) {
        let Some(responses) = operation.get("responses").and_then(Value::as_object).cloned() else { continue };
        let own = operation.remove(OWN);
        if !responses.contains_key("default") {
            continue;
        }
        let mut all: BTreeMap<u16, BTreeSet<&'static str>> = BTreeMap::new();
        let own = own.as_ref().and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        for code in own.chain(implied(&path, &method, operation)) {
            // A code that has no row is found by the test of the table.
            for status in codes::find(code).into_iter().flat_map(|row| row.statuses) {
                all.entry(*status).or_default().extend(codes::find(code).map(|row| row.code));
            }
        }
        let mut responses = responses;
        responses.remove("default");
        for (status, codes) in all {
            responses.insert(status.to_string(), failure(status, &codes));
        }
        operation.insert("responses".to_owned(), Value::Object(responses));
    }
}

/// Codes that follow from an operation's shape.
fn implied(path: &str, method: &str, operation: &Map<String, Value>) -> Vec<&'static str> {
    let mut codes = vec!["INTERNAL_ERROR", "SERVICE_UNAVAILABLE"];
    let has_session = operation.get("security").is_some_and(|security| security.to_string().contains("bearer"));
    if has_session {
        codes.extend(["UNAUTHORIZED", "RATE_LIMITED"]);
        if !matches!(method, "get" | "head") {
            codes.extend(["KEY_READ_ONLY", "ORIGIN_MISMATCH"]);
        }
    }
    let content = operation.get("requestBody").and_then(|body| body["content"].as_object());
    if content.is_some_and(|content| content.contains_key("application/json")) {
        codes.extend(["VALIDATION_ERROR", "PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE"]);
    }
    let parameters = operation.get("parameters").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if parameters.iter().any(|parameter| parameter["in"] != "path") {
        codes.push("VALIDATION_ERROR");
    }
    if parameters.iter().any(|parameter| parameter["name"] == "Idempotency-Key") {
        codes.extend(["IDEMPOTENCY_KEY_REUSED", "REQUEST_IN_PROGRESS"]);
    }
    if path.contains("{id}") {
        codes.push("NOT_FOUND");
        codes.extend(NOT_FOUND.iter().filter(|(prefix, _)| path.starts_with(prefix)).map(|(_, code)| *code));
    }
    codes
}

fn failure(status: u16, codes: &BTreeSet<&'static str>) -> Value {
    if let Some((_, name, code)) = SHARED.iter().find(|(shared, ..)| *shared == status)
        && codes.len() == 1
        && codes.contains(code)
    {
        return json!({"$ref": format!("#/components/responses/{name}")});
    }
    described(status, codes)
}

/// An answer with an example of each code. The codes are also under `x-codes`, for programs.
fn described(status: u16, codes: &BTreeSet<&'static str>) -> Value {
    let rows = || codes.iter().filter_map(|code| codes::find(code));
    let description: Vec<String> = rows().map(|row| format!("`{}`: {}", row.code, row.meaning)).collect();
    let examples: Map<String, Value> =
        rows().map(|row| (row.code.to_owned(), json!({"summary": row.meaning, "value": example(row.code, row.meaning)}))).collect();
    let mut response = json!({
        "description": description.join("\n"),
        OWN: codes.iter().collect::<Vec<_>>(),
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorEnvelope"}, "examples": examples}},
    });
    if matches!(status, 429 | 503) {
        response["headers"] = json!({"Retry-After": {"description": "Seconds to wait", "schema": {"type": "integer", "minimum": 1}}});
    }
    response
}

fn example(code: &str, meaning: &str) -> Value {
    let mut error = json!({"code": code, "message": meaning.replace('`', "")});
    if code == "VALIDATION_ERROR" {
        error["message"] = json!("name: it must have 1 to 200 characters.");
        error["field"] = json!("name");
    }
    json!({"success": false, "error": error})
}

fn shared() -> Value {
    let all: Map<String, Value> =
        SHARED.iter().map(|(status, name, code)| ((*name).to_owned(), described(*status, &BTreeSet::from([*code])))).collect();
    Value::Object(all)
}

/// The table of all codes in Markdown.
pub fn table() -> String {
    let mut text = String::from("| code | status | when |\n|---|---|---|\n");
    for row in CODES {
        let statuses: Vec<String> = row.statuses.iter().map(u16::to_string).collect();
        text.push_str(&format!("| `{}` | {} | {} |\n", row.code, statuses.join(", "), row.meaning));
    }
    text
}
