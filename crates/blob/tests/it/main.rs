//! One behaviour for every store.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod folder;
mod suite;
