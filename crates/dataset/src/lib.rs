//! The data set doctor: tells the format of a file, reads it as a stream, validates and normalises it, and measures it.
//!
//! Owns the formats, the findings and the statistics. Bytes in, findings and examples out, in one pass and constant memory whatever
//! the size of the file. Imports `domain` and nothing else of ours; is not async, knows no storage, database or tokenizer: callers
//! pass a reader and a [`TokenCounter`].

pub mod browse;
pub mod codes;
pub mod convert;
mod depth;
mod detect;
mod encoding;
mod error;
mod example;
mod extract;
mod fields;
mod findings;
mod fix;
mod frame;
mod header;
mod judge;
mod lengths;
mod lenient;
mod near;
mod normalise;
mod private;
mod problem;
mod reader;
mod record;
mod repeats;
mod report;
mod source;
mod statistics;
mod tokens;
mod validate;
pub mod view;
mod words;

pub use error::DatasetError;
pub use example::{Example, Labels, Split, TokenCounter};
pub use fix::{FixPlan, FixReport, FixSample, Totals, fix};
pub use reader::{Counts, ExampleReader, examples_of, read_examples};
pub use report::{ValidateOptions, ValidationReport};
pub use validate::validate;
