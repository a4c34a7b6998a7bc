//! The one pass over a file that both validation and reading examples are made of.

use crate::codes;
use crate::depth;
use crate::detect::{self, Layout};
use crate::error::DatasetError;
use crate::frame::document::Walker;
use crate::frame::{Container, Frame, MAX_RECORD, Part, Place, lines};
use crate::header::Header;
use crate::lenient::{Lenient, filled};
use crate::normalise::{self, Body, Conversation, Form};
use crate::problem::{Problem, breaks_off};
use crate::record::{ConversationMeta, FileMeta, Record};
use crate::source::{Position, Progress, Source};
use domain::dataset::DatasetFormat;
use serde::{Deserialize, Serialize};
use std::io::Read;

/// What one record, or one piece of a document around them, came to.
#[derive(Debug, Default)]
pub(crate) struct Item {
    pub(crate) line: u64,
    /// None for pieces that are no record.
    pub(crate) body: Option<Body>,
    pub(crate) form: Option<Form>,
    pub(crate) scaffolded: bool,
    pub(crate) pair_id: Option<String>,
    /// Id of a conversation that begins here.
    pub(crate) conversation: Option<String>,
    pub(crate) problems: Vec<Problem>,
    /// JSON pointer of the record in its document.
    pub(crate) pointer: Option<String>,
}

/// What the bytes of the last item are, for those who write them again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Piece {
    /// Nothing that is written.
    #[default]
    None,
    Record,
    /// A record whose bytes were not kept.
    TooLong,
    /// The `_meta` line.
    Meta,
    Part(Part),
    Entry(String),
    Open(Container),
    Close(Container),
    /// The file ends in the middle.
    CutOff,
}

/// A place in a file from which its reading can go on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Resume {
    pub(crate) offset: u64,
    at: Position,
    layout: Layout,
    walker: Walker,
    conversation: Option<Conversation>,
    ordinal: u64,
    documents: u64,
}

impl Resume {
    /// Whether its numbers can be those of a file: the text of a place comes from outside.
    pub(crate) fn is_possible(&self) -> bool {
        const MOST: u64 = 1 << 48;
        let numbers = [self.offset, self.at.line, self.at.column, self.ordinal, self.documents];
        numbers.iter().all(|number| *number < MOST) && self.at.column <= self.offset + 1 && self.walker.is_possible()
    }
}

/// Changes the bytes of a record before it is read; none where it stays as it is.
pub(crate) type Editor<'e> = Box<dyn FnMut(&[u8]) -> Option<Vec<u8>> + 'e>;

/// How a file is to be read.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Reading {
    pub(crate) hint: Option<DatasetFormat>,
    /// Only the beginning of the file is there: a cut end is no fault.
    pub(crate) partial: bool,
    pub(crate) hash: bool,
}

/// A file, record by record.
pub(crate) struct Extractor<'p, R> {
    source: Source<'p, R>,
    reading: Reading,
    raw: Vec<u8>,
    layout: Layout,
    walker: Walker,
    pub(crate) header: Header,
    conversation: Option<Conversation>,
    ordinal: u64,
    documents: u64,
    /// Found before the first record: why the file cannot be used, and what is said about it otherwise.
    refusal: Option<Problem>,
    notes: Vec<Problem>,
    done: bool,
    pub(crate) piece: Piece,
    editor: Option<Editor<'p>>,
    /// The last record as it was before it was edited.
    original: Option<Vec<u8>>,
}

