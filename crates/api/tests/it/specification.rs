//! The specification's interfaces, field by field, against the document that the server gives out. That answers are what the document says
//! is held by every other test; here the document is held to the contract that clients were written for.

use crate::document::{DOCUMENT, Operation, operations, resolved};
use serde_json::Value;

/// An operation of the specification. Fields are written as `name`, `a.b` for what lies within, `?` after what may be absent, and
/// `=x|y` after what must have these values. Lists are passed through.
struct Specified {
    operation: &'static str,
    /// Of the query.
    query: &'static str,
    /// Of the body: none may be needed but those without `?`.
    body: &'static str,
    /// Of the answer's `data`.
    data: &'static str,
}

const fn get(operation: &'static str, query: &'static str, data: &'static str) -> Specified {
    Specified { operation, query, body: "", data }
}

const fn send(operation: &'static str, body: &'static str, data: &'static str) -> Specified {
    Specified { operation, query: "", body, data }
}

const DATASET: &str = "id userId name description format=brightrun-lora-v4|brightrun-lora-v3 status=uploading|validating|ready|error \
    trainingReady totalTrainingPairs totalValidationPairs totalTokens avgTurnsPerConversation avgTokensPerTurn fileSize s3Key s3Bucket \
    uploadedAt processedAt? validatedAt? errorMessage? sampleConversations? createdAt updatedAt";

const FULL_STATISTICS: &str = "fullStatistics?.vocabularySize fullStatistics?.uniqueSpeakers fullStatistics?.topicDistribution.topic \
    fullStatistics?.topicDistribution.count fullStatistics?.lengthDistribution.min fullStatistics?.lengthDistribution.max \
    fullStatistics?.lengthDistribution.mean fullStatistics?.lengthDistribution.median fullStatistics?.lengthDistribution.p95";

/// What was not measured is absent: of a machine without a GPU its utilisation, of the first step its validation loss.
const JOB: &str = "id userId datasetId datasetName status=queued|initializing|running|completed|failed|cancelled \
    presetId=conservative|balanced|aggressive|custom hyperparameters.learningRate hyperparameters.batchSize hyperparameters.numEpochs \
    hyperparameters.warmupSteps hyperparameters.loraRank hyperparameters.loraAlpha hyperparameters.loraDropout \
    hyperparameters.targetModules hyperparameters.optimizerType=adamw|sgd|adafactor hyperparameters.weightDecay \
    hyperparameters.gradientAccumulationSteps hyperparameters.maxGradNorm hyperparameters.scheduler=linear|cosine|constant \
    gpuConfig.instanceType gpuConfig.numGPUs currentStage=queued|initializing|training|validating|saving|completed progress currentEpoch? \
    totalEpochs currentStep? totalSteps currentMetrics?.trainingLoss? currentMetrics?.validationLoss? currentMetrics?.learningRate \
    currentMetrics?.throughput? currentMetrics?.gpuUtilization? startedAt? completedAt? estimatedCompletionAt? currentCost \
    estimatedTotalCost errorMessage? errorStack? artifactId? createdAt updatedAt";

const JOB_HISTORY: &str = "metricsHistory.timestamp metricsHistory.epoch metricsHistory.step metricsHistory.trainingLoss? \
    metricsHistory.validationLoss? metricsHistory.learningRate metricsHistory.gradientNorm? lossCurve.steps lossCurve.trainingLoss \
    lossCurve.validationLoss checkpoints.id checkpoints.step checkpoints.epoch checkpoints.loss checkpoints.s3Key checkpoints.createdAt \
    logs.timestamp logs.level=info|warning|error logs.message";

/// Quality that was not measured is absent, as ruled.
const MODEL: &str = "id userId jobId datasetId name version description? status=stored|deployed|archived deployedAt? \
    qualityMetrics.finalTrainingLoss? qualityMetrics.finalValidationLoss? qualityMetrics.perplexity? qualityMetrics.bleuScore? \
    qualityMetrics.convergenceQuality?=excellent|good|acceptable|poor qualityMetrics.validationScores?.semanticSimilarity? \
    qualityMetrics.validationScores?.coherence? qualityMetrics.validationScores?.fluency? qualityMetrics.validationScores?.taskAccuracy? \
    trainingSummary.totalEpochs trainingSummary.totalSteps trainingSummary.trainingDuration trainingSummary.totalCost \
    trainingSummary.gpuHours configuration.baseModel configuration.datasetName configuration.presetUsed \
    configuration.hyperparameters.loraRank artifacts.adapterModel.s3Key artifacts.adapterModel.fileName artifacts.adapterModel.size \
    artifacts.adapterModel.checksum artifacts.adapterConfig.s3Key artifacts.adapterConfig.fileName artifacts.adapterConfig.size \
    artifacts.tokenizer?.s3Key artifacts.tokenizer?.fileName artifacts.tokenizer?.size parentModelId? childModelIds createdAt updatedAt";

