//! Examples for the trainer, streamed from a file.

use crate::error::DatasetError;
use crate::example::Example;
use crate::extract::{Extractor, Reading};
use crate::normalise::Body;
use domain::dataset::DatasetFormat;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The trainable examples of a file, one at a time, in constant memory.
///
/// Records that validation would reject are passed over and counted. An error ends the reading: the file could not be read, or as a
/// whole cannot be used.
pub struct ExampleReader<R = File> {
    extractor: Extractor<'static, R>,
    counts: Counts,
    failed: bool,
}

/// What was passed over so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Examples handed out.
    pub examples: u64,
    /// Pairs without an answer.
    pub context: u64,
    /// Records that cannot be used.
    pub rejected: u64,
}

/// Opens the data set at `path`. `format` is the one that validation found; the content decides, and `format` is believed only
/// where the beginning of the file tells nothing.
///
/// # Errors
/// The file cannot be opened or read.
pub fn read_examples(path: &Path, format: Option<DatasetFormat>) -> Result<ExampleReader, DatasetError> {
    let file = File::open(path).map_err(|source| DatasetError::Io { offset: 0, source })?;
    examples_of(file, format)
}

/// The same from any source of bytes.
///
/// # Errors
/// It cannot be read.
pub fn examples_of<R: Read>(source: R, format: Option<DatasetFormat>) -> Result<ExampleReader<R>, DatasetError> {
    let reading = Reading { hint: format, ..Reading::default() };
    Ok(ExampleReader { extractor: Extractor::new(source, reading, None)?, counts: Counts::default(), failed: false })
}

impl<R: Read> ExampleReader<R> {
    /// What was handed out and passed over so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    fn advance(&mut self) -> Result<Option<Example>, DatasetError> {
        while let Some(item) = self.extractor.next()? {
            if let Some(problem) = item.problems.into_iter().find(|problem| problem.fatal) {
                return Err(DatasetError::Unusable(Box::new(problem.into_finding())));
            }
            match item.body {
                Some(Body::Example(example)) => {
                    self.counts.examples += 1;
                    return Ok(Some(example));
                }
                Some(Body::Context { .. }) => self.counts.context += 1,
                Some(Body::Rejected { .. }) => self.counts.rejected += 1,
                None => {}
            }
        }
        Ok(None)
    }
}

impl<R: Read> Iterator for ExampleReader<R> {
    type Item = Result<Example, DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let next = self.advance();
        self.failed = next.is_err();
        next.transpose()
    }
}
