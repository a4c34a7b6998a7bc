//! Records that are too long, cut so that they fit, and messages of one role that follow each other, joined.

use crate::example::{Example, TokenCounter};
use crate::fields::{Fields, elements};
use domain::dataset::Message;
use serde_json::Value;

const LISTS: [&str; 3] = ["messages", "turns", "conversations"];

/// The records that take the place of one that is longer than `limit`; none where it cannot be cut.
pub(super) fn over_long(raw: &str, example: &Example, limit: u64, tokens: &dyn TokenCounter) -> Option<Vec<String>> {
    let fields = Fields::of(raw)?;
    let fits = |messages: &[Message]| tokens.count_example(messages) as u64 <= limit;
    if let Some(history) = fields.get("conversation_history") {
        return shorter_history(raw, history, example, fits).map(|one| vec![one]);
    }
    let key = LISTS.into_iter().find(|key| fields.get(key).is_some())?;
    let list = elements(fields.get(key)?)?;
    // A system message from outside of the list comes first.
    let outside = example.messages.len().checked_sub(list.len())?;
    let system = usize::from(example.messages.first()?.role == "system");
    let mut pieces = Vec::new();
    let mut from = system;
    while from < example.messages.len() {
        let to = piece_end(&example.messages, system, from, &fits);
        let has_answer = example.messages[from..to].iter().any(|message| message.role == "assistant" && message.trained);
        if has_answer {
            let head = list.get(..system.saturating_sub(outside))?;
            let body = list.get(from.checked_sub(outside)?..to.checked_sub(outside)?)?;
            let mut piece = Fields::of(raw)?;
            piece.set(key, format!("[{}]", [head, body].concat().join(",")));
            pieces.push(piece.write());
        }
        from = to;
    }
    (pieces.len() > 1).then_some(pieces)
}

/// The end of the longest run from `from` that ends with an answer and fits; the next answer's where none does.
fn piece_end(messages: &[Message], system: usize, from: usize, fits: &impl Fn(&[Message]) -> bool) -> usize {
    let mut end = None;
    for (index, message) in messages.iter().enumerate().skip(from) {
        let next_is_user = messages.get(index + 1).is_none_or(|next| next.role == "user");
        if message.role != "assistant" || !next_is_user {
            continue;
        }
        let candidate: Vec<Message> = messages[..system].iter().chain(&messages[from..=index]).cloned().collect();
        if end.is_some() && !fits(&candidate) {
            break;
        }
        end = Some(index + 1);
    }
    end.unwrap_or(messages.len())
}

/// The pair without the oldest turns of its history, as many as must go; the history still begins with the user.
fn shorter_history(raw: &str, history: &str, example: &Example, fits: impl Fn(&[Message]) -> bool) -> Option<String> {
    let list = elements(history)?;
    let system = usize::from(example.messages.first()?.role == "system");
    // The input and the answer always stay.
    let last = example.messages.len().checked_sub(2)?;
    for from in system + 1..=last {
        if example.messages[from].role != "user" {
            continue;
        }
        let candidate: Vec<Message> = example.messages[..system].iter().chain(&example.messages[from..]).cloned().collect();
        if fits(&candidate) {
            let kept = list.get((from - system).min(list.len())..)?;
            let mut fields = Fields::of(raw)?;
            fields.set("conversation_history", format!("[{}]", kept.join(",")));
            return Some(fields.write());
        }
    }
    None
}

/// The record with messages of one role that follow each other joined, and without assistant messages before the first user's.
pub(super) fn merged(raw: &str) -> Option<String> {
    let mut fields = Fields::of(raw)?;
    let mut changed = false;
    for key in ["messages", "turns", "conversations", "conversation_history"] {
        let Some(list) = fields.get(key).and_then(elements) else { continue };
        if let Some(joined) = join(&list) {
            fields.set(key, format!("[{}]", joined.join(",")));
            changed = true;
        }
    }
    changed.then(|| fields.write())
}

/// Role and text of a message of any form, where both are plain.
fn parts(raw: &str) -> Option<(String, &'static str, String)> {
    let value: Value = serde_json::from_str(raw).ok()?;
    let role = value.get("role").or_else(|| value.get("from"))?.as_str()?.to_ascii_lowercase();
    let key = if value.get("content").is_some() { "content" } else { "value" };
    let calls = value.get("tool_calls").is_some() || value.get("function_call").is_some();
    let text = value.get(key)?.as_str().filter(|_| !calls)?.to_owned();
    Some((role, key, text))
}

fn is_assistant(role: &str) -> bool {
    !matches!(role, "system" | "developer" | "user" | "human" | "tool" | "function" | "observation")
}

fn join(list: &[&str]) -> Option<Vec<String>> {
    let mut joined: Vec<String> = Vec::new();
    let mut user_came = false;
    let mut changed = false;
    for raw in list {
        let Some((role, key, text)) = parts(raw) else {
            user_came = true;
            joined.push((*raw).to_owned());
            continue;
        };
        if !user_came && is_assistant(&role) {
            changed = true;
            continue;
        }
        user_came |= matches!(role.as_str(), "user" | "human");
        let before = joined.last().and_then(|last| parts(last)).filter(|(last, ..)| *last == role);
        let merge = before.filter(|_| matches!(role.as_str(), "user" | "human") || is_assistant(&role));
        match merge {
            Some((_, _, earlier)) => {
                changed = true;
                let both = format!("{earlier}\n\n{text}");
                let last = joined.pop()?;
                let mut fields = Fields::of(&last)?;
                fields.set(key, Value::from(both).to_string());
                joined.push(fields.write());
            }
            None => joined.push((*raw).to_owned()),
        }
    }
    changed.then_some(joined)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_one_role_are_joined() {
        let raw = r#"{"id":1,"messages":[{"role":"assistant","content":"early"},{"role":"user","content":"a","x":0},{"role":"user","content":"b"},{"role":"assistant","content":"c"}]}"#;
        let expected = r#"{"id":1,"messages":[{"role":"user","content":"a\n\nb","x":0},{"role":"assistant","content":"c"}]}"#;
        assert_eq!(merged(raw).unwrap(), expected);
        assert_eq!(merged(expected), None);
        let tools = r#"{"conversations":[{"from":"human","value":"a"},{"from":"gpt","value":"b"},{"from":"tool","value":"c"},{"from":"tool","value":"d"}]}"#;
        assert_eq!(merged(tools), None);
    }
}
