//! One example as the records of a format.

use crate::example::{Example, Labels};
use crate::fields::{Fields, compact};
use crate::normalise::Form;
use domain::dataset::{DatasetFormat, Message};
use serde_json::{Map, Value, json};

/// What a format cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Loss {
    /// Records that cannot be used.
    RejectedRecords,
    /// Pairs without an answer.
    ContextPairs,
    /// Earlier turns, where the format holds one question and one answer.
    History,
    /// Answers that no question comes before.
    Unasked,
    /// Messages of tools, or system messages in the middle, which become part of the question.
    Roles,
    /// Persona, emotional arc, topic.
    Labels,
    /// Quality scores and marks of review.
    Quality,
    /// Fields that are not read.
    OtherFields,
}

impl Loss {
    /// Stable code.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RejectedRecords => "rejected_records",
            Self::ContextPairs => "context_pairs",
            Self::History => "history",
            Self::Unasked => "unasked_answers",
            Self::Roles => "roles",
            Self::Labels => "labels",
            Self::Quality => "quality",
            Self::OtherFields => "other_fields",
        }
    }

    /// What is lost, in one sentence.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::RejectedRecords => "Records that cannot be used are left out.",
            Self::ContextPairs => "Pairs without an answer are left out; later pairs repeat them in their history.",
            Self::History => "The turns before the last question are left out: the format holds one question and one answer.",
            Self::Unasked => "Answers without a question before them are left out.",
            Self::Roles => "Messages of tools, or of the system in the middle, are written as the user's.",
            Self::Labels => "Persona, emotional arc and topic are left out.",
            Self::Quality => "Quality scores and marks of review are left out.",
            Self::OtherFields => "Fields that are not read, such as notes and states, are left out.",
        }
    }
}

/// What of the example the new format has no place for.
pub(super) fn losses(example: &Example, form: Option<Form>, to: DatasetFormat, raw: &[u8]) -> Vec<Loss> {
    let mut lost = Vec::new();
    let Labels { persona, persona_name, arc, arc_name, topic, topic_name, quality, human_reviewed } = &example.labels;
    if to != DatasetFormat::BrightrunLoraV4 {
        if [persona, persona_name, arc, arc_name, topic, topic_name].into_iter().any(Option::is_some) {
            lost.push(Loss::Labels);
        }
        if quality.is_some() || human_reviewed.is_some() {
            lost.push(Loss::Quality);
        }
    }
    let known = |key: &str| {
        matches!(
            key,
            "id" | "conversation_id"
                | "turn_number"
                | "system_prompt"
                | "conversation_history"
                | "current_user_input"
                | "target_response"
                | "messages"
                | "turns"
                | "conversations"
                | "system"
                | "instruction"
                | "input"
                | "output"
                | "prompt"
                | "completion"
                | "split"
        )
    };
    let fields = std::str::from_utf8(raw).ok().and_then(Fields::of);
    if form == Some(Form::Pair) || fields.is_some_and(|fields| fields.0.iter().any(|(key, _)| !known(key))) {
        lost.push(Loss::OtherFields);
    }
    lost
}

/// A v4 pair as a line of v4: nothing is lost. Its conversation is named by its own id, as a document's pairs do not.
pub(super) fn pair_as_it_is(raw: &[u8], example: &Example) -> Option<String> {
    let mut fields = Fields::of(std::str::from_utf8(raw).ok()?)?;
    fields.set("conversation_id", Value::from(example.conversation_id.as_str()).to_string());
    if let Some(split) = example.split {
        fields.set("split", Value::from(split.as_str()).to_string());
    }
    Some(compact(&fields.write()))
}

/// The example as records of the format.
pub(super) fn records(example: &Example, to: DatasetFormat, lost: &mut Vec<Loss>) -> Vec<String> {
    match to {
        DatasetFormat::OpenaiChat => vec![chat(example, "messages", "role", "content")],
        DatasetFormat::Sharegpt => vec![chat(example, "conversations", "from", "value")],
        DatasetFormat::Alpaca => single(example, ["instruction", "output"], lost),
        DatasetFormat::PromptCompletion => single(example, ["prompt", "completion"], lost),
        DatasetFormat::BrightrunLoraV4 | DatasetFormat::BrightrunLoraV3 => pairs(example, lost),
    }
}

