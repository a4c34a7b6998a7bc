//! An example for every request and answer, made from its schema.
//!
//! A property's own `#[schema(example = …)]` comes first, then the tables below by the property's name, then what its format, values and
//! bounds say. A text that none of these knows gets no example, which a test reports with the property's name.

use super::operations_of;
use serde_json::{Map, Value, json};
use std::cell::RefCell;
use std::collections::BTreeSet;

/// Names, beside a schema, the properties for which no example is known.
const MISSING: &str = "x-missing-examples";
/// Deeper than any schema is; ends those that contain themselves.
const DEPTH: usize = 30;

/// Texts by the property's name, or `Schema.property` where the name alone does not say enough.
const TEXTS: &[(&str, &str)] = &[
    (".id", "local-cpu"),
    ("ActivityEntry.message", "Support desk finished training"),
    ("ActivityEntry.subjectName", "Support desk"),
    ("BaseModel.id", "brightrun/tiny-chat"),
    ("CancelledJob.message", "The job was cancelled before it cost anything"),
    ("ClusterNode.message", "ready"),
    ("ClusterState.message", "child processes of this machine"),
    ("CostAlert.message", "80 % of the monthly budget are spent"),
    ("CreateDataset.description", "Talks of the workshop's front desk"),
    ("DatasetConfirmed.message", "The file is being validated"),
    ("Done.message", "Done"),
    ("ErrorBody.code", "VALIDATION_ERROR"),
    ("ErrorBody.message", "name: it must have 1 to 200 characters."),
    ("Finding.message", "The pair has no answer to train on."),
    ("FullStatistics.tokenizer", "brightrun/tiny-chat"),
    ("FindingGroup.meaning", "A pair without an answer teaches nothing."),
    ("FindingGroup.title", "Empty answer"),
    ("Health.status", "ok"),
    ("InstanceType.displayName", "This machine (CPU)"),
    ("InstanceType.id", "local-cpu"),
    ("LogLine.message", "epoch 1 begins"),
    ("Message.content", "My chain slips when I stand up on the pedals."),
    ("Message.role", "user"),
    ("Notification.message", "Support desk finished training after 12 minutes"),
    ("Notification.title", "Training completed"),
    ("Preset.description", "For most data sets"),
    ("StageProgress.message", "Epoch 1 of 3"),
    ("SignedRequest.headers", "application/octet-stream"),
    ("SignedRequest.method", "PUT"),
    ("SignedRequest.url", "http://127.0.0.1:3000/storage/jobs/checkpoint.safetensors?expires=1790000000&signature=5f2c"),
    ("TrainerEvent.type", "progress"),
    ("UpdateWebhook.url", "https://example.org/brightrun"),
    ("ValidateHead.content", "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"},{\"role\":\"assistant\",\"content\":\"Hello!\"}]}\n"),
    ("Webhook.description", "Tells our chat"),
    ("Webhook.url", "https://example.org/brightrun"),
    ("WebhookDelivery.error", "the answer was 500 Internal Server Error"),
    ("WebhookDelivery.event", "job_complete"),
    ("actionUrl", "/training/jobs/01971b8e-7c00-7000-8000-000000000002"),
    ("adapterConfig", "http://127.0.0.1:3000/storage/models/adapter_config.json?expires=1790000000&signature=5f2c"),
    ("adapterModel", "http://127.0.0.1:3000/storage/models/adapter_model.safetensors?expires=1790000000&signature=5f2c"),
    ("allArtifacts", "http://127.0.0.1:3000/api/models/01971b8e-7c00-7000-8000-000000000003/archive?expires=1790000000&signature=5f2c"),
    ("arc", "worry-to-relief"),
    ("baseModel", "brightrun/tiny-chat"),
    ("checksum", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
    ("code", "EMPTY_TARGET"),
    ("consultantName", "Ada Lovelace"),
    ("consultantTitle", "Mechanic"),
    ("content", "My chain slips when I stand up on the pedals."),
    ("conversationId", "talk-17"),
    ("cursor", "120"),
    ("datasetName", "Bike workshop"),
    ("defaultBaseModel", "brightrun/tiny-chat"),
    ("defaultInstanceType", "local-cpu"),
    ("description", "Talks of the workshop's front desk"),
    ("displayName", "Balanced"),
    ("downloadUrl", "http://127.0.0.1:3000/storage/models/adapter_model.safetensors?expires=1790000000&signature=5f2c"),
    ("email", "ada@example.org"),
    ("emotionalArc", "worry-to-relief"),
    ("endDate", "2026-03-31"),
    ("errorCode", "OUT_OF_MEMORY"),
    ("errorMessage", "The device's memory is full; use a smaller batch or a shorter sequence."),
    ("errorStack", "allocation of 2.1 GiB failed"),
    ("field", "name"),
    ("fileName", "bike-workshop.jsonl"),
    ("fix", "Add the assistant's answer, or remove the pair."),
    ("instanceName", "This machine (CPU)"),
    ("instanceType", "local-cpu"),
    ("key", "datasets/01971b8e-7c00-7000-8000-000000000009/01971b8e-7c00-7000-8000-000000000001/dataset.jsonl"),
    ("license", "Apache-2.0"),
    ("modelName", "Support desk"),
    ("name", "Bike workshop"),
    ("next", "120"),
    ("notes", "Second try with a longer warm-up"),
    ("organization", "Example Ltd"),
    ("password", "seven wild geese"),
    ("payload", "{\"type\":\"job_complete\",\"timestamp\":\"2026-03-31T12:00:00.000Z\",\"data\":{}}"),
    ("persona", "careful-commuter"),
    ("personaName", "Careful commuter"),
    ("pointer", "/training_pairs/3/target_response"),
    ("preprocessingSteps", "Conversations were split into training and validation"),
    ("problems", "database: no answer within 3 s"),
    ("readinessIssues", "4 pairs have no answer"),
    ("responseBody", "ok"),
    ("revision", "1"),
    ("s3Bucket", "local"),
    ("s3Key", "datasets/01971b8e-7c00-7000-8000-000000000009/01971b8e-7c00-7000-8000-000000000001/dataset.jsonl"),
    ("disabledReason", "20 tries in a row failed."),
    ("search", "workshop"),
    ("sha256", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
    ("signature", "5f2c"),
    ("stageMessage", "Epoch 1 of 3"),
    ("startDate", "2026-03-01"),
    ("subjectName", "Support desk"),
    ("targetModules", "q_proj"),
    ("token", "eyJhbGciOiJIUzI1NiJ9.eyJzaWQiOiIwMTk3In0.c2lnbmF0dXJl"),
    ("tokenizer", "http://127.0.0.1:3000/storage/models/tokenizer.json?expires=1790000000&signature=5f2c"),
    ("topic", "brakes"),
    ("uploadHeaders", "application/octet-stream"),
    ("uploadUrl", "http://127.0.0.1:3000/storage/datasets/dataset.jsonl?expires=1790000000&size=48211&signature=5f2c"),
    ("url", "http://127.0.0.1:3000/storage/jobs/checkpoint.safetensors?expires=1790000000&signature=5f2c"),
    ("userName", "Ada Lovelace"),
    ("version", "0.1.0"),
    ("vertical", "repair"),
    ("x-brightrun-signature", "v1=5f2c"),
    ("x-brightrun-timestamp", "1790000000"),
];

/// Numbers by the property's name.
const NUMBERS: &[(&str, f64)] = &[
    ("batchSize", 4.0),
    ("checkpointInterval", 100.0),
    ("currentCost", 0.12),
    ("evaluationExamples", 16.0),
    ("evaluationMinutes", 10.0),
    ("expires", 1_790_000_000.0),
    ("fileSize", 48_211.0),
    ("finalCost", 0.31),
    ("gradientAccumulationSteps", 1.0),
    ("lastEventId", 41.0),
    ("Last-Event-ID", 41.0),
    ("learningRate", 0.0002),
    ("loraAlpha", 32.0),
    ("loraDropout", 0.05),
    ("loraRank", 16.0),
    ("maxDurationHours", 24.0),
    ("maxGradNorm", 1.0),
    ("maxSeqLength", 512.0),
    ("numEpochs", 3.0),
    ("points", 500.0),
    ("progress", 42.5),
    ("seed", 42.0),
    ("total", 57.0),
    ("trainingLoss", 1.482),
    ("validationLoss", 1.537),
    ("validationSplitRatio", 0.1),
    ("warmupRatio", 0.03),
    ("warmupSteps", 0.0),
    ("weightDecay", 0.01),
];

/// Ids by the property's name; all others are the last.
const IDS: &[(&str, u8)] = &[("datasetId", 1), ("jobId", 2), ("modelId", 3), ("notificationId", 4), ("userId", 9), ("", 5)];

const INSTANT: &str = "2026-03-02T09:30:00Z";

/// Puts an example beside every schema of a request, an answer and a parameter that has none.
pub fn illustrate(document: &mut Value) {
    let schemas = document["components"]["schemas"].clone();
    let maker = Maker { schemas: &schemas, missing: RefCell::default() };
    for (_, _, operation) in operations_of(document) {
        let query: BTreeSet<String> = parameters(operation).map(|parameter| name_of(parameter).to_owned()).collect();
        for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
            if parameter.get("example").is_none() {
                let name = name_of(parameter).to_owned();
                let example = maker.make(&parameter["schema"], "", &name, DEPTH);
                set(parameter, "example", example);
                set(parameter, MISSING, maker.missing());
            }
        }
        if let Some(content) = operation.get_mut("requestBody").and_then(|body| body["content"].as_object_mut()) {
            content.values_mut().for_each(|media| maker.media(media, None));
        }
        let answers = operation.get_mut("responses").and_then(Value::as_object_mut).into_iter().flatten();
        for content in answers.filter_map(|(_, answer)| answer.get_mut("content")?.as_object_mut()) {
            content.values_mut().for_each(|media| maker.media(media, Some(&query)));
        }
    }
}

fn parameters(operation: &Map<String, Value>) -> impl Iterator<Item = &Value> {
    operation.get("parameters").and_then(Value::as_array).into_iter().flatten()
}

fn name_of(parameter: &Value) -> &str {
    parameter["name"].as_str().unwrap_or_default()
}

fn set(object: &mut Value, key: &str, value: Option<Value>) {
    if let (Some(object), Some(value)) = (object.as_object_mut(), value) {
        object.insert(key.to_owned(), value);
    }
}

struct Maker<'a> {
    schemas: &'a Value,
    missing: RefCell<Vec<String>>,
}

