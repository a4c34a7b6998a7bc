//! Tests of the trainer through its public interface.
mod oracle;