impl<'p, R: Read> Extractor<'p, R> {
    pub(crate) fn new(reader: R, reading: Reading, progress: Option<Progress<'p>>) -> Result<Self, DatasetError> {
        let mut source = Source::new(reader, reading.hash, progress);
        source.cut_end = reading.partial;
        let (head, whole) = source.head()?;
        let detected = detect::detect(head, whole && !reading.partial, reading.hint);
        let (empty, cut_short) = (head.is_empty(), detect::is_cut_short(&detected, head));
        let (layout, refusal) = match detected {
            // With a byte order mark alone, the cut came right after it.
            _ if reading.partial && (cut_short || (empty && source.marked)) => (Layout::Values, None),
            Ok(layout) => (layout, None),
            Err(problem) => (Layout::Lines, Some(problem)),
        };
        let mut notes = Vec::new();
        if source.marked {
            notes.push(Problem::file(codes::BYTE_ORDER_MARK, "The file begins with a byte order mark.").on_line(1));
        }
        if source.crlf {
            notes.push(Problem::file(codes::CRLF_LINE_ENDS, "The lines end with a carriage return and a line feed.").on_line(1));
        }
        Ok(Self {
            source,
            reading,
            notes,
            raw: Vec::new(),
            layout,
            walker: Walker::new(layout == Layout::Document),
            header: Header::default(),
            conversation: None,
            ordinal: 0,
            documents: 0,
            refusal,
            done: false,
            piece: Piece::None,
            editor: None,
            original: None,
        })
    }

    /// Goes on where [`Self::here`] was. `reader` reads from that offset on.
    pub(crate) fn resume(reader: R, place: Resume, progress: Progress<'p>) -> Self {
        Self {
            source: Source::resume(reader, place.offset, place.at, Some(progress)),
            reading: Reading::default(),
            raw: Vec::new(),
            layout: place.layout,
            walker: place.walker,
            header: Header::default(),
            conversation: place.conversation,
            ordinal: place.ordinal,
            documents: place.documents,
            refusal: None,
            notes: Vec::new(),
            done: false,
            piece: Piece::None,
            editor: None,
            original: None,
        }
    }

    /// The place of what comes next.
    pub(crate) fn here(&self) -> Resume {
        Resume {
            offset: self.source.offset(),
            at: self.source.position(),
            layout: self.layout,
            walker: self.walker,
            conversation: self.conversation.clone(),
            ordinal: self.ordinal,
            documents: self.documents,
        }
    }

    /// The same with an editor of records.
    pub(crate) fn edited_by(mut self, editor: Editor<'p>) -> Self {
        self.editor = Some(editor);
        self
    }

    /// The bytes of the last piece, as edited.
    pub(crate) fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The last record as it stood in the file, where it was edited.
    pub(crate) fn original(&self) -> Option<&[u8]> {
        self.original.as_deref()
    }

    pub(crate) fn layout(&self) -> Layout {
        self.layout
    }

    /// Bytes of the file that were read so far.
    pub(crate) fn offset(&self) -> u64 {
        self.source.offset()
    }

    /// What bytes say when they are read as a record of this place, without counting it.
    pub(crate) fn read_again(&mut self, raw: &[u8], line: u64) -> Option<Body> {
        let ordinal = self.ordinal;
        let item = self.record(Position { line, column: 1 }, Place::Root, true, raw);
        self.ordinal = ordinal;
        item.and_then(|item| item.body)
    }

    /// The next item; none at the end, and after a problem that is fatal and ends the reading.
    pub(crate) fn next(&mut self) -> Result<Option<Item>, DatasetError> {
        if self.done {
            return Ok(None);
        }
        if let Some(problem) = self.refusal.take() {
            self.done = true;
            return Ok(Some(Item { problems: vec![problem], ..Item::default() }));
        }
        if !self.notes.is_empty() {
            return Ok(Some(Item { line: 1, problems: std::mem::take(&mut self.notes), ..Item::default() }));
        }
        let frame = match self.layout {
            Layout::Lines => lines::next(&mut self.source, &mut self.raw)?,
            Layout::Document | Layout::Values => self.walker.next(&mut self.source, &mut self.raw)?,
        };
        let mut raw = std::mem::take(&mut self.raw);
        self.original = None;
        if matches!(frame, Frame::Record { .. })
            && let Some(edited) = self.editor.as_mut().and_then(|editor| editor(&raw))
        {
            self.original = Some(std::mem::replace(&mut raw, edited));
        }
        let item = self.frame(frame, &raw);
        self.raw = raw;
        self.done |= item.is_none();
        let before = (!self.done).then(|| self.source.position().line);
        let Some(problems) = self.bad_bytes(before) else { return Ok(item) };
        let mut item = item.unwrap_or_default();
        item.problems.extend(problems);
        item.problems.sort_by_key(|problem| (problem.line, problem.column));
        item.body = item.body.map(|_| Body::Rejected { conversation_id: None });
        Ok(Some(item))
    }