const MODEL_HISTORY: &str = "metricsHistory.timestamp metricsHistory.step datasetLineage.originalDataset?.id \
    datasetLineage.preprocessingSteps datasetLineage.splits.train datasetLineage.splits.validation downloadUrls.adapterModel \
    downloadUrls.adapterConfig downloadUrls.tokenizer? downloadUrls.allArtifacts";

const JOB_BODY: &str = "datasetId presetId=conservative|balanced|aggressive|custom hyperparameters.learningRate? \
    hyperparameters.batchSize? hyperparameters.numEpochs? hyperparameters.warmupSteps? hyperparameters.loraRank? \
    hyperparameters.loraAlpha? hyperparameters.loraDropout? hyperparameters.targetModules? \
    hyperparameters.optimizerType?=adamw|sgd|adafactor hyperparameters.weightDecay? hyperparameters.gradientAccumulationSteps? \
    hyperparameters.maxGradNorm? hyperparameters.scheduler?=linear|cosine|constant gpuConfig.instanceType gpuConfig.numGPUs \
    earlyStoppingPatience? validationSplitRatio? checkpointInterval? \
    name? baseModel? maxSeqLength? warmupRatio? seed? packing? maxDurationHours? spot?";

const OPERATIONS: &[Specified] = &[
    send("POST /api/auth/signup", "email password name organization?", "user.id user.email user.name user.createdAt token"),
    send("POST /api/auth/login", "email password", "user.id user.email user.name user.role token expiresAt"),
    send(
        "POST /api/datasets",
        "name description format fileSize fileName",
        "datasetId uploadUrl uploadMethod uploadHeaders uploadFields.key",
    ),
    send("PATCH /api/datasets/{id}", "name? description?", ""),
    send("DELETE /api/datasets/{id}", "", "message"),
    send(
        "POST /api/datasets/validate",
        "content format",
        "isValid errors.message warnings.message statistics.estimatedPairs statistics.sampleConversation?",
    ),
    send("POST /api/datasets/{id}/confirm", "", "message"),
    send(
        "POST /api/jobs",
        JOB_BODY,
        "jobId status=queued|initializing estimatedCost.gpuCost estimatedCost.storageCost estimatedCost.dataCost estimatedCost.total \
         estimatedCost.currency estimatedDuration.min estimatedDuration.max queuePosition? createdAt",
    ),
    send("PATCH /api/jobs/{id}", "name? notes?", ""),
    send("POST /api/jobs/{id}/cancel", "reason?", "jobId status=cancelled refundAmount? message"),
    send(
        "POST /api/jobs/estimate",
        "datasetId hyperparameters.loraRank? gpuConfig.instanceType gpuConfig.numGPUs",
        "cost.breakdown.compute.hours cost.breakdown.compute.rate cost.breakdown.compute.total cost.breakdown.storage.gb \
         cost.breakdown.storage.rate cost.breakdown.storage.total cost.breakdown.dataTransfer.gb cost.breakdown.dataTransfer.rate \
         cost.breakdown.dataTransfer.total cost.total cost.currency duration.estimated duration.min duration.max tokensPerSecond totalSteps",
    ),
    send("PATCH /api/models/{id}", "name? description? status?=stored|archived", ""),
    send("DELETE /api/models/{id}", "", ""),
    send("PATCH /api/notifications/{id}/read", "", ""),
    get("GET /api/jobs/{id}/stream", "", ""),
    get("GET /api/models/{id}/download", "artifact=all|adapter-model|adapter-config|tokenizer", "downloadUrl fileName fileSize expiresAt"),
    get("GET /api/models/artifacts", "page pageSize", "artifacts.modelId artifacts.fileName artifacts.s3Key artifacts.size"),
    get("GET /api/jobs/{id}/metrics", "cursor points", "points.step points.trainingLoss?"),
    get("GET /api/jobs/{id}/logs", "cursor level=info|warning|error search", "logs.message"),
    get(
        "GET /api/costs",
        "startDate endDate groupBy=day|week|month jobId",
        "costs.date costs.compute costs.storage costs.dataTransfer costs.total summary.totalSpend summary.averageJobCost \
         summary.mostExpensiveJob?.id summary.mostExpensiveJob?.name summary.mostExpensiveJob?.cost",
    ),
    // Without a budget there is none to say, and nothing that remains of it.
    get(
        "GET /api/costs/summary",
        "",
        "currentMonth.spent currentMonth.budget? currentMonth.remaining? currentMonth.daysRemaining currentMonth.projectedTotal \
         alerts.type=warning|critical alerts.message alerts.threshold",
    ),
    get(
        "GET /api/notifications",
        "unreadOnly page pageSize",
        "notifications.id notifications.type=job_complete|job_failed|cost_alert|system|dataset_ready notifications.title \
         notifications.message notifications.priority=low|medium|high|critical notifications.read notifications.actionUrl? \
         notifications.createdAt",
    ),
];

