//! The doctor without a server: `validate`, `convert` and `fix`, their files and their exit codes.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::root;
use serde_json::Value;

fn fixture(name: &str) -> PathBuf {
    root().join("fixtures/datasets").join(name)
}

fn run(args: &[&str], files: &[&Path]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_brightrun"));
    command.arg(args[0]).args(files.first()).args(&args[1..]);
    if let Some(output) = files.get(1) {
        command.arg("--output").arg(output);
    }
    command.output().expect("it runs")
}

/// The exit code, and both outputs as one text.
fn outcome(output: &Output) -> (Option<i32>, String) {
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code(), text)
}

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).expect("a file");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn a_file_is_converted_to_every_format_that_is_written_and_back() {
    let dir = tempfile::tempdir().expect("folder");
    let count = |path: &Path| {
        let (code, text) = outcome(&run(&["validate", "--json"], &[path]));
        let report: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{}: {code:?} {text}", path.display()));
        report["statistics"]["totalTrainingPairs"].as_u64().expect("a number")
    };
    let pairs = count(&fixture("v4-meta.jsonl"));
    for format in ["brightrun-lora-v4", "openai-chat", "sharegpt", "alpaca", "prompt-completion"] {
        let output = dir.path().join(format!("{format}.jsonl"));
        let (code, text) = outcome(&run(&["convert", "--to", format], &[&fixture("v4-meta.jsonl"), &output]));
        assert_eq!(code, Some(0), "{format}: {text}");
        assert!(text.contains("examples") && !lines(&output).is_empty(), "{text}");
        assert!(count(&output) > 0, "{format} can be read again");
        if format == "brightrun-lora-v4" {
            assert_eq!(count(&output), pairs, "nothing is lost");
        }
    }
}

#[test]
fn a_conversion_that_cannot_be_leaves_nothing_behind() {
    let dir = tempfile::tempdir().expect("folder");
    let copy = dir.path().join("talks.jsonl");
    std::fs::copy(fixture("v4-meta.jsonl"), &copy).expect("copied");
    let (code, text) = outcome(&run(&["convert", "--to", "alpaca"], &[&copy]));
    let beside = dir.path().join("talks.alpaca.jsonl");
    assert!(code == Some(0) && beside.is_file(), "without --output it is beside the old one: {text}");
    let before = std::fs::read(&beside).expect("a file");
    let output = dir.path().join("out.jsonl");
    for (args, file, expected, words) in [
        (&["convert", "--to", "alpaca"][..], copy.clone(), 1, "name another with --output"),
        (&["convert", "--to", "brightrun-lora-v3"][..], copy.clone(), 1, "is only read"),
        (&["convert", "--to", "parquet"][..], copy.clone(), 2, "parquet"),
        (&["convert"][..], copy.clone(), 2, "--to"),
        (&["convert", "--to", "alpaca"][..], dir.path().join("none.jsonl"), 1, "cannot read"),
    ] {
        let (code, text) = outcome(&run(args, &[&file]));
        assert!(code == Some(expected) && text.contains(words), "{args:?}: {code:?} {text}");
        assert!(!text.contains("panicked"), "{text}");
    }
    assert_eq!(std::fs::read(&beside).expect("a file"), before, "a file that is there is never written over");
    for bad in ["bad/binary.jsonl", "bad/unknown-format.csv", "bad/empty.jsonl", "bad/unknown-shape.json"] {
        let (code, text) = outcome(&run(&["convert", "--to", "alpaca"], &[&fixture(bad), &output]));
        assert!(code == Some(1) && !output.exists() && !text.contains("panicked"), "{bad}: {code:?} {text}");
    }
}

#[test]
fn a_file_is_mended_into_a_new_one() {
    let dir = tempfile::tempdir().expect("folder");
    let (file, output) = (fixture("bad/duplicates.jsonl"), dir.path().join("fixed.jsonl"));
    let before = std::fs::read(&file).expect("a file");
    let preview = outcome(&run(&["fix", "--fix", "drop_duplicates", "--preview"], &[&file, &output]));
    assert!(preview.0 == Some(0) && preview.1.contains("drop_duplicates") && !output.exists(), "{preview:?}");
    let (code, text) = outcome(&run(&["fix", "--fix", "drop_duplicates"], &[&file, &output]));
    assert_eq!(code, Some(0), "{text}");
    assert!(text.starts_with(preview.1.lines().next().expect("a line")), "it does what the preview said: {text}");
    assert!(lines(&output).len() < String::from_utf8_lossy(&before).lines().count(), "{text}");
    assert_eq!(std::fs::read(&file).expect("a file"), before, "nothing is changed in place");
    let duplicates = |path: &Path| outcome(&run(&["validate", "--json"], &[path])).1.contains("duplicate_example");
    assert!(!duplicates(&output), "{}", outcome(&run(&["validate"], &[&output])).1);
    for (args, path, expected, words) in [
        (&["fix"][..], file.clone(), 2, "--fix"),
        (&["fix", "--fix", "paint_it_blue"][..], file.clone(), 2, "paint_it_blue"),
        (&["fix", "--fix", "drop_duplicates"][..], dir.path().join("none.jsonl"), 1, "cannot read"),
    ] {
        let (code, text) = outcome(&run(args, &[&path]));
        assert!(code == Some(expected) && text.contains(words) && !text.contains("panicked"), "{args:?}: {code:?} {text}");
    }
    let again = outcome(&run(&["fix", "--fix", "drop_duplicates"], &[&file, &output]));
    assert!(again.0 == Some(1) && again.1.contains("name another with --output"), "{again:?}");
    let other = dir.path().join("other.jsonl");
    for bad in ["bad/binary.jsonl", "bad/unknown-format.csv", "bad/empty.jsonl"] {
        let (code, text) = outcome(&run(&["fix", "--fix", "drop_duplicates"], &[&fixture(bad), &other]));
        assert!(code == Some(1) && !other.exists() && !text.contains("panicked"), "{bad}: {code:?} {text}");
    }
}

#[test]
fn the_exit_code_of_validate_says_whether_a_file_can_be_trained_on() {
    for (name, expected) in [
        ("v4-meta.jsonl", 0),
        ("v3-legacy.json", 0),
        ("bad/null-targets.jsonl", 1),
        ("bad/binary.jsonl", 1),
        ("bad/empty.jsonl", 1),
        ("bad/deep-nesting.json", 1),
        ("bad/none.jsonl", 1),
    ] {
        let (code, text) = outcome(&run(&["validate"], &[&fixture(name)]));
        assert!(code == Some(expected) && !text.contains("panicked"), "{name}: {code:?} {text}");
    }
}
