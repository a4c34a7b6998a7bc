//! Data sets made for a test, and short ways to validate them.

use dataset::{Example, TokenCounter, ValidateOptions, ValidationReport, read_examples, validate};
use domain::dataset::{Finding, Message};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::ops::ControlFlow;

/// Counts words; each message costs two more.
pub struct Words;

impl TokenCounter for Words {
    fn count_example(&self, messages: &[Message]) -> usize {
        messages.iter().map(|message| 2 + self.count_text(&message.content)).sum()
    }
    fn count_text(&self, text: &str) -> usize {
        text.split_whitespace().count()
    }
    fn name(&self) -> &'static str {
        "words"
    }
}

/// A good v4 pair: the `turn`-th answer of `conversation`.
pub fn pair(conversation: &str, turn: usize) -> Value {
    let mut history = Vec::new();
    for earlier in 1..turn {
        history.push(json!({"turn": 2 * earlier - 1, "role": "user", "content": question(conversation, earlier)}));
        history.push(json!({"turn": 2 * earlier, "role": "assistant", "content": answer(conversation, earlier)}));
    }
    history.push(json!({"turn": 2 * turn - 1, "role": "user", "content": question(conversation, turn)}));
    json!({
        "id": format!("p{turn}"),
        "conversation_id": conversation,
        "turn_number": 2 * turn,
        "conversation_metadata": {
            "client_persona": "Ada Long - The Calm Planner", "persona_archetype": "calm_planner",
            "emotional_arc": "Doubt → Trust", "emotional_arc_key": "doubt_to_trust",
            "training_topic": "First Steps", "training_topic_key": "first_steps",
        },
        "system_prompt": "You help.",
        "conversation_history": history,
        "current_user_input": question(conversation, turn),
        "target_response": answer(conversation, turn),
        "training_metadata": {"quality_score": 4, "human_reviewed": true},
    })
}

pub fn question(conversation: &str, turn: usize) -> String {
    format!("What about {conversation} at turn {turn}?")
}

pub fn answer(conversation: &str, turn: usize) -> String {
    format!("It goes well with {conversation} at turn {turn}, in every way that one could hope for, and it will stay so for a long time.")
}

/// Four conversations of three answers each.
pub fn pairs() -> Vec<Value> {
    ["c1", "c2", "c3", "c4"].iter().flat_map(|conversation| (1..=3).map(move |turn| pair(conversation, turn))).collect()
}

/// The same as a v4 document, with a user's pair without an answer before each.
pub fn document() -> Value {
    let conversations: Vec<Value> = ["c1", "c2", "c3", "c4"]
        .iter()
        .map(|conversation| {
            let mut list = Vec::new();
            for turn in 1..=3 {
                let mut open = pair(conversation, turn);
                open["id"] = json!(format!("open{turn}"));
                open["target_response"] = Value::Null;
                list.push(open);
                list.push(pair(conversation, turn));
            }
            for one in &mut list {
                one["conversation_id"] = json!("template");
            }
            let scaffolding = json!({"persona_key": "calm_planner", "persona_name": "Ada Long", "emotional_arc_key": "doubt_to_trust",
                "emotional_arc": "Doubt → Trust", "training_topic_key": "first_steps", "training_topic": "First Steps"});
            json!({"conversation_metadata": {"conversation_id": conversation, "scaffolding": scaffolding}, "training_pairs": list})
        })
        .collect();
    json!({
        "training_file_metadata": {"version": "4.0.0", "format_spec": "brightrun-lora-v4", "vertical": "gardening",
            "total_conversations": 4, "total_training_pairs": 24},
        "consultant_profile": {"name": "Ada Long, MSc, PhD"},
        "conversations": conversations,
    })
}

pub fn jsonl(records: &[Value]) -> Vec<u8> {
    records.iter().flat_map(|record| format!("{record}\n").into_bytes()).collect()
}

/// Chat with `count` answers, each after a question.
pub fn chat(name: &str, count: usize) -> Value {
    let messages: Vec<Value> = (1..=count)
        .flat_map(|turn| {
            [json!({"role": "user", "content": question(name, turn)}), json!({"role": "assistant", "content": answer(name, turn)})]
        })
        .collect();
    json!({"messages": messages})
}

pub fn check_with(bytes: impl Read, options: &ValidateOptions) -> ValidationReport {
    validate(bytes, None, options, Some(&Words), &mut |_| ControlFlow::Continue(())).unwrap()
}

pub fn check(bytes: &[u8]) -> ValidationReport {
    check_with(bytes, &ValidateOptions::default())
}

/// The findings of a code, by their `code`.
pub fn found<'r>(report: &'r ValidationReport, code: &str) -> &'r [Finding] {
    report.groups.iter().find(|group| group.code == code).map_or(&[], |group| &group.findings)
}

pub fn codes(report: &ValidationReport) -> Vec<&str> {
    report.groups.iter().map(|group| group.code.as_str()).collect()
}

/// The examples of a file with this content.
pub fn examples(bytes: &[u8]) -> Vec<Example> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    read_examples(file.path(), None).unwrap().map(Result::unwrap).collect()
}

/// `role: content` of each message, an assistant's with `*` where it is trained on.
pub fn shown(example: &Example) -> Vec<String> {
    let star = |message: &Message| if message.role == "assistant" && message.trained { "*" } else { "" };
    example.messages.iter().map(|message| format!("{}{}: {}", message.role, star(message), message.content)).collect()
}
