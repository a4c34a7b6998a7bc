//! One behaviour for every store.

#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod folder;
mod suite;
