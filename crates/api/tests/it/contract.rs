//! What every operation owes its reader: description, security, failures, examples and limits; and that all of it is true. An operation
//! that is added without one of these fails here.

use crate::document::{DOCUMENT, Operation, fits, operations, resolved};
use crate::world::{World, job_body};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// Operations that have nothing that could fail.
const CANNOT_FAIL: &[&str] = &["health", "ready"];
/// Media types whose content is written out: not files.
fn is_shown(kind: &str) -> bool {
    kind == "application/json" || kind.starts_with("text/")
}

#[test]
fn every_operation_is_described() {
    let tags: BTreeSet<&str> = DOCUMENT["tags"].as_array().expect("tags").iter().filter_map(|tag| tag["name"].as_str()).collect();
    assert!(DOCUMENT["tags"].as_array().expect("tags").iter().all(|tag| tag["description"].as_str().is_some_and(|text| !text.is_empty())));
    let mut ids = BTreeSet::new();
    let mut problems = Vec::new();
    for Operation { method, path, entry } in operations() {
        let mut owes = |what: String| problems.push(format!("{method} {path}: {what}"));
        let id = entry["operationId"].as_str().unwrap_or_default();
        if id.is_empty() || !ids.insert(id) {
            owes(format!("the operationId '{id}' is missing or taken"));
        }
        if entry["summary"].as_str().is_none_or(str::is_empty) {
            owes("a description: the handler's doc comment".to_owned());
        }
        if entry["tags"]
            .as_array()
            .is_none_or(|used| used.is_empty() || used.iter().any(|tag| !tags.contains(tag.as_str().unwrap_or_default())))
        {
            owes("a tag that the document describes".to_owned());
        }
        if entry["security"].as_array().is_none_or(Vec::is_empty) {
            owes("its security".to_owned());
        }
        for parameter in entry["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap_or_default();
            if parameter["description"].as_str().is_none_or(str::is_empty) {
                owes(format!("a description of the parameter {name}"));
            }
            if parameter.get("example").is_none() {
                owes(format!("an example of the parameter {name}: `#[param(example = …)]`"));
            }
        }
        let responses = entry["responses"].as_object().expect("responses");
        let failures = responses.keys().filter(|status| status.starts_with(['4', '5'])).count();
        if responses.contains_key("default") || failures == 0 && !CANNOT_FAIL.contains(&id) {
            owes("its failures: `Failures` among its responses".to_owned());
        }
        let body = entry.pointer("/requestBody/content").into_iter().map(|content| ("its request", content));
        let answers = responses.iter().filter_map(|(status, answer)| Some((status.as_str(), resolved(answer).get("content")?)));
        for (what, content) in body.chain(answers) {
            for (kind, media) in content.as_object().expect("content").iter().filter(|(kind, _)| is_shown(kind)) {
                if media.get("example").is_none() && media.get("examples").is_none() {
                    owes(format!("an example of {what} as {kind}"));
                }
            }
        }
    }
    let text = DOCUMENT["paths"].to_string();
    let mut missing: Vec<&str> = text.split("\"x-missing-examples\":[").skip(1).filter_map(|rest| rest.split(']').next()).collect();
    missing.sort_unstable();
    missing.dedup();
    problems.extend(
        missing.into_iter().map(|names| format!("no example of {names}: `#[schema(example = …)]`, or a row in openapi/examples.rs")),
    );
    assert!(problems.is_empty(), "the document is not complete:\n{}", problems.join("\n"));
}

#[test]
fn every_example_fits_its_schema() {
    for Operation { method, path, entry } in operations() {
        let responses = entry["responses"].as_object().expect("responses").values().map(resolved);
        let content = responses.filter_map(|answer| answer.get("content")).chain(entry.pointer("/requestBody/content"));
        for media in content.filter_map(|content| content.get("application/json")) {
            let listed = media["examples"].as_object().into_iter().flat_map(Map::values).map(|example| &example["value"]);
            for example in listed.chain(media.get("example")) {
                fits(&media["schema"], example).unwrap_or_else(|problem| panic!("{method} {path}: {problem}\n{example:#}"));
            }
        }
    }
}

/// Every text in the sources that looks like a code.
fn codes_in(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            codes_in(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("openapi/codes.rs") {
            let text = std::fs::read_to_string(&path).expect("a source");
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            let upper = |text: &&str| text.contains('_') && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
            found.extend(code.split('"').skip(1).step_by(2).filter(upper).map(str::to_owned));
        }
    }
}

/// Texts that look like codes of errors and are none.
const NO_CODES: &[&str] = &["EMPTY_TARGET", "OUT_OF_MEMORY"];