/// Lists and details of things, whose fields stand below a name.
const THINGS: &[(&str, &str, &str, &[&str])] = &[
    (
        "GET /api/datasets",
        "page pageSize sortBy=date-asc|date-desc|name-asc|name-desc|size-asc|size-desc format=all|brightrun-lora-v4|brightrun-lora-v3 \
         trainingReady=all|true|false search",
        "datasets",
        &[DATASET],
    ),
    ("GET /api/datasets/{id}", "", "dataset", &[DATASET, FULL_STATISTICS]),
    (
        "GET /api/jobs",
        "status=all|queued|running|completed|failed|cancelled page pageSize sortBy=created-desc|created-asc|cost-desc",
        "jobs",
        &[JOB],
    ),
    ("GET /api/jobs/{id}", "", "job", &[JOB, JOB_HISTORY]),
    ("GET /api/models", "status=all|stored|deployed|archived sortBy=created-desc|quality-desc|size-desc page pageSize", "models", &[MODEL]),
    ("GET /api/models/{id}", "", "model", &[MODEL, MODEL_HISTORY]),
];

fn find(line: &str) -> Result<Operation, String> {
    let (method, path) = line.split_once(' ').expect("a method and a path");
    operations()
        .find(|operation| operation.path == path && operation.method.eq_ignore_ascii_case(method))
        .ok_or_else(|| format!("{line} is not there"))
}

