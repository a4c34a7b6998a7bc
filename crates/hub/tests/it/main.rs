//! The hub's client against a stand-in that breaks off, refuses and lies.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod downloads;
mod stand_in;
