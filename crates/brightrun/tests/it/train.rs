//! `brightrun train` alone: no server and no database, only a spec, events on standard output, and a folder.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::support::{root, signal};
use serde_json::{Value, json};

/// A run on the sample data set and the built-in base model.
pub fn write_spec(dir: &Path, epochs: u32) {
    let spec = json!({
        "jobId": "00000000-0000-0000-0000-000000000001", "attemptId": "00000000-0000-0000-0000-000000000002", "attempt": 1,
        "baseModel": { "id": "brightrun/tiny-chat", "revision": "test", "path": root().join("models/tiny-chat") },
        "dataset": { "path": root().join("samples/bike-workshop.jsonl") },
        "config": {
            "hyperparameters": {
                "learningRate": 5e-4, "batchSize": 4, "numEpochs": epochs, "warmupSteps": 0, "warmupRatio": 0.03, "loraRank": 8,
                "loraAlpha": 16.0, "loraDropout": 0.05, "targetModules": ["q_proj", "v_proj"], "optimizerType": "adamw",
                "weightDecay": 0.01, "gradientAccumulationSteps": 1, "maxGradNorm": 1.0, "scheduler": "cosine", "maxSeqLength": 128,
            },
            "settings": { "validationSplitRatio": 0.1, "checkpointInterval": 1000, "seed": 42, "maxDurationHours": 1.0 },
        },
        "output": { "dir": dir.join("run") },
        "threads": 1,
    });
    std::fs::write(dir.join("run.json"), spec.to_string()).expect("spec");
}

/// Changes a spec that was written.
fn change_spec(dir: &Path, change: impl FnOnce(&mut Value)) {
    let path = dir.join("run.json");
    let mut spec = serde_json::from_slice(&std::fs::read(&path).expect("spec")).expect("JSON");
    change(&mut spec);
    std::fs::write(&path, spec.to_string()).expect("spec");
}

fn train(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_brightrun"));
    command.args(["train", "--spec"]).arg(dir.join("run.json")).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn events(stdout: &[u8]) -> Vec<Value> {
    stdout
        .split(|b| *b == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).expect("one event a line"))
        .collect()
}

fn of_type<'a>(events: &'a [Value], kind: &str) -> Vec<&'a Value> {
    events.iter().filter(|event| event["type"] == kind).collect()
}

/// Events are numbered without gaps.
fn assert_numbered(events: &[Value]) {
    for (index, event) in events.iter().enumerate() {
        assert_eq!(event["seq"].as_u64(), Some(index as u64 + 1), "{event}");
    }
}

