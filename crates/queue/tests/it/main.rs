//! The queue with workers, on SQLite and on PostgreSQL.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod handler;
mod worker;
