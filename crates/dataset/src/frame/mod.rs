//! Cutting a stream into records, one at a time, without looking further into them than needed.

mod cut;
pub(crate) mod document;
pub(crate) mod lines;

use crate::problem::Problem;
use crate::source::Position;

/// Bytes that one record may have. What is longer is passed over without being kept.
pub(crate) const MAX_RECORD: usize = 8 * 1024 * 1024;

/// The place of a record in its document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// A line of its own, or the whole file.
    Root,
    /// An element of the array that the file is.
    Item(usize),
    /// A pair, in a conversation or directly in the document.
    Pair { conversation: Option<usize>, index: usize },
    /// An element of `conversations`.
    Conversation(usize),
}

impl Place {
    /// JSON pointer of `inner` in this record, from the root of the line or document.
    pub(crate) fn pointer(self, inner: Option<&str>) -> Option<String> {
        let own = match self {
            Self::Root => return inner.map(str::to_owned),
            Self::Item(index) => format!("/{index}"),
            Self::Pair { conversation: None, index } => format!("/training_pairs/{index}"),
            Self::Pair { conversation: Some(conversation), index } => format!("/conversations/{conversation}/training_pairs/{index}"),
            Self::Conversation(index) => format!("/conversations/{index}"),
        };
        Some(own + inner.unwrap_or_default())
    }
}

/// What an object beside the records is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// `training_file_metadata` or `dataset_metadata`.
    File { individual: bool },
    /// `consultant_profile`.
    Profile,
    /// `conversation_metadata` of a conversation.
    Conversation,
}

/// What holds records or other containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Container {
    /// The array that the file is.
    Array,
    /// A document.
    Document,
    /// The `conversations` of a document.
    Conversations,
    /// One of them.
    Conversation,
    /// The `training_pairs` of a conversation or document.
    Pairs,
}

/// The next piece of a file. Its bytes, where it has any, are in the buffer that was passed.
#[derive(Debug)]
pub(crate) enum Frame {
    Record {
        at: Position,
        place: Place,
        ended: bool,
    },
    TooLong {
        at: Position,
        place: Place,
        bytes: u64,
    },
    Part(Part, Position),
    /// An entry of a document or conversation that nobody asks for, by its key.
    Entry(String),
    Open(Container, usize),
    Close(Container),
    /// The rest cannot be read.
    Broken(Problem),
    End,
}