/// A schema with what it is made of: references, `allOf`, the schema of a list's items, the one that is not null.
fn parts(schema: &'static Value) -> Vec<&'static Value> {
    let schema = resolved(schema);
    if let Some(items) = schema.get("items") {
        return parts(items);
    }
    let of = ["allOf", "oneOf", "anyOf"].into_iter().filter_map(|name| schema[name].as_array()).flatten();
    std::iter::once(schema).chain(of.flat_map(parts)).collect()
}

fn property(schema: &'static Value, name: &str) -> Option<(&'static Value, bool)> {
    let parts = parts(schema);
    let found = parts.iter().find_map(|part| part["properties"].get(name))?;
    let required = |part: &&&Value| part["required"].as_array().is_some_and(|names| names.iter().any(|required| required == name));
    Some((found, parts.iter().any(|part| required(&part))))
}

fn has_values(schema: &'static Value, wanted: &str) -> Result<(), String> {
    let known: Vec<&str> =
        parts(schema).into_iter().filter_map(|part| part["enum"].as_array()).flatten().filter_map(Value::as_str).collect();
    match wanted.split('|').find(|value| !known.contains(value)) {
        Some(value) => Err(format!("it cannot be `{value}`, only {known:?}")),
        None => Ok(()),
    }
}

/// Whether a field is as it is written. In what is sent nothing may be needed that need not be given; in what is answered nothing may be
/// absent that is always there.
fn check(schema: &'static Value, field: &str, sent: bool) -> Result<(), String> {
    let (path, values) = field.split_once('=').map_or((field, None), |(path, values)| (path, Some(values)));
    let mut at = schema;
    for step in path.split('.') {
        let (name, optional) = step.strip_suffix('?').map_or((step, false), |name| (name, true));
        let (found, required) = property(at, name).ok_or_else(|| format!("`{field}`: `{name}` is not there"))?;
        match (sent, optional, required) {
            (true, true, true) => return Err(format!("`{field}`: `{name}` must be given")),
            (false, false, false) => return Err(format!("`{field}`: `{name}` may be absent")),
            _ => at = found,
        }
    }
    values.map_or(Ok(()), |values| has_values(at, values).map_err(|problem| format!("`{field}`: {problem}")))
}

fn check_query(operation: Operation, field: &str) -> Result<(), String> {
    let (name, values) = field.split_once('=').map_or((field, None), |(name, values)| (name, Some(values)));
    let parameters = operation.entry["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    let found = parameters.iter().find(|parameter| parameter["name"] == name && parameter["in"] == "query");
    let found = found.ok_or_else(|| format!("there is no parameter `{name}`"))?;
    if found["required"] == true {
        return Err(format!("the parameter `{name}` must be given"));
    }
    let schema = &found["schema"];
    let bounds = |of: &str| schema[of].as_u64();
    match name {
        "page" if bounds("default") != Some(1) => Err(format!("`page` begins otherwise: {schema}")),
        "pageSize" if (bounds("default"), bounds("maximum")) != (Some(20), Some(100)) => Err(format!("`pageSize` is otherwise: {schema}")),
        _ => values.map_or(Ok(()), |values| has_values(schema, values).map_err(|problem| format!("`{name}`: {problem}"))),
    }
}

/// The schema of the first successful answer's `data`.
fn data_of(operation: Operation) -> Option<&'static Value> {
    let responses = operation.entry["responses"].as_object()?;
    let answer = responses.iter().find(|(status, _)| status.starts_with('2')).map(|(_, answer)| resolved(answer))?;
    property(answer.pointer("/content/application~1json/schema")?, "data").map(|(data, _)| data)
}

fn words(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.split_whitespace()
}

#[test]
fn every_field_of_the_specification_is_in_the_document() {
    let mut problems = Vec::new();
    for Specified { operation: line, query, body, data } in OPERATIONS {
        let operation = match find(line) {
            Ok(operation) => operation,
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        let mut note = |result: Result<(), String>| problems.extend(result.err().map(|problem| format!("{line}: {problem}")));
        words(query).for_each(|field| note(check_query(operation, field)));
        if let Some(schema) = operation.entry.pointer("/requestBody/content/application~1json/schema") {
            words(body).for_each(|field| note(check(schema, field, true)));
            let given: Vec<&str> =
                words(body).filter(|field| !field.contains('?')).map(|f| f.split(['.', '=']).next().unwrap_or(f)).collect();
            let needed = parts(schema).into_iter().filter_map(|part| part["required"].as_array()).flatten().filter_map(Value::as_str);
            needed.filter(|name| !given.contains(name)).for_each(|name| note(Err(format!("`{name}` must be given"))));
        } else if !body.is_empty() {
            note(Err("it takes no body".to_owned()));
        }
        if !data.is_empty() {
            let schema = data_of(operation).unwrap_or_else(|| panic!("{line} answers nothing"));
            words(data).for_each(|field| note(check(schema, field, false)));
        }
    }
    for (line, query, name, fields) in THINGS {
        let operation = find(line).expect("there");
        let (schema, _) = property(data_of(operation).expect("data"), name).unwrap_or_else(|| panic!("{line} answers no {name}"));
        let results = words(query).map(|field| check_query(operation, field));
        let results = results.chain(fields.iter().flat_map(|fields| words(fields)).map(|field| check(schema, field, false)));
        problems.extend(results.filter_map(Result::err).map(|problem| format!("{line}: {problem}")));
    }
    assert!(problems.is_empty(), "the document lacks what the specification has:\n{}", problems.join("\n"));
}

#[test]
fn the_envelope_is_that_of_the_specification() {
    let schemas = &DOCUMENT["components"]["schemas"];
    // What is not so is found.
    for (field, sent) in [("colour", false), ("processedAt", false), ("status=lost", false), ("id?", true)] {
        assert!(check(&schemas["Dataset"], field, sent).is_err(), "{field}");
    }
    for (name, fields) in [
        (
            "Envelope_DatasetList",
            "success data meta?.pagination?.page meta?.pagination?.pageSize meta?.pagination?.total meta?.pagination?.hasMore",
        ),
        ("Envelope_NotificationList", "meta?.unreadCount?"),
        ("ErrorEnvelope", "success error.code error.message error.details? error.field?"),
    ] {
        let schema = schemas.get(name).unwrap_or_else(|| panic!("no {name}"));
        for field in words(fields) {
            check(schema, field, false).unwrap_or_else(|problem| panic!("{name}: {problem}"));
        }
    }
}