    /// Bytes that the file has, once its end was reached.
    pub(crate) fn length(&self) -> Option<u64> {
        self.source.length()
    }

    pub(crate) fn sha256(&mut self) -> Option<String> {
        self.source.sha256()
    }

    /// Bytes that are not UTF-8, in the lines before `line`.
    fn bad_bytes(&mut self, line: Option<u64>) -> Option<Vec<Problem>> {
        let mut problems = Vec::new();
        while let Some(bad) = self.source.take_bad(line) {
            let what = format!("The bytes here, {} from the beginning of the file, are not UTF-8.", bad.offset);
            // One place like this says that the whole file is in another encoding, so that its other texts cannot be trusted.
            problems.push(Problem::file(codes::NOT_UTF8, what).at(bad.at).fatal());
        }
        (!problems.is_empty()).then_some(problems)
    }

    fn frame(&mut self, frame: Frame, raw: &[u8]) -> Option<Item> {
        self.piece = Piece::None;
        match frame {
            Frame::End => None,
            Frame::Broken(problem) => {
                self.done = true;
                let cut_off = problem.code == codes::TRUNCATED_FILE;
                let cut = self.reading.partial && cut_off;
                if cut_off {
                    self.piece = Piece::CutOff;
                }
                let line = problem.line.unwrap_or_default();
                Some(Item { line, problems: if cut { Vec::new() } else { vec![problem] }, ..Item::default() })
            }
            Frame::TooLong { at, place, bytes } => {
                self.piece = Piece::TooLong;
                self.ordinal += 1;
                let what = format!("This is {bytes} bytes long, and at most {MAX_RECORD} are read at a time.");
                Some(rejected(at, place, vec![Problem::file(codes::LINE_TOO_LONG, what)]))
            }
            Frame::Open(container, index) => {
                self.piece = Piece::Open(container);
                if container != Container::Conversation {
                    return Some(Item::default());
                }
                // Until its metadata says better; several documents may follow each other.
                let document = if self.documents > 1 { format!("{}.", self.documents) } else { String::new() };
                let id = format!("conversation-{document}{}", index + 1);
                self.conversation = Some(Conversation { id, ..Conversation::default() });
                Some(Item::default())
            }
            Frame::Close(container) => {
                self.piece = Piece::Close(container);
                Some(Item::default())
            }
            Frame::Entry(key) => {
                self.piece = Piece::Entry(key);
                Some(Item::default())
            }
            Frame::Part(part, at) => {
                self.piece = Piece::Part(part);
                Some(self.part(part, at, raw))
            }
            Frame::Record { at, place, ended } => {
                self.piece = Piece::Record;
                self.record(at, place, ended, raw)
            }
        }
    }

    /// Reads an object beside the records; one that is not as expected says nothing, unless it is no JSON.
    fn part(&mut self, part: Part, at: Position, raw: &[u8]) -> Item {
        let mut item = Item { line: at.line, ..Item::default() };
        let error = match part {
            Part::File { individual } => serde_json::from_slice(raw).map(|meta: FileMeta| {
                self.header.file(&meta, individual);
                self.documents += 1;
                // The pairs of an individual conversation name a template where the others name their conversation.
                let alone = individual && meta.total_conversations == Lenient::Is(1.0);
                self.conversation = alone.then(|| {
                    let name = filled(&meta.conversation_source).or_else(|| filled(&meta.dataset_name));
                    let id = name.map_or_else(|| format!("conversation-{}", self.documents), str::to_owned);
                    Conversation { id, ..Conversation::default() }
                });
            }),
            Part::Profile => serde_json::from_slice(raw).map(|profile| self.header.profile(&profile)),
            Part::Conversation => serde_json::from_slice(raw).map(|meta: ConversationMeta| {
                item.conversation = self.begin(&meta);
            }),
        }
        .err();
        if let Some(error) = error.filter(|error| !error.is_data()) {
            self.done = true;
            item.problems.push(Problem::syntax(&error, raw, at).fatal());
        }
        item
    }

