//! The queue with workers, on SQLite and on PostgreSQL.

#![expect(clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "a test fails by panicking, and then shows what it printed")]

mod handler;
mod worker;