#[test]
fn sigterm_saves_a_checkpoint_and_the_next_run_goes_on_from_it() {
    let dir = tempfile::tempdir().expect("folder");
    write_spec(dir.path(), 2);
    let mut child = train(dir.path()).spawn().expect("starts");
    let mut stdout = BufReader::new(child.stdout.take().expect("stdout"));
    let mut seen = Vec::new();
    // The second step's figures are out: it is in the middle of training.
    while !String::from_utf8_lossy(&seen).lines().any(|line| line.contains(r#""type":"metrics""#) && line.contains(r#""step":2,"#)) {
        assert!(stdout.read_until(b'\n', &mut seen).expect("readable") > 0, "ended early: {}", String::from_utf8_lossy(&seen));
    }
    let asked = Instant::now();
    signal(child.id(), "TERM");
    stdout.read_to_end(&mut seen).expect("readable");
    let status = child.wait().expect("reaped");
    assert!(asked.elapsed() < Duration::from_secs(10), "took {:?}", asked.elapsed());
    assert_eq!(status.code(), Some(3), "{}", String::from_utf8_lossy(&seen));
    let first = events(&seen);
    assert_numbered(&first);
    let stopped = of_type(&first, "stopped");
    assert_eq!((stopped.len(), stopped[0]["checkpointSaved"].as_bool()), (1, Some(true)), "{stopped:?}");
    let step = stopped[0]["step"].as_u64().expect("step");

    let output = train(dir.path()).output().expect("runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let second = events(&output.stdout);
    assert_numbered(&second);
    assert_eq!(of_type(&second, "started")[0]["resumedFromStep"].as_u64(), Some(step));
    let complete = of_type(&second, "complete");
    assert_eq!(complete.len(), 1);
    for artifact in complete[0]["artifacts"].as_array().expect("files") {
        let path = Path::new(complete[0]["path"].as_str().expect("folder")).join(artifact["name"].as_str().expect("name"));
        assert_eq!(std::fs::metadata(&path).expect("there").len(), artifact["size"].as_u64().expect("size"), "{}", path.display());
    }
    let (done, total) = (complete[0]["summary"]["totalSteps"].as_u64(), of_type(&second, "plan")[0]["totalSteps"].as_u64());
    assert_eq!(done, total);
}

/// Runs the trainer by a shell line that ends with `exec "$@"`. None where the line's tools are not there or not allowed.
fn train_under(dir: &Path, wrapper: &[&str], line: &str) -> Option<Output> {
    let mut command = Command::new(wrapper[0]);
    command.args(&wrapper[1..]).args(["sh", "-c", line, "sh", env!("CARGO_BIN_EXE_brightrun"), "train", "--spec"]);
    let output = command.arg(dir.join("run.json")).env("RUN_DIR", dir.join("run")).stdin(Stdio::null()).output().ok()?;
    (output.status.code() != Some(77)).then_some(output)
}

/// Runs a shell line, which runs the trainer by `"$@"`, with the run's folder on a file system of its own and of this size in a mount
/// namespace of its own; it is gone with the process. None, with a word, where nobody may mount.
fn train_on_a_disk_of(size: &str, dir: &Path, line: &str) -> Option<Output> {
    std::fs::create_dir(dir.join("run")).expect("folder");
    let line = format!(r#"mount -t tmpfs -o size={size} none "$RUN_DIR" || exit 77; {line}"#);
    let output = train_under(dir, &["unshare", "--mount", "--map-root-user"], &line).filter(|o| !o.stdout.is_empty());
    if output.is_none() {
        eprintln!("not run: this machine lets nobody mount in a namespace of their own");
    }
    output
}

#[test]
fn a_full_disk_is_said_by_name_and_leaves_nothing_half_written() {
    let dir = tempfile::tempdir().expect("folder");
    write_spec(dir.path(), 1);
    // Too small for a checkpoint.
    let line = r#""$@"; code=$?; find "$RUN_DIR" -type f >&2; exit $code"#;
    let Some(output) = train_on_a_disk_of("64k", dir.path(), line) else { return };
    let all = events(&output.stdout);
    let errors = of_type(&all, "error");
    assert_eq!(errors.len(), 1, "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!((errors[0]["code"].as_str(), errors[0]["transient"].as_bool()), (Some("disk_full"), Some(false)), "{}", errors[0]);
    assert!(errors[0]["message"].as_str().is_some_and(|m| m.contains("disk is full") && m.contains("Free some space")), "{}", errors[0]);
    assert_eq!(output.status.code(), Some(6));
    assert!(of_type(&all, "checkpoint").is_empty() && of_type(&all, "complete").is_empty());
    let left = String::from_utf8_lossy(&output.stderr);
    assert!(!left.lines().any(|file| file.ends_with("adapter_model.safetensors")), "{left}");
}

#[test]
fn a_disk_that_fills_in_the_middle_of_a_run_keeps_what_was_saved_and_the_run_goes_on_from_it() {
    let dir = tempfile::tempdir().expect("folder");
    write_spec(dir.path(), 1);
    change_spec(dir.path(), |spec| spec["config"]["settings"]["checkpointInterval"] = json!(4));
    // Room for two checkpoints; then for everything.
    let line = r#""$@"; echo "code $?" >&2; find "$RUN_DIR" -type f >&2; mount -o remount,size=64m "$RUN_DIR" || exit 77; exec "$@""#;
    let Some(output) = train_on_a_disk_of("1200k", dir.path(), line) else { return };
    let text = String::from_utf8_lossy(&output.stderr);
    let all = events(&output.stdout);
    let errors = of_type(&all, "error");
    assert_eq!(errors.len(), 1, "{text}");
    assert_eq!((errors[0]["code"].as_str(), text.contains("code 6")), (Some("disk_full"), true), "{}\n{text}", errors[0]);
    // The full disk was met after steps were trained and saved; whole checkpoints are left, and nothing of the one that did not fit.
    let failed_at = all.iter().position(|event| event["type"] == "error").expect("there");
    let saved = of_type(&all[..failed_at], "checkpoint");
    let last = saved.last().unwrap_or_else(|| panic!("none was saved before: {text}"))["step"].as_u64();
    assert!(last >= Some(4) && !text.contains("unfinished"), "{text}");
    let started = of_type(&all[failed_at..], "started");
    assert_eq!((started.len(), started[0]["resumedFromStep"].as_u64()), (1, last), "{text}");
    assert_eq!((output.status.code(), of_type(&all[failed_at..], "complete").len()), (Some(0), 1), "{text}");
}

#[test]
fn a_run_without_memory_dies_and_says_so() {
    let dir = tempfile::tempdir().expect("folder");
    write_spec(dir.path(), 1);
    // The first of these under which it starts and does not end.
    for kilobytes in [300_000, 200_000, 150_000, 100_000] {
        let line = format!(r#"ulimit -v {kilobytes} || exit 77; exec "$@""#);
        let Some(output) = train_under(dir.path(), &["env"], &line) else { return };
        if output.status.success() || events(&output.stdout).is_empty() {
            continue;
        }
        let text = String::from_utf8_lossy(&output.stderr);
        let told = events(&output.stdout).iter().any(|event| event["type"] == "error") || text.contains("memory allocation");
        assert!(told, "status {:?}, signal {:?}: {text}", output.status.code(), output.status.signal());
        assert!(of_type(&events(&output.stdout), "complete").is_empty());
        return;
    }
    eprintln!("not run: no limit was found under which the program starts and runs out of memory");
}

/// A storage that refuses every request alike. Answers its address.
fn refusing_storage(status: &'static str) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut lines = BufReader::new(stream.try_clone().expect("a copy")).lines();
            while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            let _ = std::io::Write::write_all(&mut stream, answer.as_bytes());
        }
    });
    format!("http://{address}")
}

#[test]
fn a_data_set_that_is_gone_is_not_asked_for_again_and_its_signature_is_not_told() {
    const SECRET: &str = "c0ffee5ec2e7";
    for (status, transient) in [("404 Not Found", false), ("410 Gone", false), ("403 Forbidden", true)] {
        let dir = tempfile::tempdir().expect("folder");
        write_spec(dir.path(), 1);
        let url = format!("{}/storage/talks.jsonl?signature={SECRET}", refusing_storage(status));
        change_spec(dir.path(), |spec| spec["dataset"] = json!({ "url": url }));
        let output = train(dir.path()).output().expect("runs");
        assert_eq!(output.status.code(), Some(1));
        let all = events(&output.stdout);
        let errors = of_type(&all, "error");
        assert_eq!(errors.len(), 1, "{all:?}");
        assert_eq!(errors[0]["transient"].as_bool(), Some(transient), "{}", errors[0]);
        assert_eq!(errors[0]["code"], if transient { "run_failed" } else { "dataset_missing" });
        let message = errors[0]["message"].as_str().expect("a message");
        assert!(message.contains("/storage/talks.jsonl?…") && message.contains(status), "{message}");
        let written = [output.stdout, output.stderr].concat();
        assert!(!String::from_utf8_lossy(&written).contains(SECRET), "{}", String::from_utf8_lossy(&written));
    }
}

#[test]
fn a_data_set_that_is_no_file_is_named() {
    let dir = tempfile::tempdir().expect("folder");
    write_spec(dir.path(), 1);
    change_spec(dir.path(), |spec| spec["dataset"] = json!({ "path": dir.path().join("nothing.jsonl") }));
    let output = train(dir.path()).output().expect("runs");
    let all = events(&output.stdout);
    let errors = of_type(&all, "error");
    assert_eq!(errors.len(), 1, "{all:?}");
    assert_eq!((errors[0]["code"].as_str(), errors[0]["transient"].as_bool()), (Some("dataset_missing"), Some(false)));
    assert!(errors[0]["message"].as_str().is_some_and(|message| message.contains("nothing.jsonl")), "{}", errors[0]);
}
