//! What a run would train on: by the command, and through the API.

use std::path::Path;
use std::process::Command;

use crate::support::*;
use crate::train::write_spec;
use serde_json::{Value, json};

fn inspect(dir: &Path, arguments: &[&str]) -> std::process::Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_brightrun"));
    command.args(["inspect", "--spec"]).arg(dir.join("run.json")).args(arguments).output().expect("runs")
}

/// The text of a view, and the text of its trained segments.
fn texts(view: &Value) -> (String, String) {
    let segments = view["segments"].as_array().expect("segments");
    let text = |wanted: &dyn Fn(&str) -> bool| {
        let chosen = segments.iter().filter(|s| wanted(s["part"].as_str().expect("a part")));
        chosen.map(|s| s["text"].as_str().expect("text")).collect::<String>()
    };
    (text(&|_| true), text(&|part| part == "trained"))
}

#[test]
fn a_run_is_inspected_without_training() {
    let dir = tempfile::tempdir().expect("folder");
    write_spec(dir.path(), 1);
    let mut spec: Value = serde_json::from_slice(&std::fs::read(dir.path().join("run.json")).expect("there")).expect("JSON");
    spec["config"]["hyperparameters"]["maxSeqLength"] = 512.into();
    std::fs::write(dir.path().join("run.json"), spec.to_string()).expect("written");
    let output = inspect(dir.path(), &["--json", "--example", "2"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let (totals, example) = (&found["totals"], &found["example"]);
    assert!(totals["examples"].as_u64() > Some(50) && totals["trainedTokens"].as_u64() > Some(500), "{totals}");
    assert!(totals["validationExamples"].as_u64() > Some(0) && totals["paddingTokens"].as_u64() > Some(0), "{totals}");
    let (whole, trained) = texts(example);
    assert!(whole.contains(&trained) && whole.len() > trained.len() && !trained.contains("user"), "{example}");
    let human = inspect(dir.path(), &[]);
    let text = String::from_utf8_lossy(&human.stdout).into_owned();
    assert!(text.contains("trained") && text.contains("context") && text.contains("held out for validation"), "{text}");
    let missing = inspect(dir.path(), &["--example", "99999"]);
    assert!(!missing.status.success() && String::from_utf8_lossy(&missing.stderr).contains("no example 99999"));
}

#[tokio::test]
async fn examples_are_shown_as_the_trainer_sees_them() {
    let dir = tempfile::tempdir().expect("folder");
    let server = Server::start(dir.path());
    account(&server, "admin@example.test").await;
    let client = account(&server, "a@example.test").await;
    let dataset = upload(&client, "v4-meta.jsonl", fixture("v4-meta.jsonl")).await;
    let id = dataset["id"].as_str().expect("an id").to_owned();
    let pairs = dataset["totalTrainingPairs"].as_u64();
    let path = |n: u64, query: &str| format!("/api/datasets/{id}/examples/{n}{query}");
    let shown = client.get(&path(1, "")).await.expect("shown");
    assert_eq!((shown["number"].as_u64(), shown["baseModel"].as_str()), (Some(1), Some("brightrun/tiny-chat")), "{shown}");
    let (whole, trained) = texts(&shown);
    assert!(whole.contains(&trained) && !trained.is_empty(), "{shown}");
    let kept = shown["tokens"]["trained"].as_u64().expect("a count") + shown["tokens"]["context"].as_u64().expect("a count");
    // The totals are counted beside the answer; a file of this size is soon done.
    let counted = |shown: &Value| shown["totals"].is_object();
    let totals = client.until(&path(1, ""), LIMIT, counted).await.expect("counted")["totals"].take();
    assert_eq!(totals["examples"].as_u64(), pairs, "{totals}");
    let short = client.get(&path(1, "?maxSeqLength=64&overlongExamples=truncate")).await.expect("shown");
    assert!(kept > 64 && short["overlong"] == true && short["tokens"]["cut"].as_u64() == Some(kept - 64), "{short}");
    let dropped = client.get(&path(1, "?maxSeqLength=64&overlongExamples=drop")).await.expect("shown");
    assert_eq!((dropped["dropped"].as_bool(), dropped["tokens"]["cut"].as_u64()), (Some(true), Some(kept)), "{dropped}");
    for (path, said) in [
        (path(99, ""), "EXAMPLE_NOT_FOUND"),
        (path(1, "?maxSeqLength=5"), "maxSeqLength"),
        (path(1, "?baseModel=none"), "no base model"),
        (path(0, ""), "404"),
    ] {
        let refused = client.get(&path).await.expect_err("refused").to_string();
        assert!(refused.contains(said), "{path}: {refused}");
    }
    let stranger = account(&server, "b@example.test").await;
    assert!(stranger.get(&path(1, "")).await.expect_err("hidden").to_string().contains("404"));

    let job_id = create_job(&client, &job_request(&dataset["id"], &json!({}))).await;
    let job_path = format!("/api/jobs/{job_id}/examples/2");
    let shown = client.until(&job_path, LIMIT, counted).await.expect("counted");
    assert!(shown["totals"]["validationExamples"].as_u64() > Some(0) && shown["totals"]["tokens"]["padding"].is_u64(), "{shown}");
    assert!(shown["tokens"]["padding"].is_u64() && shown["split"].is_string(), "{shown}");
    assert!(stranger.get(&job_path).await.expect_err("hidden").to_string().contains("404"));
    stream_until(&client, &job_id, "complete").await;
    let job = job(&client, &job_id).await;
    assert_eq!(job["summary"]["validationExamples"], shown["totals"]["validationExamples"], "as the trainer split them");
}
