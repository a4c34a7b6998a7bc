//! Pairs of v3 and v4: system prompt, history, the user's input, and an answer or null.

use super::message::{ASSISTANT, SYSTEM, USER, message, out_of_turn, read};
use super::{Body, Draft, split};
use crate::codes;
use crate::example::Labels;
use crate::lenient::{Lenient, Text, filled};
use crate::problem::Problem;
use crate::record::{PairMeta, Record, Scaffolding, TrainingMeta};
use domain::dataset::Message;

/// Answers up to this long that end in the middle of a sentence are looked at twice.
const SHORT: std::ops::RangeInclusive<usize> = 30..=100;

pub(super) fn normalise(record: &Record, draft: &mut Draft) -> Option<Body> {
    let target = match &record.target_response {
        Lenient::Null => None,
        field => Some(draft.required(field, "target_response")),
    };
    let input = draft.required(&record.current_user_input, "current_user_input");
    let mut messages = Vec::new();
    match draft.optional(&record.system_prompt, "system_prompt") {
        Some(system) => messages.push(message(SYSTEM, system)),
        None if target.is_some() && !matches!(record.system_prompt, Lenient::Wrong(_)) => {
            draft.problem(Problem::field(codes::MISSING_SYSTEM_PROMPT, "/system_prompt", "The pair has no system prompt."));
        }
        None => {}
    }
    history(record, &mut messages, draft);
    let input = input?;
    // The history of v4 ends with the user's input already; with it repeated, strict chat templates refuse the conversation.
    let repeated = messages.last().is_some_and(|last| last.role == USER && last.content.trim() == input.trim());
    if !repeated {
        messages.push(message(USER, input));
    }
    let labels = labels(record, draft);
    let Some(target) = target else {
        draft.problem(Problem::field(codes::CONTEXT_PAIRS, "/target_response", "The pair has no answer: it is context."));
        return Some(Body::Context { conversation_id: draft.conversation_id(record), labels: Box::new(labels), messages });
    };
    let target = target?;
    look_at_end(target, draft);
    scaffolding(record, &labels, draft);
    messages.push(message(ASSISTANT, target));
    if out_of_turn(&messages).is_some() {
        let what = "History and input do not alternate between user and assistant.";
        draft.problem(Problem::field(codes::ROLES_NOT_ALTERNATING, "/conversation_history", what));
    }
    let own = split(&record.split).or_else(|| record.training_metadata.get().and_then(|meta| split(&meta.split)));
    let own = own.or_else(|| draft.place.conversation.and_then(|conversation| conversation.split));
    Some(draft.example(record, messages, labels, own))
}

/// Earlier messages are context: what the assistant said there is the target of another pair.
fn history(record: &Record, messages: &mut Vec<Message>, draft: &mut Draft) {
    match &record.conversation_history {
        Lenient::Is(elements) => {
            for (index, element) in elements.iter().enumerate() {
                if let Some(mut message) = read(element, &format!("/conversation_history/{index}"), draft) {
                    message.trained = message.role != ASSISTANT;
                    messages.push(message);
                }
            }
        }
        Lenient::Wrong(found) => draft.wrong("conversation_history", found, "an array"),
        Lenient::Missing | Lenient::Null => {}
    }
}

/// Whether the answer looks as if its end were missing.
fn look_at_end(target: &str, draft: &mut Draft) {
    let end = target.trim_end();
    if ends_in_escape(end) {
        draft.problem(Problem::field(codes::TRUNCATED_TARGET, "/target_response", "The answer ends in an unfinished escape."));
        return;
    }
    let short = end.len() <= 4 * SHORT.end() && SHORT.contains(&end.chars().count());
    if short && end.chars().next_back().is_some_and(|last| last.is_alphanumeric() || matches!(last, ',' | '-' | '–' | '—')) {
        draft.problem(Problem::field(codes::SHORT_TARGET, "/target_response", "The answer is short and does not end a sentence."));
    }
}

/// A lone backslash at the end, or one with the beginning of a Unicode escape after it: `u` and fewer than four digits.
fn ends_in_escape(text: &str) -> bool {
    let Some(at) = text.rfind('\\') else { return false };
    let odd = text[..=at].bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1;
    let rest = &text.as_bytes()[at + 1..];
    let unfinished = rest.is_empty() || (rest[0] == b'u' && rest.len() < 5 && rest[1..].iter().all(u8::is_ascii_hexdigit));
    odd && unfinished
}