impl Maker<'_> {
    /// Of an envelope's `meta`, only what an operation with these parameters gives.
    fn media(&self, media: &mut Value, query: Option<&BTreeSet<String>>) {
        if media.get("example").is_some() || media.get("examples").is_some() || media.get("schema").is_none() {
            return;
        }
        let mut example = self.make(&media["schema"], "", "", DEPTH);
        if let (Some(query), Some(envelope)) = (query, example.as_mut().and_then(Value::as_object_mut)) {
            let meta = envelope.get_mut("meta").and_then(Value::as_object_mut);
            if let Some(meta) = meta {
                meta.retain(|name, _| match name.as_str() {
                    "pagination" => query.contains("page"),
                    "cursor" => query.contains("cursor"),
                    _ => false,
                });
                if meta.is_empty() {
                    envelope.remove("meta");
                }
            }
        }
        set(media, "example", example);
        set(media, MISSING, self.missing());
    }

    /// What was missed since the last time that this was asked.
    fn missing(&self) -> Option<Value> {
        let missing = self.missing.take();
        (!missing.is_empty()).then(|| json!(missing))
    }

    /// `owner` is the schema that the property `name` stands in.
    fn make(&self, schema: &Value, owner: &str, name: &str, depth: usize) -> Option<Value> {
        let depth = depth.checked_sub(1)?;
        if let Some(given) = given(schema) {
            return Some(given);
        }
        if let Some(reference) = schema["$ref"].as_str() {
            let target = reference.rsplit('/').next().unwrap_or_default();
            return self.make(self.schemas.get(target)?, target, name, depth);
        }
        if let Some(parts) = schema["allOf"].as_array() {
            let mut whole = Map::new();
            for part in parts {
                whole.extend(self.make(part, owner, name, depth)?.as_object()?.clone());
            }
            return Some(Value::Object(whole));
        }
        if let Some(variants) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
            return variants.iter().find_map(|variant| self.make(variant, owner, name, depth));
        }
        let kind = schema["type"].as_str().or_else(|| schema["type"].as_array()?.iter().find_map(|kind| kind.as_str()));
        match kind? {
            "object" => self.object(schema, owner, name, depth),
            "array" => Some(json!([self.make(&schema["items"], owner, name, depth)?])),
            "boolean" => Some(json!(true)),
            "integer" | "number" => Some(number(schema, name)),
            "null" => Some(Value::Null),
            _ => {
                let text = text(schema, owner, name);
                if text.is_none() {
                    self.missing.borrow_mut().push(format!("{owner}.{name}"));
                }
                text
            }
        }
    }

    fn object(&self, schema: &Value, owner: &str, name: &str, depth: usize) -> Option<Value> {
        let mut whole = Map::new();
        for (property, schema) in schema["properties"].as_object().into_iter().flatten() {
            if let Some(example) = self.make(schema, owner, property, depth) {
                whole.insert(property.clone(), example);
            }
        }
        let others = &schema["additionalProperties"];
        if others.is_object() {
            let key = given(&schema["propertyNames"]).and_then(|key| key.as_str().map(str::to_owned));
            let key = key.unwrap_or_else(|| if name == "uploadHeaders" { "content-type" } else { "brakes" }.to_owned());
            whole.insert(key, self.make(others, owner, name, depth)?);
        }
        Some(Value::Object(whole))
    }
}

