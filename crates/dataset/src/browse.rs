//! Reading a file a page of conversations at a time. A page ends with the place where the next begins, so that any part of a file of any
//! size is reached by reading that part only.

use crate::error::DatasetError;
use crate::example::{Labels, Split};
use crate::extract::{Extractor, Reading, Resume};
use crate::normalise::Body;
use domain::dataset::{DatasetFormat, Message};
use std::io::Read;
use std::ops::ControlFlow;

/// Bytes after which a page ends, full or not.
const PAGE_BYTES: u64 = 32 * 1024 * 1024;
/// Letters of all messages of a page.
const PAGE_LETTERS: usize = 1_000_000;
/// What is shown of a conversation.
const MESSAGES: usize = 200;
const LETTERS: usize = 20_000;

/// The place where a page begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Place(Resume);

impl Place {
    /// The offset in the file from which the page's reader must read.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.0.offset
    }

    /// The place as text, for those who ask for the page later.
    #[must_use]
    pub fn to_text(&self) -> String {
        serde_json::to_vec(&self.0).map(hex::encode).unwrap_or_default()
    }

    /// Reads the text back; none where it is no place.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let bytes = hex::decode(text).ok().filter(|bytes| bytes.len() < 16_384)?;
        serde_json::from_slice::<Resume>(&bytes).ok().filter(Resume::is_possible).map(Self)
    }
}

/// One conversation as it is in the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Conversation {
    /// Its id, or its position.
    pub id: String,
    /// The line on which its first record begins.
    pub line: u64,
    /// Its records that can be trained on, and those that are context.
    pub examples: u64,
    /// Pairs without an answer.
    pub context: u64,
    /// The side of the file's own split.
    pub split: Option<Split>,
    /// What the file says about it.
    pub labels: Labels,
    /// The messages of its longest record.
    pub messages: Vec<Message>,
    /// Messages or texts were cut.
    pub cut: bool,
}

/// Some conversations.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// In the order of the file. One whose records do not follow each other comes once for each run of them.
    pub conversations: Vec<Conversation>,
    /// Records that cannot be used, in this part of the file.
    pub rejected: u64,
    /// Where the next page begins; none at the end of the file.
    pub next: Option<Place>,
}

/// Reads at most `limit` conversations from `place`, or from the beginning; where something is searched for, those whose id or messages
/// have it, compared without case. `reader` reads from [`Place::offset`] on. A page ends after so many bytes too, even where nothing was
/// found in them.
///
/// # Errors
/// The stream cannot be read, or has a fault after which nothing can be read.
pub fn conversations(
    reader: impl Read,
    place: Option<Place>,
    hint: Option<DatasetFormat>,
    limit: usize,
    search: Option<&str>,
) -> Result<Page, DatasetError> {
    let mut search = search.map(Search::new);
    let go = &mut |_| ControlFlow::Continue(());
    let begin = place.as_ref().map_or(0, Place::offset);
    let mut extractor = match place {
        Some(place) => Extractor::resume(reader, place.0, go),
        None => Extractor::new(reader, Reading { hint, ..Reading::default() }, Some(go))?,
    };
    let mut page = Page::default();
    let mut letters = 0;
    loop {
        let here = extractor.here();
        let Some(mut item) = extractor.next()? else { break };
        if let Some(fatal) = item.problems.iter().position(|problem| problem.fatal) {
            return Err(DatasetError::Unusable(Box::new(item.problems.swap_remove(fatal).into_finding())));
        }
        let (id, labels, messages, split, trained) = match item.body {
            Some(Body::Example(example)) => (example.conversation_id, example.labels, example.messages, example.split, true),
            Some(Body::Context { conversation_id, labels, messages }) => (conversation_id, *labels, messages, None, false),
            Some(Body::Rejected { .. }) => {
                page.rejected += 1;
                continue;
            }
            None => continue,
        };
        let same = page.conversations.last().is_some_and(|last| last.id == id);
        if let Some(search) = search.as_mut() {
            if !same {
                letters -= search.settle(&mut page);
            }
            search.look(&id, &messages);
        }
        let full = page.conversations.len() >= limit || letters > PAGE_LETTERS;
        if (!same && full) || here.offset.saturating_sub(begin) > PAGE_BYTES {
            page.next = Some(Place(here));
            if !same {
                // What was looked at last belongs to the next page.
                return Ok(page);
            }
            break;
        }
        if !same {
            let new = Conversation { id, line: item.line, examples: 0, context: 0, split, labels, messages: Vec::new(), cut: false };
            page.conversations.push(new);
        }
        if let Some(conversation) = page.conversations.last_mut() {
            letters += conversation.take(messages, trained);
        }
    }
    if let Some(search) = search.as_mut() {
        search.settle(&mut page);
    }
    Ok(page)
}

/// Looks for a text in the conversation that is being read.
struct Search {
    text: String,
    /// Whether the conversation that is being read has it, where one is.
    found: Option<bool>,
}

impl Search {
    fn new(text: &str) -> Self {
        Self { text: text.to_lowercase(), found: None }
    }

    fn look(&mut self, id: &str, messages: &[Message]) {
        if self.found != Some(true) {
            let has = |text: &str| text.to_lowercase().contains(&self.text);
            self.found = Some(has(id) || messages.iter().any(|message| has(&message.content)));
        }
    }

    /// Ends the conversation that was being read: takes it off the page where it has not what is searched for. Answers its letters then.
    fn settle(&mut self, page: &mut Page) -> usize {
        if self.found.take() != Some(false) {
            return 0;
        }
        let gone = page.conversations.pop();
        gone.map_or(0, |gone| gone.messages.iter().map(|message| message.content.len()).sum())
    }
}

impl Conversation {
    /// Takes a record; answers by how many letters it grew.
    fn take(&mut self, messages: Vec<Message>, trained: bool) -> usize {
        self.examples += u64::from(trained);
        self.context += u64::from(!trained);
        if messages.len() <= self.messages.len() || self.messages.len() >= MESSAGES {
            return 0;
        }
        let count = |messages: &[Message]| messages.iter().map(|message| message.content.len()).sum::<usize>();
        let before = count(&self.messages);
        // What an earlier pair answers is trained on, though it is history here.
        let answers: Vec<bool> = self.messages.iter().map(|message| message.trained).collect();
        self.cut = messages.len() > MESSAGES;
        self.messages = messages;
        self.messages.truncate(MESSAGES);
        for (index, message) in self.messages.iter_mut().enumerate() {
            message.trained |= answers.get(index).copied().unwrap_or_default();
            if let Some((end, _)) = message.content.char_indices().nth(LETTERS) {
                message.content.truncate(end);
                message.content.push('…');
                self.cut = true;
            }
        }
        count(&self.messages).saturating_sub(before)
    }
}
