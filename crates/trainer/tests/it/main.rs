//! Tests of the trainer through its public interface.

mod labels;
mod oracle;
mod resume;
mod runs;
mod support;
