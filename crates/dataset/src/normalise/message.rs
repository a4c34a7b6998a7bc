//! Messages: roles, texts, and whether they take turns.

use super::Draft;
use crate::codes;
use crate::lenient::Lenient;
use crate::problem::Problem;
use crate::record::Element;
use domain::dataset::Message;
use serde_json::Value;

pub(super) const SYSTEM: &str = "system";
pub(super) const USER: &str = "user";
pub(super) const ASSISTANT: &str = "assistant";
pub(super) const TOOL: &str = "tool";

/// A message that is trained on where it is an assistant's.
pub(super) fn message(role: &str, content: &str) -> Message {
    Message { role: role.to_owned(), content: content.to_owned(), trained: true }
}

/// The role that a name stands for in any of the forms.
fn role(name: &str) -> Option<&'static str> {
    Some(match name.trim().to_ascii_lowercase().as_str() {
        "system" | "developer" => SYSTEM,
        "user" | "human" => USER,
        "assistant" | "gpt" | "chatgpt" | "bot" | "bard" | "bing" | "model" => ASSISTANT,
        "tool" | "function" | "observation" => TOOL,
        _ => return None,
    })
}

/// Reads the message at `pointer`. Messages without text are kept, named, and never trained on.
pub(super) fn read(element: &Element, pointer: &str, draft: &mut Draft) -> Option<Message> {
    let raw = match element {
        Lenient::Is(raw) => raw,
        Lenient::Wrong(found) => {
            draft.problem(Problem::field(codes::INVALID_TYPE, pointer, format!("The message is {found} where an object is expected.")));
            return None;
        }
        Lenient::Missing | Lenient::Null => {
            draft.problem(Problem::field(codes::INVALID_TYPE, pointer, "The message is null where an object is expected."));
            return None;
        }
    };
    let (name, key) = if raw.role.is_missing() && !raw.from.is_missing() { (&raw.from, "from") } else { (&raw.role, "role") };
    let Some(name) = text(name, &format!("{pointer}/{key}"), draft) else {
        draft.reject_unless_named(&format!("{pointer}/{key}"));
        return None;
    };
    let Some(role) = role(name) else {
        let name: String = name.chars().take(40).collect();
        draft.problem(Problem::field(codes::UNKNOWN_ROLE, format!("{pointer}/{key}"), format!("The role “{name}” is not known.")));
        return None;
    };
    let (content, key) =
        if raw.content.is_missing() && !raw.value.is_missing() { (&raw.value, "value") } else { (&raw.content, "content") };
    let calls = calls_as_text(raw.tool_calls.as_ref(), raw.function_call.as_ref());
    let at = format!("{pointer}/{key}");
    if content.is_missing() && calls.is_none() {
        draft.problem(Problem::field(codes::MISSING_FIELD, at, "The message has no text."));
        return None;
    }
    let wrong = matches!(content, Lenient::Wrong(_));
    let mut content = text(content, &at, draft).unwrap_or_default().to_owned();
    if wrong {
        return None;
    }
    if let Some(calls) = calls {
        draft.problem(Problem::field(
            codes::TOOL_CALLS_AS_TEXT,
            pointer,
            "The message calls tools; the calls are kept as JSON in its text.",
        ));
        if !content.trim().is_empty() {
            content.push('\n');
        }
        content.push_str(&calls);
    }
    let blank = content.trim().is_empty();
    if blank {
        draft.problem(Problem::field(codes::EMPTY_MESSAGE, at, "The message is empty."));
    }
    let trained = role != ASSISTANT || (!blank && weighs(&raw.weight, pointer, draft));
    Some(Message { role: role.to_owned(), content, trained })
}

impl Draft<'_> {
    /// Names a missing field unless something was said about this place already.
    fn reject_unless_named(&mut self, pointer: &str) {
        if self.problems.iter().all(|problem| problem.pointer.as_deref() != Some(pointer)) {
            self.problem(Problem::field(codes::MISSING_FIELD, pointer, "The message has no role."));
        }
    }
}

fn text<'t>(field: &'t crate::lenient::Text, pointer: &str, draft: &mut Draft) -> Option<&'t str> {
    if let Lenient::Wrong(found) = field {
        draft.problem(Problem::field(codes::INVALID_TYPE, pointer, format!("This is {found} where text is expected.")));
    }
    field.get().map(AsRef::as_ref)
}

/// OpenAI's `weight`: 0 keeps an assistant message as context.
fn weighs(weight: &Lenient<f64>, pointer: &str, draft: &mut Draft) -> bool {
    match weight {
        Lenient::Is(weight) => *weight > 0.0,
        Lenient::Missing | Lenient::Null => true,
        Lenient::Wrong(found) => {
            draft.problem(Problem::field(
                codes::INVALID_TYPE,
                format!("{pointer}/weight"),
                format!("`weight` is {found} where 0 or 1 is expected."),
            ));
            false
        }
    }
}

/// Tool calls as JSON, one a line: `{"name": …, "arguments": …}`.
fn calls_as_text(tool_calls: Option<&Value>, function_call: Option<&Value>) -> Option<String> {
    let calls: Vec<&Value> = match (tool_calls, function_call) {
        (Some(Value::Array(calls)), _) => calls.iter().map(|call| call.get("function").unwrap_or(call)).collect(),
        (_, Some(call)) => vec![call],
        _ => return None,
    };
    let lines: Vec<String> = calls
        .into_iter()
        .map(|call| {
            let name = call.get("name").cloned().unwrap_or_default();
            // OpenAI writes the arguments as JSON within a string.
            let arguments = match call.get("arguments") {
                Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone())),
                other => other.cloned().unwrap_or_default(),
            };
            format!("{{\"name\": {name}, \"arguments\": {arguments}}}")
        })
        .collect();
    if lines.is_empty() { None } else { Some(lines.join("\n")) }
}

/// Index of the first message that is out of turn: user and assistant alternate and the user begins; tools answer assistants.
pub(super) fn out_of_turn(messages: &[Message]) -> Option<usize> {
    let mut before = SYSTEM;
    for (index, message) in messages.iter().enumerate() {
        let fits = match message.role.as_str() {
            SYSTEM => index == 0,
            USER => before == SYSTEM || before == ASSISTANT,
            ASSISTANT => before == USER || before == TOOL,
            _ => before == ASSISTANT || before == TOOL,
        };
        if !fits {
            return Some(index);
        }
        before = &message.role;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns() {
        let check = |roles: &[&str]| out_of_turn(&roles.iter().map(|role| message(role, "x")).collect::<Vec<_>>());
        assert_eq!(check(&[SYSTEM, USER, ASSISTANT, USER, ASSISTANT]), None);
        assert_eq!(check(&[USER, ASSISTANT, TOOL, TOOL, ASSISTANT]), None);
        assert_eq!(check(&[SYSTEM, USER, USER, ASSISTANT]), Some(2));
        assert_eq!(check(&[ASSISTANT, USER]), Some(0));
        assert_eq!(check(&[USER, SYSTEM, ASSISTANT]), Some(1));
        assert_eq!(check(&[USER, ASSISTANT, TOOL, USER]), Some(3));
    }

    #[test]
    fn calls() {
        let call = serde_json::json!([{"id": "1", "function": {"name": "find", "arguments": "{\"day\":\"Friday\"}"}}]);
        assert_eq!(calls_as_text(Some(&call), None).unwrap(), r#"{"name": "find", "arguments": {"day":"Friday"}}"#);
        assert_eq!(calls_as_text(Some(&Value::Array(vec![])), None), None);
    }
}