fn text(field: &Text) -> Option<String> {
    filled(field).map(str::to_owned)
}

/// “Marcus Chen - The Overwhelmed Avoider” is Marcus Chen: files differ in whether they add the archetype.
fn person(field: &Text) -> Option<String> {
    let name = filled(field)?;
    let name = name.split_once(" - ").or_else(|| name.split_once(" – ")).map_or(name, |(name, _)| name.trim());
    Some(name.to_owned())
}

/// The labels of a conversation of a document.
pub(crate) fn scaffolding_labels(scaffolding: &Scaffolding) -> Labels {
    Labels {
        persona: text(&scaffolding.persona_key),
        persona_name: person(&scaffolding.persona_name),
        arc: text(&scaffolding.emotional_arc_key),
        arc_name: text(&scaffolding.emotional_arc),
        topic: text(&scaffolding.training_topic_key),
        topic_name: text(&scaffolding.training_topic),
        quality: None,
        human_reviewed: None,
    }
}

/// What the pair says, with what its conversation says where the pair is silent.
fn labels(record: &Record, draft: &mut Draft) -> Labels {
    let mut labels = draft.place.conversation.map(|conversation| conversation.labels.clone()).unwrap_or_default();
    if let Some(meta) = record.conversation_metadata.get() {
        let PairMeta { client_persona, persona_archetype, emotional_arc, emotional_arc_key, training_topic, training_topic_key } = meta;
        labels.persona = labels.persona.or_else(|| text(persona_archetype));
        labels.persona_name = labels.persona_name.or_else(|| person(client_persona));
        labels.arc = labels.arc.or_else(|| text(emotional_arc_key));
        labels.arc_name = labels.arc_name.or_else(|| text(emotional_arc));
        labels.topic = labels.topic.or_else(|| text(training_topic_key));
        labels.topic_name = labels.topic_name.or_else(|| text(training_topic));
    }
    if let Some(TrainingMeta { quality_score, human_reviewed, .. }) = record.training_metadata.get() {
        labels.human_reviewed = human_reviewed.get().copied();
        let at = "/training_metadata/quality_score";
        match quality_score {
            Lenient::Is(score) if (1.0..=5.0).contains(score) => labels.quality = Some(*score),
            Lenient::Is(score) => {
                let what = format!("The quality score {score} is not between 1 and 5 and is left out of the mean.");
                draft.problem(Problem::field(codes::QUALITY_OUT_OF_RANGE, at, what));
            }
            Lenient::Wrong(found) => {
                draft.problem(Problem::field(codes::QUALITY_OUT_OF_RANGE, at, format!("The quality score is {found}, not a number.")));
            }
            Lenient::Missing | Lenient::Null => {}
        }
    }
    labels
}

/// v4 has persona, arc and topic in every pair; v3 has none in any.
fn scaffolding(record: &Record, labels: &Labels, draft: &mut Draft) {
    let expected = record.conversation_metadata.get().is_some_and(PairMeta::has_scaffolding);
    let blank: Vec<&str> = [("persona", &labels.persona), ("emotional arc", &labels.arc), ("topic", &labels.topic)]
        .into_iter()
        .filter_map(|(name, label)| label.is_none().then_some(name))
        .collect();
    if expected && !blank.is_empty() {
        let what = format!("No {} is given.", blank.join(", no "));
        draft.problem(Problem::field(codes::EMPTY_SCAFFOLDING, "/conversation_metadata", what));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfinished_escapes() {
        for cut in ["and then she said \\", "caf\\u00e", "caf\\u", "x\\\\\\"] {
            assert!(ends_in_escape(cut), "{cut}");
        }
        for whole in ["", "done.", "C:\\\\", "a \\ b", "\\u00e9", "\\n"] {
            assert!(!ends_in_escape(whole), "{whole}");
        }
    }

    #[test]
    fn names_of_people() {
        assert_eq!(person(&Lenient::Is("Marcus Chen - The Overwhelmed Avoider".into())).unwrap(), "Marcus Chen");
        assert_eq!(person(&Lenient::Is("Ana Smith-Jones".into())).unwrap(), "Ana Smith-Jones");
        assert_eq!(person(&Lenient::Is(" ".into())), None);
    }
}