/// What a schema says itself.
fn given(schema: &Value) -> Option<Value> {
    let of = |key: &str| schema.get(key).cloned();
    let first = |key: &str| schema.get(key)?.as_array()?.first().cloned();
    of("example").or_else(|| first("examples")).or_else(|| of("const")).or_else(|| of("default")).or_else(|| first("enum"))
}

fn text(schema: &Value, owner: &str, name: &str) -> Option<Value> {
    let qualified = format!("{owner}.{name}");
    let listed = |wanted: &str| TEXTS.iter().find(|(key, _)| *key == wanted).map(|(_, text)| *text);
    match schema["format"].as_str() {
        Some("uuid") => {
            let number = IDS.iter().find(|(key, _)| *key == name || key.is_empty()).map_or(5, |(_, number)| *number);
            Some(json!(format!("01971b8e-7c00-7000-8000-{number:012}")))
        }
        Some("date-time") => Some(json!(INSTANT)),
        Some("date") => Some(json!(&INSTANT[..10])),
        _ if name == "Idempotency-Key" => Some(json!("upload-2026-03-02")),
        _ => listed(&qualified).or_else(|| listed(name)).map(|text| json!(text)),
    }
}

fn number(schema: &Value, name: &str) -> Value {
    let bound = |key: &str| schema.get(key).and_then(Value::as_f64);
    let listed = NUMBERS.iter().find(|(key, _)| *key == name).map(|(_, number)| *number);
    let wanted = listed.unwrap_or(1.0);
    let number = wanted.max(bound("minimum").unwrap_or(wanted)).min(bound("maximum").unwrap_or(wanted));
    #[expect(clippy::cast_possible_truncation, reason = "examples are small")]
    if schema["type"] == "integer" { json!(number as i64) } else { json!(number) }
}
