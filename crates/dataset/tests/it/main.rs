//! Reading and validating whole files.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod findings;
mod fixtures;
mod reading;
mod robustness;
mod statistics;
mod support;
