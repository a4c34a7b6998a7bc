//! What examples look like, whatever form they come from.

use crate::support::{chat, document, examples, jsonl, pair, pairs, shown};
use dataset::{DatasetError, Split, read_examples};
use serde_json::{Value, json};

#[test]
fn a_pair_becomes_history_input_and_answer_with_nothing_twice() {
    let mut record = pair("c", 2);
    record["target_response"] = json!("A2.");
    let example = &examples(&jsonl(&[record.clone()]))[0];
    let expected = [
        "system: You help.".to_owned(),
        "user: What about c at turn 1?".to_owned(),
        format!("assistant: {}", crate::support::answer("c", 1)),
        "user: What about c at turn 2?".to_owned(),
        "assistant*: A2.".to_owned(),
    ];
    assert_eq!(shown(example), expected);
    assert_eq!((example.conversation_id.as_str(), example.line, example.trained_messages()), ("c", 1, 1));
    assert_eq!(example.labels.persona_name.as_deref(), Some("Ada Long"));
    assert_eq!((example.labels.quality, example.labels.human_reviewed), (Some(4.0), Some(true)));
    // v3 leaves the user's input out of the history.
    record["conversation_history"].as_array_mut().unwrap().pop();
    assert_eq!(shown(&examples(&jsonl(&[record]))[0]), expected);
}

#[test]
fn a_document_gives_the_same_examples_as_its_lines() {
    let lines = examples(&jsonl(&pairs()));
    let document = document();
    for text in [document.to_string(), serde_json::to_string_pretty(&document).unwrap()] {
        let examples = examples(text.as_bytes());
        assert_eq!(examples.len(), lines.len());
        for (one, other) in examples.iter().zip(&lines) {
            assert_eq!((&one.conversation_id, &one.messages, &one.labels), (&other.conversation_id, &other.messages, &other.labels));
        }
    }
}

#[test]
fn marks_line_ends_and_blank_lines_are_tolerated() {
    let plain = examples(&jsonl(&pairs()));
    let text = String::from_utf8(jsonl(&pairs())).unwrap();
    let windows = format!("\u{FEFF}\r\n{}", text.replace('\n', "\r\n\r\n"));
    let same = examples(windows.trim_end().as_bytes());
    assert_eq!(same.len(), plain.len());
    assert!(same.iter().zip(&plain).all(|(one, other)| one.messages == other.messages));
    assert_eq!(same[1].line, 4);
}

#[test]
fn an_individual_conversation_is_one() {
    let mut records = pairs()[..3].to_vec();
    records[1]["conversation_id"] = json!("another template");
    let text = json!({"dataset_metadata": {"total_conversations": 1, "conversation_source": "one.json"}, "training_pairs": records});
    assert!(examples(text.to_string().as_bytes()).iter().all(|example| example.conversation_id == "one.json"));
    let several = [text.to_string(), text.to_string().replace("one.json", "two.json")].join("\n");
    let ids: Vec<_> = examples(several.as_bytes()).into_iter().map(|example| example.conversation_id).collect();
    assert_eq!(ids, ["one.json", "one.json", "one.json", "two.json", "two.json", "two.json"], "one document a line");
}

#[test]
fn chats_keep_weights_and_tools() {
    let record = json!({"messages": [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Hi"}, {"type": "text", "text": " there"}]},
        {"role": "assistant", "content": "No.", "weight": 0},
        {"role": "user", "content": "Time?"},
        {"role": "assistant", "content": null, "tool_calls": [{"function": {"name": "clock", "arguments": "{}"}}]},
        {"role": "tool", "content": "12:00"},
        {"role": "assistant", "content": "Noon."},
    ]});
    assert_eq!(
        shown(&examples(&jsonl(&[record]))[0]),
        [
            "system: Be brief.",
            "user: Hi there",
            "assistant: No.",
            "user: Time?",
            "assistant*: {\"name\": \"clock\", \"arguments\": {}}",
            "tool: 12:00",
            "assistant*: Noon.",
        ]
    );
}

#[test]
fn the_other_forms() {
    let cases: [(Value, &[&str]); 6] = [
        (
            json!({"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}], "system": "s"}),
            &["system: s", "user: q", "assistant*: a"],
        ),
        (
            json!({"conversations": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}),
            &["user: q", "assistant*: a"],
        ),
        (json!({"instruction": "i", "input": "x", "output": "o"}), &["user: i\n\nx", "assistant*: o"]),
        (json!({"instruction": "i", "input": "", "output": "o"}), &["user: i", "assistant*: o"]),
        (json!({"prompt": "p", "completion": "c"}), &["user: p", "assistant*: c"]),
        (
            json!({"conversation_id": "k", "turns": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}),
            &["user: q", "assistant*: a"],
        ),
    ];
    for (record, expected) in cases {
        let pretty = serde_json::to_vec_pretty(&record).unwrap();
        let array = json!([record]).to_string().into_bytes();
        for bytes in [jsonl(&[record]), pretty, array] {
            let examples = examples(&bytes);
            assert_eq!(examples.len(), 1, "{}", String::from_utf8_lossy(&bytes));
            assert_eq!(shown(&examples[0]), expected);
        }
    }
}

#[test]
fn conversations_without_an_id_are_named_by_position() {
    let ids: Vec<_> = examples(&jsonl(&[chat("a", 1), chat("b", 1)])).into_iter().map(|example| example.conversation_id).collect();
    assert_eq!(ids, ["conversation-1", "conversation-2"]);
}

#[test]
fn a_file_may_split_itself() {
    let mut records = vec![pair("a", 1), pair("b", 1), pair("c", 1)];
    records[0]["split"] = json!("train");
    records[1]["training_metadata"]["split"] = json!("Validation");
    let splits: Vec<_> = examples(&jsonl(&records)).into_iter().map(|example| example.split).collect();
    assert_eq!(splits, [Some(Split::Train), Some(Split::Validation), None]);
}

#[test]
fn a_fault_ends_the_reading_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("broken.json");
    let text = document().to_string();
    std::fs::write(&path, &text[..text.len() - 3000]).unwrap();
    let mut reader = read_examples(&path, None).unwrap();
    let mut good = 0;
    let error = loop {
        match reader.next().unwrap() {
            Ok(_) => good += 1,
            Err(error) => break error,
        }
    };
    assert!(good > 0 && reader.next().is_none());
    assert!(matches!(&error, DatasetError::Unusable(finding) if finding.code == "truncated_file"), "{error}");
    assert!(error.to_string().starts_with("Line 1, column"), "{error}");
    assert!(matches!(read_examples(&folder.path().join("none"), None), Err(DatasetError::Io { .. })));
}
