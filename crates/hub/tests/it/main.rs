//! The hub's client against a stand-in that breaks off, refuses and lies.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod downloads;
mod stand_in;
