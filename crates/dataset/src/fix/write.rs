//! Writing records again in the layout that they came in.

use crate::detect::Layout;
use crate::error::DatasetError;
use crate::frame::{Container, MAX_RECORD};
use std::io::Write;

/// Text that gathers until it is written.
pub(super) struct Writer {
    layout: Layout,
    buffer: Vec<u8>,
    written: u64,
    /// What is open, with the number of things in it.
    open: Vec<(Container, usize)>,
    /// Where in `buffer` the conversation begins that may have to go, because nothing of it is kept.
    held: Option<Held>,
}

struct Held {
    from: usize,
    /// A record of it was kept.
    kept: bool,
}

impl Writer {
    pub(super) fn new(layout: Layout) -> Self {
        Self { layout, buffer: Vec::new(), written: 0, open: Vec::new(), held: None }
    }

    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// What comes before the next thing within the innermost container.
    fn separate(&mut self) {
        if let Some((_, count)) = self.open.last_mut() {
            if *count > 0 {
                self.buffer.extend_from_slice(b",\n");
            }
            *count += 1;
        }
    }

    pub(super) fn open(&mut self, container: Container) {
        if container == Container::Conversation {
            self.held = Some(Held { from: self.buffer.len(), kept: false });
        }
        let begin: &[u8] = match container {
            Container::Array => b"[\n",
            Container::Document | Container::Conversation => b"{",
            Container::Conversations => b"\"conversations\":[\n",
            Container::Pairs => b"\"training_pairs\":[\n",
        };
        self.separate();
        self.buffer.extend_from_slice(begin);
        self.open.push((container, 0));
    }

    /// Ends the innermost container. False for a conversation that is left out because nothing in it was kept.
    pub(super) fn close(&mut self, container: Container) -> bool {
        self.open.pop();
        if container == Container::Conversation
            && let Some(held) = self.held.take()
            && !held.kept
        {
            self.buffer.truncate(held.from);
            if let Some((_, count)) = self.open.last_mut() {
                *count -= 1;
            }
            return false;
        }
        self.buffer.extend_from_slice(match container {
            Container::Array | Container::Conversations | Container::Pairs => b"\n]",
            Container::Document | Container::Conversation => b"}",
        });
        if self.open.is_empty() {
            self.buffer.push(b'\n');
        }
        true
    }

    /// An entry of a document or conversation. One whose value was too long to be kept is left out.
    pub(super) fn entry(&mut self, key: &str, value: &[u8]) {
        if value.is_empty() {
            return;
        }
        self.separate();
        self.buffer.extend_from_slice(serde_json::Value::from(key).to_string().as_bytes());
        self.buffer.push(b':');
        self.buffer.extend_from_slice(value);
    }

    pub(super) fn record(&mut self, raw: &[u8]) {
        if let Some(held) = &mut self.held {
            held.kept = true;
        }
        self.separate();
        self.buffer.extend_from_slice(raw);
        if self.layout == Layout::Lines || self.open.is_empty() {
            self.buffer.push(b'\n');
        }
    }

    /// Ends what is open still, where the file ended in the middle.
    pub(super) fn finish(&mut self) {
        while let Some((container, _)) = self.open.last() {
            let container = *container;
            self.close(container);
        }
    }

    /// Counts what is certain to stay, and writes it.
    pub(super) fn drain(&mut self, out: &mut Option<&mut dyn Write>) -> Result<(), DatasetError> {
        let held = self.held.as_mut().filter(|held| !held.kept && self.buffer.len() - held.from < MAX_RECORD);
        let end = held.map_or(self.buffer.len(), |held| held.from);
        if end == 0 {
            return Ok(());
        }
        if let Some(out) = out {
            out.write_all(&self.buffer[..end]).map_err(|source| DatasetError::Write { offset: self.written, source })?;
        }
        self.written += end as u64;
        self.buffer.drain(..end);
        match &mut self.held {
            Some(held) if end > held.from => held.kept = true,
            Some(held) => held.from -= end,
            None => {}
        }
        Ok(())
    }
}
