//! From a record as it stands in the file to an example, or to the reasons why there is none.

mod chat;
mod instruction;
mod message;
mod pair;

pub(crate) use pair::scaffolding_labels;

use crate::codes;
use crate::example::{Example, Labels, Split};
use crate::lenient::{Lenient, Text, filled};
use crate::problem::Problem;
use crate::record::Record;
use domain::dataset::{DatasetFormat, Message};
use serde::{Deserialize, Serialize};

/// The forms in which a record can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A pair of v3 or v4.
    Pair,
    /// `{"conversation_id", "turns"}`.
    Turns,
    OpenAi,
    ShareGpt,
    Alpaca,
    PromptCompletion,
}

impl Form {
    pub(crate) fn of(record: &Record) -> Option<Self> {
        let pair = [&record.current_user_input, &record.target_response];
        if pair.iter().any(|text| !text.is_missing()) || !record.conversation_history.is_missing() {
            Some(Self::Pair)
        } else if !record.messages.is_missing() {
            Some(Self::OpenAi)
        } else if !record.turns.is_missing() {
            Some(Self::Turns)
        } else if !record.conversations.is_missing() {
            Some(Self::ShareGpt)
        } else if !record.instruction.is_missing() {
            Some(Self::Alpaca)
        } else if !record.prompt.is_missing() && !record.completion.is_missing() {
            Some(Self::PromptCompletion)
        } else {
            None
        }
    }

    /// The format that a file of such records has; for pairs v4, which the file's header may lower to v3.
    pub(crate) fn format(self) -> DatasetFormat {
        match self {
            Self::Pair => DatasetFormat::BrightrunLoraV4,
            Self::Turns | Self::OpenAi => DatasetFormat::OpenaiChat,
            Self::ShareGpt => DatasetFormat::Sharegpt,
            Self::Alpaca => DatasetFormat::Alpaca,
            Self::PromptCompletion => DatasetFormat::PromptCompletion,
        }
    }
}

/// What is known of the conversation around a pair, from the document.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Conversation {
    pub(crate) id: String,
    pub(crate) labels: Labels,
    pub(crate) split: Option<Split>,
}

/// What became of a record.
#[derive(Debug)]
pub(crate) enum Body {
    Example(Example),
    /// A pair without an answer.
    Context {
        conversation_id: String,
        labels: Box<Labels>,
        messages: Vec<Message>,
    },
    /// Cannot be used; with the conversation that it says it belongs to.
    Rejected {
        conversation_id: Option<String>,
    },
}

/// A record after normalising.
#[derive(Debug)]
pub(crate) struct Normalised {
    pub(crate) form: Form,
    pub(crate) body: Body,
    pub(crate) problems: Vec<Problem>,
    /// Whether a pair has the keys by which v4 is told from v3.
    pub(crate) scaffolded: bool,
    /// The pair's own id.
    pub(crate) pair_id: Option<String>,
}

/// Where a record stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'c> {
    pub(crate) line: u64,
    /// Position among the records of the file, from 1.
    pub(crate) ordinal: u64,
    pub(crate) conversation: Option<&'c Conversation>,
}

/// Turns a record into an example; none when it has no form that is known.
pub(crate) fn normalise(record: &Record, place: Place) -> Option<Normalised> {
    let form = Form::of(record)?;
    let mut draft = Draft { problems: Vec::new(), place };
    let scaffolded = record.conversation_metadata.get().is_some_and(crate::record::PairMeta::has_scaffolding);
    let pair_id = filled(&record.id).map(str::to_owned);
    let body = match form {
        Form::Pair => pair::normalise(record, &mut draft),
        Form::OpenAi => chat::normalise(record, &record.messages, "messages", &mut draft),
        Form::Turns => chat::normalise(record, &record.turns, "turns", &mut draft),
        Form::ShareGpt => chat::normalise(record, &record.conversations, "conversations", &mut draft),
        Form::Alpaca => instruction::alpaca(record, &mut draft),
        Form::PromptCompletion => instruction::prompt_completion(record, &mut draft),
    };
    let mut problems = draft.problems;
    let rejected = problems.iter().any(Problem::rejects);
    if rejected {
        // What else could be said of it matters no more.
        problems.retain(Problem::rejects);
    }
    let body = body.filter(|_| !rejected).unwrap_or_else(|| Body::Rejected {
        conversation_id: place
            .conversation
            .map(|conversation| conversation.id.clone())
            .or_else(|| filled(&record.conversation_id).map(str::to_owned)),
    });
    Some(Normalised { form, body, problems, scaffolded, pair_id })
}

/// What is gathered while a record is normalised.
struct Draft<'c> {
    problems: Vec<Problem>,
    place: Place<'c>,
}

impl Draft<'_> {
    fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Text that must be there and not be blank.
    fn required<'t>(&mut self, field: &'t Text<'_>, key: &str) -> Option<&'t str> {
        match field {
            Lenient::Is(text) if !text.trim().is_empty() => return Some(text),
            Lenient::Is(_) => self.problem(Problem::field(codes::EMPTY_VALUE, pointer(key), format!("`{key}` is blank."))),
            Lenient::Missing => self.problem(Problem::field(codes::MISSING_FIELD, pointer(key), format!("`{key}` is not there."))),
            Lenient::Null => self.problem(Problem::field(codes::MISSING_FIELD, pointer(key), format!("`{key}` is null."))),
            Lenient::Wrong(found) => self.wrong(key, found, "text"),
        }
        None
    }

    /// Text that may be absent or blank.
    fn optional<'t>(&mut self, field: &'t Text<'_>, key: &str) -> Option<&'t str> {
        if let Lenient::Wrong(found) = field {
            self.wrong(key, found, "text");
        }
        field.get().map(AsRef::as_ref).filter(|text: &&str| !text.trim().is_empty())
    }

    fn wrong(&mut self, key: &str, found: &str, expected: &str) {
        self.problem(Problem::field(codes::INVALID_TYPE, pointer(key), format!("`{key}` is {found} where {expected} is expected.")));
    }

    /// The record's own conversation id, or one by its position.
    fn conversation_id(&self, record: &Record) -> String {
        if let Some(conversation) = self.place.conversation {
            return conversation.id.clone();
        }
        let own = filled(&record.conversation_id).or_else(|| filled(&record.id));
        own.map_or_else(|| format!("conversation-{}", self.place.ordinal), str::to_owned)
    }

    fn example(&self, record: &Record, messages: Vec<Message>, labels: Labels, split: Option<Split>) -> Body {
        Body::Example(Example { conversation_id: self.conversation_id(record), line: self.place.line, split, messages, labels })
    }
}

fn pointer(key: &str) -> String {
    format!("/{key}")
}

/// What a file calls its splits.
pub(crate) fn split(text: &Text) -> Option<Split> {
    match filled(text)?.to_ascii_lowercase().as_str() {
        "train" | "training" => Some(Split::Train),
        "validation" | "valid" | "val" | "dev" | "eval" | "evaluation" | "test" => Some(Split::Validation),
        _ => None,
    }
}
