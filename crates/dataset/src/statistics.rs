//! Measuring a data set while it is read.

use crate::example::{Example, Labels, Split};
use crate::header::Header;
use crate::lengths::Lengths;
use crate::repeats::Conversations;
use crate::tokens::Counted;
use domain::dataset::{DatasetStatistics, Message, SampleConversation, ScaffoldingCell, TopicCount};
use std::collections::{BTreeMap, HashSet};

/// Conversations that are kept as a sample, and what is kept of each.
const SAMPLES: usize = 3;
const SAMPLE_MESSAGES: usize = 60;
const SAMPLE_LETTERS: usize = 4_000;
/// Different labels of one kind that are counted apart; what comes later is counted as `other`.
const LABELS: usize = 1_000;
const LABEL_LETTERS: usize = 200;
const UNKNOWN: &str = "unknown";
const OTHER: &str = "other";

/// A mean as it grows.
#[derive(Default)]
struct Mean {
    sum: f64,
    count: u64,
}

impl Mean {
    fn add(&mut self, value: f64) {
        self.sum += value;
        self.count += 1;
    }

    fn get(&self) -> Option<f64> {
        (self.count > 0).then(|| ratio(self.sum, self.count))
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn ratio(sum: f64, count: u64) -> f64 {
    if count == 0 { 0.0 } else { sum / count as f64 }
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn quotient(sum: u64, count: u64) -> f64 {
    ratio(sum as f64, count)
}

/// Everything that is counted in one pass.
pub(crate) struct Statistics {
    pub(crate) pairs: u64,
    validation_pairs: u64,
    pub(crate) examples: u64,
    pub(crate) context: u64,
    pub(crate) rejected: u64,
    pub(crate) conversations: Conversations,
    lengths: Lengths,
    turn_tokens: u64,
    turns: u64,
    roles: HashSet<String>,
    topics: BTreeMap<String, u64>,
    cells: BTreeMap<(String, String), (String, u64)>,
    personas: HashSet<String>,
    /// Pairs of which neither persona nor arc is known.
    unlabelled: u64,
    quality: Mean,
    reviewed: Mean,
    samples: Vec<SampleConversation>,
}

impl Statistics {
    pub(crate) fn new() -> Self {
        Self {
            pairs: 0,
            validation_pairs: 0,
            examples: 0,
            context: 0,
            rejected: 0,
            conversations: Conversations::default(),
            lengths: Lengths::new(),
            turn_tokens: 0,
            turns: 0,
            roles: HashSet::new(),
            topics: BTreeMap::new(),
            cells: BTreeMap::new(),
            personas: HashSet::new(),
            unlabelled: 0,
            quality: Mean::default(),
            reviewed: Mean::default(),
            samples: Vec::new(),
        }
    }

    pub(crate) fn example(&mut self, example: &Example) {
        let pairs = example.trained_messages() as u64;
        self.examples += 1;
        self.pairs += pairs;
        if example.split == Some(Split::Validation) {
            self.validation_pairs += pairs;
        }
        self.messages(&example.conversation_id, &example.labels, &example.messages);
        self.labels(&example.labels, pairs);
    }

    pub(crate) fn context(&mut self, conversation_id: &str, labels: &Labels, messages: &[Message]) {
        self.context += 1;
        self.messages(conversation_id, labels, messages);
    }

    pub(crate) fn rejected(&mut self, conversation_id: Option<&str>) {
        self.rejected += 1;
        if let Some(id) = conversation_id {
            self.conversations.add(id, 0);
        }
    }

    pub(crate) fn counted(&mut self, counted: &Counted) {
        self.lengths.add(counted.tokens);
        self.turn_tokens += counted.turn_tokens;
        self.turns += counted.turns;
    }

    /// Mean quality of the pairs, or what the file says about the whole.
    pub(crate) fn quality(&self, header: &Header) -> Option<f64> {
        self.quality.get().or(header.quality)
    }

    fn messages(&mut self, conversation_id: &str, labels: &Labels, messages: &[Message]) {
        let turns = messages.iter().filter(|message| message.role != "system").count() as u64;
        self.conversations.add(conversation_id, turns);
        for message in messages {
            if !self.roles.contains(&message.role) {
                self.roles.insert(message.role.clone());
            }
        }
        let known = self.samples.iter().position(|sample| sample.conversation_id == conversation_id);
        match known {
            Some(index) if self.samples[index].messages.len() < messages.len().min(SAMPLE_MESSAGES) => {
                self.samples[index].messages = sample_messages(messages);
            }
            None if self.samples.len() < SAMPLES => self.samples.push(SampleConversation {
                conversation_id: conversation_id.to_owned(),
                persona: labels.persona_name.clone().or_else(|| labels.persona.as_deref().map(title)),
                emotional_arc: labels.arc_name.clone().or_else(|| labels.arc.clone()),
                topic: labels.topic_name.clone().or_else(|| labels.topic.clone()),
                messages: sample_messages(messages),
            }),
            _ => {}
        }
    }

    fn labels(&mut self, labels: &Labels, pairs: u64) {
        if let Some(quality) = labels.quality {
            self.quality.add(quality);
        }
        if let Some(reviewed) = labels.human_reviewed {
            self.reviewed.add(if reviewed { 100.0 } else { 0.0 });
        }
        if let Some(topic) = labels.topic.as_deref().or(labels.topic_name.as_deref()) {
            let full = self.topics.len() >= LABELS && !self.topics.contains_key(&clip(topic, LABEL_LETTERS));
            *self.topics.entry(if full { OTHER.to_owned() } else { clip(topic, LABEL_LETTERS) }).or_default() += pairs;
        }
        self.cell(labels, pairs);
    }

    fn cell(&mut self, labels: &Labels, pairs: u64) {
        let persona = labels.persona.clone().or_else(|| labels.persona_name.as_deref().map(key));
        let arc = labels.arc.clone().or_else(|| labels.arc_name.as_deref().map(key));
        if persona.is_none() && arc.is_none() {
            self.unlabelled += pairs;
            return;
        }
        let name = match (&labels.persona, &labels.persona_name) {
            (Some(key), _) => title(key),
            (None, Some(name)) => name.clone(),
            (None, None) => title(UNKNOWN),
        };
        let known = |label: Option<String>| label.map_or_else(|| UNKNOWN.to_owned(), |label| clip(&label, LABEL_LETTERS));
        if persona.is_some() && self.personas.len() < LABELS {
            self.personas.insert(known(persona.clone()));
        }
        let mut at = (known(persona), known(arc));
        let mut name = clip(&name, LABEL_LETTERS);
        if self.cells.len() >= LABELS && !self.cells.contains_key(&at) {
            at = (OTHER.to_owned(), OTHER.to_owned());
            name = title(OTHER);
        }
        self.cells.entry(at).or_insert((name, 0)).1 += pairs;
    }

    /// The figures, and the sample.
    pub(crate) fn finish(mut self, header: &Header, tokenizer: &str, vocabulary_size: u64) -> (DatasetStatistics, Vec<SampleConversation>) {
        let (consultant_name, consultant_title) = header.consultant_parts();
        if !self.cells.is_empty() && self.unlabelled > 0 {
            let unknown = (UNKNOWN.to_owned(), UNKNOWN.to_owned());
            self.cells.entry(unknown).or_insert((title(UNKNOWN), 0)).1 += self.unlabelled;
        }
        let mut topics: Vec<TopicCount> = self.topics.into_iter().map(|(topic, count)| TopicCount { topic, count }).collect();
        topics.sort_by(|one, other| other.count.cmp(&one.count).then_with(|| one.topic.cmp(&other.topic)));
        let cells =
            self.cells.into_iter().map(|((persona, arc), (persona_name, pairs))| ScaffoldingCell { persona, persona_name, arc, pairs });
        let statistics = DatasetStatistics {
            total_training_pairs: self.pairs,
            total_validation_pairs: self.validation_pairs,
            context_pairs: self.context,
            rejected_pairs: self.rejected,
            declared_pairs: header.declared_pairs,
            total_conversations: self.conversations.count(),
            total_tokens: self.lengths.total(),
            avg_turns_per_conversation: quotient(self.conversations.turns(), self.conversations.count()),
            avg_tokens_per_turn: quotient(self.turn_tokens, self.turns),
            vocabulary_size,
            unique_speakers: if self.personas.is_empty() { self.roles.len() } else { self.personas.len() } as u64,
            topic_distribution: topics,
            length_distribution: self.lengths.distribution(),
            length_histogram: self.lengths.histogram(),
            tokenizer: tokenizer.to_owned(),
            scaffolding: cells.collect(),
            quality_score: self.quality.get().or(header.quality),
            human_reviewed_percent: self.reviewed.get().or(header.human_reviewed),
            vertical: header.vertical.clone(),
            consultant_name,
            consultant_title,
        };
        (statistics, self.samples)
    }
}

pub(crate) fn sample_messages(messages: &[Message]) -> Vec<Message> {
    let shown = messages.iter().take(SAMPLE_MESSAGES);
    shown.map(|message| Message { content: clip(&message.content, SAMPLE_LETTERS), ..message.clone() }).collect()
}

/// At most `letters` of a text, with an ellipsis where some are left out.
fn clip(text: &str, letters: usize) -> String {
    match text.char_indices().nth(letters) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// `anxious_planner` as it is shown: “Anxious Planner”.
fn title(key: &str) -> String {
    let words = key.split(['_', ' ']).filter(|word| !word.is_empty());
    let words = words.map(|word| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>()).unwrap_or_default()
    });
    words.collect::<Vec<_>>().join(" ")
}

/// A key for a name that has none.
fn key(name: &str) -> String {
    let letters: String = name.chars().map(|letter| if letter.is_alphanumeric() { letter } else { ' ' }).collect();
    letters.to_lowercase().split_whitespace().collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels() {
        assert_eq!(title("anxious_planner"), "Anxious Planner");
        assert_eq!(key("Shame → Acceptance"), "shame_acceptance");
        assert_eq!(clip("äöü", 2), "äö…");
        assert_eq!(clip("äöü", 3), "äöü");
    }
}
