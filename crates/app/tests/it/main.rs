//! Use cases against real databases and a real store of objects.

#![expect(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "tests fail by panicking")]

mod jobs;
mod telling;
