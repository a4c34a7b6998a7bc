//! Whole conversations: OpenAI's `messages`, ShareGPT's `conversations`, and `turns`. Every assistant message is an answer.

use super::message::{ASSISTANT, SYSTEM, message, out_of_turn, read};
use super::{Body, Draft, pointer, split};
use crate::codes;
use crate::example::Labels;
use crate::lenient::Lenient;
use crate::problem::Problem;
use crate::record::{Element, Record};

pub(super) fn normalise(record: &Record, list: &Lenient<Vec<Element>>, key: &str, draft: &mut Draft) -> Option<Body> {
    let elements = match list {
        Lenient::Is(elements) if !elements.is_empty() => elements,
        Lenient::Is(_) => {
            draft.problem(Problem::field(codes::EMPTY_VALUE, pointer(key), format!("`{key}` has no messages.")));
            return None;
        }
        Lenient::Wrong(found) => {
            draft.wrong(key, found, "an array");
            return None;
        }
        Lenient::Missing | Lenient::Null => {
            draft.wrong(key, "null", "an array");
            return None;
        }
    };
    let mut messages = Vec::with_capacity(elements.len() + 1);
    for (index, element) in elements.iter().enumerate() {
        messages.extend(read(element, &format!("/{key}/{index}"), draft));
    }
    if draft.problems.iter().any(Problem::rejects) {
        return None;
    }
    if !messages.iter().any(|message| message.role == ASSISTANT && message.trained) {
        let what = if messages.iter().any(|message| message.role == ASSISTANT) {
            "No assistant message has text that is trained on: all are empty or have weight 0."
        } else {
            "The conversation has no assistant message."
        };
        draft.problem(Problem::field(codes::MISSING_ASSISTANT, pointer(key), what));
        return None;
    }
    if let Some(index) = out_of_turn(&messages) {
        let what = format!("The {} message at position {} is out of turn.", messages[index].role, index + 1);
        draft.problem(Problem::field(codes::ROLES_NOT_ALTERNATING, format!("/{key}/{index}"), what));
    }
    if record.tools.is_some() {
        draft.problem(Problem::field(codes::TOOL_CALLS_AS_TEXT, "/tools", "The record defines tools; the definitions are not trained on."));
    }
    if let Some(system) = draft.optional(&record.system, "system")
        && messages[0].role != SYSTEM
    {
        messages.insert(0, message(SYSTEM, system));
    }
    Some(draft.example(record, messages, Labels::default(), split(&record.split)))
}