#[test]
fn every_code_has_its_row() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut used = BTreeSet::new();
    for name in ["app", "api"] {
        codes_in(&crates.join(name).join("src"), &mut used);
    }
    used.extend(["CONFLICT", "FORBIDDEN", "INTERNAL_ERROR", "SERVICE_UNAVAILABLE", "UNAUTHORIZED"].map(str::to_owned));
    let known: BTreeSet<String> = api::error_codes().map(str::to_owned).collect();
    let missing: Vec<&String> = used.difference(&known).filter(|code| !NO_CODES.contains(&code.as_str())).collect();
    assert!(missing.is_empty(), "codes without a row in api/src/openapi/codes.rs: {missing:?}");
    let unused: Vec<&String> = known.difference(&used).collect();
    assert!(unused.is_empty(), "rows of codes that nothing answers: {unused:?}");
    assert!(api::error_codes().is_sorted(), "the table is in the order of the alphabet");
}

/// Sends an operation's example, changed, with the ids of things that are there.
struct Caller {
    world: World,
    dataset: String,
    job: String,
    model: String,
    webhook: String,
    configuration: String,
}

impl Caller {
    async fn new() -> Self {
        let world = World::new().await;
        let dataset = world.ready_dataset(&world.ada, "Hers").await.id.to_string();
        let job = world.job(&world.ada).await.to_string();
        let model = world.model(&world.ada, "Hers").await.0.to_string();
        let webhook = world.webhook(&world.ada).await.to_string();
        let configuration = world.configuration(&world.ada).await.to_string();
        Self { world, dataset, job, model, webhook, configuration }
    }

    /// The address with ids in it, without a query.
    fn address(&self, operation: Operation) -> String {
        let id = match operation.path.split('/').nth(2).unwrap_or_default() {
            "datasets" => &self.dataset,
            "jobs" => &self.job,
            "models" => &self.model,
            "webhooks" => &self.webhook,
            "configurations" => &self.configuration,
            _ => &uuid::Uuid::from_u128(1).to_string(),
        };
        operation.path.replace("{id}", id).replace("{n}", "1")
    }

    fn example(&self, operation: Operation) -> Option<Value> {
        let mut example = operation.entry.pointer("/requestBody/content/application~1json/example")?.clone();
        // What a parent must be like is a matter of its own; see the jobs' tests.
        if let Some(example) = example.as_object_mut() {
            example.remove("parentModelId");
        }
        for (name, id) in [("datasetId", &self.dataset), ("jobId", &self.job), ("modelId", &self.model)] {
            if example.get(name).is_some() {
                example[name] = json!(id);
            }
        }
        // The machine and the base model of the tests, not those that the document shows.
        let ours = job_body(&self.dataset);
        for at in ["", "/settings"] {
            if let Some(said) = example.pointer_mut(at).filter(|said| said.get("gpuConfig").is_some()) {
                said["gpuConfig"] = ours["gpuConfig"].clone();
                said["baseModel"] = json!("test/tiny");
            }
        }
        if example.get("defaultBaseModel").is_some() {
            example["defaultBaseModel"] = json!("test/tiny");
        }
        Some(example)
    }

    /// The status, and the field that was at fault.
    async fn send(&self, operation: Operation, query: &str, body: Option<Value>) -> (u16, Option<String>, Value) {
        let account = if operation.path.starts_with("/api/admin") { &self.world.admin } else { &self.world.ada };
        let path = format!("{}{query}", self.address(operation));
        let answer = self.world.call(&operation.method.to_uppercase(), &path, Some(account), body).await;
        let body = serde_json::from_slice(&answer.bytes).unwrap_or(Value::Null);
        (answer.status.as_u16(), body["error"]["field"].as_str().map(str::to_owned), body)
    }
}

/// Operations that take JSON, each with a world of its own: what one does must not reach the next.
fn with_bodies() -> impl Iterator<Item = Operation> {
    let takes_json = |operation: &Operation| operation.entry.pointer("/requestBody/content/application~1json").is_some();
    // A signed request is refused before it is read; its own tests have signed ones.
    operations().filter(takes_json).filter(|operation| !operation.entry["security"].to_string().contains("sign"))
}

#[tokio::test]
async fn every_example_of_a_request_is_accepted() {
    for operation in with_bodies() {
        let caller = Caller::new().await;
        let example = caller.example(operation).expect("an example");
        let (status, _, body) = caller.send(operation, "", Some(example)).await;
        // Another state of things may refuse it; its shape may not.
        assert!(!matches!(status, 400 | 413 | 415 | 422 | 500), "{} {}: {status} {body:#}", operation.method, operation.path);
    }
}

/// A value of a request: where it stands, and its schema.
struct Leaf {
    pointer: String,
    name: String,
    schema: &'static Value,
}

fn leaves(schema: &'static Value, pointer: &str, name: &str, found: &mut Vec<Leaf>) {
    let schema = resolved(schema);
    match schema["properties"].as_object() {
        Some(properties) => {
            for (name, property) in properties {
                leaves(property, &format!("{pointer}/{name}"), name, found);
            }
        }
        None => found.push(Leaf { pointer: pointer.to_owned(), name: name.to_owned(), schema }),
    }
}

