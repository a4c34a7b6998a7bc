//! Writing a data set in another format, with what is lost on the way counted.

mod write;

pub use write::Loss;

use crate::error::DatasetError;
use crate::example::{Example, Split};
use crate::extract::{Extractor, Item, Reading};
use crate::normalise::{Body, Form};
use domain::dataset::DatasetFormat;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::ops::ControlFlow;

/// The formats that can be written, all as JSONL. `brightrun-lora-v3` is only read.
pub const TARGETS: [DatasetFormat; 5] = [
    DatasetFormat::BrightrunLoraV4,
    DatasetFormat::OpenaiChat,
    DatasetFormat::Sharegpt,
    DatasetFormat::Alpaca,
    DatasetFormat::PromptCompletion,
];

/// What a conversion did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConvertReport {
    /// Trainable examples that were read.
    pub examples: u64,
    /// Records that were written.
    pub records: u64,
    /// Bytes that were written.
    pub bytes_written: u64,
    /// What the new format cannot hold, by how many records it concerns.
    pub losses: BTreeMap<Loss, u64>,
    /// The reading ended before the file, as asked.
    pub stopped: bool,
}

/// How a file is converted.
#[derive(Debug, Clone, Copy)]
pub struct ConvertOptions {
    /// The new format.
    pub to: DatasetFormat,
    /// The format that validation found.
    pub hint: Option<DatasetFormat>,
    /// Bytes after which a look at what is lost ends.
    pub stop_after: Option<u64>,
}

/// Writes the trainable examples that `reader` gives as JSONL of another format. Without `out` only the report is made.
///
/// The turns of a conversation that v4 spreads over pairs come together again in the formats of whole conversations; each answer that is
/// trained on stays one, and no other becomes one.
///
/// # Errors
/// The stream cannot be read or written, was cancelled, or has a fault after which nothing can be read.
pub fn convert(
    reader: impl Read,
    mut out: Option<&mut dyn Write>,
    options: ConvertOptions,
    progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<ConvertReport, DatasetError> {
    let ConvertOptions { to, hint, stop_after } = options;
    let mut extractor = Extractor::new(reader, Reading { hint, ..Reading::default() }, Some(progress))?;
    let mut pass = Pass { to, report: ConvertReport::default(), waiting: None, buffer: Vec::new() };
    if to == DatasetFormat::BrightrunLoraV4 {
        pass.buffer.extend_from_slice(b"{\"_meta\":{\"format_spec\":\"brightrun-lora-v4\",\"version\":\"4.0.0\"}}\n");
    }
    while let Some(mut item) = extractor.next()? {
        if let Some(fatal) = item.problems.iter().position(|problem| problem.fatal) {
            return Err(DatasetError::Unusable(Box::new(item.problems.swap_remove(fatal).into_finding())));
        }
        pass.item(item, extractor.raw());
        pass.drain(&mut out)?;
        if stop_after.is_some_and(|limit| extractor.offset() >= limit) {
            pass.report.stopped = true;
            break;
        }
    }
    pass.flush();
    pass.drain(&mut out)?;
    Ok(pass.report)
}

struct Pass {
    to: DatasetFormat,
    report: ConvertReport,
    /// A conversation that later pairs may go on with.
    waiting: Option<Example>,
    buffer: Vec<u8>,
}

impl Pass {
    fn item(&mut self, item: Item, raw: &[u8]) {
        match item.body {
            Some(Body::Example(example)) => {
                self.report.examples += 1;
                self.example(example, item.form, raw);
            }
            Some(Body::Context { .. }) => self.lose(Loss::ContextPairs),
            Some(Body::Rejected { .. }) => self.lose(Loss::RejectedRecords),
            None => {}
        }
    }

    fn lose(&mut self, loss: Loss) {
        *self.report.losses.entry(loss).or_default() += 1;
    }

    fn example(&mut self, example: Example, form: Option<Form>, raw: &[u8]) {
        if self.to == DatasetFormat::BrightrunLoraV4
            && form == Some(Form::Pair)
            && let Some(line) = write::pair_as_it_is(raw, &example)
        {
            self.report.records += 1;
            self.buffer.extend_from_slice(line.as_bytes());
            self.buffer.push(b'\n');
            return;
        }
        for loss in write::losses(&example, form, self.to, raw) {
            self.lose(loss);
        }
        let whole = matches!(self.to, DatasetFormat::OpenaiChat | DatasetFormat::Sharegpt);
        if !whole || form != Some(Form::Pair) {
            self.flush();
            self.write(&example);
            return;
        }
        match &mut self.waiting {
            Some(earlier) if goes_on(earlier, &example) => join(earlier, example),
            _ => {
                self.flush();
                self.waiting = Some(example);
            }
        }
    }

    fn flush(&mut self) {
        if let Some(example) = self.waiting.take() {
            self.write(&example);
        }
    }

    fn write(&mut self, example: &Example) {
        let mut lost = Vec::new();
        let records = write::records(example, self.to, &mut lost);
        for loss in lost {
            self.lose(loss);
        }
        for record in records {
            self.report.records += 1;
            self.buffer.extend_from_slice(record.as_bytes());
            self.buffer.push(b'\n');
        }
    }

    fn drain(&mut self, out: &mut Option<&mut dyn Write>) -> Result<(), DatasetError> {
        if let Some(out) = out {
            let offset = self.report.bytes_written;
            out.write_all(&self.buffer).map_err(|source| DatasetError::Write { offset, source })?;
        }
        self.report.bytes_written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}

/// Whether `later` begins with all that `earlier` says, so that both are one conversation.
fn goes_on(earlier: &Example, later: &Example) -> bool {
    let same_side = (earlier.split == Some(Split::Validation)) == (later.split == Some(Split::Validation));
    same_side
        && earlier.conversation_id == later.conversation_id
        && earlier.messages.len() < later.messages.len()
        && earlier.messages.iter().zip(&later.messages).all(|(one, other)| one.role == other.role && one.content == other.content)
}

fn join(earlier: &mut Example, later: Example) {
    let answers: Vec<bool> = earlier.messages.iter().map(|message| message.trained).collect();
    *earlier = later;
    for (message, trained) in earlier.messages.iter_mut().zip(answers) {
        message.trained |= trained;
    }
}
