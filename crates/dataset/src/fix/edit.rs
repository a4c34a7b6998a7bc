//! Changing texts and numbers within JSON that is known to be valid, leaving every other byte as it is.

use crate::fields::Text;
use std::borrow::Cow;

/// Keys whose texts are trained on, wherever in a record they are.
const TEXT_KEYS: [&str; 12] = [
    "content",
    "value",
    "text",
    "system_prompt",
    "current_user_input",
    "target_response",
    "system",
    "instruction",
    "input",
    "output",
    "prompt",
    "completion",
];

/// Index after the quote that ends the text which begins at `from`, the index after its opening quote.
fn after_text(raw: &str, from: usize) -> usize {
    (crate::depth::text_end(raw.as_bytes(), from) + 1).min(raw.len())
}

/// Calls `change` with each text under one of the text keys; what it answers takes the text's place. None where nothing changed.
pub(super) fn texts(raw: &str, mut change: impl FnMut(&str) -> Option<String>) -> Option<String> {
    values(raw, |key, value| {
        if !value.starts_with('"') || !TEXT_KEYS.contains(&key) {
            return None;
        }
        let text: Cow<str> = serde_json::from_str::<Text>(value).ok()?.0;
        serde_json::to_string(&change(&text)?).ok()
    })
}

/// Calls `change` with the number under each key; what it answers takes the number's place. None where nothing changed.
pub(super) fn numbers(raw: &str, change: impl Fn(&str) -> Option<u64>) -> Option<String> {
    values(raw, |key, value| {
        let number = value.starts_with(|first: char| first.is_ascii_digit() || first == '-');
        let new = change(key).filter(|_| number)?.to_string();
        (new != value).then_some(new)
    })
}

/// Walks over the scalars of `raw` with the last key before each.
fn values(raw: &str, mut change: impl FnMut(&str, &str) -> Option<String>) -> Option<String> {
    let bytes = raw.as_bytes();
    let mut changed = String::new();
    let (mut kept, mut at) = (0, 0);
    let mut key = "";
    while at < bytes.len() {
        let start = at;
        match bytes[at] {
            b'"' => {
                at = after_text(raw, at + 1);
                let after = bytes[at..].iter().find(|byte| !byte.is_ascii_whitespace());
                if after == Some(&b':') {
                    key = raw.get(start + 1..at - 1).unwrap_or_default();
                    continue;
                }
            }
            b'0'..=b'9' | b'-' => {
                at += bytes[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.')).count();
            }
            _ => {
                at += 1;
                continue;
            }
        }
        if let Some(new) = raw.get(start..at).and_then(|value| change(key, value)) {
            changed.push_str(&raw[kept..start]);
            changed.push_str(&new);
            kept = at;
        }
    }
    (kept > 0).then(|| changed + &raw[kept..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_texts_that_are_trained_on_change() {
        let raw = r#"{"id": "é x", "messages": [{"role":"user","content":"x \"q\" x"}, {"content": ["x", {"text":"x"}]}], "n": 1}"#;
        let changed = texts(raw, |text| text.contains('x').then(|| text.replace('x', "y\n")));
        assert_eq!(
            changed.unwrap(),
            r#"{"id": "é x", "messages": [{"role":"user","content":"y\n \"q\" y\n"}, {"content": ["y\n", {"text":"y\n"}]}], "n": 1}"#
        );
        assert_eq!(texts(raw, |_| None), None);
    }

    #[test]
    fn numbers_change_by_key() {
        let raw = r#"{"total_pairs": 89, "x": {"total_pairs":-1.5e3}, "total_conversations": "12"}"#;
        let changed = numbers(raw, |key| key.starts_with("total").then_some(7)).unwrap();
        assert_eq!(changed, r#"{"total_pairs": 7, "x": {"total_pairs":7}, "total_conversations": "12"}"#);
    }
}
