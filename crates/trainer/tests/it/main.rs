//! Tests of the trainer through its public interface.

#![expect(clippy::expect_used, clippy::panic, reason = "a test helper that fails is a failed test")]

mod bad_input;
mod before;
mod counting;
#[cfg(feature = "cuda")]
#[path = "../../../model/tests/emulator/mod.rs"]
mod emulated;
mod evaluation;
#[cfg(feature = "cuda")]
mod gpu;
mod labels;
mod memory;
mod oracle;
mod resume;
mod runs;
mod stops;
mod support;
