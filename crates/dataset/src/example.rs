//! What a data set is turned into: examples.

use domain::dataset::Message;
use serde::{Deserialize, Serialize};

/// Counts tokens as the base model that will be trained does.
pub trait TokenCounter: Send + Sync {
    /// Tokens of one rendered example: all messages through the chat template.
    fn count_example(&self, messages: &[Message]) -> usize;
    /// Tokens of plain text.
    fn count_text(&self, text: &str) -> usize;
    /// The base model's name.
    fn name(&self) -> &str;
}

/// Where the file itself wants an example to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Split {
    /// Trained on.
    Train,
    /// Held out.
    Validation,
}

impl Split {
    /// As files name it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
        }
    }
}

/// One example: a conversation up to and with an answer that is trained on.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// The conversation's own id, or `conversation-N` by its position where the file gives none.
    pub conversation_id: String,
    /// The line on which its record begins, from 1.
    pub line: u64,
    /// What the file says; none where it does not split itself.
    pub split: Option<Split>,
    /// The system message where there is one, the history, and the answer. Only messages with `trained` count for the loss.
    pub messages: Vec<Message>,
    /// What the file says about it.
    pub labels: Labels,
}

/// What a file says about an example beside its text. Absent where it says nothing or leaves it blank.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Labels {
    /// Persona key, such as `anxious_planner`.
    pub persona: Option<String>,
    /// Persona name, such as `Marcus Chen`.
    pub persona_name: Option<String>,
    /// Emotional arc key, such as `shame_to_acceptance`.
    pub arc: Option<String>,
    /// Emotional arc as shown, such as `Shame → Acceptance`.
    pub arc_name: Option<String>,
    /// Topic key.
    pub topic: Option<String>,
    /// Topic as shown.
    pub topic_name: Option<String>,
    /// Quality score, 1 to 5.
    pub quality: Option<f64>,
    /// Whether a human reviewed it.
    pub human_reviewed: Option<bool>,
}

impl Example {
    /// Assistant messages that are trained on.
    #[must_use]
    pub fn trained_messages(&self) -> usize {
        self.messages.iter().filter(|message| message.trained && message.role == "assistant").count()
    }
}