/// What names the conversation and its side of the split: every reader here knows these keys, and others pass over them.
fn base(example: &Example) -> Map<String, Value> {
    let mut record = Map::new();
    let made_up = example
        .conversation_id
        .strip_prefix("conversation-")
        .is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'));
    if !made_up {
        record.insert("conversation_id".to_owned(), example.conversation_id.as_str().into());
    }
    if let Some(split) = example.split {
        record.insert("split".to_owned(), split.as_str().into());
    }
    record
}

/// A whole conversation. Answers that are not trained on have weight 0.
fn chat(example: &Example, list: &str, role_key: &str, text_key: &str) -> String {
    let messages: Vec<Value> = example
        .messages
        .iter()
        .map(|message| {
            let role = match (role_key, message.role.as_str()) {
                ("from", "user") => "human",
                ("from", "assistant") => "gpt",
                (_, role) => role,
            };
            let mut one = Map::new();
            one.insert(role_key.to_owned(), role.into());
            one.insert(text_key.to_owned(), message.content.as_str().into());
            if message.role == "assistant" && !message.trained {
                one.insert("weight".to_owned(), 0.into());
            }
            Value::Object(one)
        })
        .collect();
    let mut record = base(example);
    record.insert(list.to_owned(), messages.into());
    Value::Object(record).to_string()
}

/// An answer that is trained on, with what was asked and what came before.
struct Asked<'e> {
    system: Option<&'e str>,
    history: &'e [Message],
    question: &'e str,
    answer: &'e str,
    /// Position among the turns, from 1.
    turn: usize,
}

fn asked<'e>(example: &'e Example, lost: &mut Vec<Loss>) -> Vec<Asked<'e>> {
    let messages = &example.messages;
    let first = usize::from(messages.first().is_some_and(|message| message.role == "system"));
    let system = (first == 1).then(|| messages[0].content.as_str());
    let mut all = Vec::new();
    for (index, message) in messages.iter().enumerate().skip(first) {
        if message.role != "assistant" || !message.trained {
            continue;
        }
        let Some(question) = index.checked_sub(1).filter(|at| *at >= first && messages[*at].role != "assistant") else {
            lost.push(Loss::Unasked);
            continue;
        };
        if messages[question].role != "user" {
            lost.push(Loss::Roles);
        }
        if messages[question].content.trim().is_empty() {
            lost.push(Loss::Unasked);
            continue;
        }
        all.push(Asked {
            system,
            history: &messages[first..question],
            question: &messages[question].content,
            answer: &message.content,
            turn: index + 1 - first,
        });
    }
    all
}

fn single(example: &Example, [question_key, answer_key]: [&str; 2], lost: &mut Vec<Loss>) -> Vec<String> {
    let all = asked(example, lost);
    let several = all.len() > 1;
    let record = |one: &Asked| {
        let mut record = base(example);
        if several {
            record.insert("conversation_id".to_owned(), example.conversation_id.as_str().into());
        }
        record.insert(question_key.to_owned(), one.question.into());
        if question_key == "instruction" {
            record.insert("input".to_owned(), "".into());
        }
        record.insert(answer_key.to_owned(), one.answer.into());
        if let Some(system) = one.system {
            record.insert("system".to_owned(), system.into());
        }
        Value::Object(record).to_string()
    };
    lost.extend(all.iter().filter(|one| !one.history.is_empty()).map(|_| Loss::History));
    all.iter().map(record).collect()
}

fn pairs(example: &Example, lost: &mut Vec<Loss>) -> Vec<String> {
    let record = |one: Asked| {
        let history: Vec<Value> = one
            .history
            .iter()
            .enumerate()
            .map(|(index, message)| json!({"turn": index + 1, "role": message.role, "content": message.content}))
            .collect();
        let mut record = base(example);
        record.insert("id".to_owned(), format!("turn{}", one.turn).into());
        record.insert("conversation_id".to_owned(), example.conversation_id.as_str().into());
        record.insert("turn_number".to_owned(), one.turn.into());
        if let Some(system) = one.system {
            record.insert("system_prompt".to_owned(), system.into());
        }
        record.insert("conversation_history".to_owned(), history.into());
        record.insert("current_user_input".to_owned(), one.question.into());
        record.insert("target_response".to_owned(), one.answer.into());
        Value::Object(record).to_string()
    };
    asked(example, lost).into_iter().map(record).collect()
}