/// Values just outside of what a schema allows, and values at its edges, or, where it has none, far away.
fn edges(schema: &Value) -> (Vec<Value>, Vec<Value>) {
    let (mut outside, mut inside) = (Vec::new(), Vec::new());
    match schema["type"].as_str() {
        Some("integer") => {
            let (least, most) = (schema["minimum"].as_i64(), schema["maximum"].as_i64());
            outside.extend([least.map(|least| json!(least - 1)), most.map(|most| json!(most + 1))].into_iter().flatten());
            let far = if schema["format"] == "int32" { i64::from(i32::MAX) } else { i64::MAX };
            inside.extend([json!(least.unwrap_or(-far)), json!(most.unwrap_or(far))]);
        }
        Some("number") => {
            let (least, most) = (schema["minimum"].as_f64(), schema["maximum"].as_f64());
            outside
                .extend([least.map(|least| json!(least - 1e-3 - least.abs())), most.map(|most| json!(most + 1.0))].into_iter().flatten());
            inside.extend([json!(least.unwrap_or(-1e12)), json!(most.unwrap_or(1e12))]);
        }
        Some("string") if schema.get("enum").is_some() => outside.push(json!("no such value")),
        Some("string") if schema.get("format").is_some() => outside.push(json!("no such value")),
        Some("string") => {
            let (least, most) = (schema["minLength"].as_u64().unwrap_or(0), schema["maxLength"].as_u64());
            outside.extend((least > 0).then(|| json!("x".repeat(least as usize - 1))));
            outside.extend(most.map(|most| json!("x".repeat(most as usize + 1))));
            if schema.get("pattern").is_none() {
                inside.push(json!("xy".repeat(most.unwrap_or(300_000) as usize / 2)));
                inside.push(json!(" ".repeat(least as usize)));
            } else {
                outside.push(json!(" ".repeat(least.max(1) as usize)));
            }
        }
        _ => {}
    }
    (outside, inside)
}

/// Fields whose edges depend on something else in the request or on the server's configuration.
const DEPENDENT: &[&str] = &["baseModel", "instanceType", "maxSeqLength", "loraRank", "numGPUs", "password", "warmupSteps"];

#[tokio::test]
async fn the_limits_of_requests_are_those_of_their_schemas() {
    let mut problems = Vec::new();
    for operation in with_bodies() {
        let caller = Caller::new().await;
        let (mut all, schema) = (Vec::new(), &operation.entry["requestBody"]["content"]["application/json"]["schema"]);
        leaves(schema, "", "", &mut all);
        for leaf in all {
            let (outside, inside) = edges(leaf.schema);
            for (values, allowed) in [(outside, false), (inside, true)] {
                for value in values {
                    let mut body = caller.example(operation).expect("an example");
                    // A value that stands in the request itself wins over the same one of its hyperparameters.
                    if leaf.pointer.matches('/').count() > 1 {
                        body.as_object_mut().and_then(|body| body.remove(&leaf.name));
                    }
                    let Some(place) = body.pointer_mut(&leaf.pointer) else { continue };
                    *place = value.clone();
                    let (status, field, answer) = caller.send(operation, "", Some(body)).await;
                    let refused = status == 400 && field.as_deref().is_none_or(|field| field.ends_with(&leaf.name));
                    if refused == allowed && !(allowed && DEPENDENT.contains(&leaf.name.as_str())) {
                        let shown: String = value.to_string().chars().take(40).collect();
                        let (what, message) = (if allowed { "refuses" } else { "takes" }, &answer["error"]["message"]);
                        problems
                            .push(format!("{} {} {} {what} {shown}: {status} {message}", operation.method, operation.path, leaf.pointer));
                    }
                }
            }
        }
    }
    assert!(problems.is_empty(), "the schemas and the server disagree:\n{}", problems.join("\n"));
}

#[tokio::test]
async fn the_limits_of_parameters_are_those_of_their_schemas() {
    let caller = Caller::new().await;
    let mut problems = Vec::new();
    for operation in operations().filter(|operation| operation.method == "get" && !operation.path.ends_with("/stream")) {
        let parameters = operation.entry["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
        for parameter in parameters.iter().filter(|parameter| parameter["in"] == "query") {
            let (outside, inside) = edges(resolved(&parameter["schema"]));
            let name = parameter["name"].as_str().expect("a name");
            // What a cursor looks like is its list's own affair.
            if name == "cursor" {
                continue;
            }
            for (values, allowed) in [(outside, false), (inside, true)] {
                for value in values {
                    let text = value.as_str().map_or_else(|| value.to_string(), |text| text.chars().take(3000).collect());
                    if text.trim().is_empty() {
                        continue;
                    }
                    let query = format!("?{name}={}", text.replace(' ', "%20"));
                    let (status, field, answer) = caller.send(operation, &query, None).await;
                    let refused = status == 400 && field.as_deref().is_none_or(|field| field == name);
                    if refused == allowed && !(allowed && DEPENDENT.contains(&name)) {
                        let (what, shown) = (if allowed { "refuses" } else { "takes" }, text.chars().take(40).collect::<String>());
                        problems.push(format!("{} ?{name} {what} {shown}: {status} {}", operation.path, answer["error"]["message"]));
                    }
                }
            }
        }
    }
    assert!(problems.is_empty(), "the document and the server disagree:\n{}", problems.join("\n"));
}
