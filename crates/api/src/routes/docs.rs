//! `/openapi.json` and `/docs`.

use crate::base;
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use serde_json::{Value, json};
use std::fmt::Write;
use std::sync::LazyLock;

static DOCUMENT: LazyLock<Value> = LazyLock::new(crate::openapi::openapi);
static PAGE: LazyLock<String> = LazyLock::new(|| page(&DOCUMENT));

/// The OpenAPI document.
pub async fn openapi_json(State(state): State<ApiState>) -> Response {
    let base = base::path(&state.app.config.public_url);
    if base.is_empty() {
        return Json(&*DOCUMENT).into_response();
    }
    let mut document = DOCUMENT.clone();
    document["servers"] = json!([{ "url": base }]);
    Json(document).into_response()
}

/// A page that lists all operations, made from the document; it needs nothing from elsewhere.
pub async fn docs() -> Html<&'static str> {
    Html(&PAGE)
}

fn page(document: &Value) -> String {
    let mut html = String::from(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\"><title>BrightRun API</title>\
         <style>body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}code{font-size:.95em}\
         details{border:1px solid #ccc;border-radius:8px;margin:.5rem 0;padding:.5rem 1rem}summary{cursor:pointer}\
         b{display:inline-block;min-width:4.5rem}pre{overflow:auto;background:#f4f4f5;padding:1rem;border-radius:8px}</style>\
         <h1>BrightRun API</h1><p>Made from <a href=\"openapi.json\">openapi.json</a>, which any OpenAPI 3.1 tool can read.</p>",
    );
    let tags = document["tags"].as_array().map(Vec::as_slice).unwrap_or_default();
    for tag in tags {
        let _ = write!(html, "<h2>{}</h2>", escape(tag["description"].as_str().unwrap_or_default()));
        for (path, methods) in document["paths"].as_object().into_iter().flatten() {
            for (method, operation) in methods.as_object().into_iter().flatten() {
                if operation["tags"].as_array().is_some_and(|tags| tags.contains(&tag["name"])) {
                    operation_entry(&mut html, path, method, operation);
                }
            }
        }
    }
    html.push_str("<h2>Shapes</h2>");
    for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
        let _ = write!(html, "<details id=\"{0}\"><summary><code>{0}</code></summary>{1}</details>", escape(name), pretty(schema));
    }
    html
}

fn operation_entry(html: &mut String, path: &str, method: &str, operation: &Value) {
    let summary = operation["summary"].as_str().unwrap_or_default();
    let _ = write!(
        html,
        "<details><summary><b>{}</b> <code>{}</code> — {}</summary>",
        escape(&method.to_uppercase()),
        escape(path),
        escape(summary)
    );
    if let Some(description) = operation["description"].as_str() {
        let _ = write!(html, "<p>{}</p>", escape(description));
    }
    for (title, part) in [("Parameters", "parameters"), ("Body", "requestBody"), ("Answers", "responses")] {
        if !operation[part].is_null() {
            let _ = write!(html, "<h4>{title}</h4>{}", pretty(&operation[part]));
        }
    }
    html.push_str("</details>");
}

fn pretty(value: &Value) -> String {
    format!("<pre>{}</pre>", escape(&serde_json::to_string_pretty(value).unwrap_or_default()))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