    fn begin(&mut self, meta: &ConversationMeta) -> Option<String> {
        let conversation = self.conversation.get_or_insert_default();
        if let Some(scaffolding) = meta.scaffolding.get() {
            conversation.labels = normalise::scaffolding_labels(scaffolding);
        }
        conversation.split = normalise::split(&meta.split);
        let id = filled(&meta.conversation_id)?;
        id.clone_into(&mut conversation.id);
        Some(conversation.id.clone())
    }

    fn record(&mut self, at: Position, place: Place, ended: bool, raw: &[u8]) -> Option<Item> {
        self.ordinal += 1;
        let record = match serde_json::from_slice::<Lenient<Record>>(raw) {
            Ok(Lenient::Is(record)) => record,
            Ok(_) => return Some(rejected(at, place, vec![Problem::file(codes::NOT_AN_OBJECT, "This is not a JSON object.")])),
            Err(error) if !ended && (error.is_eof() || breaks_off(raw)) => {
                self.done = true;
                self.piece = Piece::CutOff;
                let what = "The last line ends in the middle of its JSON.";
                let problem = Problem::file(codes::TRUNCATED_FILE, what).at(self.source.position()).fatal();
                return (!self.reading.partial).then(|| rejected(at, place, vec![problem]));
            }
            Err(error) => {
                let mut problem = Problem::syntax(&error, raw, at);
                if self.layout != Layout::Lines && !error.is_data() {
                    self.done = true;
                    problem = problem.fatal();
                }
                return Some(rejected(at, place, vec![problem]));
            }
        };
        if let Lenient::Is(meta) = &record.meta
            && Form::of(&record).is_none()
        {
            self.ordinal -= 1;
            self.piece = Piece::Meta;
            self.header.from_meta_line = true;
            self.header.file(meta, false);
            return Some(Item { line: at.line, ..Item::default() });
        }
        let conversation = self.conversation.as_ref().filter(|_| matches!(place, Place::Pair { .. }));
        let here = normalise::Place { line: at.line, ordinal: self.ordinal, conversation };
        let Some(normalised) = normalise::normalise(&record, here) else {
            let what = "The record has none of the keys of a format that is known.";
            return Some(rejected(at, place, vec![Problem::file(codes::UNKNOWN_RECORD, what)]));
        };
        let mut problems = placed(normalised.problems, at, place);
        if matches!(normalised.body, Body::Rejected { .. })
            && let Some(problem) = depth::too_deep(raw, at)
        {
            problems = placed(vec![problem], at, place);
        }
        Some(Item {
            line: at.line,
            body: Some(normalised.body),
            form: Some(normalised.form),
            scaffolded: normalised.scaffolded,
            pair_id: normalised.pair_id,
            conversation: None,
            problems,
            pointer: place.pointer(None),
        })
    }
}

fn rejected(at: Position, place: Place, problems: Vec<Problem>) -> Item {
    Item { line: at.line, body: Some(Body::Rejected { conversation_id: None }), problems: placed(problems, at, place), ..Item::default() }
}

/// Gives problems of a record its line, and pointers that begin at the root.
fn placed(mut problems: Vec<Problem>, at: Position, place: Place) -> Vec<Problem> {
    for problem in &mut problems {
        problem.line.get_or_insert(at.line);
        problem.pointer = place.pointer(problem.pointer.as_deref());
    }
    problems
}
